"""Slips meet their names, and nothing else does."""

from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analysis.pinyin import full, sounds
from search.analysis.spelling import (
    LIKE_SOUND,
    ONE_SLIP,
    SAME_SOUND,
    grade,
    letter_edits,
    near_sounds,
    one_apart,
    same_sound,
    signatures,
)

CHARS = "澜图智造科技海尔执行系统注塑排产设备管理平台云数恒远"
NAME = st.text(st.sampled_from(CHARS), min_size=5, max_size=8)


def meets(typed: str, name: str) -> bool:
    looked_up = {same_sound(typed), *near_sounds(typed)}
    return bool(looked_up & set(signatures(sounds(name)))) and grade(typed, name) is not None


@given(NAME, st.data())
def test_one_slip_in_characters_meets_its_name(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 2))
    other = data.draw(st.sampled_from("蓬莱火锅月饼"))
    for typed in (
        name[:place] + other + name[place + 1 :],
        name[:place] + other + name[place:],
        name[:place] + name[place + 1 :],
        name[:place] + name[place + 1] + name[place] + name[place + 2 :],
    ):
        assert typed == name or meets(typed, name), typed


@given(NAME, st.data())
def test_one_slip_in_letters_meets_its_name(name: str, data: st.DataObject) -> None:
    letters = full(sounds(name))
    place = data.draw(st.integers(0, len(letters) - 2))
    other = data.draw(st.sampled_from(ascii_lowercase))
    typed = data.draw(
        st.sampled_from((
            letters[:place] + letters[place + 1 :],
            letters[:place] + other + letters[place + 1 :],
            letters[:place] + other + letters[place:],
            letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :],
        ))
    )  # fmt: skip
    assert typed == letters or meets(typed, name), typed


@pytest.mark.parametrize(
    ("typed", "name", "how"),
    [
        ("制造直行系统", "制造执行系统", SAME_SOUND),
        ("蓝图", "澜图", SAME_SOUND),
        ("zhizaozhixingxitong", "制造执行系统", SAME_SOUND),
        ("zizaozixinxitong", "制造执行系统", LIKE_SOUND),
        ("岚兔", "澜图", SAME_SOUND),
        ("zhizaozhixngxitong", "制造执行系统", ONE_SLIP),
        ("制执造行系统", "制造执行系统", ONE_SLIP),
        ("制造执亍系统", "制造执行系统", ONE_SLIP),
        ("制造执行系统", "制造执行系统", None),
        ("澜国", "澜图", None),
        ("质量追溯系统", "制造执行系统", None),
        ("火锅底料", "制造执行", None),
        ("haer", "海尔", ONE_SLIP),
        ("har", "海尔", None),
    ],
)
def test_grades(typed: str, name: str, how: int | None) -> None:
    assert grade(typed, name) == how


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("zhizaozhixngxitong", "制造执行系统"),
        ("zhizaozhxingxitong", "制造执行系统"),
        ("zhizaozhixingxiitong", "制造执行系统"),
        ("zhziaozhixing", "制造执行"),
        ("shenxginzhizao", "生星智造"),
        ("haeir", "海尔"),
        ("lantj", "澜图"),
        ("yueboyuanchengyunweipo", "越博远程运维pro"),
    ],
)
def test_slips_in_letters(typed: str, name: str) -> None:
    words = frozenset({"pro"})
    looked_up = {same_sound(typed), *near_sounds(typed, words)}
    assert looked_up & set(signatures(sounds(name)))


@given(st.text(st.sampled_from("abc"), max_size=6), st.text(st.sampled_from("abc"), max_size=6))
def test_one_apart_is_one_edit(one: str, other: str) -> None:
    short = "abc"
    edits = {word for word in letter_edits(one) if set(word) <= set(short)}
    assert one_apart(one, other) == (other in edits)


@pytest.mark.parametrize("typed", ["", "a", "海", "海尔", "x" * 200, "anan" * 16, "ǘ", "3.0", "\0"])
def test_what_cannot_be_mistyped_costs_nothing(typed: str) -> None:
    assert len(near_sounds(typed)) < 1000


def test_names_that_are_too_short_or_long_are_not_filed() -> None:
    assert signatures(sounds("海")) == ()
    assert signatures(sounds("海尔" * 9)) == ()
