"""S55: what providers write is shown as text, whatever it looks like."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import Round
from marketplace.phases import StandingPhase
from tests import factories
from tests.browser.looks import INLINE, listen
from tests.support.market import standing
from tests.support.payloads import PAYLOADS, filling
from tests.support.threads import serving

pytestmark = pytest.mark.browser

# Data blocks are read by nobody but search engines; the policy lets no code stand in a page.
CODE = 'script:not([src]):not([type="application/ld+json"])'
FIRMS = 12
STEP = -(-len(PAYLOADS) // FIRMS)


def test_there_are_enough_payloads():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


def write(session, round_, number: int) -> tuple[int, int, int]:
    """A firm with payloads in every text there is; twelve such firms hold all of them.

    Ids of the provider, its product and its case.
    """
    everything = "\n".join(PAYLOADS)
    some = list(PAYLOADS)

    def short(limit: int) -> str:
        return filling(limit, number * STEP)

    organisation = factories.make_organisation(
        session, name=short(110) + f" {number}", short_name=short(40), address=short(200),
        registered_city=short(40), district=None,
    )  # fmt: skip
    provider = factories.make_provider(
        session, organisation, intro=everything, strengths=some, qualifications=some, honours=some,
        contact_role=short(40), website="https://x.example/" + short(120),
    )  # fmt: skip
    phase = StandingPhase.EXITED if number == 0 else StandingPhase.RECTIFYING
    factories.make_membership(
        session, round_, provider, phase=phase, segment=("auto_parts", "general_parts")[number % 2],
        public_reason=everything, document_no=short(60), rectify_by=date(2027, 1, 1),
    )  # fmt: skip
    segment = ["auto_parts", "general_parts"][number % 2]
    product = factories.make_product(
        session, provider, name=short(80), release=short(20), segments=[segment],
        summary=short(200), description=everything, modules_common=some,
        modules_custom=some, interfaces=some,
        prerequisites=everything, price_unit=short(20), after_sales=short(200), ip_no=short(60),
        pilot_price_cny=Decimal(10_000),
    )  # fmt: skip
    metric = {"before": 1, "after": 2, "unit": short(40), "measured_by": short(80)}
    case = factories.make_case(
        session, provider, title=short(120), segment=segment, client_name=short(120),
        background=everything, pains=everything, solution=everything, process_text=everything,
        replicability=everything, product_names=[product.name, *some],
        metrics=[{**metric, "metric": text, "period": text} for text in some[:20]],
    )  # fmt: skip
    return provider.id, product.id, case.id


Site = tuple[str, list[tuple[int, int, int]]]


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Address, and the ids of what was written; the first firm has left the pool."""
    app, market = standing(tmp_path_factory.mktemp("hostile"), sqlite_template, providers=1)
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        round_ = session.get_one(Round, market.round_id)
        written = [write(session, round_, number) for number in range(FIRMS)]
    rebuild_index(app.extensions["search"], database)
    with serving(app) as url:
        yield url, written


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with browser.new_context(base_url=site[0], locale="zh-CN") as context:
        yield context.new_page()


def visit(page: Page, paths: list[str]) -> dict[str, list[str]]:
    """What went wrong on each page: dialogs, messages of the policy, inline handlers."""
    said = listen(page)
    asked: list[str] = []
    elsewhere: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda request: elsewhere.append(request.url) if "127.0.0.1" not in request.url else None,
    )
    found = {}
    for path in paths:
        page.goto(path)
        wrong = [*said, *asked, *elsewhere, *page.evaluate(INLINE)]
        scripts = page.locator(CODE).count()
        if wrong or scripts:
            found[path] = [*wrong, f"{scripts} inline scripts"]
        for collected in (said, asked, elsewhere):
            collected.clear()
    return found


def test_s55_texts_of_providers_products_and_cases_do_not_run(page: Page, site: Site):
    _, written = site
    paths = ["/", "/providers", "/products", "/cases", "/pool", "/sitemap"]
    paths += [f"/providers/{provider}" for provider, _, _ in written]
    paths += [f"/providers/{provider}/website" for provider, _, _ in written[1:3]]
    paths += [f"/products/{product}" for _, product, _ in written[1:]]
    paths += [f"/cases/{case}" for _, _, case in written[1:]]
    for number in range(1, FIRMS - 3, 4):
        four = written[number : number + 4]
        paths.append("/compare?" + "&".join(f"id={provider}" for provider, _, _ in four))
        paths.append("/products/compare?" + "&".join(f"id={product}" for _, product, _ in four))
    assert visit(page, paths) == {}


def test_s55_s54_words_of_the_address_do_not_run(page: Page):
    paths = [f"/providers?q={quote(text)}" for text in PAYLOADS]
    paths += [f"/cases?segment={quote(text)}&year={quote(text)}" for text in PAYLOADS[::6]]
    assert visit(page, paths) == {}


def test_s54_templates_in_texts_are_shown_as_they_stand(page: Page, site: Site):
    page.goto(f"/products/{site[1][1][1]}")
    shown = page.locator("main").inner_text()
    for text in ("{{7*7}}", "${7*7}", "#{7*7}", "{% raw %}x{% endraw %}"):
        assert text in shown
