"""A place that was lost and given back: what was so on each day, and its one story."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import Appeal, EvaluationCycle, EvaluationSheet, Membership, Round
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role, StandingPhase
from marketplace.services.audit import why
from marketplace.services.audit.why_rules import pinned, pins
from marketplace.services.pool import as_of, programme_texts
from tests import factories


@pytest.fixture
def at(monkeypatch):
    def set_(*day: int) -> datetime:
        moment = datetime(*day, 9, tzinfo=clock.BEIJING).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return set_


def place(session: Session, round_: Round, provider, state: str, phase, **given) -> Membership:
    row = factories.make_membership(session, round_, provider, phase=phase, **given)
    record(session, SYSTEM, "admit", row, states=("", state))
    return row


@pytest.fixture
def story(engine, at) -> tuple[Database, int, int]:
    """Listed on 1 March 2024, warned, removed on 5 January 2026, given back on 20 January."""
    database = Database(engine)
    with database.unit_of_work() as session:
        at(2024, 3, 1)
        round_ = factories.make_round(session)
        provider, user = factories.make_provider(session), factories.make_user(session)
        old = place(session, round_, provider, "listed", StandingPhase.LISTED)
        at(2025, 6, 2)
        record(session, SYSTEM, "warn", old, states=("listed", "warned"))
        old.state, old.phase = "warned", "warned"
        moment = at(2026, 1, 5)
        gone = record(session, SYSTEM, "remove", old, states=("warned", "removed"))
        old.state, old.phase, old.exited_on = "removed", "exited", date(2026, 1, 5)
        session.flush()
        moment = at(2026, 1, 20)
        new = place(session, round_, provider, "listed", StandingPhase.LISTED, created_at=moment)
        session.add(Appeal(
            provider_id=provider.id, membership_id=old.id, against="removal",
            subject_type="memberships", subject_id=old.id, event_id=gone.id, text="申诉",
            filed_by=user.id, filed_at=moment, window_until=moment, decide_by=moment,
            state="upheld", phase="closed", state_since=moment, outcome="upheld",
            decided_at=moment, closed_at=moment, restored_id=new.id,
        ))  # fmt: skip
        cycle = EvaluationCycle(
            programme_id=round_.programme_id, round_id=round_.id, label="2025年下半年",
            scheme={}, scheme_sha256="0" * 64, period_from=date(2025, 7, 1),
            period_until=date(2025, 12, 31), frozen_at=moment, objections_until=moment,
            published_at=moment, state="published", phase="published", state_since=moment,
        )  # fmt: skip
        session.add(cycle)
        session.flush()
        session.add(EvaluationSheet(
            cycle_id=cycle.id, membership_id=new.id, provider_id=provider.id, type=new.type,
            segment=new.segment, score=83.3, grade="good", published_at=moment,
            result={"public": {"name": "良好", "score": "83.3", "cycle": cycle.label}},
        ))  # fmt: skip
        session.flush()
        return database, old.id, new.id


def test_states_places_and_grades_are_those_of_the_day(story):
    database, old, new = story
    found = {}
    with database.reading() as session:
        row = session.get_one(Membership, old)
        round_ = session.get_one(Round, row.round_id)
        rows = as_of.members(session, round_)
        for day in (date(2024, 2, 29), date(2024, 3, 1), date(2025, 6, 2), date(2026, 1, 5),
                    date(2026, 1, 19), date(2026, 1, 20)):  # fmt: skip
            programme = as_of.programme_on(session, round_, day)
            standing = as_of.standings(session, rows, day, programme)
            board = as_of.board(session, round_, day, standing)
            taken = sum(cell.used for cell in board.cells)
            grades = as_of.grades_on(session, [old, new], day)
            found[day.isoformat()] = (
                {item.membership.id: item.state.id for item in standing}, taken,
                {key: f"{value.grade} {value.score}" for key, value in grades.items()},
            )  # fmt: skip
    assert found == {
        "2024-02-29": ({}, 0, {}),
        "2024-03-01": ({old: "listed"}, 1, {}),
        "2025-06-02": ({old: "warned"}, 1, {}),
        "2026-01-05": ({old: "removed"}, 0, {}),
        "2026-01-19": ({old: "removed"}, 0, {}),
        "2026-01-20": ({old: "removed", new: "listed"}, 1, {new: "良好 83.3"}),
    }


def test_the_story_goes_on_from_the_first_place(story):
    database, old, new = story
    with database.reading() as session:
        leader = Actor(role=Role.CITY_LEADER, user_id=1)
        told = [
            (step.event.action, step.event.subject_id)
            for step in why.whole(session, leader, new).steps
            if step.event.subject_type == "memberships"
        ]
        round_ = session.get_one(Round, session.get_one(Membership, old).round_id)
        known = pins(session, round_)
        text = programme_texts.of(session, [pinned(known, clock.now())])
    assert told == [("admit", old), ("warn", old), ("remove", old), ("admit", new)]
    assert list(text) == [round_.programme_hash]
