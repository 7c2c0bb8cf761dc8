"""What somebody without a mouse does on the public pages."""

from playwright.sync_api import Locator, Page, expect


def sentence(page: Page) -> Locator:
    """The line that says what a list shows."""
    return page.locator("#result-sentence")


def press_until(page: Page, selector: str) -> None:
    """Tab on until the element has the focus, which must be seen."""
    wanted = page.locator(selector).first
    for _ in range(150):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e === document.activeElement"):
            assert wanted.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def compare_three(page: Page) -> None:
    """Tick the first three of a list, compare them, and leave only what differs."""
    for number in range(3):
        press_until(page, f"article:nth-of-type({number + 1}) input[data-compare]")
        page.keyboard.press("Space")
    press_until(page, "[data-compare-bar] button.btn-primary")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?id=*&id=*&id=*")
    expect(page.locator("thead th[scope=col]")).to_have_count(4)
    press_until(page, "a.btn:has-text('只看差异')")
    page.keyboard.press("Enter")
    page.wait_for_url("**diff=1")
