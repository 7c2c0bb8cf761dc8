"""Requests to act for an organisation: an SME registers, a provider's first owner claims it or
enrols one that is not known yet, people of an evaluating organisation ask in.

Nobody joins silently: where an organisation has people of its own, they are asked first.
Decisions are in ``access_decisions``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import AccessRequest, Membership, Organisation, Provider, StoredFile
from marketplace.models.access_requests import CLAIM, ENROL, EVALUATE, REGISTER
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import OPEN_ACCESS, AccessPhase, OrganisationKind, Role
from marketplace.programmes import nouns
from marketplace.services.access import team_posts, teams
from marketplace.services.accounts import sessions
from marketplace.services.files import file_subjects, files
from marketplace.services.profiles import organisations
from marketplace.workflow import lives_in

LETTER = "access_letter"
KINDS = {
    REGISTER: OrganisationKind.ENTERPRISE, CLAIM: OrganisationKind.PROVIDER,
    ENROL: OrganisationKind.PROVIDER, EVALUATE: OrganisationKind.THIRD_PARTY,
}  # fmt: skip
MOST_OPEN = 5

BESIDE = (joinedload(AccessRequest.user), joinedload(AccessRequest.organisation))
lives_in(AccessRequest, "access_request", *BESIDE)


def _reads(actor: Actor, subject: Any) -> bool:
    """The letter: who filed it and whoever decides or answers it."""
    return isinstance(subject, AccessRequest) and READ(actor, subject)


READ = files.holders_of(Permission.ACCESS_READ)
files.READERS[LETTER] = _reads
file_subjects.LOADERS[AccessRequest.__tablename__] = lambda session, id_: session.scalars(
    select(AccessRequest).where(AccessRequest.id == id_).options(*BESIDE)
).one_or_none()


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What is asked for: ``facts`` has the keys of ``schemas.access.FACTS``, empty for a claim."""

    kind: str
    uscc: str
    name: str
    district: str
    contact_name: str
    contact_post: str
    phone: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def place(request_id: int) -> str:
    """What the sealed phone number is bound to."""
    return f"access_requests.contact_phone:{request_id}"


