"""What is found: every part of a text, in any writing, and nothing because of syntax."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import Document, Searcher, SearchRequest
from search.analysis.normal import normal
from tests.contract.corpus import DAY, WORDS, within

Collection = tuple[Searcher, list[Document]]
of_module = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = "青岛澜图为差速器齿轮车间部署制造执行系统与能耗管理平台，打通排产、报工和质量追溯"


def found(searcher: Searcher, q: str) -> set[str]:
    return {hit.id for hit in searcher.search(SearchRequest(DAY, q, per_page=100)).hits}


@pytest.fixture
def searcher(searching: Callable[..., Searcher]) -> Searcher:
    return searching(
        Document("case:1", 1, "差速器齿轮车间改造", (), TEXT),
        Document(
            "product:2",
            1,
            "QD-MES 3.0",
            ("澜图云",),
            "注塑MES系统，配C++接口",
            {"type": ("product",)},
        ),
        Document("product:3", 1, "海纳WMS", (), "仓储管理，支持5G专网"),
    )


def test_each_part_of_a_text_finds_it(searcher: Searcher) -> None:
    for length in range(1, 12):
        for start in range(len(TEXT) - length + 1):
            part = TEXT[start : start + length]
            if len(part) == 1 or "，" in part or "、" in part:
                continue
            assert "case:1" in found(searcher, part), part


@of_module
@given(data=st.data())
def test_each_part_of_any_document_finds_it(collection: Collection, data: st.DataObject) -> None:
    searcher, documents = collection
    document = data.draw(st.sampled_from(documents))
    text = data.draw(st.sampled_from((document.title, *document.alias, *WORDS[:4])))
    if text not in f"{document.title} {document.alias} {document.body}":
        return
    assert document.id in {
        hit.id
        for page in (1, 2, 3)
        for hit in searcher.search(SearchRequest(DAY, text, page=page, per_page=100)).hits
    }


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("製造執行系統", {"case:1", "product:2"}),  # and its synonym
        ("ＭＥＳ", {"case:1", "product:2"}),
        ("qd mes3.0", {"product:2"}),
        ("QDMES", {"product:2"}),  # a name typed without its hyphen
        ("双碳", {"case:1"}),
        ("c++", {"product:2"}),
        ("5G", {"product:3"}),
        ("海", {"product:3"}),
        ("云", {"product:2"}),
        ("注塑软件", {"product:2"}),  # what everybody offers is not demanded
        ("“执行系统与能耗”", {"case:1"}),
        ("“执行能耗”", set()),
        ("制造能耗", {"case:1"}),
        ("澜图云平台", {"product:2"}),
    ],
)
def test_found(searcher: Searcher, q: str, ids: set[str]) -> None:
    assert found(searcher, q) == ids


def test_what_was_done_is_told(searcher: Searcher) -> None:
    reading = searcher.search(SearchRequest(DAY, "MES 注塑")).reading
    assert (reading.rung, reading.units) == ("all", ("mes", "注塑"))
    assert reading.synonyms == (("mes", ("制造执行系统",)),)
    assert searcher.search(SearchRequest(DAY, "軟體")).reading.mainland
    assert searcher.search(SearchRequest(DAY)).reading.rung == "browse"


def test_less_is_demanded_only_when_the_whole_finds_nothing(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest(DAY, "注塑 火星"))
    assert (page.reading.rung, [hit.id for hit in page.hits]) == ("some", ["product:2"])
    # The words are found together, though not under this filter: the demand stays.
    filtered = SearchRequest(DAY, "差速器 排产", filters={"type": ("product",)})
    page = searcher.search(filtered)
    assert (page.reading.rung, page.total) == ("all", 0)


BAD = [
    "*:*", "_exists_:secret", "/(a+)+/", "a*b*c*", "((((", "a~9", "title_b:注", "id:case", "&&||!",
    "[* TO *]", "{", "\\", '"', '"""', "“", "注塑 AND", "NOT", "OR OR", "^4", "~", "?", "*", "注*",
    "\0", "\ud800", "\udfff注塑\ud800", "a\0b", "'; DROP TABLE x; --", "%", "_", "{{7*7}}",
    "<script>", "😀", "👨‍👩‍👧", "\u202e\u200b", "\x1b[31m", "｜", "NaN", "1e400000", "-1",
    "../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("q", [*BAD, "注塑" * 5000, "a" * 10_000, "(" * 10_000, "注 " * 5000])
def test_bad_input_is_an_ordinary_search(searcher: Searcher, most: float, q: str) -> None:
    """S51, S52: no error, no extra hits, within 300 ms."""
    wanted = SearchRequest(DAY, q, facets=("segment", "kind"))
    page = within(most, searcher, lambda fresh: fresh.search(wanted))
    words = [word for word in page.reading.units if len(word) > 1]
    allowed = {"case:1", "product:2"} if any("注塑" in normal(word) for word in words) else set()
    assert {hit.id for hit in page.hits} <= allowed
    for hit in page.hits:
        page.highlighter.mark(hit.id)


def test_a_filter_value_is_only_a_value(searcher: Searcher) -> None:
    for q in BAD:
        if q.isprintable() and q:
            request = SearchRequest(DAY, filters={"type": (q,)})
            assert searcher.search(request).total == 0


def test_highlights_come_with_the_page(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest(DAY, "注塑MES"))
    marks = page.highlighter.mark("<i>注塑</i>与制造执行系统、MES")
    assert [segment.text for segment in marks if segment.hit] == ["注塑", "制造执行系统", "MES"]
