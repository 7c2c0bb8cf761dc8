"""The bureau's side of enquiries: those that nobody answered in time, and what it did about them.

The bureau sees who asked whom, about what and since when; the words of the thread are not its own.
"""

from sqlalchemy import Select, or_
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.history import Why
from marketplace.models import Event, Inquiry, InquiryParty, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import InquiryPhase
from marketplace.services.inquiries import inquiry_notices
from marketplace.workflow import perform

OPEN, URGED, LATE, ALL = "open", "urged", "late", "all"
KINDS = (OPEN, URGED, LATE, ALL)

_WITH = (
    joinedload(InquiryParty.inquiry).joinedload(Inquiry.organisation),
    joinedload(InquiryParty.provider).joinedload(Provider.organisation),
)


def queue(actor: Actor, kind: str = OPEN) -> Select[InquiryParty]:
    """SELECT of enquiries by kind, the longest overdue first.

    ``open``: not answered in time and not urged yet; ``urged``: still not answered; ``late``:
    answered too late; ``all``: every enquiry.
    """
    query = visible(actor, Permission.INQUIRY_WATCH, InquiryParty)
    if kind == ALL:
        return query.order_by(InquiryParty.id.desc())
    if kind == LATE:
        query = query.where(InquiryParty.answered_at >= InquiryParty.reply_by)
        return query.order_by(InquiryParty.answered_at.desc(), InquiryParty.id)
    if kind == URGED:
        query = query.where(InquiryParty.phase == InquiryPhase.URGED)
    else:
        query = query.where(
            or_(
                InquiryParty.phase == InquiryPhase.OVERDUE,
                (InquiryParty.phase == InquiryPhase.WAITING)
                & (InquiryParty.reply_by <= clock.now()),
            )
        )
    return query.order_by(InquiryParty.reply_by, InquiryParty.id)


def with_names(query: Select[InquiryParty]) -> Select[InquiryParty]:
    """The same with both sides loaded."""
    return query.options(*_WITH)


def get(session: Session, actor: Actor, party_id: int) -> InquiryParty:
    """One enquiry as the bureau knows it. Raises NotFound."""
    query = visible(actor, Permission.INQUIRY_WATCH, InquiryParty)
    found = session.scalars(with_names(query.where(InquiryParty.id == party_id))).one_or_none()
    if found is None:
        raise NotFound("没有这条咨询")
    return found


def urge(
    session: Session, actor: Actor, row: InquiryParty, *, reason: str, expected_version: int
) -> Event:
    """Tell the provider to answer; the enterprise reads it too. Raises Conflict, Invalid."""
    event = perform(
        session, actor, row, "inquiry_urge", why=Why(reason=reason.strip()),
        expected_version=expected_version,
    )  # fmt: skip
    inquiry_notices.tell(session, row, event)
    return event
