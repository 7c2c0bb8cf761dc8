"""What is not public stands on no public page, in no file, and not in the index (S45, S81)."""

import io
import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import orjson
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from marketplace.indexing.upkeep import public_documents
from marketplace.models import CaseStudy, Organisation, Product, Provider
from search import Document
from tests.support.market import SECRET
from tests.support.pages import Page

MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
RESIDENT = re.compile(r"(?<![0-9A-Z])[1-9]\d{16}[0-9X](?![0-9A-Z])")
LINK = re.compile(r'(?:href|action)="([^"]+)"')
MOST_OF_A_KIND = 6
START = ("/", "/providers", "/products", "/cases", "/pool", "/compare", "/sitemap", "/sitemap.xml",
         "/robots.txt", "/contact", "/privacy", "/accessibility", "/ordering", "/programme",
         "/programme/precheck")  # fmt: skip


def shape(address: str) -> str:
    """Addresses that differ in numbers and values only are of one kind."""
    parts = urlsplit(address)
    names = sorted({pair.partition("=")[0] for pair in parts.query.split("&")})
    return re.sub(r"\d+", "0", parts.path) + "?" + "&".join(names)


def crawl(client) -> dict[str, tuple[int, str]]:
    """Status and text of every kind of page that a visitor can reach, some of each kind."""
    waiting = deque(START)
    seen: dict[str, tuple[int, str]] = {}
    kinds: dict[str, int] = {}
    while waiting:
        address = waiting.popleft()
        kind = shape(address)
        if address in seen or kinds.get(kind, 0) >= MOST_OF_A_KIND:
            continue
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(address, headers={"Accept-Encoding": "identity"})
        seen[address] = answer.status_code, words(answer)
        assert SECRET not in str(answer.headers), address
        if answer.mimetype == "text/html":
            for link in LINK.findall(answer.text):
                target = urljoin(address, link.replace("&amp;", "&")).partition("#")[0]
                if target.startswith("/") and not target.startswith(("/static/", "/display")):
                    waiting.append(target)
    return seen


def words(answer) -> str:
    """Everything the answer says: text, or the cells of a workbook."""
    if "spreadsheet" not in answer.mimetype:
        return answer.get_data(as_text=True)
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])


@pytest.fixture(scope="module")
def pages(site):
    return crawl(site.test_client())


def test_the_crawl_reaches_every_kind_of_page(pages):
    kinds = {re.sub(r"\?$", "", shape(address)) for address in pages}
    assert {
        "/", "/providers/0", "/products/0", "/cases/0", "/compare", "/pool", "/pool.xlsx?round",
        "/programme", "/contact", "/ordering", "/sitemap.xml",
    } <= kinds  # fmt: skip
    assert len(pages) > 100


def test_no_page_fails(pages):
    assert {address: status for address, (status, _) in pages.items() if status >= 400} == {}


def test_s45_no_page_says_what_is_not_public(pages):
    assert [address for address, (_, said) in pages.items() if SECRET in said] == []


def test_s81_no_page_has_a_mobile_or_resident_s_number(pages):
    found = {
        address: match.group()
        for address, (_, said) in pages.items()
        for pattern in (MOBILE, RESIDENT)
        if (match := pattern.search(re.sub(r"91990000MA\w{8}", "", said)))
    }
    assert found == {}


@pytest.mark.parametrize("path", ["/providers", "/products", "/cases"])
def test_s45_no_search_finds_it(visitor, path):
    page = Page(visitor.get(path, query_string={"q": SECRET}))
    assert page.total == 0
    assert page.all("article") == []


def test_s45_numbers_of_others_give_nothing_away(site, visitor):
    """Every id there is, public or not: nothing but what is public is ever said."""
    with site.extensions["database"].reading() as session:
        highest = {
            path: session.scalar(select(func.max(model.id))) or 0
            for path, model in (
                ("/providers", Provider),
                ("/products", Product),
                ("/cases", CaseStudy),
            )
        }
    leaking = [
        f"{path}/{number}"
        for path, most in highest.items()
        for number in range(most + 2)
        if SECRET in words(visitor.get(f"{path}/{number}"))
    ]
    assert leaking == []


def test_s45_the_index_holds_nothing_else(site):
    catalogue = site.extensions["search"]
    view = catalogue.engine.view()
    rows = [view.get(document_id) for document_id, _ in view.ids()]
    cards = [orjson.loads(row.card) for row in rows]
    assert len(cards) > 100
    assert [card for card in cards if SECRET in str(card)] == []


def test_s45_nothing_hidden_is_indexed(site):
    documents = list(public_documents(site.extensions["database"]))
    fields = ("title", "alias", "body", "keywords", "card")
    assert documents
    leaking = [
        document.id
        for document in documents
        if isinstance(document, Document)
        and any(SECRET in str(getattr(document, name)) for name in fields)
    ]
    assert leaking == []


def test_the_secret_is_there_to_be_found(site):
    """Without this the tests above would pass on an empty market."""
    with site.extensions["database"].reading() as session:
        hidden = session.scalar(
            select(func.count()).select_from(Product).where(Product.name.contains(SECRET))
        )
        titles = session.scalar(
            select(func.count()).select_from(CaseStudy).where(CaseStudy.title.contains(SECRET))
        )
        firms = session.scalar(select(func.count()).select_from(Organisation))
    assert (hidden, titles) == (3, 4)
    assert firms and firms > 30
