"""Complaints about providers: filed with an account or by anybody, read by whom they concern.

Clocks come from the programme (domain.md §4.5, ``evaluation.complaints``) and are stored as
instants. What people wrote of themselves is sealed; an anonymous complaint is a lead: it is looked
into and never scored. Whoever used the public form follows it by a receipt code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.atoms import Actor
from marketplace.crypto import Cipher
from marketplace.errors import Invalid, NotFound
from marketplace.history import record
from marketplace.models import Complaint, Membership, Organisation, Project, Provider, Round
from marketplace.models.complaints import CHANNELS
from marketplace.permissions import Permission, require, visible
from marketplace.phases import ComplaintPhase, Role
from marketplace.programmes import nouns
from marketplace.programmes.loader import read_yaml
from marketplace.services.audit import receipts
from marketplace.services.calendar import calendar, due_days
from marketplace.services.checks import complaints_told
from marketplace.services.files import files
from marketplace.settings import ROOT
from marketplace.workflow import lives_in

ACCOUNT, PUBLIC = CHANNELS
EVIDENCE, REPLY_FILES = "complaint_evidence", "complaint_reply"
FILE = ROOT / "config" / "complaints.yml"
TEAM = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER)

BESIDE = (
    joinedload(Complaint.provider).joinedload(Provider.organisation),
    joinedload(Complaint.membership).joinedload(Membership.round),
    joinedload(Complaint.organisation),
)
lives_in(Complaint, "complaint", *BESIDE)
_reads = files.holders_of(Permission.COMPLAINT_READ)
# Each side hands its papers to the bureau; what they say is told to the other side in words.
files.READERS[EVIDENCE] = lambda actor, row: _reads(actor, row) and actor.role not in TEAM
files.READERS[REPLY_FILES] = lambda actor, row: (
    _reads(actor, row) and actor.role is not Role.ENTERPRISE
)


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What a complaint says."""

    subject: str
    text: str
    evidence: str = ""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Who complains, for the bureau alone."""

    name: str
    phone: str


@dataclass(frozen=True)
class Clocks:
    """Working days to acknowledge, for the provider's reply, and to conclude."""

    acknowledge: int
    reply: int
    conclude: int


@cache
def _default() -> Clocks:
    data: Mapping[str, int] = read_yaml(FILE)
    return Clocks(
        data["acknowledge_working_days"], data["provider_reply_working_days"],
        data["conclude_working_days"],
    )  # fmt: skip


def clocks_of(round_: Round | None) -> Clocks:
    """The days of the programme that the place belongs to; the proposal where it names none."""
    scheme = round_.programme.evaluation if round_ else None
    if scheme is None:
        return _default()
    said = scheme.complaints
    return Clocks(
        said.acknowledge_working_days, said.provider_reply_working_days,
        said.conclude_working_days,
    )  # fmt: skip


def place_of(receipt_hash: str) -> str:
    """What the sealed name and number are bound to: the receipt is there before the row."""
    return f"complaints.contact:{receipt_hash}"


def file_own(
    session: Session, actor: Actor, provider: Provider, filing: Filing,
    project: Project | None = None,
) -> Complaint:  # fmt: skip
    """By an enterprise with an account, about a provider or a project of its own with it."""
    require(actor, Permission.COMPLAINT_LODGE)
    place = project.membership_id if project else _only_place(session, provider.id)
    row = _row(session, provider, filing, place, ComplaintPhase.LODGED)
    row.channel, row.organisation_id = ACCOUNT, actor.organisation_id
    row.project_id = project.id if project else None
    return _keep(session, actor, row)


def file_public(
    session: Session, actor: Actor, cipher: Cipher, provider: Provider, filing: Filing, *,
    receipt_hash: str, contact: Contact | None,
) -> Complaint:  # fmt: skip
    """By anybody. Without ``contact`` it is anonymous: a lead. Sent twice, it is the same one."""
    twin = of_hash(session, receipt_hash)
    if twin is not None:
        return twin
    phase = ComplaintPhase.LODGED if contact else ComplaintPhase.LEAD
    row = _row(session, provider, filing, _only_place(session, provider.id), phase)
    row.channel, row.receipt_hash, row.anonymous = PUBLIC, receipt_hash, contact is None
    if contact is not None:
        row.name_encrypted = cipher.seal(contact.name, place_of(receipt_hash))
        row.phone_encrypted = cipher.seal(contact.phone, place_of(receipt_hash))
    return _keep(session, actor, row)


def _row(
    session: Session, provider: Provider, filing: Filing, place: int | None, phase: ComplaintPhase
) -> Complaint:
    (state, *_) = nouns.workflow("complaint").in_phase(phase)
    now, days = clock.now(), calendar.load(session)
    clocks, today = clocks_of(_round(session, provider.id, place)), clock.today()
    return Complaint(
        provider=provider, membership_id=place, subject=filing.subject, text=filing.text,
        evidence=filing.evidence, state=state.id, phase=state.phase, state_since=now,
        lodged_at=now, acknowledge_by=due_days.after(days, today, clocks.acknowledge).at,
        conclude_by=due_days.after(days, today, clocks.conclude).at,
    )  # fmt: skip


