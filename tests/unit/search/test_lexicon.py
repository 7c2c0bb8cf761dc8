"""The words of the trade: read from letters, begun, mistyped."""

import pytest

from search.analysis.lexicon import Lexicon, Likely

WORDS = (
    "制造执行系统", "MES", "机器视觉检测", "注塑", "排产", "质量追溯", "SCADA", "OA", "能耗管理",
    "AI质检", "单",
)  # fmt: skip


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(WORDS)


@pytest.mark.parametrize(
    ("letters", "read"),
    [
        ("zhizaozhixingxitong", (("制造执行系统", "制造执行系统"),)),
        ("zhizaozhixing", (("制造执行", "制造执行系统"),)),
        ("zzzxxt", (("制造执行系统", "制造执行系统"),)),
        ("zzzx", (("制造执行", "制造执行系统"),)),
        ("zz", ()),
        ("zhizao", (("制造", "制造执行系统"),)),
        ("zhi", ()),
        ("jqsj", (("机器视觉", "机器视觉检测"),)),
        ("zhusu", (("注塑", "注塑"),)),
        ("zs", ()),
        ("aizhijian", (("ai质检", "ai质检"),)),
        ("mes", ()),
        ("注塑", ()),
        ("xyz", ()),
    ],
)
def test_letters_are_read(lexicon: Lexicon, letters: str, read: object) -> None:
    assert lexicon.read(letters) == read


def test_words_that_begin_so(lexicon: Lexicon) -> None:
    assert lexicon.starting("制", 5) == ("制造执行系统",)
    assert lexicon.starting("m", 5) == ("MES",)
    assert lexicon.starting("zzz", 5) == ("制造执行系统",)
    assert lexicon.starting("zh", 5) == ("注塑", "质量追溯", "制造执行系统")
    assert lexicon.starting("zh", 1) == ("注塑",)
    assert lexicon.starting("火", 5) == ()


@pytest.mark.parametrize(
    ("typed", "likely"),
    [
        ("制造直行系统", (Likely("制造执行系统", 0),)),
        ("制造执形系统", (Likely("制造执行系统", 0),)),
        ("制造执亍系统", (Likely("制造执行系统", 2),)),
        ("zhizaozhixngxitong", (Likely("制造执行系统", 2),)),
        ("排铲", (Likely("排产", 0),)),
        ("mse", (Likely("MES", 2),)),
        ("sacda", (Likely("SCADA", 2),)),
        ("scda", ()),
        ("sccada", (Likely("SCADA", 2),)),
        ("erp", ()),
        ("火锅", ()),
        ("制造执行系统", ()),
        ("单", ()),
    ],
)
def test_what_was_meant(lexicon: Lexicon, typed: str, likely: object) -> None:
    assert lexicon.likely(typed) == likely


def test_words_heard_inside_a_run(lexicon: Lexicon) -> None:
    heard = list(lexicon.heard_in("车间能号管理软件", 6))
    assert (2, "能号管理", Likely("能耗管理", 0)) in heard
    assert list(lexicon.heard_in("注塑车间", 6)) == []


def test_membership_is_by_key(lexicon: Lexicon) -> None:
    assert ("mes" in lexicon, "MES" in lexicon, "单" in lexicon) == (True, False, False)
