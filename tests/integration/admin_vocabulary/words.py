"""Words of the vocabulary as their forms send them."""

import secrets
from datetime import date
from typing import Any

from sqlalchemy import select

from marketplace.db import Database
from marketplace.models import Term

DAY = date(2026, 11, 2)


def key() -> str:
    """A key of a form that was never sent."""
    return secrets.token_hex(10)


def term_of(database: Database, kind: str, code: str) -> Term:
    """The word as it stands."""
    with database.reading() as session:
        return session.scalars(select(Term).where(Term.kind == kind, Term.code == code)).one()


def form(term: Term, **changes: str) -> dict[str, Any]:
    """The form of a word, unchanged but for ``changes``."""
    return {
        "form_key": key(),
        "version": str(term.version),
        "name": term.name,
        "short_name": term.short_name,
        "aliases": "\n".join(term.aliases),
        "direction": term.data.get("direction", "two_way") if term.kind == "synonym" else "",
        "active": "1" if term.active else "",
        "reason": "测试",
        **changes,
    }
