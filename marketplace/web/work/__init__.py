"""Pages for city and district staff."""

from flask import Blueprint

blueprint = Blueprint("work", __name__, url_prefix="/work")
