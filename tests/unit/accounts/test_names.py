"""Names, codes and numbers as forms send them (S62, S63)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from marketplace import uscc
from marketplace.schemas.names import Choice, Day, Line, Mail, Uscc, Whole


def load(field, value):
    """The value as the field understands it, or its errors."""
    schema = Schema.from_dict({"x": field})()
    try:
        return schema.load({"x": value})["x"]
    except ValidationError as error:
        return error.messages["x"]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  青岛\u3000测试  公司 ", "青岛 测试 公司"),
        ("e\u0301", "é"),
        ("ﬁ", "ﬁ"),  # NFC keeps what NFKC would replace
        ("𠮷野家", "𠮷野家"),
        ("Jürgen Müller-Lüdenscheidt", "Jürgen Müller-Lüdenscheidt"),
    ],
)
def test_s63_lines_are_tidied(typed, kept):
    assert load(Line(40), typed) == kept


@pytest.mark.parametrize(
    "char", "\u200b\u200d\u200e\u202a\u202e\u2066\u2069\ufeff\u00ad\u0000\u001b"
)
def test_s63_invisible_characters_are_refused(char):
    assert load(Line(40), f"青岛{char}公司") == ["含有看不见的字符，请重新输入"]


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_s63_half_characters_are_refused(value):
    assert load(Line(40), value) == ["含有看不见的字符，请重新输入"]


def test_length_and_presence():
    assert load(Line(3, required=True), "四个字呢") == ["最多3个字"]
    assert load(Line(3, required=True), "   ") == ["请填写"]
    assert load(Line(3), "") == ""


@given(st.text(max_size=60))
def test_a_kept_line_is_stable_and_short(text):
    kept = load(Line(40), text)
    if isinstance(kept, str):
        assert load(Line(40), kept) == kept
        assert len(kept) <= 40


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Li.Lei@Test.Example", "li.lei@test.example"),
        (" a+b@c-d.example.cn ", "a+b@c-d.example.cn"),
        ("ａｂｃ＠ｔｅｓｔ．ｃｏｍ", "abc@test.com"),
    ],
)
def test_mail_is_folded(typed, kept):
    assert load(Mail(), typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a",
        "a@",
        "@b.c",
        "a@b",
        "a b@c.d",
        "a@b..c",
        "a@b.c\nBcc: x@y.z",
        "a@b.c,d@e.f",
        "<a@b.c>",
    ],
)
def test_mail_mistakes(typed):
    assert load(Mail(), typed) in (
        ["请填写正确的邮箱，如 name@example.cn"], ["含有看不见的字符，请重新输入"],
    )  # fmt: skip


GOOD = ("91990000MA0000001" + uscc.check_digit("91990000MA0000001"), "91350100M000100Y43")


@pytest.mark.parametrize("code", GOOD)
def test_credit_codes(code):
    assert uscc.is_valid(code)
    assert load(Uscc(), f" {code[:4]} {code[4:]} ".lower()) == code
    assert load(Uscc(), code.translate({ord("0") + n: ord("０") + n for n in range(10)})) == code


@pytest.mark.parametrize("code", GOOD)
def test_s63_every_single_mistake_is_found(code):
    for place in range(len(code)):
        for char in uscc.ALPHABET:
            if char != code[place]:
                assert not uscc.is_valid(code[:place] + char + code[place + 1 :])


@pytest.mark.parametrize("code", ["", "9", GOOD[0][:-1], GOOD[0] + "0", "I" * 18, "九" * 18])
def test_s63_other_shapes(code):
    assert load(Uscc(), code) == ["统一社会信用代码不正确，请核对18位代码"]


def test_check_digit_of_strange_bodies():
    with pytest.raises(ValueError, match="17 characters"):
        uscc.check_digit("9")


@pytest.mark.parametrize(("typed", "kept"), [("1", 1), ("50", 50), (7, 7), ("+7", 7)])
def test_whole_numbers(typed, kept):
    assert load(Whole(1, 50), typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "0", "51", "-1", str(2**63), "9" * 5000, "1e400000", "NaN", "inf", "1.0", "0x1", "", " ",
        True, False, 1.5, None, [], "１", "٣", "1_0",
    ],
)  # fmt: skip
def test_s62_other_numbers_are_refused(typed):
    assert isinstance(load(Whole(1, 50), typed), list)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (Choice(["a", "b"]), "c"), (Choice(["a", "b"]), "A"), (Choice(["a"]), ["a"]),
        (Day(), "2026-02-30"), (Day(), "gestern"), (Day(), "2026-1-1T00:00"),
        (Day(), "99999-01-01"),
    ],
)  # fmt: skip
def test_s53_closed_lists_and_days(field, typed):
    assert isinstance(load(field, typed), list)
