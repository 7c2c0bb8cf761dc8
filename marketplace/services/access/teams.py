"""Teams: who acts for an organisation, as what, and who may change that (F-P8).

A provider has owners, editors and viewers; an enterprise has leads and members. Owners and leads
manage the team; there is always at least one of them left. An organisation that is both has two
teams, and everything here is done in the one that the actor acts in. Every change locks the
organisation's row first, then the user's: two owners cannot dismiss each other at once.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Organisation, RoleGrant, TeamInvitation, User
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import OrganisationKind, Role
from marketplace.services.access.team_posts import POSTS, Post, page, post, post_of, roles_of, side
from marketplace.services.accounts import roles, sessions
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

ONLY_OWNER = "您是“{}”唯一的负责人，请先把负责人移交给同事"
NOBODY_ELSE = "；单位没有其他成员的，可以先邀请同事，单位不再使用平台的，请联系主管部门收回身份"


def is_owner() -> ColumnElement[bool]:
    """Rows of ``RoleGrant`` that manage their team and were not taken back."""
    return RoleGrant.revoked_at.is_(None) & or_(
        RoleGrant.role == Role.PROVIDER_OWNER.value,
        (RoleGrant.role == Role.ENTERPRISE.value) & RoleGrant.leads,
    )


def owners(session: Session, organisation_id: int, kind: OrganisationKind) -> list[Reader]:
    """Who manages the team of one side of an organisation now."""
    rows = session.scalars(
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            RoleGrant.organisation_id == organisation_id, RoleGrant.role.in_(roles_of(kind)),
            is_owner(), User.active,
        )
        .order_by(RoleGrant.user_id)
    )  # fmt: skip
    found = dict.fromkeys(row.user_id for row in rows if sessions.is_live(row))
    return [Reader(user_id, organisation_id) for user_id in found]


def leads(session: Session, actor: Actor) -> bool:
    """Whether the actor manages the team of the organisation acted for."""
    if actor.organisation_id is None or actor.role is None:
        return False
    found = owners(session, actor.organisation_id, side(actor.role))
    return actor.user_id in {reader.user_id for reader in found}


def members(session: Session, organisation_id: int, kind: OrganisationKind) -> list[RoleGrant]:
    """The live grants of one side with user and organisation, owners first, then by name."""
    rows = session.scalars(
        select(RoleGrant)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            RoleGrant.organisation_id == organisation_id, RoleGrant.role.in_(roles_of(kind)),
            RoleGrant.revoked_at.is_(None),
        )
        .options(joinedload(RoleGrant.user), joinedload(RoleGrant.organisation))
        .order_by(User.name, RoleGrant.id)
    )  # fmt: skip
    live = [row for row in rows if sessions.is_live(row) and row.user.active]
    return sorted(live, key=lambda row: not post_of(row).leads)


def lock(session: Session, organisation_ids: Iterable[int]) -> None:
    """Let nobody else change these teams until the end of the transaction."""
    wanted = sorted(set(organisation_ids))
    query = select(Organisation.id).where(Organisation.id.in_(wanted)).order_by(Organisation.id)
    session.scalars(query.with_for_update()).all()


def own(session: Session, actor: Actor) -> Organisation:
    """The organisation acted for, under a lock. Raises Forbidden, NotFound."""
    organisation = session.scalars(
        select(Organisation)
        .where(Organisation.id == actor.organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if organisation is None:
        raise NotFound
    require(actor, Permission.TEAM_READ, organisation)
    return organisation


def managed(session: Session, actor: Actor) -> Organisation:
    """The same for who manages its team. Raises Forbidden."""
    organisation = own(session, actor)
    require(actor, Permission.TEAM_MANAGE, organisation)
    check_leads(session, actor)
    return organisation


def check_leads(session: Session, actor: Actor) -> None:
    """Raise Forbidden for colleagues who do not manage the team."""
    if not leads(session, actor):
        raise Forbidden("只有本单位负责人可以管理团队")


def acted(actor: Actor) -> OrganisationKind:
    """The side of the organisation that the actor acts for."""
    return side(actor.role_name)


def member(session: Session, actor: Actor, organisation: Organisation, grant_id: int) -> RoleGrant:
    """One live grant of the actor's team. Raises NotFound."""
    team = members(session, organisation.id, acted(actor))
    found = next((row for row in team if row.id == grant_id), None)
    if found is None:
        raise NotFound("没有这位成员，可能已经离开")
    return found


def change_post(session: Session, actor: Actor, grant_id: int, *, key: str) -> RoleGrant:
    """Give a member another place. Raises Conflict for the last owner."""
    organisation = managed(session, actor)
    row = member(session, actor, organisation, grant_id)
    wanted = post(acted(actor), key)
    if wanted == post_of(row):
        return row
    if not wanted.leads:
        _keep_owner(session, organisation, [row])
    fresh = _replace(session, actor, organisation, row, wanted, "负责人调整团队角色")
    _tell(session, fresh, "changed", wanted.label, but=actor.user_id)
    return fresh


