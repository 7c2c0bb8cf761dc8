"""Who is told about a report: the provider of what staff did and of days, the desk of sendings."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Event, PeriodicReport
from marketplace.phases import Role
from marketplace.programmes import duties, nouns
from marketplace.services.inbox import inbox

EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
KIND = "report"


def facts(report: PeriodicReport) -> dict[str, str]:
    """What messages say of a report; its provider, place and round are loaded."""
    programme = report.membership.round.programme
    duty = duties.get(programme, report.duty)
    return {
        "report": f"{duties.period(report.period).label} {duty.report.label}",
        "provider": report.provider.organisation.name,
        "place": f"{programme.segment_label(report.membership.segment)}"
        f"（{programme.type_label(report.membership.type)}）",
        "due": f"{report.due_on}",
        "note": f"（{report.due_note}）" if report.due_note else "",
    }


def tell(session: Session, report: PeriodicReport, event: Event) -> None:
    """One message to each reader about ``event``, in its transaction."""
    session.flush()
    step = next(
        item for item in nouns.workflow("report").transitions if item.action == event.action
    )
    said = {"step": step.label, "reason": f"说明：{event.reason}" if event.reason else ""}
    _team(session, report, f"event:{event.id}", "provider", said, but=event.actor_id)


def remind(session: Session, report: PeriodicReport, offset: int) -> int:
    """Tell the team how many days are left now; answers how many were told."""
    days = (clock.today() - report.due_on).days
    said = {
        "left": f"已经逾期{days}天" if days > 0 else f"还有{-days}天截止" if days else "今天截止"
    }
    return _team(session, report, f"report:{report.id}:{offset}", "reminder", said)


def _team(
    session: Session, report: PeriodicReport, cause: str, voice: str, said: Mapping[str, str],
    *, but: int | None = None,
) -> int:  # fmt: skip
    team = inbox.team(session, report.provider.organisation_id, *EDITORS)
    readers = [reader for reader in team if but is None or reader.user_id != but]
    told = inbox.notify(
        session, KIND, readers, cause=cause, voice=voice, url=f"/p/reports/{report.id}",
        facts={**facts(report), **said},
    )  # fmt: skip
    return len(told)
