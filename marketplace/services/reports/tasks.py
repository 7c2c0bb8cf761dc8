"""Tasks of periodic reports: to be written, to be summed up."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from marketplace.models import Membership, PeriodicReport, ReportSummary, Round
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import OWED_REPORTS, ReportPhase, Role
from marketplace.programmes import duties
from marketplace.services.inbox.tasks import MOST, Task, source
from marketplace.services.reports import reading


@source(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def reports_to_write(session: Session, actor: Actor) -> Iterable[Task]:
    """Reports that wait for the team, with the stored last day."""
    rows = session.execute(
        visible(actor, Permission.REPORT_WRITE, PeriodicReport)
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .join(Round, Round.id == Membership.round_id)
        .where(PeriodicReport.phase.in_(OWED_REPORTS))
        .order_by(PeriodicReport.due_at, PeriodicReport.id)
        .limit(MOST)
        .add_columns(Membership, Round)
    )
    for report, membership, round_ in rows:
        programme = round_.programme
        duty = duties.get(programme, report.duty)
        label = f"{duties.period(report.period).label} {duty.report.label}"
        verb = "补正" if report.phase == ReportPhase.RETURNED else "填报"
        place = programme.segment_label(membership.segment)
        yield Task(
            f"{verb}{label}：{place}", f"/p/reports/{report.id}", report.due_on, "报告",
            report.due_note,
        )  # fmt: skip


@source(Role.DISTRICT_REVIEWER)
def summaries_to_send(session: Session, actor: Actor) -> Iterable[Task]:
    """Periods of the district whose sums have not been sent to the city yet."""
    rows = session.execute(
        visible(actor, Permission.REPORT_READ, PeriodicReport)
        .join(Membership, Membership.id == PeriodicReport.membership_id)
        .join(Round, Round.id == Membership.round_id)
        .outerjoin(
            ReportSummary,
            (ReportSummary.programme_id == Round.programme_id)
            & (ReportSummary.duty == PeriodicReport.duty)
            & (ReportSummary.period == PeriodicReport.period)
            & (ReportSummary.district == actor.district),
        )
        .where(ReportSummary.id.is_(None))
        .with_only_columns(Round.programme_id, PeriodicReport.duty, PeriodicReport.period)
        .distinct()
        .order_by(PeriodicReport.period)
        .limit(MOST)
    )
    for programme, duty, period in rows:
        url = f"/work/reports/rollup?scope={programme}:{duty}:{period}"
        yield Task(f"汇总并报送{duties.period(period).label}报告", url, None, "报告")


@source(Role.CITY_OFFICER, Role.DISTRICT_REVIEWER)
def reports_overdue(session: Session, actor: Actor) -> Iterable[Task]:
    """One line for all that are overdue: the board lists them."""

    late = reading.listed(actor, reading.Filters(show=reading.OVERDUE))
    number = len(session.scalars(late.with_only_columns(PeriodicReport.id).limit(MOST)).all())
    if number:
        more = "以上" if number == MOST else ""
        yield Task(f"催办逾期报告：{number}份{more}", "/work/reports?show=overdue", None, "报告")
