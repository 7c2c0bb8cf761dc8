"""Two officers at once: one publication, and no objection that is lost between."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.db import Database
from marketplace.models import EvaluationCycle, EvaluationSheet, Event, GradeObjection
from marketplace.permissions import Actor
from marketplace.services.evaluation import cycles, objections, publishing, sheets
from marketplace.services.upkeep import seeding
from tests import factories
from tests.support.counts import count
from tests.support.together import together
from tests.support.world_evaluations import Panel, make_example

THREADS = count(test=4, soak=16)
ROUNDS = count(test=1, soak=20)


@pytest.fixture
def database(database_url: str, engine: object) -> Database:
    """The test's own database, committed to."""
    return Database(engine)  # type: ignore[arg-type]


def prepare(database: Database, label: str = "测试评价") -> tuple[int, Actor, Actor]:
    """A cycle whose window has just ended, its leader and the provider's owner."""
    with database.unit_of_work() as session:
        seeding.seed_calendar(session)
        panel = Panel(session)
        round_ = factories.make_round(session)
        owner = make_example(session, round_).owner
        cycle = panel.frozen(round_, label=label)
        panel.shown(cycle)
        return cycle.id, panel.leader, owner


def published(database: Database, cycle_id: int) -> int:
    with database.reading() as session:
        query = select(func.count()).select_from(Event)
        events = query.where(Event.action == "evaluation_graded")
        return session.scalar(events) or 0


@pytest.mark.parametrize("guarded", [True, False])
def test_one_publication_of_many(database: Database, guarded: bool) -> None:
    cycle_id, leader, _ = prepare(database)

    def publish() -> str:
        with database.unit_of_work() as session:
            cycle = cycles.get(session, cycle_id)
            if guarded:
                cycles.publish(session, leader, cycle, cycle.version, {"document_no": "1"})
            else:  # without the step of the cycle every officer publishes once more
                publishing.run(session, leader, cycle, clock.now(), {"document_no": "1"})
        return "done"

    found = together(*[publish] * THREADS)
    assert (found.count("done") == 1) is guarded, found
    assert (published(database, cycle_id) == 1) is guarded


def test_no_objection_is_lost_beside_a_publication(database: Database) -> None:
    for number in range(ROUNDS):
        cycle_id, leader, owner = prepare(database, f"评价{number}")
        with database.unit_of_work() as session:
            cycle = cycles.get(session, cycle_id)
            # The window is open for the provider and over for the bureau: only the lock decides.
            cycle.objections_until = clock.now() + timedelta(seconds=1)
            sheet_id = session.scalars(
                select(EvaluationSheet.id)
                .where(EvaluationSheet.cycle_id == cycle_id)
                .order_by(EvaluationSheet.id.desc())
            ).first()
            assert sheet_id is not None

        def submit(sheet_id: int = sheet_id, owner: Actor = owner) -> str:
            with database.unit_of_work() as session:
                objections.submit(session, owner, sheets.get(session, owner, sheet_id), "少计一项")
            return "objected"

        def publish(cycle_id: int = cycle_id, leader: Actor = leader) -> str:
            with database.unit_of_work() as session:
                cycle = cycles.get(session, cycle_id)
                cycles.publish(session, leader, cycle, cycle.version, {"document_no": "1"})
            return "published"

        found = together(submit, publish, submit, publish)
        with database.reading() as session:
            phase = session.get_one(EvaluationCycle, cycle_id).phase
            open_ = session.scalar(
                select(func.count())
                .select_from(GradeObjection)
                .where(GradeObjection.sheet_id == sheet_id, GradeObjection.phase == "open")
            )
        assert found.count("objected") == open_ == 1, found
        assert phase == "drafted"
