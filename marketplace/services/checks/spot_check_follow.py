"""What a failed spot check brings about for the place, as its programme orders (§1.5, §4.5).

A veto suspends at once and a human confirms; another exit reason is followed by a rectification, a
lesser fault by a warning. What cannot be done beside an open case file is written down instead.
"""

from sqlalchemy.orm import Session

from marketplace.errors import MarketplaceError
from marketplace.history import Why, record
from marketplace.models import SpotCheck
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import LIVE_PHASES, ProceedingKind
from marketplace.programmes.schema import Programme
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  all registers
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.workflow import Data, effect

SUSPEND, RECTIFY, WARN = ProceedingKind.SUSPENSION, ProceedingKind.RECTIFICATION, "warn"
WORDS = {SUSPEND: "立即暂停，等待人工确认", RECTIFY: "限期整改", WARN: "警告", "": "由工作人员决定"}


def consequence(programme: Programme, cause: str) -> str:
    """What a failed check with this cause (or none) brings about; empty = nothing by itself."""
    if cause and cause in proceedings_rules.vetoes(programme):
        return SUSPEND
    rules = programme.procedures.failed_check if programme.procedures else None
    if rules is None:
        return ""
    return rules.with_cause if cause else rules.without_cause


def told(programme: Programme) -> str:
    """What each answer would bring about, for the form."""
    other = WORDS[consequence(programme, "other")]
    texts = [f"没有退出事由的{WORDS[consequence(programme, '')]}", f"有退出事由的{other}"]
    if vetoes := proceedings_rules.vetoes(programme):
        texts.append(f"{'、'.join(vetoes)}{WORDS[SUSPEND]}")
    return "，".join(texts) + "。"


@effect("follow_failed_check")
def follow_failed_check(session: Session, subject: SpotCheck, actor: Actor, data: Data) -> None:
    """Take the consequence in the transaction of the result, which stands in any case."""
    place = subject.membership
    what = consequence(place.round.programme, subject.cause)
    if not what or place.phase not in LIVE_PHASES:
        return
    session.flush()
    why = Why(reason=f"抽查不合格：{subject.finding}")
    try:
        with session.begin_nested():
            if what == WARN:
                memberships.act(session, SYSTEM, place, WARN, Decision(why=why))
            else:
                details = Details(findings=subject.finding, origin=subject, direct=True)
                proceedings.open(session, SYSTEM, place, what, subject.cause, why, details)
    except MarketplaceError as error:
        reason = f"{WORDS[what]}没有办成：{error.message}"
        record(session, SYSTEM, "check_not_followed", subject, why=Why(reason=reason))
