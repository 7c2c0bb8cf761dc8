"""Signing in and out, one's own account, links by mail.

signing_in   the password check: counted, slow, outside any transaction
login        form, second factor, sign-out
account      one's own page: roles, sessions, password, mail address, second factor
confirm      the password once more before sensitive actions
links        single-use links: new password, invitation, new mail address
duties       what must be done before anything else (an overdue password)
"""

from flask import Blueprint

blueprint = Blueprint("auth", __name__)

from marketplace.web.auth import (  # noqa: E402  views register themselves
    account,
    confirm,
    duties,
    links,
    login,
    own_factor,
    own_login,
)

__all__ = ["account", "blueprint", "confirm", "duties", "links", "login", "own_factor", "own_login"]
