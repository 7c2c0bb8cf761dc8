"""What time brings about: enquiries that nobody answered, demands whose last day is over.

Run by the worker again and again; each row in a transaction of its own, so that one bad row never
stops the others. Coming late only tells later: what counts is the stored instant.
"""

from collections.abc import Callable
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.models import Demand, InquiryParty
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import DemandPhase, InquiryPhase
from marketplace.services.demands import demands
from marketplace.services.inquiries import inquiry_notices
from marketplace.services.inquiries.inquiry_rules import PARTIES
from marketplace.workflow import perform

AT_ONCE = 50


def run(database: Database) -> int:
    """Move what is due; answers how many rows. Safe to be cut off and to be run twice."""
    with database.reading() as session:
        late = session.scalars(
            select(InquiryParty.id)
            .where(InquiryParty.phase == InquiryPhase.WAITING, InquiryParty.reply_by <= clock.now())
            .order_by(InquiryParty.reply_by)
            .limit(AT_ONCE)
        ).all()
        over = session.scalars(
            select(Demand.id)
            .where(Demand.phase == DemandPhase.PUBLISHED, Demand.closes_at <= clock.now())
            .order_by(Demand.closes_at)
            .limit(AT_ONCE)
        ).all()
    steps: list[Callable[[Session], None]] = [partial(_lapse, id_) for id_ in late]
    steps += [partial(_expire, id_) for id_ in over]
    return sum(_taken(database, step) for step in steps)


def _taken(database: Database, step: Callable[[Session], None]) -> int:
    """Whether a step was taken; somebody may have been faster."""
    try:
        database.run(step)
    except Conflict:
        return 0
    return 1


def _lapse(party_id: int, session: Session) -> None:
    lapse(session, SYSTEM, party_id)


def _expire(demand_id: int, session: Session) -> None:
    demands.expire(session, SYSTEM, demand_id)


def lapse(session: Session, actor: Actor, party_id: int) -> None:
    """Nobody answered in time: both sides and the bureau are told. Raises Conflict."""
    require(actor, Permission.INQUIRY_WATCH)
    query = select(InquiryParty).where(InquiryParty.id == party_id).options(*PARTIES)
    row = session.scalars(query).one()
    event = perform(session, actor, row, "inquiry_lapse")
    inquiry_notices.tell(session, row, event)
