"""Sessions of the web: the cookie, who is signed in, and what is noted after the request.

The cookie holds a random secret; its hash is looked up in ``user_sessions`` before every view,
in a short read transaction of its own. Visitors get a cookie only with a form, and a row only
when something must be remembered after a POST, so opening pages never writes.

``__Host-`` needs ``Secure``; over plain http browsers accept that on loopback addresses only,
which is where the demo is confined to (settings refuse other http addresses).
"""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask.globals import request_ctx
from flask.sessions import SessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin
from werkzeug.datastructures import CallbackDict

from marketplace import clock
from marketplace.crypto import keyed_hash
from marketplace.db import SAFE_METHODS, Database
from marketplace.models import RoleGrant, User, UserSession
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import PRIVATE_ROLES, ROLE_LABELS, Role
from marketplace.services.accounts import passwords, session_lookup, sessions
from marketplace.services.accounts.sessions import Device
from marketplace.settings import Settings

COOKIE = "__Host-sid"
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
CSRF = "csrf_token"
WITHOUT_SESSION = ("health.live", "health.ready", "static")


class WebSession(CallbackDict[str, Any], SessionMixin):
    """What Flask calls the session; the forgery token is derived from the secret, not stored.

    ``row_id`` is the row it is stored in, ``known`` whether the browser has the secret already.
    """

    def __init__(self, token: str, *, known: bool, key: str) -> None:
        def changed(_: Any) -> None:
            self.modified = True

        super().__init__({}, changed)
        self._key = key
        self.row_id: int | None = None
        self.known = known
        self._use(token)
        self.modified = False

    def _use(self, token: str) -> None:
        self.token = token
        dict.__setitem__(self, CSRF, keyed_hash(self._key, "csrf", token))

    def remembered(self) -> dict[str, Any]:
        """The part that is worth a row."""
        return {key: value for key, value in self.items() if key != CSRF}

    def load(self, row_id: int, data: dict[str, Any]) -> None:
        """Take over what is stored, without counting it as changed."""
        self.row_id = row_id
        dict.update(self, data)

    def renew(self, token: str, row_id: int | None) -> None:
        """Go on under another secret: at login, re-authentication and role switch (S16, S26)."""
        self._use(token)
        self.row_id, self.known = row_id, False
        g.pop(CSRF, None)

    def start(self, token: str, row_id: int | None) -> None:
        """The same with nothing remembered."""
        for key in self.remembered():
            del self[key]
        self.renew(token, row_id)


@dataclass(frozen=True)
class OtherRole:
    """A role of the same user that can be switched to; ``value`` is the id of the grant."""

    value: int
    role_label: str
    org_name: str
    centre: str = ""
    """The other centre of the same organisation; empty for roles elsewhere."""


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """The user of this request and the session that says so."""

    id: int
    login: str
    session_id: int
    staff: bool
    seen_at: datetime
    confirmed_at: datetime | None
    grant_id: int | None
    actor: Actor = field(default=NOBODY)
    enrolled: bool = False
    password_overdue: bool = False
    others: tuple[OtherRole, ...] = ()
    unread: int = 0

    def get_id(self) -> str:
        return str(self.id)

    @property
    def recently_confirmed(self) -> bool:
        """Whether the password was checked in the last 15 minutes (S32)."""
        limit: timedelta = sessions.CONFIRMED_FOR
        return self.confirmed_at is not None and self.confirmed_at + limit > clock.now()


class ServerSessions(SessionInterface):
    """Reads and writes the cookie; rows are read by ``load_user`` and written here."""

    def open_session(self, app: Flask, request: Request) -> WebSession:
        token = request.cookies.get(COOKIE, "")
        known = TOKEN.fullmatch(token) is not None
        key = str(app.secret_key)
        return WebSession(token if known else sessions.new_token(), known=known, key=key)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, WebSession):
            return
        if g.get("forget_cookie"):
            response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        else:
            if session.modified:
                _store(app, session)
            if not session.known and (session.row_id is not None or CSRF in g):
                set_cookie(response, session.token)
        if "Set-Cookie" in response.headers:
            response.headers["Cache-Control"] = "no-store"


