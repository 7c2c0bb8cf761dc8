"""What operators and editors are told about the index; plain values, no types of ``search``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.indexing.building import NAMED_KINDS
from marketplace.indexing.wiring import Catalogue, terms
from marketplace.outbox import QueueStatus
from marketplace.services.searching.vocabulary import Vocabulary
from search import (
    IndexMismatch,
    IndexMissing,
    SearchError,
    SearchRequest,
    new_terms,
    status,
)

OK = "ok"
HASHES = ("schema", "analysis", "words")
IN_DOCUMENTS = frozenset("provider_type" if kind == "type" else kind for kind in NAMED_KINDS)
"""Kinds of vocabulary whose names stand in the text of documents."""


@dataclass(frozen=True)
class Fingerprint:
    """One hash of how an index is made: of the one in use (empty: unknown), and of this program."""

    name: str
    index: str
    program: str

    @property
    def same(self) -> bool:
        """Whether this program can read and write such an index."""
        return self.index in ("", self.program)


@dataclass(frozen=True)
class Standing:
    """How the index stands. ``facts`` are the engine's own; ``new_terms`` wait for a rebuild."""

    state: str
    reason: str
    facts: Mapping[str, str | int]
    fingerprints: Sequence[Fingerprint]
    new_terms: Sequence[str]
    queue: QueueStatus

    @property
    def healthy(self) -> bool:
        """Whether it answers."""
        return self.state == OK

    @property
    def mismatched(self) -> bool:
        """Whether the index was made by another release and must be rebuilt."""
        return self.state == IndexMismatch.__name__

    @property
    def missing(self) -> bool:
        """Whether there is no index at all."""
        return self.state == IndexMissing.__name__


def standing(catalogue: Catalogue, session: Session) -> Standing:
    """Ask the engine and the queue; an engine that is down is told, not raised."""
    words = Vocabulary.load(session)
    facts = dict(status(catalogue.engine, terms(words)))
    pairs = [(name, facts.pop(name, ""), facts.pop(f"program_{name}", "")) for name in HASHES]
    facts.pop("new_terms", None)
    state, reason = str(facts.pop("state", "")), str(facts.pop("reason", ""))
    if state == OK:
        state, reason = _searched(catalogue)
    return Standing(
        state=state,
        reason=reason,
        facts=facts,
        fingerprints=[Fingerprint(name, str(index), str(ours)) for name, index, ours in pairs],
        new_terms=waiting_terms(catalogue, words),
        queue=outbox.status(session, outbox.INDEX),
    )


def _searched(catalogue: Catalogue) -> tuple[str, str]:
    """State and reason as a visitor's search finds them, cards of another release included."""
    try:
        catalogue.search(SearchRequest(clock.today(), per_page=1))
    except SearchError as error:
        return type(error).__name__, str(error)
    return OK, ""


def waiting_terms(catalogue: Catalogue, words: Vocabulary) -> tuple[str, ...]:
    """Words of the trade the index does not know as words yet; empty when it does not answer."""
    try:
        return new_terms(catalogue.engine, terms(words))
    except SearchError:
        return ()


@dataclass(frozen=True)
class Effect:
    """What an edit of the vocabulary needs to be felt: it counts at once, always; with a rebuild
    these ``terms`` are found faster and more exactly, and a ``renamed`` word loses its old name.
    """

    terms: tuple[str, ...]
    renamed: bool

    @property
    def wants_rebuild(self) -> bool:
        """Whether a rebuild is to be offered."""
        return bool(self.terms) or self.renamed


def effect_of(
    catalogue: Catalogue, before: Vocabulary, after: Vocabulary, kind: str, code: str
) -> Effect:
    """What changing one word from ``before`` to ``after`` needs."""
    new = set(waiting_terms(catalogue, after)) - set(waiting_terms(catalogue, before))
    old, now = before.get(kind, code), after.get(kind, code)
    renamed = kind in IN_DOCUMENTS and old is not None and now is not None and old.name != now.name
    return Effect(tuple(sorted(new)), renamed)
