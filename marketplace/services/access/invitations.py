"""Invitations: an account, its first role and a link by mail to set the password."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from marketplace import mail
from marketplace.crypto import Cipher
from marketplace.errors import Conflict
from marketplace.history import record
from marketplace.models import Organisation, User
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import ROLE_LABELS, Role
from marketplace.services.access import links
from marketplace.services.accounts import accounts, roles


@dataclass(frozen=True)
class Post:
    """How links leave: sealed into the mail queue, below this public address."""

    cipher: Cipher
    base_url: str

    def link(self, token: str) -> str:
        """The full address of a single-use link."""
        return f"{self.base_url}/links/{token}"


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """Whom to invite, as what, for which organisation, until when."""

    login: str
    name: str
    role: Role
    organisation: Organisation
    valid_until: datetime | None = None


def invite(session: Session, actor: Actor, post: Post, invitation: Invitation) -> tuple[User, str]:
    """A new account with one role; answers it and the link, which is also mailed."""
    require(actor, Permission.USER_MANAGE)
    user = accounts.create(session, actor, login=invitation.login, name=invitation.name)
    roles.grant(
        session, actor, user=user, role=invitation.role, organisation=invitation.organisation,
        valid_until=invitation.valid_until,
    )  # fmt: skip
    return user, _send(session, post, user, invitation.role, invitation.organisation.name)


def invite_again(session: Session, actor: Actor, post: Post, user: User) -> str:
    """A fresh link for somebody who has not set a password yet; the old one stops working."""
    require(actor, Permission.USER_MANAGE)
    if user.password_hash or not user.active:
        raise Conflict("该用户已启用或已停用，不需要再次邀请", code="wrong_state")
    record(session, actor, "user_invite", user)
    held = accounts.roles_of(session, [user])[user.id]
    if not held:
        raise Conflict("该用户没有身份，请先授权", code="no_role")
    return _send(session, post, user, Role(held[0].role), held[0].organisation.name)


def _send(session: Session, post: Post, user: User, role: Role, organisation: str) -> str:
    link = post.link(links.create(session, links.INVITE, user.id))
    letter = mail.compose(
        "invitation.txt", to=user.login,
        name=user.name, role=ROLE_LABELS[role], organisation=organisation, link=link,
    )  # fmt: skip
    mail.put(session, post.cipher, letter)
    return link


def first_administrator(
    session: Session, post: Post, *, login: str, name: str, organisation: Organisation
) -> str:
    """The link for the very first administrator. Raises Conflict when there is one already."""
    if accounts.any_administrator(session):
        raise Conflict("已经有用户管理员，请由管理员邀请其他人", code="administrator_exists")
    user = accounts.by_login(session, login)
    user = user or accounts.create(session, SYSTEM, login=login, name=name)
    roles.grant(session, SYSTEM, user=user, role=Role.ADMIN_USERS, organisation=organisation)
    return post.link(links.create(session, links.FIRST_ADMIN, user.id))


def send_reset(session: Session, post: Post, user: User | None) -> None:
    """Mail a link for a new password.

    For an unknown address the same is done with a letter to nobody, which the mailer drops: the
    time an answer takes must not tell who has an account (S22).
    """
    link = post.link(links.create(session, links.RESET, user.id if user else None))
    name, to = (user.name, user.login) if user else ("", "")
    mail.put(session, post.cipher, mail.compose("reset.txt", to=to, name=name, link=link))


def send_login_change(session: Session, post: Post, user: User, *, login: str) -> None:
    """Mail a link to a new address; it takes effect when its owner opens it."""
    wanted = accounts.fold(login)
    token = links.create(session, links.EMAIL_CHANGE, user.id, {"login": wanted})
    letter = mail.compose(
        "login_change.txt", to=wanted, name=user.name, login=wanted, link=post.link(token)
    )
    mail.put(session, post.cipher, letter)
