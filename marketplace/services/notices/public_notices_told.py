"""Who is told what happens to a notice: the teams of the providers that stand on it."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Event, NoticeEntry, Provider, PublicNotice
from marketplace.phases import Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)


def published(session: Session, notice: PublicNotice, event: Event) -> None:
    """The notice began."""
    changed(session, notice, event, f"公示至{notice.ends_on}")


def changed(session: Session, notice: PublicNotice, event: Event, what: str) -> None:
    """Something about the whole notice changed."""
    organisations = session.scalars(
        select(Provider.organisation_id)
        .join(NoticeEntry, NoticeEntry.provider_id == Provider.id)
        .where(NoticeEntry.notice_id == notice.id)
        .distinct()
    ).all()
    _tell(session, notice, event, what, organisations)


def entry_changed(session: Session, entry: NoticeEntry, event: Event, what: str) -> None:
    """Something about one entry changed; its notice must be loaded."""
    organisation = session.scalars(
        select(Provider.organisation_id).where(Provider.id == entry.provider_id)
    ).one()
    _tell(session, entry.notice, event, what, [organisation])


def _tell(
    session: Session, notice: PublicNotice, event: Event, what: str, organisations: Iterable[int]
) -> None:
    session.flush()
    readers: list[Reader] = []
    for organisation_id in organisations:
        readers += inbox.team(session, organisation_id, *TEAM)
    inbox.notify(
        session, "public_notice", readers, cause=f"event:{event.id}", voice="provider",
        url=f"/notices/{notice.id}", facts={"title": notice.title, "what": what},
    )  # fmt: skip