def set_cookie(response: Response, token: str) -> None:
    """A cookie that only this host gets back and no script reads; it dies with the browser."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Lax")


def _store(app: Flask, session: WebSession) -> None:
    database: Database = app.extensions["database"]
    data = session.remembered()
    row_id = session.row_id
    if row_id is not None:
        database.run(lambda db: sessions.store_data(db, row_id, data))
    elif data and request.method not in SAFE_METHODS:
        if "ended_reason" in g:
            session.renew(sessions.new_token(), None)  # the old secret belongs to the ended row
        session.row_id = database.run(lambda db: sessions.keep_anonymous(db, session.token, data))


def web_session() -> WebSession:
    """The session object of this request."""
    session: WebSession = request_ctx.session  # type: ignore[assignment]
    return session


def signed_in() -> SignedIn | None:
    """Who is signed in, if anybody."""
    found: SignedIn | None = g.get("signed_in")
    return found


def device() -> Device:
    """Where the request comes from, as sessions record it."""
    return Device(request.remote_addr or "", request.user_agent.string)


def load_user() -> None:
    """Look the cookie up before the view; keeps why a session is over for the 401 page."""
    g.actor = visitor()
    session = web_session()
    if not session.known or request.endpoint in WITHOUT_SESSION:
        return
    database: Database = current_app.extensions["database"]
    with database.reading() as db:
        found = session_lookup.find(db, session.token)
    if found.ended_reason:
        g.ended_reason = found.ended_reason
        if found.ended is not None:
            g.ended = found.ended
    if found.row is None:
        return
    session.load(found.row.id, found.row.data)
    if found.user is not None:
        signed = _signed_in(found.row, found.user, found.grant, found.grants)
        g.signed_in = replace(signed, unread=found.unread)
        g.actor = g.signed_in.actor


def _signed_in(
    row: UserSession, user: User, grant: RoleGrant | None, grants: tuple[RoleGrant, ...]
) -> SignedIn:
    nobody = visitor()
    actor = replace(sessions.actor_of(user, grant), request_id=nobody.request_id, ip=nobody.ip)
    settings: Settings = current_app.extensions["settings"]
    profile = passwords.profile_of(settings.password_profile, staff=row.staff)
    return SignedIn(
        id=user.id,
        login=user.login,
        session_id=row.id,
        staff=row.staff,
        seen_at=row.seen_at,
        confirmed_at=row.confirmed_at,
        grant_id=row.grant_id,
        actor=actor,
        enrolled=user.totp_secret_encrypted is not None,
        password_overdue=passwords.is_overdue(profile, user.password_changed_at),
        others=tuple(
            OtherRole(
                item.id,
                ROLE_LABELS[Role(item.role)],
                item.organisation.name,
                _centre(item, grant),
            )
            for item in grants
            if item is not grant
        ),
    )


def _centre(other: RoleGrant, grant: RoleGrant | None) -> str:
    if grant is None or other.organisation_id != grant.organisation_id:
        return ""
    pair = {other.role == Role.ENTERPRISE, grant.role == Role.ENTERPRISE}
    if pair != {True, False} or not {other.role, grant.role} <= set(PRIVATE_ROLES):
        return ""
    return "企业中心" if other.role == Role.ENTERPRISE else "服务商中心"


def visitor() -> Actor:
    """Somebody without a session."""
    return Actor(request_id=g.get("request_id", ""), ip=request.remote_addr or "")


def _login_manager(app: Flask) -> None:
    """``current_user`` for templates and extensions; our own session says who that is."""
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(lambda _: signed_in())
    manager.init_app(app)


def init_app(app: Flask) -> None:
    """Replace Flask's signed-cookie session, which outlives a logout, by our own."""
    app.session_interface = ServerSessions()
    app.before_request(load_user)
    _login_manager(app)
