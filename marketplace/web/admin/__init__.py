"""Organisations, users, roles, sessions and records: pages for the administrators."""

from flask import Blueprint

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
