"""Sums of one duty and period: of each district from its rows, of the city from the districts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, and_
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    Membership,
    Organisation,
    PeriodicReport,
    Provider,
    ReportVersion,
    Round,
)
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import OWED_REPORTS, ReportPhase
from marketplace.services.reports.rules import rules


@dataclass(frozen=True)
class Scope:
    """What is summed up; all three are given."""

    programme: str
    duty: str
    period: str


@dataclass
class Sums:
    """How many reports, how many of each kind, and the sums of the figures that were sent."""

    reports: int = 0
    submitted: int = 0
    punctual: int = 0
    overdue: int = 0
    returned: int = 0
    skipped: int = 0
    figures: dict[str, Decimal] = field(
        default_factory=lambda: dict.fromkeys(rules().figures, Decimal(0))
    )

    def add(self, other: "Sums") -> None:
        """Add the sums of a part."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for id_, value in other.figures.items():
            self.figures[id_] += value

    def texts(self) -> dict[str, str]:
        """The figures as they are shown and kept."""
        return {id_: rules().figures[id_].text(value) for id_, value in self.figures.items()}


COUNTS = ("reports", "submitted", "punctual", "overdue", "returned", "skipped")


@dataclass(frozen=True)
class Row:
    """One report of the table: whose, where it stands, and its figures if they count."""

    id: int
    provider: str
    district: str | None
    segment: str
    type: str
    state: str
    phase: str
    part: bool
    due_at: datetime
    first_sent_at: datetime | None
    figures: Mapping[str, Decimal]

    def sums(self) -> Sums:
        """The row as a sum of one."""
        found = Sums(reports=1)
        late = self.phase in OWED_REPORTS and self.due_at <= clock.now()
        found.submitted = int(self.phase == ReportPhase.SUBMITTED)
        found.punctual = int(
            bool(found.submitted) and self.first_sent_at is not None
            and self.first_sent_at < self.due_at
        )  # fmt: skip
        found.overdue = int(late)
        found.returned = int(self.phase == ReportPhase.RETURNED)
        found.skipped = int(self.phase == ReportPhase.SKIPPED)
        found.figures.update(self.figures)
        return found


def rows(session: Session, actor: Actor, scope: Scope, district: str | None = None) -> list[Row]:
    """Every report of the scope that the actor may know of (of one district), by name: one query.

    A report counts with the figures of its latest version while it stands as submitted.
    """
    query = _query(actor, scope)
    if district is not None:
        query = query.where(Organisation.district == district)
    return [
        Row(
            id=report.id, provider=name, district=place, segment=membership.segment,
            type=membership.type, state=report.state, phase=report.phase,
            part=bool(report.part_reason), due_at=report.due_at,
            first_sent_at=report.first_sent_at,
            figures=_figures(version) if report.phase == ReportPhase.SUBMITTED else {},
        )
        for report, membership, name, place, version in session.execute(query)
    ]  # fmt: skip


def _query(
    actor: Actor, scope: Scope
) -> Select[PeriodicReport, Membership, str, str | None, ReportVersion]:
    latest = and_(
        ReportVersion.report_id == PeriodicReport.id,
        ReportVersion.number == PeriodicReport.number,
    )
    return (
        visible(actor, Permission.REPORT_READ, PeriodicReport)
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == PeriodicReport.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .outerjoin(ReportVersion, latest)
        .where(
            Round.programme_id == scope.programme, PeriodicReport.duty == scope.duty,
            PeriodicReport.period == scope.period,
        )
        .order_by(Organisation.name, PeriodicReport.id)
        .add_columns(Membership, Organisation.name, Organisation.district, ReportVersion)
    )  # fmt: skip


def _figures(version: ReportVersion) -> dict[str, Decimal]:
    known = rules().figures
    return {item["id"]: Decimal(item["value"]) for item in version.figures if item["id"] in known}


def total(parts: Iterable[Sums]) -> Sums:
    """The sum of parts."""
    found = Sums()
    for part in parts:
        found.add(part)
    return found


def by_district(found: Iterable[Row]) -> dict[str | None, Sums]:
    """The sums of each district, by code; None: providers without a district, city desk."""
    sums: dict[str | None, Sums] = {}
    for row in found:
        sums.setdefault(row.district, Sums()).add(row.sums())
    return dict(sorted(sums.items(), key=lambda item: (item[0] is None, item[0] or "")))


def scopes(session: Session, actor: Actor) -> list[Scope]:
    """The scopes with reports that the actor may know of, the latest period first."""
    query = (
        visible(actor, Permission.REPORT_READ, PeriodicReport)
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .join(Round, Round.id == Membership.round_id)
        .with_only_columns(Round.programme_id, PeriodicReport.duty, PeriodicReport.period)
        .distinct()
    )
    found = [Scope(*row) for row in session.execute(query)]
    return sorted(found, key=lambda one: (one.period, one.programme, one.duty), reverse=True)
