"""Invitations to a team: by a link that the letter alone carries, single-use and short-lived.

The link counts for the invited address only: with an account by its owner's login, without one by
setting a password. Whether an address has an account is never told to who invites.
"""

import secrets
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from marketplace import clock, mail
from marketplace.crypto import digest
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import Organisation, RoleGrant, TeamInvitation, User
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.access import team_posts, teams
from marketplace.services.access.invitations import Post
from marketplace.services.accounts import accounts, roles
from marketplace.services.accounts.account_rules import rules
from marketplace.services.inbox import inbox

GONE = "这个邀请链接已失效：可能已经用过、已被收回，或已过有效期。"
REMEDY = "请联系该单位负责人重新邀请。"
LIVE = (TeamInvitation.accepted_at.is_(None), TeamInvitation.cancelled_at.is_(None))


def invite(session: Session, actor: Actor, post: Post, *, login: str, key: str) -> TeamInvitation:
    """Ask an address into the team; an earlier invitation of it stops working.

    Raises Forbidden, Invalid (fields ``login``, ``post``).
    """
    organisation = teams.managed(session, actor)
    wanted = accounts.fold(login)
    side = teams.acted(actor)
    place = team_posts.post(side, key)
    if place.role is Role.ENTERPRISE and place.leads:
        raise Invalid(fields={"post": ["先邀请为成员，加入后再移交负责人"]})
    if wanted in {row.user.login for row in teams.members(session, organisation.id, side)}:
        raise Invalid(fields={"login": ["这个邮箱的用户已在团队中"]})
    return _send(session, actor, post, organisation, wanted, place)


def _send(
    session: Session,
    actor: Actor,
    post: Post,
    organisation: Organisation,
    login: str,
    place: team_posts.Post,
) -> TeamInvitation:
    side = team_posts.side(place.role)
    _end(
        session, TeamInvitation.organisation_id == organisation.id, TeamInvitation.login == login,
        TeamInvitation.role.in_(team_posts.roles_of(side)),
    )  # fmt: skip
    token = secrets.token_urlsafe(32)
    row = TeamInvitation(
        organisation_id=organisation.id, login=login, role=place.role.value,
        token_hash=digest(token), invited_by=actor.user_id,
        expires_at=clock.now() + rules().invitation,
    )  # fmt: skip
    session.add(row)
    session.flush()
    letter = mail.compose(
        "team_invitation.txt", to=login, inviter=actor.name, post=place.label,
        organisation=organisation.name, days=rules().invitation.days,
        link=f"{post.base_url}/join/{token}",
    )  # fmt: skip
    mail.put(session, post.cipher, letter)
    diff = {"login": accounts.masked(login), "role": place.role.value}
    record(session, actor, "team_invite", organisation, diff=diff)
    return row


def listed(
    session: Session, organisation_id: int, side: OrganisationKind
) -> Sequence[TeamInvitation]:
    """Invitations to one side that nobody has taken up or back, late ones too, newest first."""
    return session.scalars(
        select(TeamInvitation)
        .where(
            TeamInvitation.organisation_id == organisation_id,
            TeamInvitation.login != "",
            *LIVE,
            TeamInvitation.role.in_(team_posts.roles_of(side)),
        )
        .order_by(TeamInvitation.id.desc())
    ).all()


def again(session: Session, actor: Actor, post: Post, invitation_id: int) -> TeamInvitation:
    """Send a fresh link. Raises NotFound."""
    organisation = teams.managed(session, actor)
    row = _own(session, actor, organisation, invitation_id)
    place = team_posts.invited_to(row.role)
    return _send(session, actor, post, organisation, row.login, place)


def cancel(session: Session, actor: Actor, invitation_id: int) -> None:
    """Take an invitation back. Raises NotFound."""
    organisation = teams.managed(session, actor)
    row = _own(session, actor, organisation, invitation_id)
    _end(session, TeamInvitation.id == row.id)
    diff = {"login": accounts.masked(row.login)}
    record(session, actor, "team_invitation_cancel", organisation, diff=diff)


def _own(
    session: Session, actor: Actor, organisation: Organisation, invitation_id: int
) -> TeamInvitation:
    rows = {row.id: row for row in listed(session, organisation.id, teams.acted(actor))}
    if invitation_id not in rows:
        raise NotFound("没有这个邀请，可能已经接受或收回")
    return rows[invitation_id]


def _end(session: Session, *conditions: object) -> None:
    session.execute(
        update(TeamInvitation)
        .where(*conditions, *LIVE)  # type: ignore[arg-type]
        .values(cancelled_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def peek(session: Session, token: str) -> TeamInvitation:
    """The invitation behind a link, with its organisation, open and in time. Raises NotFound."""
    row = session.scalars(
        select(TeamInvitation)
        .where(
            TeamInvitation.token_hash == digest(token), *LIVE,
            TeamInvitation.expires_at > clock.now(),
        )
        .options(joinedload(TeamInvitation.organisation))
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound(GONE, REMEDY)
    return row


def join(session: Session, actor: Actor, token: str, user: User) -> RoleGrant:
    """Take an invitation up, once. Raises NotFound; Forbidden for another's; Conflict."""
    row = peek(session, token)
    if user.login != row.login:
        raise Forbidden("这个邀请是发给另一个邮箱的", remedy="请退出后，用收到邀请的邮箱登录。")
    organisation = session.scalars(
        select(Organisation).where(Organisation.id == row.organisation_id).with_for_update()
    ).one()
    side = team_posts.side(row.role)
    owners = {one.user_id for one in teams.owners(session, organisation.id, side)}
    if row.invited_by not in owners:
        raise Conflict("邀请人已不是该单位负责人，邀请失效", code="not_owner", remedy=REMEDY)
    taken = session.execute(
        update(TeamInvitation)
        .where(TeamInvitation.id == row.id, *LIVE)
        .values(accepted_at=clock.now(), accepted_by=user.id)
        .execution_options(synchronize_session=False)
    )
    if getattr(taken, "rowcount", 0) != 1:
        raise NotFound(GONE, REMEDY)
    if user.id in {one.user_id for one in teams.members(session, organisation.id, side)}:
        raise Conflict("您已在这个团队中", code="already_granted")
    grant = roles.give(
        session, actor, user=user, role=Role(row.role), organisation=organisation, leads=False,
        granted_by=row.invited_by,
    )  # fmt: skip
    event = record(session, actor, "team_join", organisation, diff={"role": row.role})
    session.flush()
    inbox.notify(
        session, "team", [inbox.Reader(row.invited_by, organisation.id)],
        cause=f"event:{event.id}", voice="joined", url=team_posts.page(side),
        facts={"detail": team_posts.post_of(grant).label, "team": organisation.name},
    )  # fmt: skip
    return grant


def join_new(
    session: Session, actor: Actor, token: str, *, name: str, hashed: str
) -> tuple[User, RoleGrant]:
    """The same for an address without account: makes it. ``hashed``: the checked password."""
    user = accounts.enter(session, actor, login=peek(session, token).login, name=name)
    user.password_hash, user.password_changed_at = hashed, clock.now()
    session.flush()
    return user, join(session, actor, token, user)


def forget(session: Session) -> None:
    """Empty addresses of invitations that ended long ago (PIPL 47)."""
    end = clock.now() - rules().keep_invitations
    session.execute(
        update(TeamInvitation)
        .where(TeamInvitation.expires_at < end, TeamInvitation.login != "", *LIVE)
        .values(cancelled_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(TeamInvitation)
        .where(TeamInvitation.expires_at < end, TeamInvitation.login != "")
        .values(login="")
        .execution_options(synchronize_session=False)
    )