def remove(session: Session, actor: Actor, grant_id: int, *, reason: str) -> RoleGrant:
    """Take a colleague out of the team: access ends at once. Not oneself: that is leaving."""
    organisation = managed(session, actor)
    row = member(session, actor, organisation, grant_id)
    if row.user_id == actor.user_id:
        raise Conflict("不能移出自己，请用“离开团队”", code="oneself")
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写移出原因"]})
    _keep_owner(session, organisation, [row])
    end(session, actor, row, reason.strip())
    _tell(session, row, "removed", reason.strip())
    return row


def hand_over(session: Session, actor: Actor, grant_id: int, *, stay_as: str) -> RoleGrant:
    """Make a colleague owner in one's own place; one stays as ``stay_as`` or leaves (empty)."""
    organisation = managed(session, actor)
    row = member(session, actor, organisation, grant_id)
    if row.user_id == actor.user_id:
        raise Invalid(fields={"grant": ["请选择一位同事"]})
    first = next(one for one in POSTS[acted(actor)] if one.leads)
    stay = post(acted(actor), stay_as) if stay_as else None
    if not post_of(row).leads:
        row = _replace(session, actor, organisation, row, first, "移交负责人")
        _tell(session, row, "changed", first.label)
    mine = _mine(session, actor, organisation)
    if stay is None:
        end(session, actor, mine, "移交负责人后离开")
    elif not stay.leads:
        _replace(session, actor, organisation, mine, stay, "移交负责人")
    record(session, actor, "team_hand_over", organisation, diff={"to": row.user_id})
    return row


def leave(session: Session, actor: Actor) -> None:
    """Give one's own place up. Raises Conflict for the last owner."""
    organisation = own(session, actor)
    mine = _mine(session, actor, organisation)
    _keep_owner(session, organisation, [mine])
    end(session, actor, mine, "本人离开团队")


def why_not_leave(session: Session, user_id: int) -> list[str]:
    """Why somebody cannot go: one line for each organisation that would be left without owner."""
    held = [row for row in sessions.live_grants(session, user_id) if _leads(row)]
    return [
        text
        for row in held
        if (text := _would_be_last(session, row.organisation, [row])) is not None
    ]


def _leads(row: RoleGrant) -> bool:
    return row.role in roles_of(side(row.role)) and post_of(row).leads


def _keep_owner(session: Session, organisation: Organisation, going: Sequence[RoleGrant]) -> None:
    text = _would_be_last(session, organisation, going)
    if text is not None:
        raise Conflict(text, code="last_owner")


def _would_be_last(
    session: Session, organisation: Organisation, going: Sequence[RoleGrant]
) -> str | None:
    leaving = {row.user_id: side(row.role) for row in going if _leads(row)}
    if not leaving:
        return None
    (kind,) = set(leaving.values())
    left = {reader.user_id for reader in owners(session, organisation.id, kind)} - set(leaving)
    if left:
        return None
    others = len(members(session, organisation.id, kind)) > 1
    return ONLY_OWNER.format(organisation.name) + ("" if others else NOBODY_ELSE)


def _mine(session: Session, actor: Actor, organisation: Organisation) -> RoleGrant:
    team = members(session, organisation.id, acted(actor))
    mine = [row for row in team if row.user_id == actor.user_id]
    if not mine:
        raise NotFound("您已不在这个团队")
    return mine[0]


def _replace(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    row: RoleGrant,
    wanted: Post,
    reason: str,
) -> RoleGrant:
    """Another grant instead of this one; sessions in the old role end."""
    user = row.user
    end(session, actor, row, reason)
    fresh = roles.give(
        session, actor, user=user, role=wanted.role, organisation=organisation,
        leads=wanted.leads and wanted.role is Role.ENTERPRISE,
    )  # fmt: skip
    return member(session, actor, organisation, fresh.id)


def end(session: Session, actor: Actor, row: RoleGrant, reason: str) -> None:
    """A place ends: the role, its sessions, and the invitations sent in it."""
    roles.take_back(session, actor, row, reason=reason)
    # What an owner started as one does not outlive it (S41).
    session.execute(
        update(TeamInvitation)
        .where(
            TeamInvitation.organisation_id == row.organisation_id,
            TeamInvitation.invited_by == row.user_id,
            TeamInvitation.role.in_(roles_of(side(row.role))),
            TeamInvitation.accepted_at.is_(None),
            TeamInvitation.cancelled_at.is_(None),
        )
        .values(cancelled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _tell(
    session: Session, row: RoleGrant, voice: str, detail: str, *, but: int | None = None
) -> None:
    """Whom a change concerns is told, unless he made it himself."""
    if row.user_id == but:
        return
    team = row.organisation
    readers = [Reader(row.user_id, team.id if voice == "changed" else None)]
    inbox.notify(
        session, "team", readers, cause=f"grant:{row.id}:{voice}", voice=voice,
        url=page(side(row.role)) if voice == "changed" else "/account",
        facts={"team": team.name, "detail": detail},
    )  # fmt: skip
