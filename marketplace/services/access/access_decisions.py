"""Requests for access on their way: sent, decided by a desk, or answered by the organisation.

Lock order: request, organisation, user. The organisation's row decides between two approvals of
one code; a code that is not registered yet is decided by its unique constraint.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import AccessRequest, Event, Organisation, Provider
from marketplace.models.access_requests import CLAIM, ENROL, EVALUATE, REGISTER
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import AccessPhase, OrganisationKind, Role
from marketplace.services.access import access_notices, access_requests, team_posts, teams
from marketplace.services.accounts import roles
from marketplace.services.files import files
from marketplace.services.profiles import organisations
from marketplace.workflow import Data, effect, guard, locked, perform

ROLES = {
    REGISTER: Role.ENTERPRISE, CLAIM: Role.PROVIDER_OWNER, ENROL: Role.PROVIDER_OWNER,
    EVALUATE: Role.THIRD_PARTY,
}  # fmt: skip
"""What an approval gives."""
TAKEN = "该单位已有负责人，请转单位负责人答复"
FACTS = ("address", "segment", "headcount")
"""What a new organisation takes over from the request, beside name, code and district."""


def send(session: Session, actor: Actor, row: AccessRequest) -> None:
    """Bring a filed request before whoever decides: the organisation's own people, else a desk."""
    event = None
    if row.phase == AccessPhase.RETURNED:
        event = perform(session, actor, row, "access_resend")
    side = access_requests.KINDS[row.kind]
    if row.organisation_id is not None and teams.owners(session, row.organisation_id, side):
        event = perform(session, actor, row, "access_ask_owner")
    access_notices.sent(session, row, event)


def act(
    session: Session,
    actor: Actor,
    row: AccessRequest,
    action: str,
    *,
    expected_version: int,
    why: Why | None = None,
    **data: Any,
) -> Event:
    """One step, and everybody concerned is told. Raises Conflict, Forbidden, Invalid."""
    if row.version != expected_version:
        raise Conflict("申请已有新的进展", code="stale_version")
    if action == "access_approve":
        _place(session, actor, row)
    event = perform(session, actor, row, action, why=why, **data)
    access_notices.tell(session, row, event)
    return event


def _place(session: Session, actor: Actor, row: AccessRequest) -> None:
    """Tie the request to its organisation, entering one that is new."""
    require(actor, Permission.ACCESS_DECIDE, row)
    # One at a time: a second approval of this request waits here, and finds it decided.
    fresh = locked(session, AccessRequest, row.id)
    if fresh.phase != AccessPhase.WAITING:
        return
    if fresh.organisation_id is None:
        known = organisations.by_uscc(session, row.uscc)
        if known is None and row.kind != CLAIM:
            known = _enter(session, actor, row)
        row.organisation = known
        session.flush()
    if row.kind == ENROL and row.organisation is not None:
        _enrol(session, actor, row.organisation)


def _enter(session: Session, actor: Actor, row: AccessRequest) -> Organisation:
    values = {name: row.facts[name] for name in FACTS if row.facts.get(name)}
    return organisations.enter(
        session, actor, uscc=row.uscc, name=row.name, district=row.district or None,
        kind=access_requests.KINDS[row.kind].value, **values,
    )  # fmt: skip


def _enrol(session: Session, actor: Actor, organisation: Organisation) -> None:
    """A provider without a place: it may keep its profile and apply, and stands in no list."""
    _locked(session, organisation.uscc)
    if access_requests.has_profile(session, organisation.id):
        return
    provider = Provider(organisation_id=organisation.id)
    session.add(provider)
    session.flush()
    record(session, actor, "provider_enrol", provider, diff={"uscc": organisation.uscc})


