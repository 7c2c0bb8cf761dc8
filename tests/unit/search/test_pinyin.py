"""How Chinese is read, and where typed letters are read in a text."""

import re
from pathlib import Path
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from search.analysis.normal import normal
from search.analysis.pinyin import (
    MOST_SPELLINGS,
    cut_places,
    full,
    has_han,
    initials,
    part_spelled,
    sounds,
    spellings,
    syllable_count,
    syllables,
)
from search.analysis.tokens import name_key
from tests.support.counts import SOAK

NAMES = st.text(st.sampled_from("青岛海尔重庆单县长行澜图女绿abc3. （）MES"), max_size=12)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("重庆", "chongqing"), ("青岛", "qingdao"), ("厦门", "xiamen"), ("台州", "taizhou"),
        ("六安", "luan"), ("番禺", "panyu"), ("银行", "yinhang"), ("石家庄", "shijiazhuang"),
        ("单县", "shanxian"), ("涡阳", "guoyang"), ("洪洞", "hongtong"), ("浚县", "xunxian"),
        ("莘县", "shenxian"), ("乐陵", "leling"), ("芝罘", "zhifu"), ("牟平", "muping"),
        ("重构", "chonggou"), ("重工", "zhonggong"), ("仇氏", "qiushi"), ("解氏", "xieshi"),
        ("曾氏", "zengshi"), ("单氏", "shanshi"), ("长安", "changan"), ("调度", "diaodu"),
        ("传动", "chuandong"), ("模具", "muju"), ("会计", "kuaiji"), ("行业", "hangye"),
        ("差速器", "chasuqi"), ("轧钢", "zhagang"), ("系统", "xitong"), ("率先", "shuaixian"),
        ("青岛mes", "qingdaomes"), ("qd-mes 3.0", "qdmes3.0"), ("（）", ""),
    ],
)  # fmt: skip
def test_usual_readings(text: str, read: str) -> None:
    assert full(sounds(text)) == read


def test_a_character_in_no_phrase_has_all_its_readings() -> None:
    assert spellings(sounds("单澜")) == ("danlan", "shanlan")
    assert spellings(sounds("单县")) == ("shanxian",)
    assert spellings(sounds("绿能")) == ("lvneng", "luneng")
    assert initials(sounds("单澜mes")) == ("dlmes", "slmes")


def test_every_part_has_its_place() -> None:
    text = "青岛 澜图mes3.0"
    assert [(each.text, each.han) for each in sounds(text)] == [
        ("青", True), ("岛", True), ("澜", True), ("图", True), ("mes", False), ("3.0", False),
    ]  # fmt: skip
    assert [text[each.start : each.end] for each in sounds(text)] == [
        each.text for each in sounds(text)
    ]


@given(NAMES)
def test_any_name_is_read(name: str) -> None:
    some = sounds(name.lower())
    assert full(some) in spellings(some)
    assert len(spellings(some)) <= MOST_SPELLINGS >= len(initials(some))
    assert all(
        len(short) == sum(1 if s.han else len(s.text) for s in some) for short in initials(some)
    )


@pytest.mark.parametrize(
    ("typed", "text", "part"),
    [
        ("haier", "青岛海尔智造", "海尔"),
        ("hai", "青岛海尔智造", "海"),
        ("haie", "青岛海尔智造", "海尔"),
        ("hez", "青岛海尔智造", "海尔智"),
        ("qdmes", "青岛mes", "青岛mes"),
        ("qingdaome", "青岛mes", "青岛mes"),
        ("lantu", "岚图", "岚图"),
        ("shanlan", "单澜", "单澜"),
        ("danlan", "单澜", "单澜"),
        ("xian", "西安", "西安"),
        ("haiz", "青岛海尔智造", None),
        ("haierzhizaox", "青岛海尔智造", None),
        ("x", "", None),
    ],
)
def test_where_letters_are_read(typed: str, text: str, part: str | None) -> None:
    some = sounds(text)
    place = part_spelled(typed, some)
    found = None if place is None else "".join(each.text for each in some[place[0] : place[1]])
    assert found == part


@given(st.text(st.sampled_from("海尔青岛智造澜图重单行"), min_size=1, max_size=6), st.data())
def test_what_a_name_spells_is_found_in_it(name: str, data: st.DataObject) -> None:
    some = sounds(f"青岛{name}mes")
    typed = data.draw(st.sampled_from((*spellings(some), *initials(some))))
    typed = typed[: data.draw(st.integers(1, len(typed)))]
    assert part_spelled(typed, some) is not None


@pytest.mark.parametrize(
    ("text", "count"), [("haier", 2), ("xian", 2), ("hai", 1), ("mes", 0), ("zzzx", 0), ("", 0)]
)
def test_syllables_are_counted(text: str, count: int) -> None:
    assert syllable_count(text) == count


def test_places_to_cut() -> None:
    assert cut_places("zhimes") == {0, 3, 5}  # zhi, me
    assert cut_places("zhimes", {"mes"}) == {0, 3, 5, 6}
    assert cut_places("ihz", backwards=True) == {0, 3}
    assert 400 < len(syllables()) < 420


def test_the_tables_hold_plain_syllables() -> None:
    assert all(set(each) <= set(ascii_lowercase) for each in syllables())
    assert has_han("a海") and not has_han("abc3")


@given(st.text(st.sampled_from("anegiouzhs"), max_size=80))
def test_long_runs_of_vowels_are_read_at_once(text: str) -> None:
    assert 0 in cut_places(text)
    assert syllable_count(text) <= len(text)


@pytest.mark.skipif(not SOAK, reason="takes half a gigabyte; make soak runs it")
def test_the_tables_are_made_from_their_source() -> None:
    from tests.support.pinyin_tables import FOLDER, made

    assert made() == {name: (FOLDER / name).read_text("utf-8") for name in made()}


def test_readings_agree_with_a_general_reader() -> None:
    """Names of the demo, as pypinyin reads them with its own phrases."""
    folder = Path(__file__).parents[3] / "config/demo/providers"
    texts = [path.read_text("utf-8") for path in folder.glob("*.yml")]
    names = {
        name_key(normal(name)) for text in texts for name in re.findall("name: ([^,\n]+)", text)
    }
    assert len(names) > 250
    other = {name: "".join(lazy_pinyin(name)) for name in names}
    assert {name: full(sounds(name)) for name in names} == other
