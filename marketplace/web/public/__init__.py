"""The open marketplace: pages for everybody."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from marketplace.web.public import results  # noqa: E402  views register themselves

__all__ = ["blueprint", "results"]