def _locked(session: Session, uscc: str) -> Organisation | None:
    return session.scalars(
        select(Organisation)
        .where(Organisation.uscc == uscc)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


@guard("access_place_free")
def place_free(session: Session, row: AccessRequest, actor: Actor, data: Data) -> str | None:
    """Nobody comes in beside people who were not asked."""
    known = _locked(session, row.uscc)
    if known is None:
        return None if row.kind != CLAIM else "没有这家服务商，可能已更正，请退回申请人核对"
    if text := access_requests.why_not_second(session, row.user_id, row.kind, known):
        return text
    if row.past_owner or not teams.owners(session, known.id, access_requests.KINDS[row.kind]):
        return None
    return TAKEN


@guard("access_lettered")
def lettered(session: Session, row: AccessRequest, actor: Actor, data: Data) -> str | None:
    """Who speaks for a provider or an evaluating organisation brings a letter of authorisation."""
    if row.kind == REGISTER or files.of(session, row, access_requests.LETTER):
        return None
    return "没有授权书，请退回申请人补传"


@guard("access_has_owner")
def has_owner(session: Session, row: AccessRequest, actor: Actor, data: Data) -> str | None:
    """Only who is there can be asked."""
    known = _locked(session, row.uscc)
    if known is not None and teams.owners(session, known.id, access_requests.KINDS[row.kind]):
        return None
    return "该单位还没有负责人，请直接审核"


@guard("access_asked_owner")
def asked_owner(session: Session, row: AccessRequest, actor: Actor, data: Data) -> str | None:
    """The answer is the owners', not every colleague's."""
    return None if teams.leads(session, actor) else "只有本单位负责人可以答复"


@effect("access_placed")
def placed(session: Session, row: AccessRequest, actor: Actor, data: Data) -> None:
    """The organisation that is asked was not known yet when the request was filed."""
    with session.no_autoflush:  # the row may not be written in this phase without it
        row.organisation = organisations.by_uscc(session, row.uscc)


@effect("access_past_owner")
def past_owner(session: Session, row: AccessRequest, actor: Actor, data: Data) -> None:
    """The desk decides without the organisation's own people."""
    row.past_owner = True


@effect("access_noted")
def noted(session: Session, row: AccessRequest, actor: Actor, data: Data) -> None:
    """What was said stays with the request."""
    row.note = data.get("reason", "").strip()


@effect("access_granted")
def granted(session: Session, row: AccessRequest, actor: Actor, data: Data) -> None:
    """The person manages the team of the organisation, which ``act`` has entered if it was new."""
    if row.organisation is None:
        raise Conflict("没有这个单位", code="wrong_state")
    _second(session, actor, row, row.organisation)
    roles.give(
        session, actor, user=row.user, organisation=row.organisation, role=ROLES[row.kind],
        leads=row.kind == REGISTER,
    )  # fmt: skip
    row.note = ""


def _second(session: Session, actor: Actor, row: AccessRequest, known: Organisation) -> None:
    """A known organisation gets its second role; what stands on record of it is not touched."""
    if access_requests.KINDS[row.kind] in known.kinds:
        return
    before = known.kind
    known.kind, known.also_enterprise = OrganisationKind.PROVIDER.value, True
    for name in (*FACTS, "district"):
        given = row.district if name == "district" else row.facts.get(name)
        if given and not getattr(known, name):
            setattr(known, name, given)
    session.flush()
    diff = {"kind": [before, known.kind], "also_enterprise": [False, True]}
    record(session, actor, "organisation_second_role", known, diff=diff)
    access_notices.second(session, row, access_requests.SECOND[row.kind])


@effect("access_joined")
def joined(session: Session, row: AccessRequest, actor: Actor, data: Data) -> None:
    """The person gets the place that the owner chose, never one that manages the team."""
    if row.organisation is None:
        raise Conflict("没有这个单位", code="wrong_state")
    post = team_posts.post(access_requests.KINDS[row.kind], data.get("post", ""))
    if post.leads:
        raise Invalid(fields={"post": ["先同意加入，以后再移交负责人"]})
    roles.give(
        session, actor, user=row.user, role=post.role, organisation=row.organisation, leads=False
    )
    row.note = ""
