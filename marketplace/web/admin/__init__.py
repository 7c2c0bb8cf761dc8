"""Organisations, users, roles, sessions and records: pages for the administrators."""

from marketplace.web.admin import organisations, overview, records, roles, users
from marketplace.web.admin.blueprint import blueprint

__all__ = ["blueprint", "organisations", "overview", "records", "roles", "users"]
