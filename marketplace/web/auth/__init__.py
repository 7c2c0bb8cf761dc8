"""Signing in and out, one's own account, links by mail.

signing_in   the password check: counted, slow, outside any transaction
login        form, second factor, sign-out
account      one's own page: roles and sessions
own_login    one's own password and mail address
own_factor   one's own second factor
confirm      the password once more before sensitive actions
links        single-use links: new password, invitation, new mail address
duties       what must be done before anything else (an overdue password)
"""

from marketplace.web.auth import account, confirm, duties, links, login, own_factor, own_login
from marketplace.web.auth.blueprint import blueprint

__all__ = ["account", "blueprint", "confirm", "duties", "links", "login", "own_factor", "own_login"]
