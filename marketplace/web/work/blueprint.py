"""The blueprint of the staff pages."""

import secrets
from collections.abc import Callable

from flask import Blueprint

blueprint = Blueprint("work", __name__, url_prefix="/work")


@blueprint.context_processor
def _forms() -> dict[str, Callable[[], str]]:
    """``form_key()``: the hidden key that lets a form take effect once."""
    return {"form_key": lambda: secrets.token_urlsafe(18)}
