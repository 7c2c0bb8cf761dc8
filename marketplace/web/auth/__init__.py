"""Signing in and out, one's own account, links by mail.

signing_in        the password check: counted, slow, outside any transaction
login             form, second factor, sign-out
account           one's own page: roles and sessions
own_login         one's own password and mail address
own_factor        one's own second factor
own_data          one's own personal data: export, erasure
confirm           the password once more before sensitive actions
links             single-use links: new password, invitation, new mail address
registration      an account by one's own wish
joining           invitations to a team
access_requests   asking for a role: register an enterprise, claim a provider
duties            what must be done before anything else (an overdue password)
"""

from marketplace.web.auth import (
    access_requests,
    account,
    confirm,
    duties,
    joining,
    links,
    login,
    own_data,
    own_factor,
    own_login,
    registration,
)
from marketplace.web.auth.blueprint import blueprint

__all__ = [
    "access_requests",
    "account",
    "blueprint",
    "confirm",
    "duties",
    "joining",
    "links",
    "login",
    "own_data",
    "own_factor",
    "own_login",
    "registration",
]
