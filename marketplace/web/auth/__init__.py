"""Signing in and out, one's own account, links by mail."""

from flask import Blueprint, render_template

from marketplace.web.access import public

blueprint = Blueprint("auth", __name__)


@blueprint.get("/login")
@public
def login() -> str:
    """The form."""
    return render_template("auth/login.html", errors={}, values={})