def file(session: Session, actor: Actor, cipher: Cipher, filing: Filing) -> AccessRequest:
    """A new request, not sent to anybody yet: ``access_decisions.send`` follows.

    Raises Invalid (field ``uscc``), Conflict when one is under way or too many are.
    """
    require(actor, Permission.ACCESS_FILE)
    own = select(func.count()).where(
        AccessRequest.user_id == actor.user_id, AccessRequest.phase.in_(OPEN_ACCESS)
    )
    if (session.scalar(own) or 0) >= MOST_OPEN:
        raise Conflict(f"您已有{MOST_OPEN}个办理中的申请，请等办结后再申请", code="too_many")
    known = check(session, actor, filing.kind, filing.uscc)
    row = AccessRequest(
        kind=filing.kind, user_id=actor.user_id, uscc=filing.uscc, **_initial(),
        organisation_id=known.id if known else None, **_values(filing, known),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        text = "您已为这个单位提交过申请，正在办理"
        raise Conflict(text, code="under_way", remedy="请到“我的开通申请”查看进度。") from None
    _seal(cipher, row, filing.phone)
    session.flush()
    record(session, actor, "access_file", row, diff={"uscc": row.uscc})
    return get(session, actor, row.id)


def _initial() -> dict[str, str]:
    workflow = nouns.workflow("access_request")
    return {"state": workflow.initial, "phase": workflow.state(workflow.initial).phase}


def _values(filing: Filing, known: Organisation | None) -> dict[str, Any]:
    """Who claims, or asks for a second role, takes the name on record; a known district stays."""
    named = known is not None and (filing.kind == CLAIM or KINDS[filing.kind] not in known.kinds)
    return {
        "name": known.name if known and named else filing.name,
        "district": (known.district if known else "") or filing.district,
        "facts": dict(filing.facts),
        "contact_name": filing.contact_name,
        "contact_post": filing.contact_post,
    }


def _seal(cipher: Cipher, row: AccessRequest, phone: str) -> None:
    row.contact_phone_encrypted = cipher.seal(phone, place(row.id))


def phone(cipher: Cipher, row: AccessRequest) -> str:
    """The number of who asked; empty once it was erased."""
    sealed = row.contact_phone_encrypted
    return cipher.open(sealed, place(row.id)) if sealed else ""


def unmask(
    session: Session, actor: Actor, cipher: Cipher, row: AccessRequest, *, reason: str
) -> str:
    """The whole number for who decides; leaves an event with the reason (S83)."""
    require(actor, Permission.ACCESS_DECIDE, row)
    if len(reason.strip()) < 4:
        raise Invalid(fields={"why": ["请写明查看原因，至少4个字"]})
    record(session, actor, "access_unmask", row, why={"reason": reason.strip()})
    return phone(cipher, row)


def check(session: Session, actor: Actor, kind: str, uscc: str) -> Organisation | None:
    """The organisation with this code, if it may be asked for. Raises Invalid (``uscc``)."""
    known = organisations.by_uscc(session, uscc)
    if known is not None and (text := why_not_second(session, actor.user_id, kind, known)):
        raise Invalid(fields={"uscc": [text]})
    listed = known is not None and has_profile(session, known.id)
    if kind == CLAIM and not listed:
        raise Invalid(fields={"uscc": ["资源池中没有这家服务商，请核对代码"]})
    if kind == ENROL and listed:
        raise Invalid(fields={"uscc": ["这家服务商已经登记，请用“认领服务商”"]})
    held = {
        grant.organisation_id
        for grant in sessions.live_grants(session, actor.user_id or 0)
        if kind == EVALUATE or grant.role in team_posts.roles_of(KINDS[kind])
    }
    if known is not None and known.id in held:
        raise Invalid(fields={"uscc": ["您已在这个单位的团队中"]})
    return known


SECOND = {ENROL: OrganisationKind.ENTERPRISE, REGISTER: OrganisationKind.PROVIDER}
"""What an organisation may be already when it asks for the other role of the market as well."""
FIRST = {ENROL: "注册企业", REGISTER: "认领服务商"}


def why_not_second(
    session: Session, user_id: int | None, kind: str, known: Organisation
) -> str | None:
    """Why this person cannot bring the organisation the role; None for one it has, too.

    Only who leads what it is already speaks for it: nobody adds a side to somebody else's firm.
    """
    if KINDS[kind] in known.kinds:
        return None
    word = organisations.KIND_LABELS[known.kinds[0]]
    if SECOND.get(kind) not in known.kinds:
        return f"这个代码登记为{word}"
    if user_id in {one.user_id for one in teams.owners(session, known.id, SECOND[kind])}:
        return None
    label = organisations.KIND_LABELS[KINDS[kind]]
    return (
        f"这个代码登记为{word}。同时作为{label}的，由它的负责人登录后申请；"
        f"还没有负责人的，请用“{FIRST[kind]}”"
    )


def second_of(session: Session, actor: Actor) -> tuple[str, Organisation] | None:
    """The role that the acting organisation may ask for beside its own: kind and organisation.

    None for who does not lead it, and for one that has both roles.
    """
    if actor.role not in (Role.ENTERPRISE, Role.PROVIDER_OWNER) or not teams.leads(session, actor):
        return None
    organisation = session.get_one(Organisation, actor.organisation_id)
    kind = ENROL if actor.role is Role.ENTERPRISE else REGISTER
    return None if KINDS[kind] in organisation.kinds else (kind, organisation)


def has_profile(session: Session, organisation_id: int) -> bool:
    """Whether an organisation is registered as a provider."""
    wanted = select(Provider.id).where(Provider.organisation_id == organisation_id)
    return session.scalar(wanted) is not None


def revise(
    session: Session, actor: Actor, cipher: Cipher, row: AccessRequest, filing: Filing
) -> None:
    """Mend what came back; the code stays: another code is another request."""
    require(actor, Permission.ACCESS_FILE, row)
    if row.phase != AccessPhase.RETURNED:
        raise Conflict("申请已经重新提交或办结，不能修改", code="wrong_state")
    known = check(session, actor, row.kind, row.uscc)
    row.organisation_id = known.id if known else None
    for name, value in _values(filing, known).items():
        setattr(row, name, value)
    _seal(cipher, row, filing.phone)
    session.flush()
    record(session, actor, "access_revise", row)


def get(session: Session, actor: Actor, request_id: int) -> AccessRequest:
    """A request the actor may know, with user and organisation. Raises NotFound."""
    row = session.scalars(
        visible(actor, Permission.ACCESS_READ, AccessRequest)
        .where(AccessRequest.id == request_id)
        .options(*BESIDE)
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个申请")
    return row


def own(session: Session, actor: Actor) -> Sequence[AccessRequest]:
    """What the actor asked for, newest first."""
    return session.scalars(
        select(AccessRequest)
        .where(AccessRequest.user_id == actor.user_id)
        .order_by(AccessRequest.id.desc())
        .limit(50)
    ).all()


def queue(actor: Actor, phase: AccessPhase) -> Select[AccessRequest]:
    """SELECT of the requests that a desk decides, in one phase: the longest waiting first."""
    newest = phase not in OPEN_ACCESS
    order: ColumnElement[Any] = AccessRequest.state_since.expression
    return (
        visible(actor, Permission.ACCESS_DECIDE, AccessRequest)
        .where(AccessRequest.phase == phase)
        .options(*BESIDE)
        .order_by(order.desc() if newest else order.asc(), AccessRequest.id)
    )


def providers(session: Session, text: str) -> Sequence[Organisation]:
    """Providers that a claim may be for, by part of a name or the code: ten at most.

    One that never had a place in the pool is no public matter: it is found by its code alone.
    """
    if not text:
        return []
    placed = Provider.id.in_(select(Membership.provider_id))
    named = Organisation.name.icontains(text, autoescape=True) & placed
    return session.scalars(
        select(Organisation)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(named | (Organisation.uscc == text.upper()), Provider.hidden_at.is_(None))
        .order_by(Organisation.name, Organisation.id)
        .limit(10)
    ).all()


def open_of(session: Session, user_id: int) -> Sequence[AccessRequest]:
    """The requests of a user that are not decided yet."""
    return session.scalars(
        select(AccessRequest)
        .where(AccessRequest.user_id == user_id, AccessRequest.phase.in_(OPEN_ACCESS))
        .options(*BESIDE)
        .order_by(AccessRequest.id)
    ).all()


def clear(session: Session, row: AccessRequest, *, letters: bool) -> None:
    """Erase who asked, and the letters that led to nothing; the decision stays, by number."""
    row.contact_name, row.contact_post, row.contact_phone_encrypted = "", "", None
    row.cleared_at = clock.now()
    if letters:
        session.execute(
            delete(StoredFile).where(
                StoredFile.subject_type == AccessRequest.__tablename__,
                StoredFile.subject_id == row.id,
            )
        )
