"""The same digits years later; and what-if, which writes nothing."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from marketplace.models import (
    CaseStudy,
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    Milestone,
    Project,
    Quota,
    Rating,
    Round,
)
from marketplace.programmes.snapshot import to_snapshot
from marketplace.services.evaluation import recompute, sheets, what_if
from marketplace.services.evaluation.what_if import Change
from tests.support.statements import recorded
from tests.support.world_evaluations import Panel, make_example, make_poor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def cycle(session: Session, round_: Round, panel: Panel) -> EvaluationCycle:
    """A published cycle with the example, its twin and a failed place."""
    whole, twin = make_example(session, round_), make_example(session, round_, twin=True)
    poor = make_poor(session, round_)
    cycle = panel.frozen(round_)
    for place in (whole.membership, twin.membership):
        panel.judge(panel.sheet_of(cycle, place))
    panel.judge(panel.sheet_of(cycle, poor), poorly=True)
    panel.published(cycle)
    return cycle


def sheets_of(session: Session, panel: Panel) -> list[EvaluationSheet]:
    ids = session.scalars(select(EvaluationSheet.id).order_by(EvaluationSheet.id)).all()
    return [sheets.get(session, panel.city, id_) for id_ in ids]


def test_the_same_digits_after_everything_changed(
    session: Session, round_: Round, panel: Panel, cycle: EvaluationCycle
) -> None:
    # Years go by: projects, ratings, cases and milestones change, and the scheme weighs otherwise.
    session.execute(update(Project).values(filed_on=None, phase="draft", accepted_on=None))
    session.execute(update(Rating).values(scores={"quality": 1}))
    session.execute(update(CaseStudy).values(client_consent=False))
    session.execute(update(Milestone).values(phase="planned"))
    snapshot = to_snapshot(round_.programme)
    for part in snapshot["evaluation"]["dimensions"]:
        part["indicators"].reverse()
        part["indicators"][0]["points"] += 1
        part["indicators"][1]["points"] -= 1
    round_.programme_snapshot, round_.programme_hash = snapshot, "0" * 64
    session.flush()
    session.expire_all()
    found = []
    for sheet in sheets_of(session, panel):
        check = recompute.check(session, sheet)
        assert (check.agrees, check.score) == (True, sheet.score)
        found.append((str(check.score), check.grade))
    assert found[:2] == [("83.3", "good"), ("79.3", "pass")]
    assert found[2][1] == "fail"


def test_whatever_was_altered_afterwards_is_found(
    session: Session, panel: Panel, cycle: EvaluationCycle
) -> None:
    value, sheet = IndicatorValue, EvaluationSheet
    altered: list[tuple[Any, str]] = [
        (update(value).where(value.indicator == "D1-2").values(numerator=10),
         "D1-2的计数与明细不符"),
        (update(value).where(value.indicator == "D1-1").values(sources=[]), "数据的校验值不符"),
        (update(value).where(value.rater == "expert").values(justification="改"),
         "数据的校验值不符"),
        (update(sheet).values(score=Decimal("99.9")), "得分复算为83.3，记录为99.9"),
        (update(sheet).values(grade="excellent"), "等次复算为good，记录为excellent"),
        (update(EvaluationCycle).values(scheme_sha256="1" * 64), "评价办法的校验值不符"),
    ]  # fmt: skip
    session.flush()
    for spoil, fault in altered:
        with session.begin_nested() as savepoint:
            session.execute(spoil.execution_options(synchronize_session=False))
            session.expire_all()
            assert fault in recompute.check(session, sheets_of(session, panel)[0]).faults
            savepoint.rollback()
        session.expire_all()
    assert recompute.check(session, sheets_of(session, panel)[0]).agrees


def test_what_if_says_who_would_move_and_writes_nothing(
    session: Session, round_: Round, panel: Panel, cycle: EvaluationCycle
) -> None:
    session.flush()
    with recorded(session.get_bind()) as statements:
        quota = session.scalars(select(Quota).where(Quota.used > 0)).first()
        assert quota is not None
        # Same weights: nobody moves. A higher mark for 良好: one does. One target more: one does.
        same = what_if.outcome(session, cycle, Change())
        assert (list(same.moves), same.before) == ([], same.after)
        higher = what_if.outcome(session, cycle, Change(bounds={"good": 84}))
        assert [(m.grade, m.new_grade) for m in higher.moves] == [("良好", "合格")]
        targets = what_if.outcome(session, cycle, Change(targets={("D1-1", "product"): 10}))
        assert [str(m.new_score) for m in targets.moves if m.grade == "良好"] == ["78.3"]
        # Points from people keep their share of other weights: 6 of 8 are 9 of 12.
        weights = what_if.outcome(session, cycle, Change(points={"D3-1": 12, "D2-2": 8}))
        assert {str(m.new_score) for m in weights.moves if m.grade == "良好"} == {"83.3"} or [
            str(m.new_score) for m in weights.moves if m.grade == "良好"
        ] == []
        cells = what_if.outcome(session, cycle, Change(caps={quota.id: quota.used - 1})).cells
        assert [(cell.over, cell.room) for cell in cells] == [(1, 0)]
        wrong = what_if.altered(what_if.pinned.scheme_of(cycle), Change(points={"D1-1": 11}))
        assert what_if.faults(wrong) == ["各指标合计101分，应为100分"]
    assert statements and all(text.lstrip().upper().startswith("SELECT") for text in statements)
