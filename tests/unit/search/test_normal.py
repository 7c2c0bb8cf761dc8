"""One normal form: character by character, so that parts stay parts."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc_pyo3 import OpenCC

from search.analysis.normal import has_traditional, normal, normal_with_offsets

ANY_TEXT = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ＭＥＳ３．０", "mes3.0"),
        ("製造執行系統", "制造执行系统"),
        ("Café\u0301 ﬁne ½", "cafe fine 1⁄2"),
        ("青\u200b岛\u202e澜图", "青岛澜图"),
        ("a\0b\ud800c\td", "a b c d"),
        ("㈱一㎡", "(株)一m2"),
        ("한국 がガ", "한국 かカ"),
        ("乾燥 乾隆 顯著", "干燥 干隆 显着"),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    assert normal(text) == expected


@given(ANY_TEXT, ANY_TEXT)
def test_a_part_has_the_same_form_alone_and_in_the_whole(left: str, right: str) -> None:
    assert normal(left + right) == normal(left) + normal(right)


@given(ANY_TEXT)
def test_normal_text_can_be_stored_and_has_no_controls(text: str) -> None:
    folded = normal(text)
    folded.encode()
    assert not any(unicodedata.category(char)[0] in "C" for char in folded)


@given(ANY_TEXT)
def test_each_normal_character_knows_where_it_came_from(text: str) -> None:
    folded, places = normal_with_offsets(text)
    offsets = list(places)
    assert folded == normal(text)
    assert offsets == sorted(offsets)
    rebuilt = {index: normal(char) for index, char in enumerate(text)}
    for index in set(offsets):
        start, count = offsets.index(index), offsets.count(index)
        assert folded[start : start + count] == rebuilt[index]


def test_the_table_of_simplified_characters_is_that_of_opencc() -> None:
    convert = OpenCC("t2s").convert
    for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000)):
        char = chr(code)
        simplified = convert(convert(char))
        assert normal(char) == simplified
        assert has_traditional(char) == (char != simplified)


@pytest.mark.parametrize("char", [chr(code) for code in (0, 0x7F, 0xD800, 0xDFFF, 0xFFFF)])
def test_what_cannot_be_stored_becomes_a_blank(char: str) -> None:
    assert normal(char) == " "
    assert sys.maxunicode == 0x10FFFF  # one code, one character
