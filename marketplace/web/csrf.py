"""Against forged requests: a token bound to the session, and the browser's own word.

Flask-WTF signs and checks the token; its session value is derived from the session's secret, so
the token of one session is refused in another and changes at login (S16). ``Sec-Fetch-Site`` and
``Origin`` refuse foreign pages even with a valid token (S14).
"""

from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden

from marketplace.db import SAFE_METHODS

OWN_SITES = ("same-origin", "none")
HIDDEN = "null"
"""The origin of a page whose address is a secret: browsers hide it with the referrer. A foreign
page can hide its own as well, but not that it is foreign: ``Sec-Fetch-Site`` says so."""


class ForeignPage(Forbidden):
    """An unsafe request that another site's page sent."""

    description = "这次提交不是从本站页面发出的，已被拒绝。"


def _check_source() -> None:
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in OWN_SITES:
        raise ForeignPage
    origin = request.headers.get("Origin")
    if origin == HIDDEN and site == "same-origin":
        return
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ForeignPage


def init_app(app: Flask) -> None:
    """Check every unsafe request before anything else looks at it."""
    app.config["WTF_CSRF_TIME_LIMIT"] = None  # as long as the session
    app.config["WTF_CSRF_SSL_STRICT"] = False  # replaced by the stricter check of the source
    app.before_request(_check_source)
    CSRFProtect(app)
    # Flask-WTF also puts the function into every context; the global is enough.
    app.template_context_processors[None].pop()
