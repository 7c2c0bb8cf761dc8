"""What accounts keep about a person: how it is handed out, and how it is forgotten."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher
from marketplace.models import (
    AccessRequest,
    Event,
    FormDraft,
    HeldForm,
    Message,
    MessageChoice,
    OneTimeLink,
    Organisation,
    PasswordHistory,
    RecoveryCode,
    Registration,
    RoleGrant,
    SecurityEvent,
    StoredFile,
    SubmittedForm,
    TeamInvitation,
    User,
    UserSession,
)
from marketplace.permissions import Actor
from marketplace.phases import AccessPhase
from marketplace.services.access import access_requests
from marketplace.services.accounts.personal_data import Row, erased, kept
from marketplace.services.forms import drafts

MOST = 20_000
"""Rows of one part; the newest count."""


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _rows(session: Session, query: Any) -> list[Row]:
    found = session.execute(query.limit(MOST))
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in found]


def _newest(model: type[Any], user_column: Any, user_id: int, names: Iterable[str]) -> Any:
    columns = [getattr(model, name) for name in names]
    return select(*columns).where(user_column == user_id).order_by(model.id.desc())


@kept("account", "账号")
def account(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """The account itself; of the password and the second factor only that they exist."""
    user = session.get_one(User, user_id)
    return [
        {
            "login": user.login, "name": user.name, "created_at": _plain(user.created_at),
            "last_login_at": _plain(user.last_login_at),
            "password_changed_at": _plain(user.password_changed_at),
            "second_factor": user.totp_secret_encrypted is not None,
            "preferences": user.preferences,
        }
    ]  # fmt: skip


@kept("roles", "身份")
def role_grants(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Roles held now and before."""
    columns = [
        RoleGrant.role, Organisation.name.label("organisation"), RoleGrant.created_at,
        RoleGrant.valid_until, RoleGrant.revoked_at,
    ]  # fmt: skip
    query = select(*columns).join(Organisation, Organisation.id == RoleGrant.organisation_id)
    return _rows(session, query.where(RoleGrant.user_id == user_id).order_by(RoleGrant.id.desc()))


@kept("sessions", "登录")
def logins(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Where and when the person was signed in."""
    names = ("created_at", "seen_at", "ended_at", "ended_reason", "ip", "agent")
    return _rows(session, _newest(UserSession, UserSession.user_id, user_id, names))


@kept("messages", "站内消息")
def messages(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """The inbox."""
    names = ("created_at", "kind", "title", "text", "url", "read_at")
    return _rows(session, _newest(Message, Message.user_id, user_id, names))


@kept("message_choices", "邮件选择")
def choices(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """How the person wants to be told."""
    query = select(MessageChoice.kind, MessageChoice.mail).where(MessageChoice.user_id == user_id)
    return _rows(session, query.order_by(MessageChoice.kind))


@kept("drafts", "没有提交的表单")
def form_drafts(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Forms begun and not sent, as they were typed."""
    rows = session.scalars(select(FormDraft).where(FormDraft.user_id == user_id).limit(MOST))
    found = []
    for row in rows:
        actor = Actor(user_id=user_id, organisation_id=row.organisation_id)
        draft = drafts.get(session, actor, cipher, row.id)
        texts = [dict(text.fields) for text in (draft.text, *draft.rivals)]
        found.append({"form": row.key, "saved_at": _plain(row.saved_at), "texts": texts})
    return found


@kept("files", "上传的文件")
def uploads(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Names and fingerprints of files; the files are their organisation's."""
    names = ("uploaded_at", "name", "size", "media_type", "purpose", "sha256")
    return _rows(session, _newest(StoredFile, StoredFile.uploaded_by, user_id, names))


@kept("access_requests", "开通申请")
def requests(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """What the person asked for, with the phone number given for it."""
    rows = session.scalars(
        select(AccessRequest).where(AccessRequest.user_id == user_id).order_by(AccessRequest.id)
    )
    names = (
        "created_at", "kind", "uscc", "name", "district", "facts", "contact_name", "contact_post",
        "state", "state_since", "note",
    )  # fmt: skip
    return [
        {
            **{name: _plain(getattr(row, name)) for name in names},
            "contact_phone": access_requests.phone(cipher, row),
        }
        for row in rows
    ]


@kept("invitations", "团队邀请")
def invitations(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Teams the person was asked into."""
    login = select(User.login).where(User.id == user_id).scalar_subquery()
    columns = [
        Organisation.name.label("organisation"), TeamInvitation.role, TeamInvitation.created_at,
        TeamInvitation.accepted_at, TeamInvitation.cancelled_at,
    ]  # fmt: skip
    query = select(*columns).join(Organisation, Organisation.id == TeamInvitation.organisation_id)
    mine = (TeamInvitation.login == login) | (TeamInvitation.accepted_by == user_id)
    return _rows(session, query.where(mine).order_by(TeamInvitation.id.desc()))


@kept("events", "办理记录")
def events(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """What the person did."""
    names = ("at", "action", "subject_type", "subject_id", "reason", "ip")
    return _rows(session, _newest(Event, Event.actor_id, user_id, names))


@kept("security", "安全记录")
def security(session: Session, user_id: int, cipher: Cipher) -> list[Row]:
    """Logins, refusals and the like."""
    names = ("at", "kind", "result", "ip", "object")
    return _rows(session, _newest(SecurityEvent, SecurityEvent.user_id, user_id, names))


@erased
def forget_account(session: Session, user: User) -> None:
    """Links, messages, drafts and the like are nobody else's: their rows go."""
    for model in (
        PasswordHistory, RecoveryCode, OneTimeLink, Message, MessageChoice, FormDraft, HeldForm,
        SubmittedForm,
    ):  # fmt: skip
        session.execute(delete(model).where(model.user_id == user.id))
    session.execute(delete(Registration).where(Registration.login == user.login))
    session.execute(
        update(UserSession).where(UserSession.user_id == user.id).values(ip="", agent="", data={})
    )
    waiting = StoredFile.subject_id.is_(None)
    session.execute(delete(StoredFile).where(StoredFile.uploaded_by == user.id, waiting))


@erased
def forget_invitations(session: Session, user: User) -> None:
    """Invitations of the address end and lose it."""
    mine = (TeamInvitation.login == user.login) | (TeamInvitation.accepted_by == user.id)
    still = TeamInvitation.accepted_at.is_(None) & TeamInvitation.cancelled_at.is_(None)
    session.execute(update(TeamInvitation).where(mine, still).values(cancelled_at=clock.now()))
    session.execute(update(TeamInvitation).where(mine).values(login=""))


@erased
def forget_requests(session: Session, user: User) -> None:
    """That and how a request was decided stays, with the letter of one that was granted."""
    rows = session.scalars(select(AccessRequest).where(AccessRequest.user_id == user.id)).all()
    for row in rows:
        access_requests.clear(session, row, letters=row.phase != AccessPhase.APPROVED)
    session.flush()
