"""How pages are shown to this browser: 关怀版 and letter size, kept in two plain cookies."""

from flask import Blueprint, Response, redirect, request

from marketplace.web.access import public
from marketplace.web.forms import local_path

blueprint = Blueprint("display", __name__)

CHOICES = {"care": ("0", "1"), "font": ("0", "1", "2")}
ONE_YEAR = 365 * 24 * 3600


@blueprint.get("/display")
@public
def choose() -> Response:
    """Note the choice in the browser and go back to where it was made."""
    response = redirect(local_path(request.args.get("to")), 303)
    for name, allowed in CHOICES.items():
        value = request.args.get(name)
        if value in allowed:
            response.set_cookie(name, value, max_age=ONE_YEAR, path="/", samesite="Lax")
    return response  # type: ignore[return-value]
