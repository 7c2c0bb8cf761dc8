"""Codes pass every check and belong to nobody; choices are the same everywhere."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from marketplace.demo.choosing import Wheel, number, pick, several
from marketplace.demo.codes import credit_code, phone, unit_check
from marketplace.uscc import is_valid
from tests.unit.demo.conftest import Rows


def test_codes_are_valid_unique_and_from_nowhere(data: dict[str, Rows]) -> None:
    codes = [row["uscc"] for row in data["organisations"]]
    assert [code for code in codes if not is_valid(code) or code[2:8] != "999999"] == []
    assert len(set(codes)) == len(codes)
    public = [r for r in data["organisations"] if r["uscc"].startswith("11")]
    assert {row["kind"] for row in public} == {"lead_bureau", "co_bureau", "district_office"}
    assert len(public) == 15


@given(st.text(min_size=1))
def test_any_name_has_one_valid_code(name: str) -> None:
    code = credit_code(name)
    assert is_valid(code)
    assert code == credit_code(name)
    assert code.startswith("91999999MA")


def test_the_ninth_character_checks_the_organisation_code() -> None:
    """GB 11714 on the published example D2143569-X."""
    assert unit_check("D2143569") == "X"


def test_phones_are_landlines_that_are_never_given_out() -> None:
    assert phone("甲", "青岛").startswith("0532-0000")
    assert phone("甲", "北京").startswith("010-0000")


def test_choices_depend_on_the_key_alone() -> None:
    options = list("abcdefgh")
    assert (number("排产", 1000), number("注塑", 1000)) == (179, 273)
    assert pick("排产", options) == "d"
    assert several("排产", options, 5) == ["a", "b", "f", "g", "h"]


def test_a_wheel_hands_out_all_options_before_it_repeats() -> None:
    wheel = Wheel()
    said = Counter(wheel.next("开场", ["a", "b", "c"]) for _ in range(9))
    assert said == {"a": 3, "b": 3, "c": 3}
