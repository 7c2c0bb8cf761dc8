"""Who may open a route: every view says so, and a view that does not is refused.

``@public`` - anybody. ``@signed_in`` - any user. ``@needs(P)`` - holders of permission ``P``
(the role part; services check the object again). GET and POST of one page are separate views
with separate permissions.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest, Unauthorized

from marketplace.errors import Forbidden, NotFound
from marketplace.permissions import NOBODY, Actor, Permission, can

View = TypeVar("View", bound=Callable[..., Any])

LARGEST_ID = 2**31 - 1
NUL = "\x00"
PUBLIC = "public"
SIGNED_IN = "signed_in"


def public(view: View) -> View:
    """Anybody may open it, with or without an account."""
    view.access = PUBLIC  # type: ignore[attr-defined]
    return view


def signed_in(view: View) -> View:
    """Any signed-in user, whatever the role."""
    view.access = SIGNED_IN  # type: ignore[attr-defined]
    return view


def needs(permission: Permission) -> Callable[[View], View]:
    """Only actors whose role can have ``permission``."""

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def access_of(endpoint: str) -> str | None:
    """What the view behind ``endpoint`` declared; None = nothing, so nobody may open it."""
    view = current_app.view_functions[endpoint]
    if endpoint == "static":
        return PUBLIC
    return getattr(view, "access", None)


def current_actor() -> Actor:
    """Who acts in this request."""
    actor: Actor = g.get("actor", NOBODY)
    return actor


def may_enter(actor: Actor, access: str | None) -> bool:
    """Whether ``actor`` may open a route that declares ``access``."""
    if access == PUBLIC:
        return True
    if access is None or actor.user_id is None:
        return False
    return access == SIGNED_IN or can(actor, Permission(access))


before_refusal: list[Callable[[], None]] = []
"""What keeps a form whose sender has to sign in again; filled by the module that does it."""


def _guard() -> Response | None:
    if request.endpoint is None:
        return None  # 404 and 405 are answered by the router
    access = access_of(request.endpoint)
    actor = current_actor()
    if may_enter(actor, access):
        return None
    if actor.user_id is not None or access is None:
        raise Forbidden
    if request.method != "GET" or wants_json() or g.get("ended_reason"):
        for hold in before_refusal:
            hold()
        raise Unauthorized
    back = request.full_path.rstrip("?")
    return redirect(url_for("auth.login", next=back))  # type: ignore[return-value]


def _possible_values() -> None:
    """What no row can hold is nobody's address and no input, not an error of the database."""
    for value in (request.view_args or {}).values():
        if (isinstance(value, int) and value > LARGEST_ID) or NUL in str(value):
            raise NotFound
    if any(NUL in value for _, value in request.form.items(multi=True)):
        raise BadRequest


def wants_json() -> bool:
    """Whether the client is a program: it asks for JSON before HTML, or sends JSON."""
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"], default="text/html"
    )
    return request.is_json or best != "text/html"


def init_app(app: Flask) -> None:
    """Put the guard before every view; it must come after the session was loaded."""
    app.before_request(_guard)
    app.before_request(_possible_values)
