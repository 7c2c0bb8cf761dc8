"""Pinyin, slips, the ladder, suggestions, and saying what was done: the same on every engine."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import Analyzer, Document, Match, Searcher, SearchRequest, Suggestion, Synonym
from search.analysis.normal import normal
from search.analysis.pinyin import full, sounds
from tests.contract.corpus import DAY, within
from tests.contract.test_text import BAD
from tests.support.counts import count

TERMS = (
    "注塑", "压铸", "MES", "制造执行系统", "排产", "质量追溯", "机器视觉检测", "能耗管理", "软件",
)  # fmt: skip
RULES = (
    Synonym(("MES", "制造执行系统")),
    Synonym(("排程", "排产")),
    Synonym(("双碳",), ("能耗管理",)),
)
ANALYZER = Analyzer(TERMS, RULES)
MANY = [
    Document(f"case:{number}", 1, f"压铸车间改造之{number}", (), "能耗管理", {"segment": ("b",)})
    for number in range(30, 50)
]
DOCUMENTS = [
    Document(
        "provider:1", 1, "青岛海尔智造科技有限公司", ("海尔智造",), "提供制造执行系统",
        {"segment": ("a",), "type": ("product",)}, detail="家用电器",
    ),
    Document(
        "provider:2", 1, "青岛澜图智造科技有限公司", ("澜图智造",), "服务注塑车间",
        {"segment": ("a",), "type": ("integrator",)}, detail="汽车零部件",
    ),
    Document(
        "product:3", 1, "澜图车间MES 3.0", ("澜图车间MES",), "制造执行系统，用于注塑",
        {"segment": ("b",), "type": ("integrator",)}, detail="澜图智造",
    ),
    Document("product:4", 1, "青岛MES V2", ("青岛MES",), "用于压铸", {"segment": ("a", "b")}),
    Document("case:5", 1, "差速器齿轮车间上线制造执行系统", (), "海尔配套", {"segment": ("b",)}),
    Document("provider:6", 1, "济南单氏软件有限公司", (), "排产与質量追溯", {"segment": ("a",)}),
    *MANY,
]  # fmt: skip
FACETS = ("segment", "type", "kind")
of_module = settings(
    max_examples=count(test=20, soak=500),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
Shelf = Callable[[list[Document], Analyzer], Searcher]


@pytest.fixture(scope="module")
def searcher(shelf: Shelf) -> Searcher:
    ANALYZER.warm()
    return shelf(DOCUMENTS, ANALYZER)


def ids(searcher: Searcher, q: str, **given: object) -> list[str]:
    return sorted(hit.id for hit in searcher.search(SearchRequest(DAY, q, **given)).hits)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("q", "found", "pinyin"),
    [
        ("haier", ["case:5", "provider:1"], (("haier", ("海尔",)),)),
        ("HaiEr", ["case:5", "provider:1"], (("haier", ("海尔",)),)),
        ("lantu", ["product:3", "provider:2"], (("lantu", ("澜图",)),)),
        ("ltzz", ["provider:2"], (("ltzz", ("澜图智造",)),)),
        ("qdmes", ["product:4"], (("qdmes", ("青岛mes",)),)),
        ("qd mes", ["product:4"], (("qdmes", ("青岛mes",)),)),
        ("zhusu", ["product:3", "provider:2"], (("zhusu", ("注塑",)),)),
        ("shanshi", ["provider:6"], (("shanshi", ("单氏",)),)),
        ("haier zzzx", ["case:5", "provider:1"], (("haier", ("海尔",)), ("zzzx", ("制造执行",)))),
        ("mes", ["case:5", "product:3", "product:4", "provider:1"], ()),
    ],
)
def test_letters_are_read_as_chinese(
    searcher: Searcher, q: str, found: list[str], pinyin: object
) -> None:
    page = searcher.search(SearchRequest(DAY, q))
    assert (sorted(hit.id for hit in page.hits), page.reading.pinyin) == (found, pinyin)
    assert page.reading.rung == "all"


def test_what_is_read_does_not_change_with_the_day(searcher: Searcher) -> None:
    for day in range(7):
        page = searcher.search(SearchRequest(DAY + timedelta(day), "lantu"))
        assert page.reading.pinyin == (("lantu", ("澜图",)),)


def test_an_exact_name_in_letters_comes_first(searcher: Searcher) -> None:
    assert searcher.search(SearchRequest(DAY, "haierzhizao")).hits[0].id == "provider:1"
    assert searcher.search(SearchRequest(DAY, "qingdaomes")).hits[0].id == "product:4"


@pytest.mark.parametrize(
    ("q", "rung", "found", "corrected"),
    [
        ("制造执行", "all", 3, ()),
        ("制造直行系统", "corrected", 4, (("制造直行系统", "制造执行系统"),)),
        ("zhizaozhixngxitong", "corrected", 4, (("zhizaozhixngxitong", "制造执行系统"),)),
        ("制造执亍系统", "corrected", 4, (("制造执亍系统", "制造执行系统"),)),
        ("制造行执系统", "corrected", 4, (("制造行执系统", "制造执行系统"),)),
        ("蓝图智造", "corrected", 1, (("蓝图智造", "澜图智造"),)),
        ("兰图", "corrected", 2, (("兰图", "澜图"),)),
        ("mse", "corrected", 4, (("mse", "MES"),)),
        ("注素 车间", "corrected", 2, (("注素", "注塑"),)),
        (
            "青岛海而智造科技有限公司", "corrected", 1,
            (("青岛海而智造科技有限公司", "青岛海尔智造科技有限公司"),),
        ),
        ("注塑 火星", "some", 2, ()),
        ("火星上的注塑、天气预报和红烧肉", "some", 2, ()),
        ("“制造直行系统”", "none", 0, ()),
        ("火锅", "none", 0, ()),
        ("xyzzy", "none", 0, ()),
        ("住宿", "none", 0, ()),  # sounds like 注塑, but shares nothing with it
        ("((((", "none", 0, ()),
        ("", "browse", 26, ()),
    ],
)  # fmt: skip
def test_the_ladder(searcher: Searcher, q: str, rung: str, found: int, corrected: object) -> None:
    page = searcher.search(SearchRequest(DAY, q))
    assert (page.reading.rung, page.total) == (rung, found)
    assert page.reading.corrected == corrected


def test_who_insists_is_not_corrected(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest(DAY, "兰图", literal=True))
    assert (page.reading.rung, page.total, page.reading.suggestion) == ("none", 0, None)
    page = searcher.search(SearchRequest(DAY, "注素 车间", literal=True))
    assert (page.reading.rung, page.reading.corrected) == ("some", ())


def test_a_correction_is_offered_beside_little(shelf: Shelf, searcher: Searcher) -> None:
    # 雅铸 stands in one text by itself, 压铸 in twenty titles.
    odd = Document("case:90", 1, "雅铸先生的来信", (), "", {"segment": ("a",)})
    page = shelf([*DOCUMENTS, odd], ANALYZER).search(SearchRequest(DAY, "雅铸"))
    assert [hit.id for hit in page.hits] == ["case:90"]
    assert (page.reading.rung, page.reading.suggestion) == ("all", "压铸")
    shelf(DOCUMENTS, ANALYZER)


@pytest.mark.parametrize(
    "q", ["haier", "兰图", "注塑 火星", "制造直行系统", "火锅", "雅铸", "mse", "qd mes"]
)
@of_module
@given(
    filters=st.fixed_dictionaries(
        {},
        optional={
            "segment": st.sampled_from((("a",), ("b",), ("a", "b"))),
            "type": st.sampled_from((("product",), ("integrator",))),
            "kind": st.sampled_from((("provider",), ("case",))),
        },
    )
)
def test_counts_are_the_hits_after_the_click_on_every_rung(
    searcher: Searcher, q: str, filters: dict[str, tuple[str, ...]]
) -> None:
    request = SearchRequest(DAY, q, filters=filters, facets=FACETS)
    page = searcher.search(request)
    for name, values in page.facets.items():
        for value in values:
            clicked = replace(request, filters={**filters, name: (value.value,)}, facets=())
            after = searcher.search(clicked)
            assert after.total == value.count
            assert (after.reading.rung, after.reading.corrected) == (
                page.reading.rung, page.reading.corrected,
            )  # fmt: skip


@of_module
@given(data=st.data())
def test_each_name_is_found_by_any_part_and_its_letters(
    searcher: Searcher, data: st.DataObject
) -> None:
    named = [document for document in DOCUMENTS if document.kind != "case"]
    document = data.draw(st.sampled_from(named))
    name = data.draw(st.sampled_from((document.title, *document.alias)))
    start = data.draw(st.integers(0, len(name) - 2))
    part = name[start : data.draw(st.integers(start + 2, len(name)))]
    part = re.sub(r"^[A-Z0-9. ]+|[A-Z0-9. ]+$", "", part)
    if len(part) > 1:  # letters are found as whole words only
        assert document.id in ids(searcher, f"“{part}”", per_page=100)
    assert document.id in ids(searcher, full(sounds(normal(name))), per_page=100)


# ---------------------------------------------------------------- suggestions


def suggested(searcher: Searcher, text: str, **given: object) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in searcher.suggest(text, **given)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("haier", ("provider", "青岛海尔智造科技有限公司")),
        ("海", ("provider", "青岛海尔智造科技有限公司")),
        ("HAI", ("provider", "青岛海尔智造科技有限公司")),
        ("qdm", ("product", "青岛MES V2")),
        ("qdmes", ("product", "青岛MES V2")),
        ("zzzx", ("term", "制造执行系统")),
        ("製造", ("term", "制造执行系统")),
        ("差速器", ("case", "差速器齿轮车间上线制造执行系统")),
        ("蓝图", ("provider", "青岛澜图智造科技有限公司")),
        ("制造直行系统", ("term", "制造执行系统")),
        ("lantuchejianmse", ("product", "澜图车间MES 3.0")),
        ("mes", ("term", "MES")),
    ],
)
def test_suggestions(searcher: Searcher, text: str, first: tuple[str, str]) -> None:
    assert suggested(searcher, text)[0] == first


def test_a_suggestion_says_what_it_is(searcher: Searcher) -> None:
    assert searcher.suggest("haie") == (
        Suggestion(
            "provider", "青岛海尔智造科技有限公司", "provider:1", "家用电器",
            (("青岛", False), ("海尔", True), ("智造科技有限公司", False)),  # type: ignore[arg-type]
        ),
    )  # fmt: skip
    (term,) = searcher.suggest("zzz", kind="term")
    assert (term.text, term.id, term.detail) == ("制造执行系统", None, "MES")


def test_each_kind_has_its_share_and_nothing_comes_twice(searcher: Searcher) -> None:
    found = suggested(searcher, "压铸")
    assert found[0] == ("term", "压铸")
    assert len(found) == len(set(found)) == 8
    kinds = [kind for kind, _ in suggested(searcher, "车间")]
    assert kinds == ["product", *["case"] * 7]
    assert {kind for kind, _ in suggested(searcher, "压铸", kind="case")} == {"case"}
    assert suggested(searcher, "压铸", limit=3) == suggested(searcher, "压铸", limit=3)
    assert len(suggested(searcher, "压铸", limit=3)) == 3
    assert suggested(searcher, "压铸", limit=0) == []


def test_much_of_one_kind_hides_no_other(searching: Callable[..., Searcher]) -> None:
    """And what is gone is counted no more: a term whose last text went is not suggested."""
    kinds = ("provider", "product", *["case"] * 30)
    searcher = searching(
        *(Document(f"{kind}:{n}", 1, f"青岛压铸{n}") for n, kind in enumerate(kinds))
    )
    found = suggested(searcher, "压铸")
    assert [kind for kind, _ in found] == ["term", "provider", "product", *["case"] * 5]
    assert found[0] == ("term", "压铸")
    searcher.engine.apply((), [(f"{kind}:{n}", None) for n, kind in enumerate(kinds)])
    assert suggested(searcher, "压铸") == []


def test_a_term_that_finds_nothing_is_not_suggested(searcher: Searcher) -> None:
    assert suggested(searcher, "机器视觉", kind="term") == []
    assert suggested(searcher, "能耗", kind="term") == [("term", "能耗管理")]


@pytest.mark.parametrize("text", [*BAD, "", " ", "注塑" * 5000, "a" * 10_000, "ng" * 5000])
def test_any_text_can_be_typed(searcher: Searcher, most: float, text: str) -> None:
    for each in within(most, searcher, lambda fresh: fresh.suggest(text)):
        assert "".join(segment.text for segment in each.marks) == each.text


# ---------------------------------------------------------------- why


TEXTS = {
    "名称": ("青岛海尔智造科技有限公司",),
    "产品": ("溪塑注塑 ＭＥＳ", "排產助手"),
    "简介": ("我们做製造執行系統和软件，也做质量追溯。",),
}


@pytest.mark.parametrize(
    ("q", "matches"),
    [
        ("注塑", (Match("注塑", "注塑", "产品", "word"),)),
        ("haier", (Match("haier", "海尔", "名称", "pinyin"),)),
        ("排程", (Match("排程", "排產", "产品", "synonym"),)),
        ("製造執行系統", (Match("制造执行系统", "製造執行系統", "简介", "word"),)),
        (
            "mes 注塑",
            (Match("mes", "ＭＥＳ", "产品", "word"), Match("注塑", "注塑", "产品", "word")),
        ),
        ("軟體", (Match("软体", "软件", "简介", "mainland"),)),
        ("制造直行系统", (Match("制造直行系统", "製造執行系統", "简介", "correction"),)),
        ("压铸", ()),
    ],
)
def test_why_something_was_found(searcher: Searcher, q: str, matches: tuple[Match, ...]) -> None:
    page = searcher.search(SearchRequest(DAY, q))
    hit = searcher.search(SearchRequest(DAY)).hits[0]
    assert page.why(hit, TEXTS) == matches


def test_letters_are_marked_where_they_are_read(searcher: Searcher) -> None:
    page = searcher.search(SearchRequest(DAY, "haier"))
    marks = page.highlighter.mark("青岛海尔智造")
    assert [tuple(segment) for segment in marks] == [
        ("青岛", False), ("海尔", True), ("智造", False),
    ]  # fmt: skip
    corrected = searcher.search(SearchRequest(DAY, "兰图")).highlighter
    assert [each.text for each in corrected.mark("兰图不如澜图") if each.hit] == ["澜图"]


@of_module
@given(
    q=st.sampled_from(("haier", "mes 注塑", "兰图", "排程 車間", "軟體", "zzzx", "a", "海")),
    text=st.text(st.sampled_from("海尔澜图ＭＥＳmes注塑製造執行软体排產 ﬁ<>&"), max_size=30),
)
def test_nothing_is_invented(searcher: Searcher, q: str, text: str) -> None:
    page = searcher.search(SearchRequest(DAY, q))
    assert "".join(segment.text for segment in page.highlighter.mark(text)) == text
    hit = searcher.search(SearchRequest(DAY)).hits[0]
    for match in page.why(hit, {"文": (text,)}):
        assert match.found and match.found in text
        marked = "".join(each.text for each in page.highlighter.mark(match.found) if each.hit)
        assert marked == match.found


def test_a_name_leaves_with_its_document(shelf: Shelf, searcher: Searcher) -> None:
    """What letters mean is read from the index as it is now."""
    changed = shelf([each for each in DOCUMENTS if each.id != "provider:1"], ANALYZER)
    assert changed.search(SearchRequest(DAY, "haierzhizao")).total == 0
    assert suggested(changed, "haier") == []
    again = shelf(DOCUMENTS, ANALYZER)
    assert again.search(SearchRequest(DAY, "haierzhizao")).total == 1
