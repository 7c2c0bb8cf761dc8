"""People and organisations around requests for access."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher, digest
from marketplace.models import (
    AccessRequest,
    Organisation,
    Registration,
    RoleGrant,
    TeamInvitation,
    User,
)
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.access import access_decisions, access_requests
from marketplace.services.access.access_requests import Filing
from marketplace.services.accounts import roles, sessions
from tests import factories

DISTRICT = "370202"
PHONE = "13812345678"


def register_form(uscc: str, **given: str) -> dict[str, str]:
    """The form of an enterprise as a browser sends it."""
    return {
        "form_key": "k" * 20, "uscc": uscc, "name": "青岛示例注塑有限公司", "district": DISTRICT,
        "address": "示例路1号", "headcount": "60", "contact_name": "王申请", "phone": PHONE,
        **given,
    }  # fmt: skip


def ask(
    session: Session, cipher: Cipher, uscc: str, *, user: User | None = None, **given: Any
) -> AccessRequest:
    """A filed and sent request of an enterprise (or ``kind="claim"``)."""
    user = user or factories.make_user(session)
    values: dict[str, Any] = {
        "kind": "register", "uscc": uscc, "name": "青岛示例注塑有限公司", "district": DISTRICT,
        "contact_name": "王申请", "contact_post": "厂长", "phone": PHONE, **given,
    }  # fmt: skip
    actor = person(user)
    row = access_requests.file(session, actor, cipher, Filing(**values))
    access_decisions.send(session, actor, row)
    return row


def lying(session: Session, user: User, place: Organisation, **given: Any) -> AccessRequest:
    """The row of a request, put there without its steps."""
    row = AccessRequest(
        kind="register", user_id=user.id, uscc=factories.uscc(), organisation_id=place.id,
        name="示例", district=DISTRICT, contact_name="甲", **given,
    )  # fmt: skip
    session.add(row)
    return row


def person(user: User) -> Actor:
    """Somebody without a role."""
    return Actor(user_id=user.id, name=user.name)


def acting(session: Session, grant: RoleGrant) -> Actor:
    """Who acts in a role."""
    held = roles.get(session, grant.id)
    return sessions.actor_of(session.get_one(User, held.user_id), held)


def lead(session: Session, organisation: Organisation, **given: Any) -> RoleGrant:
    """A lead of an enterprise or an owner of a provider."""
    claimed = organisation.kind == "provider"
    return factories.make_grant(
        session, factories.make_user(session, **given),
        Role.PROVIDER_OWNER if claimed else Role.ENTERPRISE, organisation, leads=not claimed,
    )  # fmt: skip


def keep(session: Session, user: User, enterprise: Organisation) -> dict[str, Any]:
    """One of everything: a request before the district, an invitation, a registration; their
    numbers and tokens by argument."""
    session.flush()
    inviter = lead(session, enterprise)
    row = AccessRequest(
        kind="register", user_id=user.id, uscc=factories.uscc(), name="世界企业有限公司",
        district=DISTRICT, contact_name="世界申请人", state="asked", phase="waiting",
    )  # fmt: skip
    later = clock.now() + timedelta(days=2)
    invitation = TeamInvitation(
        organisation_id=enterprise.id, login="world@invited.example", role=Role.ENTERPRISE.value,
        token_hash=digest("j" * 43), invited_by=inviter.user_id, expires_at=later,
    )  # fmt: skip
    asked = Registration(login="world@new.example", token_hash=digest("r" * 43), expires_at=later)
    session.add_all((row, invitation, asked))
    session.flush()
    return {
        "requests.request_id": row.id, "invitations.invitation_id": invitation.id,
        "members.grant_id": inviter.id, "join.token": "j" * 43, "register.token": "r" * 43,
    }  # fmt: skip
