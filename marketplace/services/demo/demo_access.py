"""Requests for access of the demo in every state, made by the steps that people take."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.crypto import Cipher
from marketplace.errors import Forbidden, NotFound
from marketplace.models import AccessRequest, Organisation, Provider, RoleGrant, User
from marketplace.models.access_requests import CLAIM, ENROL, EVALUATE, REGISTER
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.programmes.loader import read_yaml
from marketplace.services.access import access_decisions, access_requests, team_invitations
from marketplace.services.access.access_requests import Filing
from marketplace.services.access.invitations import Post
from marketplace.services.accounts import accounts, passwords, roles
from marketplace.services.demo.demo_accounts import DEMO_PASSWORD
from marketplace.services.demo.demo_stage import LOGINS, office
from marketplace.services.files import files
from marketplace.services.upkeep.seeding import CONFIG
from marketplace.settings import Settings
from marketplace.storage import Kept
from marketplace.uscc import check_digit

FILE = CONFIG / "demo" / "access_requests.yml"
APPLICANT = "applicant@demo.example"
PHONE = "0532-85900000"
FORMS = {"join": REGISTER, "join_provider": CLAIM, "second": REGISTER}
"""Who asks into an organisation that has people uses the form of its kind; ``second``: a provider
that wants to buy as well."""
STEPS = {
    "returned": "access_return",
    "granted": "access_approve",
    "turned_down": "access_refuse",
    "called_off": "access_withdraw",
}


@dataclass(frozen=True)
class Stage:
    """Who acts, and the letter that lies in storage already."""

    session: Session
    cipher: Cipher
    letter: Kept
    desk: Actor
    officer: Actor
    unclaimed: list[Organisation]


def ensure(session: Session, settings: Settings, letter: Kept) -> int:
    """Make them if there are none; answers how many. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示申请只能在演示模式下创建")
    if session.scalars(select(AccessRequest.id).limit(1)).first() is not None:
        return 0
    cipher = Cipher(settings.encryption_keys)
    stage = Stage(
        session, cipher, letter, _actor(session, Role.DISTRICT_REVIEWER),
        _actor(session, Role.CITY_OFFICER), _unclaimed(session),
    )  # fmt: skip
    people = {
        "applicant": _applicant(session), "enterprise": _actor(session, Role.ENTERPRISE),
        "owner": _actor(session, Role.PROVIDER_OWNER),
    }  # fmt: skip
    given = read_yaml(FILE)["requests"]
    for number, request in enumerate(given, 1):
        _make(stage, people[request["who"]], request, number)
    _colleagues(session, Post(cipher, settings.base_url))
    session.flush()
    return len(given)


def _applicant(session: Session) -> Actor:
    """Somebody with an account and nothing else."""
    user = accounts.enter(session, SYSTEM, login=APPLICANT, name="演示申请人")
    user.password_hash = passwords.hash_(DEMO_PASSWORD)
    session.flush()
    return Actor(user_id=user.id, name=user.name)


def _actor(session: Session, role: Role) -> Actor:
    grant = _grant(session, role)
    place = session.get_one(Organisation, grant.organisation_id)
    user = session.get_one(User, grant.user_id)
    return Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=place.id,
        organisation_name=place.name, district=place.district,
    )  # fmt: skip


def _grant(session: Session, role: Role) -> RoleGrant:
    return session.scalars(
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.login == LOGINS[role], RoleGrant.role == role.value)
        .limit(1)
    ).one()


def _unclaimed(session: Session) -> list[Organisation]:
    """Providers without people, for claims."""
    held = select(RoleGrant.organisation_id)
    return list(
        session.scalars(
            select(Organisation)
            .join(Provider, Provider.organisation_id == Organisation.id)
            .where(Organisation.id.not_in(held), Provider.hidden_at.is_(None))
            .order_by(Organisation.id)
            .limit(5)
        )
    )


def _make(stage: Stage, who: Actor, given: dict[str, Any], number: int) -> None:
    session, kind = stage.session, given.get("kind", REGISTER)
    place = _place(stage, kind)
    asked = FORMS.get(kind, kind)
    row = access_requests.file(
        session, who, stage.cipher,
        Filing(
            kind=asked, uscc=place.uscc if place else _code(number),
            name=given.get("name") or (place.name if place else ""),
            district=stage.desk.district or "", contact_name=given["person"],
            contact_post=given["post"], phone=PHONE,
            facts={"headcount": 60} if asked == REGISTER else {},
        ),
    )  # fmt: skip
    if asked != REGISTER:
        files.add(session, who, stage.letter, access_requests.LETTER, row)
    access_decisions.send(session, who, row)
    step = STEPS.get(given["end"])
    if step is None:
        return
    desk = _desk(stage, row) if asked == REGISTER else stage.officer
    access_decisions.act(
        session, who if step == "access_withdraw" else desk, row, step,
        expected_version=row.version, why={"reason": given.get("why", "")},
    )  # fmt: skip


def _desk(stage: Stage, row: AccessRequest) -> Actor:
    """The demo's reviewer, for the office of the district where the enterprise is."""
    home = office(stage.session, row.district)
    if home is None:
        raise NotFound("没有这个区市的主管部门")
    return replace(
        stage.desk, organisation_id=home.id, organisation_name=home.name, district=home.district
    )


def _place(stage: Stage, kind: str) -> Organisation | None:
    """The organisation that is there already: a provider to claim, or one with people."""
    if kind == CLAIM:
        return stage.unclaimed.pop(0)
    if kind in (REGISTER, ENROL, EVALUATE):
        return None
    role = Role.ENTERPRISE if kind == "join" else Role.PROVIDER_OWNER
    grant = _grant(stage.session, role)
    return stage.session.get_one(Organisation, grant.organisation_id)


def _code(number: int) -> str:
    """A credit code of an area that does not exist."""
    body = f"91990000MA5ACC{number:03d}"
    return body + check_digit(body)


def _colleagues(session: Session, post: Post) -> None:
    """An enterprise's second user, and invitations that nobody has taken up."""
    for role, key in ((Role.ENTERPRISE, "member"), (Role.PROVIDER_OWNER, "viewer")):
        actor = _actor(session, role)
        team_invitations.invite(session, actor, post, login=f"{key}@invited.example", key=key)
    place = session.get_one(Organisation, _grant(session, Role.ENTERPRISE).organisation_id)
    if place.kind == OrganisationKind.ENTERPRISE:
        user = accounts.enter(session, SYSTEM, login="colleague@demo.example", name="演示同事")
        roles.give(
            session, SYSTEM, user=user, role=Role.ENTERPRISE, organisation=place, leads=False
        )
