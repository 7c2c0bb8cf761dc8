"""The figures of a cycle are of one instant, whatever is written while they are taken."""

from collections.abc import Iterable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import db
from marketplace.db import Database
from marketplace.models import Complaint, EvaluationSheet, IndicatorValue, Membership
from marketplace.phases import Role
from marketplace.programmes.evaluation import Indicator
from marketplace.services.evaluation import sources
from marketplace.services.evaluation.sources import Frame, Row
from marketplace.services.upkeep import seeding
from tests import factories
from tests.integration.conftest import LoginAs
from tests.integration.evaluation.test_pages import done
from tests.support.world_evaluations import IN_PERIOD, Panel, make_example

# SQLite has one writer at a time: nobody can write while the figures are taken.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def complain(session: Session, place: Membership) -> None:
    """One more upheld complaint within the period."""
    session.add(Complaint(
        provider_id=place.provider_id, membership_id=place.id, channel="enterprise_account",
        organisation_id=factories.make_organisation(session, kind="enterprise").id,
        subject="响应慢", text="两天没有回复。", state="upheld", phase="upheld",
        state_since=IN_PERIOD, lodged_at=IN_PERIOD, acknowledge_by=IN_PERIOD,
        conclude_by=IN_PERIOD, acknowledged_at=IN_PERIOD, reply_by=IN_PERIOD,
        evidence_of_sender="记录", evidence_of_provider="说明", concluded_at=IN_PERIOD,
    ))  # fmt: skip


@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_written_between_two_sources_is_in_no_figure(
    database: Database, login_as: LoginAs, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    with database.unit_of_work() as session:
        seeding.seed_calendar(session)
        round_ = factories.make_round(session)
        place = make_example(session, round_).membership
        cycle = Panel(session).open(round_)
    read = sources.SOURCES["filed_contracts"]
    written: list[int] = []

    def first_of_all(session: Session, frame: Frame, indicator: Indicator) -> Iterable[Row]:
        rows = list(read(session, frame, indicator))
        with database.unit_of_work() as other:  # a connection of its own, committed
            complain(other, place)
        written.append(len(rows))
        return rows

    monkeypatch.setitem(sources.SOURCES, "filed_contracts", first_of_all)
    if not guarded:
        monkeypatch.setattr(db, "one_snapshot", lambda session: None)
    done(login_as(Role.CITY_OFFICER), f"/work/evaluations/{cycle.id}", "/freeze")
    with database.reading() as session:
        complaints = session.scalars(
            select(IndicatorValue.n)
            .join(EvaluationSheet, EvaluationSheet.id == IndicatorValue.sheet_id)
            .where(EvaluationSheet.cycle_id == cycle.id, IndicatorValue.indicator == "D4-4")
        ).all()
    assert written == [5]
    assert complaints == [1 if guarded else 2]
