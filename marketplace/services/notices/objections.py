"""Objections to entries of a notice: filed by anybody, followed by a receipt code.

Only who gives a name holds the entry up; what comes without one is a lead (线索): it is looked
into, and what it is about goes on until the bureau takes the matter up itself. What the visitor
wrote of himself is sealed; nobody's account and, without a name, no address is kept with it.
"""

from dataclasses import dataclass, replace

import orjson
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import NoticeEntry, Objection, Provider, PublicNotice, StoredFile
from marketplace.permissions import NOBODY, SYSTEM, Actor, Permission, can, require
from marketplace.phases import LIVE_ENTRIES
from marketplace.programmes import nouns
from marketplace.services.audit import receipts
from marketplace.services.calendar import database_clock
from marketplace.services.files import files
from marketplace.services.notices import objections_told, public_notices
from marketplace.workflow import lives_in, locked, perform

EVIDENCE = "objection_evidence"
REPLY = "objection_reply"
GONE = "没有这个回执号对应的异议。"
LOADED = (
    joinedload(Objection.notice).joinedload(PublicNotice.round),
    joinedload(Objection.entry),
    joinedload(Objection.provider).joinedload(Provider.organisation),
)

lives_in(Objection, "objection", *LOADED)

files.READERS[EVIDENCE] = lambda actor, row: (
    actor.organisation_id != row.provider.organisation_id
    and can(actor, Permission.OBJECTION_READ, row)
)
files.READERS[REPLY] = files.holders_of(Permission.OBJECTION_READ)


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who files, as he says himself."""

    name: str
    phone: str
    organisation: str = ""

    @property
    def masked(self) -> str:
        """What lists show: ``王** 138****1234``."""
        name = self.name[:1] + "*" * max(1, min(len(self.name) - 1, 2))
        return f"{name} {self.phone[:3]}****{self.phone[-4:]}"


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What a visitor sends. ``contact`` None: without a name. ``digest`` is of his receipt code."""

    entry_id: int
    facts: str
    digest: str
    contact: Contact | None = None


def place(objection: Objection) -> str:
    """What the sealed contact is bound to: the receipt is fixed before the row has a number."""
    return f"objections.contact:{objection.receipt_hash}"


def filer(actor: Actor, named: bool) -> Actor:
    """Who files, for the history: never an account, and without a name no trace of the request."""
    if not named:
        return replace(NOBODY, name="异议人（匿名）")
    return replace(NOBODY, name="异议人（实名）", request_id=actor.request_id, ip=actor.ip)


def file_(
    session: Session, actor: Actor, cipher: Cipher, notice_id: int, filing: Filing
) -> Objection:
    """Take an objection in; sent twice, it is one. Raises Conflict (over), Invalid, NotFound.

    The window is asked under the lock of the notice: what is taken in at 23:59:59 of the last day
    stands before any finishing, and the next second is refused (F-X3).
    """
    notice: PublicNotice = locked(
        session, PublicNotice, public_notices.public(session, notice_id).id
    )
    if (twin := _of_receipt(session, filing.digest)) is not None:
        return twin
    if not public_notices.accepts_objections(session, notice):
        raise Conflict(
            f"公示已于{notice.ends_on} 24:00截止，不再受理异议",
            code="objections_closed", remedy="请按公示页上的联系方式向市级主管部门反映。",
        )  # fmt: skip
    row = _row(session, cipher, notice, filing)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict("这份异议已经提交", code="filed_already") from error
    me = filer(actor, filing.contact is not None)
    event = record(session, me, "objection_file", row, states=("", row.state))
    if row.anonymous:
        perform(session, SYSTEM, row, "lead_register")
    objections_told.received(session, row, event)
    return row


def _row(session: Session, cipher: Cipher, notice: PublicNotice, filing: Filing) -> Objection:
    entry = session.scalars(
        select(NoticeEntry).where(
            NoticeEntry.id == filing.entry_id, NoticeEntry.notice_id == notice.id,
            NoticeEntry.phase.in_(LIVE_ENTRIES),
        )
    ).one_or_none()  # fmt: skip
    if entry is None:
        raise Invalid(fields={"entry_id": ["请选择公示名单中的一项"]})
    workflow = nouns.workflow("objection")
    first = workflow.state(workflow.initial)
    row = Objection(
        notice=notice, entry=entry, provider=session.get_one(Provider, entry.provider_id),
        receipt_hash=filing.digest, anonymous=filing.contact is None, facts=filing.facts,
        filed_at=database_clock.now(session), state=first.id, phase=first.phase,
        state_since=clock.now(),
    )  # fmt: skip
    if filing.contact is not None:
        plain = orjson.dumps(filing.contact.__dict__).decode()
        row.contact_encrypted = cipher.seal(plain, place(row))
        row.contact_masked = filing.contact.masked
    return row


def attach_evidence(session: Session, row: Objection, kept: list[StoredFile]) -> None:
    """Nothing of an uploaded file says who sent it."""
    for file in kept:
        file.uploaded_by = file.organisation_id = None
    session.flush()


def _of_receipt(session: Session, digest: str) -> Objection | None:
    return session.scalars(
        select(Objection).where(Objection.receipt_hash == digest).options(*LOADED)
    ).one_or_none()


def by_receipt(session: Session, code: str) -> Objection:
    """The objection of a receipt code, for whoever holds it. Raises NotFound."""
    row = _of_receipt(session, receipts.digest_of(code))
    if row is None or not receipts.same(row.receipt_hash, code):
        raise NotFound(GONE, "请核对回执号；字母不分大小写，横线可以不填。")
    return row


def get(session: Session, actor: Actor, objection_id: int) -> Objection:
    """An objection that the actor may know of, with its notice, entry and provider. NotFound."""
    row = session.scalars(
        select(Objection).where(Objection.id == objection_id).options(*LOADED)
    ).one_or_none()
    if row is None or not can(actor, Permission.OBJECTION_READ, row):
        raise NotFound
    return row


def unmask(
    session: Session, actor: Actor, cipher: Cipher, row: Objection, *, reason: str
) -> Contact:
    """Name and phone of who filed. Leaves an event with the reason (S83). Raises Invalid."""
    require(actor, Permission.OBJECTION_UNMASK, row)
    if len(reason.strip()) < 4:
        raise Invalid(fields={"contact_reason": ["请写明查看原因，至少4个字"]})
    if row.contact_encrypted is None:
        raise NotFound("没有联系方式：异议是匿名提出的，或已到期清除")
    record(session, actor, "objection_unmask", row, why={"reason": reason.strip()})
    return Contact(**orjson.loads(cipher.open(row.contact_encrypted, place(row))))


def of_notice(session: Session, notice: PublicNotice) -> dict[str, int]:
    """How many objections a notice has, by phase."""
    rows = session.execute(
        select(Objection.phase, func.count())
        .where(Objection.notice_id == notice.id)
        .group_by(Objection.phase)
    )
    return dict(rows.all())


def loaded(query: Select[Objection]) -> Select[Objection]:
    """With what lists show beside the row."""
    return query.options(*LOADED)


def why(reason: str, document_no: str = "") -> Why:
    """The grounds of a step."""
    return Why(reason=reason.strip(), document_no=document_no.strip())
