"""What notices and objections give the bureau and providers to do."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import NoticeEntry, Objection, PublicNotice
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import UNFINISHED_NOTICES, ObjectionPhase, Role
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

BY_PHASE = {
    ObjectionPhase.RECEIVED: "受理异议", ObjectionPhase.LEAD: "处理匿名线索",
    ObjectionPhase.CHECKING: "核查异议",
}  # fmt: skip


@source(Role.CITY_OFFICER)
def ended_notices(session: Session, actor: Actor) -> Iterable[Task]:
    """Notices whose window has ended wait to be finished."""
    rows = session.execute(
        select(PublicNotice.id, PublicNotice.title, PublicNotice.ends_on)
        .where(PublicNotice.phase.in_(UNFINISHED_NOTICES), PublicNotice.ends_at <= clock.now())
        .order_by(PublicNotice.ends_at, PublicNotice.id)
        .limit(MOST)
    )
    for id_, title, ends in rows:
        yield Task(f"公示期满：{title}", f"/work/notices/{id_}", None, "公示", f"公示至 {ends}")


@source(Role.CITY_OFFICER)
def open_objections(session: Session, actor: Actor) -> Iterable[Task]:
    """Objections and leads that wait for the bureau, the oldest first."""
    rows = session.execute(
        visible(actor, Permission.OBJECTION_READ, Objection)
        .join(NoticeEntry, NoticeEntry.id == Objection.entry_id)
        .where(Objection.phase.in_(BY_PHASE))
        .order_by(Objection.filed_at, Objection.id)
        .limit(MOST)
        .with_only_columns(Objection.id, Objection.phase, NoticeEntry.name)
    )
    for id_, phase, name in rows:
        title = f"{BY_PHASE[ObjectionPhase(phase)]}：{name}"
        yield Task(title, f"/work/objections/{id_}", None, "异议")


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def asked(actor: Actor) -> Iterable[Lines]:
    """What the own firm is asked about an objection."""
    query = (
        visible(actor, Permission.OBJECTION_REPLY, Objection)
        .where(Objection.phase == ObjectionPhase.REPLYING)
        .order_by(Objection.reply_by, Objection.id)
    )

    def task(row: Any) -> Task:
        last = clock.last_day(row.at) if row.at is not None else None
        return Task("就公示异议作出说明", f"/p/objections/{row.id}", last, "异议")

    yield Lines(query, task, id=Objection.id, at=Objection.reply_by)
