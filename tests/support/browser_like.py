"""A test client that behaves like a person's browser: it sends the form's token with a POST."""

from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

from marketplace.crypto import keyed_hash
from marketplace.services.accounts.sessions import new_token
from marketplace.web.sessions import COOKIE


class BrowserLike(FlaskClient):
    """``post(...)`` carries the token unless ``csrf=False``; it never follows redirects itself."""

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf and kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS", "TRACE"):
            headers = dict(kwargs.pop("headers", None) or {})
            headers.setdefault("X-CSRFToken", self.csrf_token())
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    @property
    def sid(self) -> str | None:
        """The secret in the session cookie."""
        cookie = self.get_cookie(COOKIE)
        return cookie.value if cookie else None

    def use_session(self, token: str) -> None:
        """Go on with this session secret."""
        self.set_cookie(COOKIE, token, secure=True)

    def csrf_token(self) -> str:
        """The token that a form of the present session would hold."""
        if self.sid is None:
            self.use_session(new_token())
        key = str(self.application.secret_key)
        signer = URLSafeTimedSerializer(key, salt="wtf-csrf-token")
        return str(signer.dumps(keyed_hash(key, "csrf", self.sid or "")))
