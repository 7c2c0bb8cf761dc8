"""The neutral order: reproducible, fair, different every day."""

from datetime import date, timedelta

from search import tie_field, tie_value, tie_values

MONDAY = date(2026, 3, 2)


def order_on(day: date, count: int = 40) -> list[int]:
    return sorted(range(count), key=lambda number: tie_value(f"provider:{number}", day))


def test_values_never_change() -> None:
    """Published in the explanation of the order; whoever knows the id can compute them."""
    assert tie_values("provider:1") == TIES_OF_PROVIDER_1


def test_each_day_of_the_week_has_its_own_order() -> None:
    week = [MONDAY + timedelta(days=number) for number in range(7)]
    assert [tie_field(day) for day in week] == [f"tie_{number}" for number in range(7)]
    orders = [order_on(day) for day in week]
    assert len({tuple(order) for order in orders}) == 7
    assert order_on(MONDAY + timedelta(days=7)) == orders[0]


def test_values_fit_a_signed_integer_and_agree() -> None:
    for number in range(500):
        values = tie_values(f"case:{number}")
        assert all(0 <= value < 2**63 for value in values)
        assert values[MONDAY.weekday()] == tie_value(f"case:{number}", MONDAY)


def test_nobody_is_favoured_over_a_week() -> None:
    """Places of 40 over 7 days: the mean place of each is near the middle, none always first."""
    week = [order_on(MONDAY + timedelta(days=number)) for number in range(7)]
    assert max(sum(order[0] == number for order in week) for number in range(40)) <= 2
    means = [sum(order.index(number) for order in week) / 7 for number in range(40)]
    assert min(means) > 19.5 - 16 and max(means) < 19.5 + 16


TIES_OF_PROVIDER_1 = (
    6539407618199593256,
    401948066764838506,
    1974578015309130030,
    7835754116028596050,
    748234506304284801,
    6882039608247032364,
    7078359212372320244,
)
