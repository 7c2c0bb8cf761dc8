"""Who holds which role for which organisation. Nobody grants to himself; the three administrators
(system, security, audit) are three people (GB/T 22239, S46)."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Organisation, RoleGrant, User
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ROLE_LABELS, WATCHED_ROLES, OrganisationKind, Role
from marketplace.services.accounts import sessions

LONGEST = timedelta(days=366)
"""For how long somebody may be made an auditor."""

APART = (Role.ADMIN_USERS, Role.ADMIN_SECURITY, Role.AUDITOR)

_K = OrganisationKind
HOMES: dict[Role, tuple[OrganisationKind, ...]] = {
    Role.ENTERPRISE: (_K.ENTERPRISE,),
    Role.PROVIDER_OWNER: (_K.PROVIDER,),
    Role.PROVIDER_EDITOR: (_K.PROVIDER,),
    Role.PROVIDER_VIEWER: (_K.PROVIDER,),
    Role.DISTRICT_REVIEWER: (_K.DISTRICT_OFFICE,),
    Role.CITY_OFFICER: (_K.LEAD_BUREAU,),
    Role.CITY_LEADER: (_K.LEAD_BUREAU,),
    Role.COSIGNER: (_K.CO_BUREAU, _K.LEAD_BUREAU),
    Role.EXPERT: (_K.LEAD_BUREAU,),
    Role.THIRD_PARTY: (_K.THIRD_PARTY,),
    Role.AUDITOR: (_K.LEAD_BUREAU, _K.CO_BUREAU),
    Role.ADMIN_USERS: (_K.LEAD_BUREAU, _K.THIRD_PARTY),
    Role.ADMIN_SECURITY: (_K.LEAD_BUREAU, _K.THIRD_PARTY),
}
"""For which kinds of organisation a role may be held."""


def grant(
    session: Session,
    actor: Actor,
    *,
    user: User,
    role: Role,
    organisation: Organisation,
    valid_until: datetime | None = None,
) -> RoleGrant:
    """Give ``user`` a role. Raises Forbidden (oneself), Invalid (kind), Conflict (held, apart)."""
    require(actor, Permission.ROLE_GRANT)
    if user.id == actor.user_id:
        raise Forbidden("不能给自己授权，请由另一位管理员办理")
    return give(
        session, actor, user=user, role=role, organisation=organisation, valid_until=valid_until
    )


def give(
    session: Session,
    actor: Actor,
    *,
    user: User,
    role: Role,
    organisation: Organisation,
    valid_until: datetime | None = None,
    leads: bool | None = None,
    granted_by: int | None = None,
) -> RoleGrant:
    """The same without a question of permission: the caller has checked who may decide it.

    ``leads``: whether an enterprise's user manages its team; None = if nobody does yet.
    """
    _check_home(role, organisation)
    if valid_until is not None and valid_until <= clock.now():
        raise Invalid(fields={"valid_until": ["有效期应在今天之后"]})
    # The user's row is the lock: two grants at once must see each other.
    session.scalars(select(User.id).where(User.id == user.id).with_for_update()).one()
    _check_apart(session, user, role)
    if role in WATCHED_ROLES and actor.user_id is not None:
        _check_time(valid_until)
    row = RoleGrant(
        user_id=user.id, role=role.value, organisation=organisation, valid_until=valid_until,
        granted_by=granted_by or actor.user_id,
        leads=leads if leads is not None else _is_first(session, role, organisation),
    )  # fmt: skip
    if any(
        held.role == role and held.organisation_id == organisation.id
        for held in sessions.live_grants(session, user.id)
    ):
        raise Conflict("该用户已有这个身份", code="already_granted")
    session.add(row)
    session.flush()
    if actor.user_id not in (None, user.id):
        # Roles decide how long sessions live and what they need: start afresh.
        sessions.end_all(session, user.id, "role_changed")
    record(session, actor, "role_grant", user, diff=_diff(row))
    return row


def revoke(session: Session, actor: Actor, row: RoleGrant, *, reason: str) -> None:
    """Take a role back; sessions that act in it end at once."""
    require(actor, Permission.ROLE_GRANT)
    if row.user_id == actor.user_id:
        raise Forbidden("不能收回自己的身份，请由另一位管理员办理")
    take_back(session, actor, row, reason=reason)


def take_back(session: Session, actor: Actor, row: RoleGrant, *, reason: str) -> None:
    """The same without a question of permission: the caller has checked who may decide it."""
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写收回原因"]})
    if row.revoked_at is not None:
        raise Conflict("这个身份已经收回", code="wrong_state")
    row.revoked_at = clock.now()
    session.flush()
    sessions.end_all(session, row.user_id, "role_changed", grant=row.id)
    user = session.get_one(User, row.user_id)
    record(session, actor, "role_revoke", user, diff=_diff(row), why={"reason": reason})


def get(session: Session, grant_id: int) -> RoleGrant:
    """One grant with its organisation. Raises NotFound."""
    found = session.scalars(
        select(RoleGrant)
        .where(RoleGrant.id == grant_id)
        .options(joinedload(RoleGrant.organisation))
    ).one_or_none()
    if found is None:
        raise NotFound("没有这条授权")
    return found


def _diff(row: RoleGrant) -> dict[str, object]:
    until = row.valid_until
    return {
        "role": row.role,
        "organisation_id": row.organisation.id,
        "organisation": row.organisation.name,
        "valid_until": until.isoformat() if until else None,
    }


def _is_first(session: Session, role: Role, organisation: Organisation) -> bool:
    """Of the users of an enterprise the first manages the team."""
    if role is not Role.ENTERPRISE:
        return False
    leading = (
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            RoleGrant.organisation_id == organisation.id, RoleGrant.role == role.value,
            RoleGrant.leads, RoleGrant.revoked_at.is_(None), User.active,
        )
    )  # fmt: skip
    return not any(sessions.is_live(row) for row in session.scalars(leading))


def _check_home(role: Role, organisation: Organisation) -> None:
    if not set(organisation.kinds) & set(HOMES[role]):
        raise Invalid(fields={"role": [f"“{organisation.name}”不能有{ROLE_LABELS[role]}"]})
    if role is Role.DISTRICT_REVIEWER and not organisation.district:
        raise Invalid(fields={"organisation_id": ["该单位没有登记所属区市"]})


def _check_time(valid_until: datetime | None) -> None:
    """Who audits does so for a time (F-A6)."""
    text = ""
    if valid_until is None:
        text = "审计员须填写有效期"
    elif valid_until > clock.end_of_day(clock.today() + LONGEST):
        text = f"审计员的有效期最长{LONGEST.days}天，到期可以再授"
    if text:
        raise Invalid(fields={"valid_until": [text]})


def _check_apart(session: Session, user: User, role: Role) -> None:
    if role not in APART:
        return
    for held in sessions.live_grants(session, user.id):
        if held.role in APART and held.role != role:
            label = ROLE_LABELS[Role(held.role)]
            raise Conflict(
                f"该用户已是{label}；用户管理员、安全管理员、审计员须由三人分任", code="kept_apart"
            )
