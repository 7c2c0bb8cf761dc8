"""How a term is written down for the story of a place."""

from datetime import date

from marketplace import clock
from marketplace.services.audit import why
from marketplace.services.pool import evidence


def test_a_count_of_working_days_is_kept_with_the_days_that_did_not_count():
    calendar = clock.WorkingCalendar(
        {date(2024, 2, 12): clock.DayRule(False, "春节")}, {2024: True}
    )
    assert why.counted(calendar, date(2024, 2, 9), 2) == {
        "from": "2024-02-09", "days": 2, "unit": "working", "until": "2024-02-14",
        "off": [["2024-02-10", "周末"], ["2024-02-11", "周末"], ["2024-02-12", "春节"]],
        "official": True,
    }  # fmt: skip


def test_numbers_of_telephones_are_masked_and_hashes_are_left_alone():
    hash_ = "a13812345678b0532-12345678c" + "0" * 20
    text = f"电话13812345678，0532-87654321；编号 {hash_} 91370200MA3TEST001"
    assert evidence.masked(text) == (
        f"电话138****5678，0532-****4321；编号 {hash_} 91370200MA3TEST001"
    )
