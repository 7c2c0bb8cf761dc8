"""Corrections of published notices: visible for ever, never changed."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import NoticeErratum, PublicNotice

LIST, WINDOW, TEXT = "list", "window", "text"
LABELS = {LIST: "名单更正", WINDOW: "公示期变更", TEXT: "内容更正"}


def add(
    session: Session, notice: PublicNotice, subject: str, text: str, reason: str = ""
) -> NoticeErratum:
    """Append a correction to a notice whose row the caller holds locked."""
    last = session.scalar(
        select(func.max(NoticeErratum.seq)).where(NoticeErratum.notice_id == notice.id)
    )
    row = NoticeErratum(
        notice_id=notice.id, seq=(last or 0) + 1, subject=subject, text=text, reason=reason
    )
    session.add(row)
    session.flush()
    return row


def of(session: Session, notice: PublicNotice) -> Sequence[NoticeErratum]:
    """The corrections of a notice, the latest first."""
    return session.scalars(
        select(NoticeErratum)
        .where(NoticeErratum.notice_id == notice.id)
        .order_by(NoticeErratum.seq.desc())
    ).all()
