"""Organisations, users, roles, sessions, records, vocabulary and index: for administrators."""

from marketplace.web.admin import (
    organisations,
    overview,
    records,
    roles,
    search,
    users,
    vocabulary,
)
from marketplace.web.admin.blueprint import blueprint

__all__ = [
    "blueprint",
    "organisations",
    "overview",
    "records",
    "roles",
    "search",
    "users",
    "vocabulary",
]
