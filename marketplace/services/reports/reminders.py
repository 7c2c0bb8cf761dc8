"""Reminders before and after the last day, each once, by the stored day.

Who was away for days (the worker was down) gets the latest one only, never a heap of old ones.
"""

from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import PeriodicReport
from marketplace.permissions import SYSTEM
from marketplace.phases import OWED_REPORTS
from marketplace.services.reports import notices, reading
from marketplace.services.reports.rules import rules

BATCH = 50


def run(database: Database) -> int:
    """Send what is due, in short transactions; answers how many reports were reminded of."""
    with database.reading() as session:
        waiting = due(session)
    for report_id, offset in waiting:
        database.run(lambda session, id_=report_id, days=offset: _send(session, id_, days))  # type: ignore[misc]
    return len(waiting)


def due(session: Session) -> list[tuple[int, int]]:
    """Ids of up to ``BATCH`` reports with the reminder that is to be sent, in days."""
    today = clock.today()
    found: list[tuple[int, int]] = []
    offsets = rules().reminders
    for offset, following in zip(offsets, [*offsets[1:], None], strict=True):
        reached = [PeriodicReport.due_on <= today - timedelta(days=offset)]
        if following is not None:
            reached.append(PeriodicReport.due_on > today - timedelta(days=following))
        rows = session.scalars(
            select(PeriodicReport.id)
            .where(
                PeriodicReport.phase.in_(OWED_REPORTS), *reached,
                or_(PeriodicReport.reminded.is_(None), PeriodicReport.reminded < offset),
            )
            .order_by(PeriodicReport.id)
            .limit(BATCH - len(found))
        )  # fmt: skip
        found += [(id_, offset) for id_ in rows]
        if len(found) >= BATCH:
            break
    return found


def _send(session: Session, report_id: int, offset: int) -> bool:
    """Send one reminder unless another worker was faster; leaves an event that staff can see."""
    report = session.scalars(
        select(PeriodicReport)
        .where(PeriodicReport.id == report_id)
        .options(*reading.BESIDE)
        .with_for_update(of=PeriodicReport)
        .execution_options(populate_existing=True)
    ).one()
    if report.phase not in OWED_REPORTS or (
        report.reminded is not None and report.reminded >= offset
    ):
        return False
    report.reminded = offset
    session.flush()
    told = notices.remind(session, report, offset)
    record(session, SYSTEM, "report_remind", report, diff={"offset": offset, "readers": told})
    return True
