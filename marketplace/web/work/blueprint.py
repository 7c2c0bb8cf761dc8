"""The blueprint of the staff pages."""

import secrets
from typing import Any

from flask import Blueprint

from marketplace.errors import NotFound
from marketplace.schemas.pool import LARGEST_ID

blueprint = Blueprint("work", __name__, url_prefix="/work")


@blueprint.app_template_global()
def form_key() -> str:
    """The hidden key that lets a form take effect once."""
    return secrets.token_urlsafe(18)


@blueprint.url_value_preprocessor
def _known_numbers(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """A number no row can have is nobody's address, not an error of the database."""
    if any(isinstance(value, int) and value > LARGEST_ID for value in (values or {}).values()):
        raise NotFound
