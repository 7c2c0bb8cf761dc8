"""Queries as trees: what is demanded, what only helps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.dictionary import Dictionary
from search.analysis.queries import Analyzer
from search.analysis.synonyms import Synonym
from search.plan import (
    Best,
    Boost,
    Combine,
    Everything,
    Exactly,
    Nothing,
    Phrase,
    Term,
    can_relax,
    match,
    needed,
    text_nodes,
)

DICTIONARY = Dictionary(("制造执行系统",))


def over_fields(make: object, *fields: str) -> list[object]:
    boosts = {"title": 4.0, "alias": 3.0}
    assert callable(make)
    return [
        Boost(make(name), boosts[name[:-2]]) if name[:-2] in boosts else make(name)
        for name in fields
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "制造执行系统",
            over_fields(lambda f: Term(f, "制造执行系统"), "title_d", "alias_d", "body_d"),
        ),
        ("注塑", over_fields(lambda f: Term(f, "注塑"), "title_b", "alias_b", "body_b")),
        ("MES", over_fields(lambda f: Term(f, "mes"), "title_b", "alias_b", "body_b")),
        (
            "澜图云",
            over_fields(lambda f: Phrase(f, ("澜图", "图云")), "title_b", "alias_b", "body_b"),
        ),
        (
            "mes3.0",
            over_fields(lambda f: Phrase(f, ("mes", "3.0")), "title_b", "alias_b", "body_b"),
        ),
        ("海", over_fields(lambda f: Term(f, "海"), "title_c", "alias_c")),
        ("((", []),
    ],
)
def test_where_a_text_is_looked_for(text: str, expected: list[object]) -> None:
    assert text_nodes(text, DICTIONARY) == expected


def test_the_whole_tree_of_a_query() -> None:
    analyzer = Analyzer(("注塑",), (Synonym(("MES", "制造执行系统")),))
    mes = [
        *text_nodes("mes", DICTIONARY),
        *(Boost(node, 0.9) for node in text_nodes("制造执行系统", DICTIONARY)),
    ]
    assert match(analyzer.read("注塑MES软件"), DICTIONARY, "all") == Combine(
        must=(
            Combine(
                must=(Best(tuple(text_nodes("注塑", DICTIONARY))), Best(tuple(mes))),
                should=(Best(tuple(text_nodes("软件", DICTIONARY))),),
            ),
        ),
        should=(
            Exactly(Term("name", "注塑mes软件"), 1000.0),
            Boost(
                Best(
                    (
                        Phrase("title_b", ("注塑", "mes", "软件")),
                        Phrase("alias_b", ("注塑", "mes", "软件")),
                    )
                ),
                8.0,
            ),
        ),
    )


def test_blank_and_unsearchable_queries() -> None:
    analyzer = Analyzer()
    assert match(analyzer.read("  "), DICTIONARY, "all") == Everything()
    assert match(analyzer.read("(((("), DICTIONARY, "all") == Nothing()


def test_how_many_units_are_demanded() -> None:
    assert [needed(units, "all") for units in range(1, 9)] == [1, 2, 2, 3, 4, 4, 5, 5]
    assert [needed(units, "some") for units in range(1, 9)] == [1, 1, 1, 2, 2, 2, 3, 3]


@given(st.integers(1, 16))
def test_the_second_rung_never_demands_more(units: int) -> None:
    assert 1 <= needed(units, "some") <= needed(units, "all") <= units
    assert all(needed(n, "all") <= needed(m, "all") for n, m in pairwise(range(1, units + 1)))


@pytest.mark.parametrize(
    ("text", "relaxable"),
    [("注塑", False), ("注塑 压铸", True), ("“注塑 压铸”", False), ("", False)],
)
def test_what_can_be_relaxed(text: str, relaxable: bool) -> None:
    assert can_relax(Analyzer(("注塑", "压铸")).read(text)) is relaxable
