"""Every formula, by its laws: exact, within its points, monotone, without floats."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.programmes.evaluation import Indicator
from marketplace.programmes.indicators import MEASURES
from marketplace.services.evaluation import formulas
from marketplace.services.evaluation.formulas import FORMULAS, half_up, points

few = settings(max_examples=25)
counts = st.integers(0, 60)
NUMBERS: dict[str, Any] = {
    "target": {"product": 5}, "full_at_percent": 90, "zero_at_percent": 50, "per_case_points": 1,
    "min_ratings": 2, "fresh_months": 12,
}  # fmt: skip


def indicator(measure: str, worth: int = 10, **numbers: Any) -> Indicator:
    return Indicator(
        id="X", name="X", points=worth, by="auto", measure=measure, formula="",
        **{**NUMBERS, **numbers},
    )  # fmt: skip


def test_every_measure_reckons_or_is_judged() -> None:
    assert set(FORMULAS) | {"judged"} == set(MEASURES)


@few
@given(st.sampled_from(sorted(FORMULAS)), counts, counts, st.integers(1, 30))
def test_points_stay_between_nothing_and_all(measure: str, good: int, of: int, worth: int) -> None:
    if measure == "mean_rating":
        of, good = max(of, 1), max(of, 1) * 1 + good % (4 * max(of, 1) + 1)  # means from 1 to 5
    found = points(indicator(measure, worth), "product", good, of, n=max(of, 2))
    assert found is None or (isinstance(found, Fraction) and 0 <= found <= worth)


@few
@given(
    st.sampled_from(["share", "linear", "met", "count_against_target"]), counts, st.integers(1, 60)
)
def test_more_good_ones_never_cost_points(measure: str, good: int, of: int) -> None:
    item = indicator(measure)
    less, more = (points(item, "product", min(n, of), of, of) for n in (good, good + 1))
    assert less is not None and more is not None and less <= more


@pytest.mark.parametrize("measure", ["share", "linear", "met", "mean_rating"])
def test_nothing_of_nothing_is_no_data_and_never_zero(measure: str) -> None:
    assert points(indicator(measure), "product", 0, 0, 0) is None


@pytest.mark.parametrize("measure", sorted(FORMULAS))
def test_a_source_that_does_not_exist_is_no_data(measure: str) -> None:
    assert points(indicator(measure), "product", None, None, 0) is None


@few
@given(counts)
def test_counts_against_a_target(number: int) -> None:
    item = indicator("count_against_target")
    assert points(item, "product", number, 5, number) == min(Fraction(10), Fraction(number * 10, 5))
    assert points(item, "chain_leader", number, 0, number) == 10  # nothing is asked of this type


@few
@given(st.integers(0, 100))
def test_a_line_between_two_shares(percent: int) -> None:
    found = points(indicator("linear"), "product", percent, 100, 100)
    wanted = 0 if percent <= 50 else 10 if percent >= 90 else Fraction(percent - 50, 40) * 10
    assert found == wanted


@few
@given(counts)
def test_cases_all_or_nothing(number: int) -> None:
    item = indicator("required_cases", 5, target={"product": 3, "chain_leader": 0})
    assert points(item, "product", number, 3, number) == (5 if number >= 3 else 0)
    assert points(item, "chain_leader", number, 0, number) == 5


@few
@given(counts, st.integers(1, 60))
def test_met_by_every_single_one(good: int, of: int) -> None:
    assert points(indicator("met"), "product", min(good, of), of, of) == (10 if good >= of else 0)


@few
@given(st.integers(1, 5), st.integers(0, 6))
def test_ratings_from_one_to_five_and_not_from_too_few(mean: int, n: int) -> None:
    found = points(indicator("mean_rating"), "product", mean, 1, n)
    assert found == (Fraction(mean - 1, 4) * 10 if n >= 2 else None)


@few
@given(counts)
def test_each_case_costs_until_nothing_is_left(number: int) -> None:
    assert points(indicator("deduct_per_case", 2), "product", number, 0, number) == max(
        0, 2 - number
    )


@few
@given(st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, 2))
def test_rounding_is_half_up(numerator: int, denominator: int, decimals: int) -> None:
    exact = Fraction(numerator, denominator)
    found = half_up(exact, decimals)
    assert abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**decimals)
    # Where the quotient ends, the decimal module says the same.
    if (10**6) % denominator == 0:
        plain = Decimal(numerator) / Decimal(denominator)
        assert found == plain.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def test_the_halves_themselves() -> None:
    halves = [Fraction(1995, 25), Fraction(7995, 100), Fraction(7985, 100), Fraction(-5, 100)]
    assert [str(half_up(value)) for value in halves] == ["79.8", "80.0", "79.9", "-0.1"]
    assert formulas.target_of(indicator("share", target=None), "product") == 0
