"""What the system already knows of a period: each figure with the rows that it was counted from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    Activity,
    Attendance,
    CaseVersion,
    Complaint,
    Milestone,
    PeriodicReport,
    Project,
    Provider,
    Rating,
)
from marketplace.phases import (
    FILED_PHASES,
    AttendancePhase,
    CasePhase,
    ComplaintPhase,
    MilestonePhase,
    ProjectPhase,
)

WAN = Decimal(10_000)
SATISFIED = 4
DONE = (MilestonePhase.DONE, MilestonePhase.CONFIRMED)
CONCLUDED = (ComplaintPhase.UPHELD, ComplaintPhase.DISMISSED, ComplaintPhase.SETTLED)
SHOWN_CASES = (CasePhase.PUBLISHED, CasePhase.REPLACED)

Source = tuple[str, int, str]
"""Kind of row (the word in its address), its id, what it is called."""


@dataclass
class Known:
    """One figure as the system counts it."""

    value: Decimal = Decimal(0)
    sources: list[Source] = field(default_factory=list)

    def add(self, source: Source, value: Decimal = Decimal(1)) -> None:
        """Count one row."""
        self.value += value
        self.sources.append(source)


def of(session: Session, report: PeriodicReport) -> dict[str, Known]:
    """Figures by the name of their source, for the days that the report covers: six queries."""
    span = Span(report)
    found: dict[str, Known] = {name: Known() for name in NAMES}
    _projects(session, span, found)
    _milestones(session, span, found)
    _ratings(session, span, found)
    _cases(session, span, found)
    _complaints(session, span, found)
    _activities(session, span, found)
    return found


NAMES = (
    "contracts", "amount", "running", "accepted", "milestones_due", "milestones_done", "ratings",
    "satisfied", "cases", "complaints", "activities",
)  # fmt: skip


class Span:
    """Whose days are counted: both days included, instants half open."""

    def __init__(self, report: PeriodicReport) -> None:
        self.membership_id, self.provider_id = report.membership_id, report.provider_id
        self.since, self.until = report.since, report.until
        self.starts = clock.start_of_day(report.since)
        self.ends = clock.end_of_day(report.until)

    def holds(self, day: date | None) -> bool:
        """Whether ``day`` is one of its days."""
        return day is not None and self.since <= day <= self.until

    def within(self, column: Any) -> list[Any]:
        """The conditions that an instant lies in it."""
        return [column >= self.starts, column < self.ends]


def _projects(session: Session, span: Span, found: dict[str, Known]) -> None:
    rows = session.execute(
        select(
            Project.id, Project.title, Project.filed_on, Project.accepted_on, Project.phase,
            Project.state_since, Project.contract_price_cny,
        )
        .where(
            Project.membership_id == span.membership_id, Project.phase.in_(FILED_PHASES),
            Project.filed_on <= span.until,
        )
        .order_by(Project.id)
    )  # fmt: skip
    for row in rows:
        source = ("projects", row.id, row.title)
        if span.holds(row.filed_on):
            found["contracts"].add(source)
            found["amount"].add(source, (row.contract_price_cny or Decimal(0)) / WAN)
        if span.holds(row.accepted_on):
            found["accepted"].add(source)
        if not _ended(row.phase, row.accepted_on, row.state_since, span):
            found["running"].add(source)


def _ended(phase: str, accepted_on: date | None, since: datetime, span: Span) -> bool:
    """Whether the project was over on the last day of the span."""
    if accepted_on is not None:
        return accepted_on <= span.until
    return phase == ProjectPhase.TERMINATED and since < span.ends


def _milestones(session: Session, span: Span, found: dict[str, Known]) -> None:
    rows = session.execute(
        select(Project.id, Project.title, Milestone.name, Milestone.phase)
        .join(Project, Project.id == Milestone.project_id)
        .where(
            Project.membership_id == span.membership_id, Project.phase.in_(FILED_PHASES),
            Milestone.due_on.between(span.since, span.until),
        )
        .order_by(Milestone.due_on, Milestone.id)
    )  # fmt: skip
    for row in rows:
        source = ("projects", row.id, f"{row.title}：{row.name}")
        found["milestones_due"].add(source)
        if row.phase in DONE:
            found["milestones_done"].add(source)


def _ratings(session: Session, span: Span, found: dict[str, Known]) -> None:
    rows = session.execute(
        select(Project.id, Project.title, Rating.scores)
        .join(Project, Project.id == Rating.project_id)
        .where(
            Project.membership_id == span.membership_id, Rating.affiliated.is_(False),
            *span.within(Rating.created_at),
        )
        .order_by(Rating.id)
    )  # fmt: skip
    for row in rows:
        source = ("projects", row.id, row.title)
        found["ratings"].add(source)
        if row.scores and sum(row.scores.values()) >= SATISFIED * len(row.scores):
            found["satisfied"].add(source)


def _cases(session: Session, span: Span, found: dict[str, Known]) -> None:
    _count(
        found["cases"], "cases",
        session.execute(
            select(CaseVersion.id, CaseVersion.title)
            .where(
                CaseVersion.provider_id == span.provider_id, CaseVersion.phase.in_(SHOWN_CASES),
                CaseVersion.case_id.is_not(None), *span.within(CaseVersion.state_since),
            )
            .order_by(CaseVersion.id)
        ),
    )  # fmt: skip


def _complaints(session: Session, span: Span, found: dict[str, Known]) -> None:
    _count(
        found["complaints"], "complaints",
        session.execute(
            select(Complaint.id, Complaint.subject)
            .where(
                Complaint.membership_id == span.membership_id, Complaint.phase.in_(CONCLUDED),
                *span.within(Complaint.concluded_at),
            )
            .order_by(Complaint.id)
        ),
    )  # fmt: skip


def _activities(session: Session, span: Span, found: dict[str, Known]) -> None:
    owner = select(Provider.organisation_id).where(Provider.id == span.provider_id)
    _count(
        found["activities"], "activities",
        session.execute(
            select(Activity.id, Activity.title)
            .join(Attendance, Attendance.activity_id == Activity.id)
            .where(
                Attendance.organisation_id.in_(owner),
                Attendance.phase == AttendancePhase.ATTENDED, *span.within(Activity.starts_at),
            )
            .order_by(Activity.id)
        ),
    )  # fmt: skip


def _count(known: Known, kind: str, rows: Iterable[Any]) -> None:
    for id_, label in rows:
        known.add((kind, id_, label))