def _keep(session: Session, actor: Actor, row: Complaint) -> Complaint:
    session.add(row)
    session.flush()
    what = {"anonymous": row.anonymous}
    event = record(session, actor, "complaint_lodge", row, states=("", row.state), diff=what)
    session.flush()
    session.refresh(row, ["membership", "organisation"])
    complaints_told.tell(session, row, event)
    return row


def places(session: Session, provider_id: int) -> list[tuple[Membership, Round]]:
    """Places of a provider that a complaint may be about, those it still has first."""
    rows = session.execute(
        select(Membership, Round)
        .join(Round, Round.id == Membership.round_id)
        .where(Membership.provider_id == provider_id)
        .order_by(Membership.exited_on.is_not(None), Membership.id)
    )
    return [(membership, round_) for membership, round_ in rows]


def _only_place(session: Session, provider_id: int) -> int | None:
    """The one place it can be about; with several, the desk says which."""
    live = [row for row, _ in places(session, provider_id) if row.exited_on is None]
    return live[0].id if len(live) == 1 else None


def _round(session: Session, provider_id: int, place: int | None) -> Round | None:
    found = places(session, provider_id)
    return next((r for row, r in found if place in (None, row.id)), None)


def provider_named(session: Session, text: str) -> Provider:
    """The provider of the pool with this name or credit code. Raises Invalid (field provider)."""
    named = or_(
        Organisation.uscc == text.upper(), Organisation.name == text,
        Organisation.name.icontains(text, autoescape=True),
    )  # fmt: skip
    query = (
        select(Provider)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            named, Provider.hidden_at.is_(None),
            Provider.id.in_(select(Membership.provider_id)),
        )
        .options(joinedload(Provider.organisation))
        .order_by(Organisation.name)
        .limit(6)
    )  # fmt: skip
    found = list(session.scalars(query))
    exact = [row for row in found if text in (row.organisation.name, row.organisation.uscc)]
    if len(exact or found) == 1:
        return (exact or found)[0]
    names = "、".join(row.organisation.name for row in found[:5])
    said = f"有多家名称相近：{names}，请写全称" if found else "资源池中没有这家服务商，请核对名称"
    raise Invalid(fields={"provider": [said]})


def get(session: Session, actor: Actor, complaint_id: int) -> Complaint:
    """A complaint the actor may know of, with everything beside it. Raises NotFound."""
    query = visible(actor, Permission.COMPLAINT_READ, Complaint)
    found = session.scalars(
        query.where(Complaint.id == complaint_id).options(*BESIDE)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这件投诉")
    return found


def of_hash(session: Session, receipt_hash: str) -> Complaint | None:
    """The complaint of a receipt, by the stored form of its code."""
    query = select(Complaint).where(Complaint.receipt_hash == receipt_hash)
    return session.scalars(query.options(*BESIDE)).one_or_none()


def by_receipt(session: Session, code: str) -> Complaint:
    """The complaint of a receipt code, for whoever holds it. Raises NotFound."""
    row = of_hash(session, receipts.digest_of(code))
    if row is None or not receipts.same(row.receipt_hash or "", code):
        raise NotFound("没有这个回执编号", "请核对编号，或重新填写投诉。")
    return row


def listed(actor: Actor, phase: str = "", text: str = "") -> Select[Complaint]:
    """SELECT of the complaints the actor may know of, the most urgent first."""
    query = visible(actor, Permission.COMPLAINT_READ, Complaint)
    if phase:
        query = query.where(Complaint.phase == phase)
    if text:
        firms = select(Organisation.id).where(Organisation.name.icontains(text, autoescape=True))
        providers = select(Provider.id).where(Provider.organisation_id.in_(firms))
        query = query.where(
            Complaint.subject.icontains(text, autoescape=True)
            | Complaint.provider_id.in_(providers)
        )
    return query.order_by(
        Complaint.concluded_at.is_not(None), Complaint.conclude_by, Complaint.id.desc()
    )


def unmask(
    session: Session, actor: Actor, cipher: Cipher, row: Complaint, *, reason: str
) -> Contact:
    """Name and number of who complained. Leaves an event with the reason (S83)."""
    require(actor, Permission.COMPLAINT_UNMASK, row)
    if len(reason.strip()) < 4:
        raise Invalid(fields={"reason": ["请写明查看原因，至少4个字"]})
    if row.name_encrypted is None or row.phone_encrypted is None or row.receipt_hash is None:
        raise NotFound("这件投诉没有留下联系方式，或已到期清除")
    place = place_of(row.receipt_hash)
    record(session, actor, "complaint_unmask", row, why={"reason": reason.strip()})
    return Contact(
        name=cipher.open(row.name_encrypted, place), phone=cipher.open(row.phone_encrypted, place)
    )
