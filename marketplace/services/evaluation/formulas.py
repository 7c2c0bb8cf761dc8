"""The arithmetic of indicators: exact fractions, no floats, None where there is no data."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from marketplace.programmes.evaluation import Indicator

PERCENT = 100
LOWEST, HIGHEST = 1, 5
"""Ratings go from 1 to 5."""

Formula = Callable[[Indicator, str, int, int, int], Fraction | None]
"""indicator, provider type, numerator, denominator, n → share of the points from 0 to 1."""


def half_up(value: Fraction, decimals: int = 1) -> Decimal:
    """``value`` rounded half up (away from zero) at ``decimals`` places."""
    scale = 10**decimals
    whole = (abs(value) * scale * 2 + 1) // 2
    return Decimal(whole if value >= 0 else -whole).scaleb(-decimals)


def target_of(indicator: Indicator, type_: str) -> int:
    """The number that a provider of this type has to reach."""
    return (indicator.target or {}).get(type_, 0)


def count_against_target(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction:
    """min(1, count ÷ target); no target is reached by anybody."""
    target = target_of(indicator, type_)
    return min(Fraction(1), Fraction(numerator, target)) if target else Fraction(1)


def share(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction | None:
    """Good ones ÷ all."""
    return min(Fraction(1), Fraction(numerator, denominator)) if denominator else None


def linear(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction | None:
    """From zero points at one share to full points at another, in a straight line between."""
    if not denominator:
        return None
    zero = Fraction(indicator.zero_at_percent or 0, PERCENT)
    full = Fraction(indicator.full_at_percent or PERCENT, PERCENT)
    return min(
        Fraction(1), max(Fraction(0), (Fraction(numerator, denominator) - zero) / (full - zero))
    )


def required_cases(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction:
    """Everything or nothing: as many fresh cases as the type has to show (QD-I2, QD-P3)."""
    return Fraction(numerator >= target_of(indicator, type_))


def met(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction | None:
    """Everything or nothing: every single one is good."""
    return Fraction(numerator >= denominator) if denominator else None


def mean_rating(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction | None:
    """(mean − 1) ÷ 4 of ratings from 1 to 5; none below the declared number of ratings."""
    if not denominator or n < (indicator.min_ratings or 1):
        return None
    return (Fraction(numerator, denominator) - LOWEST) / (HIGHEST - LOWEST)


def deduct_per_case(
    indicator: Indicator, type_: str, numerator: int, denominator: int, n: int
) -> Fraction:
    """Full points less some for each case, never below zero."""
    left = indicator.points - (indicator.per_case_points or 0) * numerator
    return Fraction(max(0, left), indicator.points)


FORMULAS: Mapping[str, Formula] = MappingProxyType({
    "count_against_target": count_against_target,
    "share": share,
    "linear": linear,
    "required_cases": required_cases,
    "met": met,
    "mean_rating": mean_rating,
    "deduct_per_case": deduct_per_case,
})  # fmt: skip
"""Every measure that reckons; ``judged`` has none: a person gives the points."""


def points(
    indicator: Indicator, type_: str, numerator: int | None, denominator: int | None, n: int
) -> Fraction | None:
    """The points of an indicator from its counts; None without data."""
    formula = FORMULAS.get(indicator.measure)
    if formula is None or numerator is None or denominator is None:
        return None
    found = formula(indicator, type_, numerator, denominator, n)
    return None if found is None else found * indicator.points
