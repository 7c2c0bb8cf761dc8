"""Contacts shown in enquiries are personal data: handed out to, and forgotten with, who showed
them. The thread itself belongs to the two organisations and stays."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.models import Event, InquiryParty, User
from marketplace.services.accounts.personal_data import Row, erased, kept
from marketplace.services.inquiries.inquiry_threads import SHOWN, place


def _shown_by(user_id: int) -> list[ColumnElement[bool]]:
    events = select(Event.subject_id).where(
        Event.subject_type == InquiryParty.__tablename__,
        Event.action == SHOWN,
        Event.actor_id == user_id,
    )
    return [InquiryParty.contact_encrypted.is_not(None), InquiryParty.id.in_(events)]


@kept("inquiry_contacts", "在咨询中出示的联系方式")
def contacts(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """What this person shows to providers now."""
    rows = session.execute(
        select(InquiryParty.id, InquiryParty.contact_encrypted, InquiryParty.contact_shown_at)
        .where(*_shown_by(user_id))
        .order_by(InquiryParty.id)
    )
    return [
        {"text": cipher.open(sealed, place(id_)), "at": at.isoformat() if at else ""}
        for id_, sealed, at in rows
        if sealed
    ]


@erased
def forget(session: Session, user: User) -> None:
    """Nothing of it is shown any more."""
    for row in session.scalars(select(InquiryParty).where(*_shown_by(user.id))):
        row.contact_encrypted = row.contact_shown_at = None
    session.flush()
