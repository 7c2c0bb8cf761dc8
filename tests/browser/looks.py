"""What is wrong with a page as a browser shows it."""

from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

# What passes would be described as well, which takes longer than finding what does not.
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}

INLINE = """() => [...document.querySelectorAll("*")]
  .filter((e) => [...e.attributes].some((a) => a.name === "style" || a.name.startsWith("on")))
  .map((e) => e.outerHTML.slice(0, 120))"""


def listen(page: Page) -> list[str]:
    """Collect console messages and script errors from now on, as long as the page lives."""
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    return messages


def problems(page: Page, *, contrast: bool = True) -> list[str]:
    """Accessibility violations, sideways scrolling and inline handlers of the page as it is now.

    Contrast takes as long as all other rules together.
    """
    from axe_playwright_python.sync_playwright import Axe

    options = {**OPTIONS, "rules": {"color-contrast": {"enabled": contrast}}}
    found = [
        f"axe {rule['id']}: {node['html'][:160]}"
        for rule in Axe().run(page, options=options).response["violations"]
        for node in rule["nodes"]
    ]
    return found + sideways(page) + [f"inline: {html}" for html in page.evaluate(INLINE)]


def sideways(page: Page) -> list[str]:
    """Whether the page is wider than the window, as a list of at most one problem."""
    width = page.evaluate("document.documentElement.scrollWidth")
    shown = page.evaluate("document.documentElement.clientWidth")
    return [f"scrolls sideways: {width} px in {shown} px"] if width > shown else []
