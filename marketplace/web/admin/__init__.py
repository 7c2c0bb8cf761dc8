"""Organisations, users, roles, sessions, records, vocabulary and index: for administrators."""

from marketplace.web.admin import (
    audit,
    organisations,
    overview,
    records,
    roles,
    search,
    users,
    vocabulary,
    webhooks,
)
from marketplace.web.admin.blueprint import blueprint

__all__ = [
    "audit",
    "blueprint",
    "organisations",
    "overview",
    "records",
    "roles",
    "search",
    "users",
    "vocabulary",
    "webhooks",
]
