"""An upheld appeal against a grade undoes the proceeding that the grade had opened."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import EvaluationCycle, EvaluationSheet, Event, Membership, Round
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role
from marketplace.services.evaluation import grade_appeals as _grades  # noqa: F401  registers
from marketplace.services.evaluation import sheets
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import (
    appeals,
    appeals_deciding,
    proceedings,
    proceedings_tick,
    removals,
)
from tests import factories
from tests.support.world_evaluations import Panel, acting, make_poor
from tests.support.world_proceedings import WHY, Time

GROUNDS = "申诉成立：经核实情况属实"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """Monday, the sixth of July: the first half of the year is over."""
    return Time(monkeypatch, datetime(2026, 7, 6, 2, tzinfo=UTC))


def upheld(session: Session, panel: Panel, place: Membership, cycle: EvaluationCycle) -> Any:
    """The sheet whose grade its provider appeals against, and the decision of others to call."""
    sheet = panel.sheet_of(cycle, place)
    owner = acting(session, Role.PROVIDER_OWNER, place.provider.organisation)
    appeal = appeals.file(session, owner, EvaluationSheet.__tablename__, sheet.id, text="有误")

    def decide() -> None:
        judge: Actor = acting(session, Role.CITY_OFFICER)
        assert judge.user_id is not None
        appeals_deciding.name_panel(
            session, panel.city, appeal, [judge.user_id], reason="未参与原决定"
        )
        appeals_deciding.decide(session, judge, appeal, upheld=True, why=WHY)

    return sheet, decide


def last(session: Session, row: Any) -> tuple[str, str, str, str]:
    """Action, states and reason of the row's newest event."""
    session.flush()
    found = session.scalars(
        select(Event)
        .where(Event.subject_type == row.__tablename__, Event.subject_id == row.id)
        .order_by(Event.id.desc())
        .limit(1)
    ).one()
    return found.action, found.from_state, found.to_state, found.reason


def test_the_rectification_ends_and_the_warning_of_before_stands_again(
    session: Session, round_: Round, panel: Panel, time: Time
) -> None:
    place, other = make_poor(session, round_), make_poor(session, round_)
    memberships.act(session, SYSTEM, place, "warn", Decision(why={"reason": "抽查提醒"}))
    time.add(minutes=1)
    cycle = panel.frozen(round_)
    for one in (place, other):
        panel.judge(panel.sheet_of(cycle, one), poorly=True)
    panel.published(cycle)
    sheet, decide = upheld(session, panel, place, cycle)
    (case,) = proceedings.opened_by(session, sheet)
    assert (case.kind, case.state, case.proposer, place.state) == (
        "rectification", "ordered", "rule", "rectifying",
    )  # fmt: skip
    decide()
    assert (case.state, case.closed_at, sheet.published_at) == ("cancelled", clock.now(), None)
    assert (place.state, place.phase, place.rectify_by) == ("warned", "warned", None)
    assert last(session, case) == ("overturn", "ordered", "cancelled", GROUNDS)
    assert last(session, place) == ("warn", "listed", "warned", GROUNDS)
    assert last(session, sheet) == ("evaluation_revoked", "", "", GROUNDS)
    # The other place of the same cycle goes on as it was.
    (left,) = proceedings.opened_by(session, panel.sheet_of(cycle, other))
    assert (left.state, other.state) == ("ordered", "rectifying")


@ON_SQLITE
def test_the_removal_it_grew_into_ends_too(
    session: Session, round_: Round, panel: Panel, time: Time
) -> None:
    place = make_poor(session, round_)
    cycle = panel.frozen(round_)
    panel.judge(panel.sheet_of(cycle, place), poorly=True)
    panel.published(cycle)
    sheet, decide = upheld(session, panel, place, cycle)
    (first,) = proceedings.opened_by(session, sheet)
    assert first.due_at is not None
    time.set(first.due_at)
    assert proceedings_tick.lapse(session, first.id)
    case = proceedings.current(session, place.id)
    assert case is not None
    assert (case.kind, case.proposer, place.state) == ("removal", "rule", "suspended")
    assert removals.no_open_appeal(session, case, SYSTEM, {}) == "申诉还没有办结，暂缓公告"
    decide()
    assert (case.state, place.state) == ("dismissed", "listed")
    assert removals.no_open_appeal(session, case, SYSTEM, {}) is None


@ON_SQLITE
def test_nobody_is_removed_while_the_grade_can_be_appealed_against(
    session: Session, round_: Round, panel: Panel, time: Time
) -> None:
    place = factories.make_membership(session, round_, factories.make_provider(session))
    cycle = panel.frozen(round_)
    sheet = panel.sheet_of(cycle, place)
    sheets.adjust(session, panel.city, sheet, "X07", happened=True, why="见信用中国")
    panel.published(cycle)
    (case,) = proceedings.opened_by(session, sheet)
    assert (case.kind, case.proposer, case.proposer_name) == ("removal", "rule", "")
    held = "评价等次的申诉期还没有结束，暂缓公告"
    assert removals.no_open_appeal(session, case, SYSTEM, {}) == held
    time.set(datetime(2026, 7, 13, 16, tzinfo=UTC))  # the fifth working day has ended
    assert removals.no_open_appeal(session, case, SYSTEM, {}) is None
