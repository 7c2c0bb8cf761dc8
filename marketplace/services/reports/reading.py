"""Reading reports: one with everything beside it, lists, and how two versions differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
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
from marketplace.programmes import duties
from marketplace.programmes.duties import Duty, Period
from marketplace.workflow import lives_in

BESIDE = (
    joinedload(PeriodicReport.provider).joinedload(Provider.organisation),
    joinedload(PeriodicReport.membership).joinedload(Membership.round),
)
lives_in(PeriodicReport, "report", *BESIDE)

OVERDUE = "overdue"
SHOWN = (OVERDUE, *(phase.value for phase in ReportPhase))


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which reports: by programme, duty and period, by phase (``overdue`` is one), by district."""

    programme: str = ""
    duty: str = ""
    period: str = ""
    show: str = ""
    district: str | None = None
    text: str = ""


def get(session: Session, actor: Actor, report_id: int) -> PeriodicReport:
    """A report the actor may know of, with provider, place and round. Raises NotFound."""
    query = visible(actor, Permission.REPORT_READ, PeriodicReport)
    found = session.scalars(
        query.where(PeriodicReport.id == report_id).options(*BESIDE)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这份报告")
    return found


def duty_of(report: PeriodicReport) -> Duty:
    """The duty that a report answers, as its round has pinned it."""
    return duties.get(report.membership.round.programme, report.duty)


def period_of(report: PeriodicReport) -> Period:
    """The whole period of a report; the report itself may cover a part."""
    return duties.period(report.period)


def late(report: PeriodicReport) -> bool:
    """Whether it is owed still though its time is over."""
    return report.phase in OWED_REPORTS and report.due_at <= clock.now()


def punctual(report: PeriodicReport) -> bool | None:
    """Whether it was sent in time; None while that is open, or for a skipped one."""
    if report.phase == ReportPhase.SKIPPED:
        return None
    if report.first_sent_at is not None:
        return report.first_sent_at < report.due_at
    return False if late(report) else None


def listed(actor: Actor, filters: Filters) -> Select[PeriodicReport]:
    """SELECT of the reports the actor may know of, the most urgent first."""
    query = (
        visible(actor, Permission.REPORT_READ, PeriodicReport)
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == PeriodicReport.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
    )
    wanted = {
        Round.programme_id: filters.programme, PeriodicReport.duty: filters.duty,
        PeriodicReport.period: filters.period,
    }  # fmt: skip
    query = query.where(*(column == value for column, value in wanted.items() if value))
    if filters.show == OVERDUE:
        query = query.where(
            PeriodicReport.phase.in_(OWED_REPORTS), PeriodicReport.due_at <= clock.now()
        )
    elif filters.show:
        query = query.where(PeriodicReport.phase == filters.show)
    if filters.district is not None:
        given = filters.district or None
        query = query.where(
            Organisation.district.is_(None) if given is None else Organisation.district == given
        )
    if filters.text:
        query = query.where(Organisation.name.icontains(filters.text, autoescape=True))
    return query.order_by(PeriodicReport.due_at, Organisation.name, PeriodicReport.id)


def versions(session: Session, report: PeriodicReport) -> list[ReportVersion]:
    """Everything that was sent, the latest first."""
    query = select(ReportVersion).where(ReportVersion.report_id == report.id)
    return list(session.scalars(query.order_by(ReportVersion.number.desc())))


@dataclass(frozen=True)
class Change:
    """One line of the difference between two versions; texts, empty where there was nothing."""

    label: str
    before: str
    after: str


def diff(old: ReportVersion, new: ReportVersion) -> list[Change]:
    """What the newer version says differently, in the order of the newer one."""
    found = _changes(old.figures, new.figures, "value", "unit")
    return [*found, *_changes(old.texts, new.texts, "text", "")]


def _changes(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], key: str, unit: str
) -> list[Change]:
    before = {item["id"]: item for item in old}
    after = {item["id"]: item for item in new}
    ids = [*after, *(id_ for id_ in before if id_ not in after)]
    lines = []
    for id_ in ids:
        was, now = before.get(id_), after.get(id_)
        if (was or {}).get(key) != (now or {}).get(key):
            said = (now or was or {})["label"]
            lines.append(Change(said, _said(was, key, unit), _said(now, key, unit)))
    return lines


def _said(item: Mapping[str, Any] | None, key: str, unit: str) -> str:
    if item is None:
        return ""
    return f"{item[key]}{item[unit]}" if unit else str(item[key])
