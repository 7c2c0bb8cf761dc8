"""The worked example of domain.md §4.5 and its twin, from real rows to grades."""

from decimal import Decimal

from sqlalchemy.orm import Session

from marketplace.models import Round
from marketplace.services.evaluation import freezing
from tests.support.world_evaluations import Panel, make_example

POINTS = {
    "D1-1": "10.00", "D1-2": "6.30", "D1-3": "6.00", "D2-1": "8.00", "D2-2": "9.00",
    "D2-3": "6.00", "D2-4": "5.00", "D3-1": "6.00", "D3-2": "4.00", "D3-3": "4.00",
    "D3-4": "3.00", "D4-1": "8.00", "D4-2": "5.00", "D4-3": "2.00", "D4-4": "1.00",
}  # fmt: skip


def test_the_example_and_its_twin(session: Session, round_: Round, panel: Panel) -> None:
    whole, twin = make_example(session, round_), make_example(session, round_, twin=True)
    cycle = panel.frozen(round_)
    found = {}
    for example in (whole, twin):
        sheet = panel.sheet_of(cycle, example.membership)
        panel.judge(sheet)
        freezing.reckon_all(session, cycle, [sheet.id])
        lines = {line["id"]: line["points"] for line in sheet.result["lines"]}
        found[example] = (sheet.score, sheet.grade, lines)
    assert found[whole] == (Decimal("83.3"), "good", POINTS)
    twins = {**POINTS, "D1-1": "8.00", "D2-1": "7.50", "D2-2": "7.50"}
    assert found[twin] == (Decimal("79.3"), "pass", twins)
