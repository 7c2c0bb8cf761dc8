"""What a programme orders for proceedings: which there are, their steps and their days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.models import Membership, Proceeding
from marketplace.phases import ProceedingKind, Proposer, RemovalStep
from marketplace.programmes import deadlines, nouns
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import Transition
from marketplace.services.calendar import durations
from marketplace.services.notices import public_notices_windows as windows
from marketplace.services.pool import bans

GRAVITY = {kind: rank for rank, kind in enumerate(ProceedingKind)}
"""A graver proceeding takes the place of a lesser one."""

KIND_LABELS = {
    ProceedingKind.RE_REVIEW: "复核",
    ProceedingKind.WITHDRAWAL: "自愿退出",
    ProceedingKind.RECTIFICATION: "限期整改",
    ProceedingKind.SUSPENSION: "暂停",
    ProceedingKind.REMOVAL: "退出程序",
}
PROPOSER_LABELS = {
    Proposer.DISTRICT: "区市（区县）",
    Proposer.THIRD_PARTY: "第三方机构",
    Proposer.CITY: "市级检查",
    Proposer.PROVIDER: "服务商",
    Proposer.RULE: "按方案规定",
}

RECTIFY, CLOSE_RECTIFY = "order_rectification", "close_rectification"
SUSPEND, RESTORE, WITHDRAW, WARN = "suspend", "restore", "withdraw", "warn"
"""Actions of standing workflows that proceedings drive; removal's are named by the programme."""

STEPS = tuple(RemovalStep)
ANNOUNCEMENT = "announcement"


@dataclass(frozen=True)
class Due:
    """The exclusive end of a clock, and how it was counted as events keep it."""

    at: datetime
    counted: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """For the event that starts the clock."""
        return {"due": self.at.isoformat(), "counted": self.counted}


def working_days(session: Session, days: int) -> Due:
    """The end of the ``days``-th working day after today. Raises Invalid (no calendar)."""
    window = windows.count(session, clock.today(), days)
    return Due(window.ends_at, window.counted())


def to_confirm(session: Session, programme: Programme) -> Due | None:
    """How long a suspension may wait for a human.

    It begins at once: where the year's calendar is missing it has no clock rather than not to be.
    """
    days = programme.procedures.confirm_working_days if programme.procedures else None
    try:
        return working_days(session, days) if days else None
    except (Conflict, Invalid):
        return None


def calendar_days(days: int, start: date | None = None) -> Due:
    """The end of the ``days``-th day after ``start`` (today)."""
    first = start or clock.today()
    return until(first + timedelta(days=days), first)


def until(last: date, start: date | None = None) -> Due:
    """The end of a day that was named."""
    first = start or clock.today()
    counted = {
        "from": first.isoformat(), "days": (last - first).days, "unit": "calendar",
        "until": last.isoformat(), "off": [], "official": True,
    }  # fmt: skip
    return Due(clock.end_of_day(last), counted)


def offers(programme: Programme, kind: str) -> bool:
    """Whether the programme has proceedings of this kind."""
    if programme.procedures is None:
        return False
    if kind == ProceedingKind.RECTIFICATION:
        return programme.rectification is not None
    if kind == ProceedingKind.RE_REVIEW:
        return programme.re_review is not None
    return True


def transition(membership: Membership, action: str) -> Transition | None:
    """What ``action`` would do to the membership now; None where nothing is foreseen."""
    workflow = membership.round.programme.workflows["standing"]
    return workflow.transition(membership.state, action) if action else None


def vetoes(programme: Programme) -> tuple[str, ...]:
    """Causes that the programme's scheme lets suspend at once; none without a scheme."""
    return programme.evaluation.vetoes if programme.evaluation else ()


def removal_causes(programme: Programme) -> set[str]:
    """Causes for which the standing workflow lets somebody be removed."""
    found = programme.procedures.removal if programme.procedures else None
    wanted = found.removes_with if found else ""
    steps = programme.workflows["standing"].transitions
    return {code for step in steps if step.action == wanted for code in step.reason_codes}


def removal_actions(programme: Programme) -> set[str]:
    """Actions of the standing workflow that belong to a removal procedure alone."""
    if programme.procedures is None:
        return set()
    removal = programme.procedures.removal
    return {removal.opens_with, removal.dismisses_with, removal.removes_with} - {""}


def governing(programme: Programme, action: str) -> ProceedingKind | None:
    """The kind of proceeding by which ``action`` on a membership is taken; None: directly."""
    procedures = programme.procedures
    if procedures is None:
        return None
    kinds = {
        RECTIFY: ProceedingKind.RECTIFICATION,
        SUSPEND: ProceedingKind.SUSPENSION,
        WITHDRAW: ProceedingKind.WITHDRAWAL,
        procedures.removal.removes_with: ProceedingKind.REMOVAL,
    }
    if procedures.removal.opens_with not in kinds:
        kinds[procedures.removal.opens_with] = ProceedingKind.REMOVAL
    found = kinds.get(action)
    return found if found and offers(programme, found) else None


def next_step(case: Proceeding) -> str:
    """What comes next in a removal: one of the programme's steps, or ``announcement``.

    Raises Conflict for a programme without a procedure.
    """
    procedures = case.membership.round.programme.procedures
    if procedures is None:
        raise Conflict("方案没有规定退出程序", code="no_procedure")
    behind = nouns.workflow(f"proceeding_{case.kind}").state(case.state).behind
    reached = STEPS.index(RemovalStep(behind)) if behind else -1
    left = [s for s in procedures.removal.steps if STEPS.index(RemovalStep(s)) > reached]
    return left[0] if left else ANNOUNCEMENT


def notice_days(programme: Programme) -> int:
    """Calendar days between the acceptance of a voluntary exit and the exit itself (X10)."""
    clause = next((ban for ban in programme.bans if "X10" in ban.reasons), None)
    return clause.notice_days if clause else 0


def ban_text(programme: Programme, cause: str) -> str:
    """What ban a removal for this cause brings, in words; empty without one."""
    clause = bans.clause_for(programme, cause)
    if clause is None:
        return ""
    last = bans.last_day(clause, clock.today())
    if last is None:
        return f"{clause.label}：不得申报，直至{clause.until or '问题消除并经复核'}"
    return f"{clause.label}：{clause.years}年内不得申报，至{last:%Y-%m-%d}"


def review_due(membership: Membership, reviewed_on: date | None) -> date | None:
    """The last day for the papers of the next re-review; None without re-reviews.

    Chongqing: with the yearly applications of the third year, by the last day of February.
    ``reviewed_on``: when the last re-review was passed.
    """
    programme = membership.round.programme
    review = programme.re_review
    if review is None:
        return None
    since = reviewed_on or membership.listed_on
    if review.extends_validity and membership.valid_until is not None:
        end = membership.valid_until
    else:
        end = durations.last_day(since, review.every_years)
    named = next((item for item in programme.deadlines if item.id == review.deadline), None)
    if named is None or named.recurring is None:
        return end
    return next(deadlines.days(named.recurring, date(since.year + review.every_years, 1, 1)))
