"""Districts sum up and send to the city, by the day of the programme (LC 第十九条)."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Membership, PeriodicReport, ReportSummary, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import Role
from marketplace.programmes import duties
from marketplace.services.calendar import calendar, due_days
from marketplace.services.calendar.due_days import Due
from marketplace.services.inbox import inbox
from marketplace.services.reports import rollup
from marketplace.services.reports.rollup import Scope, Sums
from marketplace.services.searching.vocabulary import Vocabulary

LONGEST = 4000


def of(session: Session, scope: Scope) -> dict[str, ReportSummary]:
    """What districts have sent for a scope, by district."""
    query = select(ReportSummary).where(
        ReportSummary.programme_id == scope.programme, ReportSummary.duty == scope.duty,
        ReportSummary.period == scope.period,
    )  # fmt: skip
    return {row.district: row for row in session.scalars(query)}


def changed(summary: ReportSummary, now: Sums) -> bool:
    """Whether reports were corrected or sent after the district had summed up."""
    return summary.figures != now.texts() or summary.submitted != now.submitted


def due(session: Session, scope: Scope) -> Due:
    """Until when districts send the summary of a scope. Raises NotFound."""
    round_ = session.scalars(
        select(Round)
        .join(Membership, Membership.round_id == Round.id)
        .join(PeriodicReport, PeriodicReport.membership_id == Membership.id)
        .where(
            Round.programme_id == scope.programme, PeriodicReport.duty == scope.duty,
            PeriodicReport.period == scope.period,
        )
        .order_by(Round.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    if round_ is None:
        raise NotFound("没有这一期报告")
    duty = duties.get(round_.programme, scope.duty)
    return due_days.moved(calendar.load(session), duty.final_day(duties.period(scope.period)))


def send(
    session: Session, actor: Actor, scope: Scope, *, text: str, expected_version: int = 0
) -> ReportSummary:
    """Send the sums of the actor's district as they stand now, or send them again.

    Raises Forbidden, NotFound, Invalid, Conflict (a colleague was faster).
    """
    require(actor, Permission.REPORT_SUMMARISE)
    if actor.district is None:
        raise Forbidden
    if len(text) > LONGEST:
        raise Invalid(fields={"text": [f"不超过{LONGEST}个字"]})
    until = due(session, scope)
    sums = rollup.total(row.sums() for row in rollup.rows(session, actor, scope, actor.district))
    if not sums.reports:
        raise NotFound("本区市没有这一期报告")
    sent = _sent(session, actor, scope)
    if (sent.version if sent else 0) != expected_version:
        raise Conflict("汇总已由同事报送", code="stale_version")
    row = sent or ReportSummary(
        programme_id=scope.programme, duty=scope.duty, period=scope.period,
        district=actor.district,
    )  # fmt: skip
    row.figures, row.reports, row.submitted = sums.texts(), sums.reports, sums.submitted
    row.text, row.due_at, row.sent_at, row.by_name = text, until.at, clock.now(), actor.name
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("汇总已由同事报送", code="stale_version") from None
    event = record(session, actor, "report_summary", row, diff={
        "period": scope.period, "reports": sums.reports, "submitted": sums.submitted,
    })  # fmt: skip
    session.flush()
    _tell(session, row, f"event:{event.id}", {
        "period": duties.period(scope.period).label, "submitted": str(sums.submitted),
        "reports": str(sums.reports),
    })  # fmt: skip
    return row


def _sent(session: Session, actor: Actor, scope: Scope) -> ReportSummary | None:
    return session.scalars(
        select(ReportSummary)
        .where(
            ReportSummary.programme_id == scope.programme, ReportSummary.duty == scope.duty,
            ReportSummary.period == scope.period, ReportSummary.district == actor.district,
        )
        .with_for_update()
    ).one_or_none()  # fmt: skip


def _tell(session: Session, row: ReportSummary, cause: str, facts: Mapping[str, str]) -> None:
    district = Vocabulary.load(session).name("district", row.district)
    address = f"/work/reports/rollup?scope={row.programme_id}:{row.duty}:{row.period}"
    inbox.notify(
        session, "report", inbox.holders(session, Role.CITY_OFFICER), cause=cause, voice="city",
        url=address, facts={"district": district, **facts},
    )  # fmt: skip
