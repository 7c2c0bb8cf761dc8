"""The words staff may edit, read once and held for a few seconds per process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Term

HOLD_SECONDS = 4.0
"""How long a process may hold old words: an edit shows everywhere within five seconds."""


_COLUMNS = (
    Term.kind, Term.code, Term.name, Term.short_name, Term.aliases, Term.data, Term.active,
)  # fmt: skip


@dataclass(frozen=True)
class Word:
    """One term as pages and the index use it."""

    code: str
    name: str
    short_name: str = ""
    aliases: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    active: bool = True

    @property
    def label(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name


@dataclass(frozen=True)
class Vocabulary:
    """All terms by kind and code, in their order."""

    words: Mapping[str, Mapping[str, Word]]

    @classmethod
    def load(cls, session: Session) -> "Vocabulary":
        """Read the table: one query."""
        words: dict[str, dict[str, Word]] = {}
        # Plain rows: objects take twice as long, and every process reads them every few seconds.
        rows = session.execute(select(*_COLUMNS).order_by(Term.kind, Term.sort, Term.id))
        for kind, code, name, short_name, aliases, data, active in rows:
            word = Word(code, name, short_name, tuple(aliases), data, active)
            words.setdefault(kind, {})[code] = word
        return cls(words)

    def get(self, kind: str, code: str) -> Word | None:
        """The word, if known."""
        return self.words.get(kind, {}).get(code)

    def name(self, kind: str, code: str) -> str:
        """The full name; the code itself when it is unknown."""
        word = self.get(kind, code)
        return word.name if word else code

    def label(self, kind: str, code: str) -> str:
        """The short name; the code itself when it is unknown."""
        word = self.get(kind, code)
        return word.label if word else code

    def options(self, kind: str) -> Sequence[Word]:
        """The active words of a kind, in their order."""
        return [word for word in self.words.get(kind, {}).values() if word.active]

    def band(self, kind: str, value: Decimal | int) -> str:
        """The code of the band (``min`` ≤ value < ``max``) that ``value`` falls in, or ''."""
        for word in self.words.get(kind, {}).values():
            low, high = word.data.get("min"), word.data.get("max")
            if (low is None or value >= low) and (high is None or value < high):
                return word.code
        return ""


class FreshVocabulary:
    """The words of this moment for who asks often; the table is read again when it changed.

    Rows are never deleted and every change raises a row's version, so number and sum tell.
    """

    def __init__(self) -> None:
        self._held: tuple[tuple[int, int], Vocabulary] | None = None

    def of(self, session: Session) -> Vocabulary:
        """One cheap query, and the whole table only after a change."""
        count, versions = session.execute(select(func.count(), func.sum(Term.version))).one()
        stamp = (count, versions or 0)
        if self._held is None or self._held[0] != stamp:
            self._held = stamp, Vocabulary.load(session)
        return self._held[1]


class HeldVocabulary:
    """The vocabulary of a process; an edit shows within ``HOLD_SECONDS``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: Vocabulary | None = None
        self._until = 0.0

    def get(self) -> Vocabulary:
        """The vocabulary, read again when it is too old."""
        if self._held is None or monotonic() > self._until:
            with self._database.reading() as session:
                self._held = Vocabulary.load(session)
            self._until = monotonic() + HOLD_SECONDS
        return self._held
