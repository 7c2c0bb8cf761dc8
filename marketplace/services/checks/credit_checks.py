"""New findings against the places of the pool: a veto suspends at once, a human confirms (§1.5).

Each finding is a transaction of its own, looked at again under its lock: run twice or by two
workers, a place is suspended once.
"""

from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import MarketplaceError
from marketplace.history import Why
from marketplace.models import CreditFinding, Membership, Organisation, Provider
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import LIVE_PHASES, CreditPhase, ProceedingKind
from marketplace.services.checks import credit_findings as _findings  # noqa: F401  lives in states
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  all registers
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.workflow import Data, effect, locked, perform

log = structlog.get_logger()

BATCH = 100
SUSPENDED, ASKED, CLEAR = "credit_suspend", "credit_ask", "credit_clear"


def check(session: Session, finding_id: int) -> bool:
    """Hold one finding against the live places of its firm, if nobody has."""
    finding = locked(session, CreditFinding, finding_id)
    if finding.phase != CreditPhase.PENDING:
        return False
    texts: list[str] = []
    suspended = False
    for place in _places(session, finding.uscc):
        reason = _suspend(session, place, finding)
        suspended = suspended or not reason
        texts.append(f"{place_of(place)}：{reason or '已暂停，等待确认'}")
    action = SUSPENDED if suspended else ASKED if texts else CLEAR
    perform(session, SYSTEM, finding, action, outcome="\n".join(texts))
    return True


def _places(session: Session, uscc: str) -> list[Membership]:
    rows = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Organisation.uscc == uscc, Membership.phase.in_(LIVE_PHASES))
        .options(
            joinedload(Membership.round),
            joinedload(Membership.provider).joinedload(Provider.organisation),
        )
        .order_by(Membership.id)
    )
    return list(rows)


def _suspend(session: Session, place: Membership, finding: CreditFinding) -> str:
    """Suspend one place; answers why no rule lets it be, else empty."""
    if finding.cause not in proceedings_rules.vetoes(place.round.programme):
        return "方案没有把这项原因列为否决事由，由工作人员决定"
    words = f"{finding.found_on} {finding.source}" + (
        f"：{finding.detail}" if finding.detail else ""
    )
    why = Why(reason=f"信用信息核查：{words}")
    details = Details(findings=words, origin=finding)
    try:
        with session.begin_nested():
            proceedings.open(
                session, SYSTEM, place, ProceedingKind.SUSPENSION, finding.cause, why, details
            )
    except MarketplaceError as error:
        return error.message
    return ""


@effect("note_credit_check")
def note_credit_check(session: Session, subject: CreditFinding, actor: Actor, data: Data) -> None:
    """When it was checked and what came of it: a CHECK ties the day to the phase."""
    subject.checked_at, subject.outcome = clock.now(), data["outcome"]


def run(database: Database) -> int:
    """Every finding that nobody has checked yet; answers how many were."""
    with database.reading() as session:
        query = select(CreditFinding.id).where(CreditFinding.phase == CreditPhase.PENDING)
        ids = session.scalars(query.order_by(CreditFinding.id).limit(BATCH)).all()
    done = 0
    for id_ in ids:
        try:
            done += database.run(partial(check, finding_id=id_))
        except MarketplaceError as error:  # it stays pending and is tried again
            log.warning("credit check refused", finding=id_, reason=error.message)
    return done
