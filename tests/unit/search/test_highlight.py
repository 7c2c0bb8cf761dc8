"""Marking hits: the text stays the text, and never becomes markup."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from search.analysis.highlight import Highlighter, Segment

PIECES = st.sampled_from(
    [
        "注塑",
        "MES",
        "制造执行系统",
        "<b>",
        "&amp;",
        "製造",
        "ﬁ",
        "\u200b",
        "\ud800",
        "ＭＥＳ",
        " ",
        "3.0",
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join)


def marks(words: list[str], text: str) -> list[str]:
    return [segment.text for segment in Highlighter(words).mark(text) if segment.hit]


def test_hits_are_marked_in_the_original_writing() -> None:
    assert Highlighter(["制造执行", "mes"]).mark("青岛<b>製造執行</b>與ＭＥＳ3.0") == (
        Segment("青岛<b>", False),
        Segment("製造執行", True),
        Segment("</b>與", False),
        Segment("ＭＥＳ", True),
        Segment("3.0", False),
    )


def test_overlapping_words_become_one_mark() -> None:
    assert marks(["制造执行", "执行系统"], "制造执行系统") == ["制造执行系统"]


def test_latin_words_are_marked_whole_only() -> None:
    assert marks(["oa", "mes"], "load OA, qd-mes3.0 messe") == ["OA", "mes"]
    assert marks(["3"], "3.0 33 3") == ["3", "3"]


def test_a_word_of_several_parts_is_marked_across_blanks() -> None:
    assert marks(["mes3.0"], "MES 3.0、MES-3.0") == ["MES 3.0", "MES-3.0"]


def test_special_characters_are_literal() -> None:
    assert marks(["c++", ".*", "(a+)+"], "c++ c .* aaaa") == ["c++"]


def test_nothing_to_mark() -> None:
    assert Highlighter([]).mark("注塑") == (Segment("注塑", False),)
    assert Highlighter(["注塑"]).mark("") == ()


@given(TEXTS, st.lists(PIECES, max_size=5))
def test_joined_the_pieces_are_the_text(text: str, words: list[str]) -> None:
    segments = Highlighter(words).mark(text)
    assert "".join(segment.text for segment in segments) == text
    assert all(segment.text for segment in segments)
    assert not any(a.hit and b.hit for a, b in pairwise(segments))


@given(TEXTS, st.lists(PIECES, max_size=5), st.integers(1, 40))
def test_a_snippet_is_a_part_of_the_text(text: str, words: list[str], width: int) -> None:
    segments = Highlighter(words).snippet(text, width)
    shown = "".join(segment.text for segment in segments)
    assert len(shown) <= width + 2
    assert shown.removeprefix("…").removesuffix("…") in text


def test_a_snippet_shows_where_most_words_are() -> None:
    text = "开头，" * 50 + "注塑车间用排产" + "结尾" * 50
    segments = Highlighter(["注塑", "排产", "开头"]).snippet(text, 20)
    assert [segment.text for segment in segments if segment.hit][-2:] == ["注塑", "排产"]
    assert segments[0] == segments[-1] == Segment("…", False)
