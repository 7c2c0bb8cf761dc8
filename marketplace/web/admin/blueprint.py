"""The blueprint alone, so that the modules of its views can import it."""

from flask import Blueprint

blueprint = Blueprint("admin", "marketplace.web.admin", url_prefix="/admin")
