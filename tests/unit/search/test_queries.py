"""Reading a query: units, synonyms, quotes, readings; never an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.queries import MOST_UNITS, Analyzer, Unit
from search.analysis.segment import Segmenter
from search.analysis.synonyms import Synonym, Synonyms

TERMS = ("注塑", "排产", "MES", "制造执行系统", "质量追溯", "OA", "能耗管理")
RULES = (
    Synonym(("MES", "制造执行系统")),
    Synonym(("排程", "排产", "计划排程")),
    Synonym(("双碳",), ("能耗管理",)),
)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(TERMS, RULES)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("注塑MES系统", ["注塑", "mes", "系统"]),
        ("注塑车间能耗管理", ["注塑", "车间", "能耗管理"]),
        ("load OA", ["load", "oa"]),
        ("qd-mes3.0", ["qd", "mes", "3.0"]),
        ("青岛澜图", ["青岛", "澜图"]),
        ("质量追溯、排产", ["质量追溯", "排产"]),
        ("*:* ((((", []),
    ],
)
def test_cutting(text: str, units: list[str]) -> None:
    assert Segmenter(term.lower() for term in TERMS).cut(text.lower()) == units


def test_longer_terms_win_over_shorter_ones() -> None:
    segmenter = Segmenter(("制造", "制造执行", "制造执行系统", "系统集成"))
    assert segmenter.cut("制造执行系统集成") == ["制造执行系统", "集成"]


def test_synonyms_stand_for_each_other_or_one_way() -> None:
    synonyms = Synonyms(RULES)
    assert synonyms.of("mes") == ("制造执行系统",)
    assert synonyms.of("製造執行系統") == ("MES",)
    assert synonyms.of("排产") == ("排程", "计划排程")
    assert synonyms.of("双碳") == ("能耗管理",)
    assert synonyms.of("能耗管理") == ()


def test_units_carry_their_alternatives(analyzer: Analyzer) -> None:
    (reading,) = analyzer.read("注塑 ＭＥＳ").readings
    assert reading.source == "plain"
    assert reading.units == (Unit("注塑"), Unit("mes", ("制造执行系统",)))


def test_what_is_said_around_the_thing_is_not_demanded(analyzer: Analyzer) -> None:
    (reading,) = analyzer.read("我想要一个能质量追溯的软件系统").readings
    assert reading.units == (
        Unit("质量追溯"),
        Unit("软件系统", optional=True),
    )


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("软件", (Unit("软件"),)),
        ("软件系统", (Unit("软件系统"),)),
        ("推荐", (Unit("推荐"),)),
        ("海", (Unit("海"),)),
    ],
)
def test_something_is_always_demanded(analyzer: Analyzer, text: str, units: object) -> None:
    assert analyzer.read(text).units == units


def test_quoted_words_are_taken_as_they_stand(analyzer: Analyzer) -> None:
    query = analyzer.read('“质量追溯 MES” 注塑 "" ')
    assert query.units == (Unit("质量追溯 mes", exact=True), Unit("注塑"))


def test_traditional_writing_is_read_in_two_ways(analyzer: Analyzer) -> None:
    query = analyzer.read("排產 軟體")
    assert [reading.source for reading in query.readings] == ["plain", "mainland"]
    assert query.readings[0].units[0] == Unit("排产", ("排程", "计划排程"))
    assert Unit("软件", optional=True) in query.readings[1].units
    assert len(analyzer.read("製造").readings) == 1  # both readings agree


def test_long_queries_are_shortened_and_say_so(analyzer: Analyzer) -> None:
    query = analyzer.read(" ".join(f"w{chr(97 + number)}" for number in range(26)) * 20)
    assert len(query.units) == MOST_UNITS
    assert query.shortened
    assert not analyzer.read("注塑 排产").shortened


@pytest.mark.parametrize(
    ("text", "blank", "searchable"),
    [
        ("", True, False),
        (" \n　", True, False),
        ("\0", False, False),
        ("((((", False, False),
        ("😀", False, False),
        ("\ud800", False, False),
        ("制", False, True),
    ],
)
def test_blank_is_not_the_same_as_unsearchable(
    analyzer: Analyzer, text: str, blank: bool, searchable: bool
) -> None:
    query = analyzer.read(text)
    assert (query.blank, bool(query.readings)) == (blank, searchable)


@given(st.text(st.characters(), max_size=300))
def test_any_text_is_read(text: str) -> None:
    query = Analyzer(TERMS, RULES).read(text)
    for reading in query.readings:
        assert 0 < len(reading.units) <= MOST_UNITS
        assert any(not unit.optional for unit in reading.units)
        for unit in reading.units:
            unit.text.encode()
