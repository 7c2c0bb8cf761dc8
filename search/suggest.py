"""Suggestions while typing: terms of the trade, providers, products and cases.

What begins with the typed text comes first, then what has it inside, then names whose pinyin or
first letters it begins, at last, when there is little else, what was probably meant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from search.analysis.entries import Stored
from search.analysis.highlight import Segment, mark_letters
from search.analysis.names import KINDS as NAMED
from search.analysis.names import LONGEST_PREFIX
from search.analysis.normal import normal
from search.analysis.queries import Analyzer
from search.analysis.tokens import name_key
from search.counting import Cache, Counter
from search.engines import Order, Row, View
from search.fields import KINDS
from search.names import Names
from search.plan import RUNGS, Best, Boost, Filters, Node, Phrase, Term, match, text_nodes

LONGEST_TYPED = 60
ENOUGH = 3  # suggestions; with fewer, spelling is tried; letters may just be unfinished
MOST = 20
MOST_TERMS = 3
MOST_LIKELY = 4
TERM = "term"
# Always the same order among equals: suggestions must not jump about from day to day.
_ORDER = Order("tie_0", field="tie_0")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``kind``: ``provider``, ``product``, ``case`` or ``term``. ``text`` is what it is called,
    ``id`` the document (None for a term), ``detail`` a few words that tell it from others,
    ``marks`` the text in pieces, with what was typed marked.
    """

    kind: str
    text: str
    id: str | None
    detail: str
    marks: tuple[Segment, ...]


class Suggester:
    """Suggests from an index and the words of the trade. Shared by threads."""

    def __init__(self, analyzer: Analyzer, names: Names, counter: Counter) -> None:
        self._analyzer = analyzer
        self._names = names
        self._counter = counter
        self._kept = Cache[tuple[Suggestion, ...]]()

    def suggest(
        self, view: View, text: str, kind: str | None, limit: int
    ) -> tuple[Suggestion, ...]:
        """At most ``limit`` suggestions; never raises because of the text."""
        typed = normal(text[:LONGEST_TYPED]).strip()
        key = name_key(typed)
        limit = min(limit, MOST)
        if not key or limit < 1:
            return ()
        asked = (view.revision, typed, kind, limit)
        known = self._kept.get(asked)
        if known is None:
            known = self._kept.put(asked, self._find(view, typed, key, kind, limit))
        return known

    def _find(
        self, view: View, typed: str, key: str, kind: str | None, limit: int
    ) -> tuple[Suggestion, ...]:
        terms = self._terms(view, key) if kind in (None, TERM) else []
        things = self._things(view, typed, key, kind, limit)
        if len(terms) + len(things) < (1 if key.isascii() else ENOUGH):
            terms += self._likely_terms(view, key) if kind in (None, TERM) else []
            things += self._likely_things(view, key, kind, limit)
        return tuple(_mixed(_once(terms), _once(things), limit))

    # ---------------------------------------------------------------- terms

    def _terms(self, view: View, key: str) -> list[Suggestion]:
        return self._useful(view, key, self._analyzer.lexicon.starting(key, MOST_TERMS * 3))

    def _likely_terms(self, view: View, key: str) -> list[Suggestion]:
        likely = self._analyzer.lexicon.likely(key)
        return self._useful(view, key, [each.word for each in likely])

    def _useful(self, view: View, key: str, words: Iterable[str]) -> list[Suggestion]:
        """Those of the words that find something."""
        found: list[Suggestion] = []
        for word in words:
            if len(found) < MOST_TERMS and self._finds(view, word):
                detail = next(iter(self._analyzer.synonyms_of(word)), "")
                found.append(Suggestion(TERM, word, None, detail, mark_letters(word, key)))
        return found

    def _finds(self, view: View, word: str) -> bool:
        """Whether searching for it gives anything, be it by a synonym."""
        node = match(self._analyzer.read(word), view.meta.dictionary, RUNGS[0])
        return bool(self._counter.total(view, node))

    # ---------------------------------------------------------------- things

    def _things(
        self, view: View, typed: str, key: str, kind: str | None, limit: int
    ) -> list[Suggestion]:
        if kind == TERM:
            return []
        rows = _begun(view, key, kind, limit)
        if len(rows) < limit or kind is None:
            rows += _inside(view, typed, kind, limit)
        return [_thing(row, key) for row in rows]

    def _likely_things(
        self, view: View, key: str, kind: str | None, limit: int
    ) -> list[Suggestion]:
        if kind in (TERM, "case"):
            return []
        likely = self._names.likely(view, key)[:MOST_LIKELY]
        keys = (name_key(normal(each.word)) for each in likely)
        rows = [row for each in keys for row in _begun(view, each, kind, limit)]
        return [_thing(row, key) for row in rows]


def _begun(view: View, key: str, kind: str | None, limit: int) -> list[Row]:
    """Providers and products whose name begins so; what is called exactly so comes first."""
    begins = Term("k", key[:LONGEST_PREFIX])
    total, rows = view.top(begins, _only(kind), _ORDER, 0, limit)
    if total > limit:
        whole = Best((Term("name", key), Term("py", key)))
        rows = view.top(whole, _only(kind), _ORDER, 0, limit)[1]
        for each in NAMED if kind is None else (kind,):
            rows += view.top(begins, _only(each), _ORDER, 0, limit)[1]
        return rows
    return sorted(rows, key=lambda row: not _is_called(row, key))


def _is_called(row: Row, key: str) -> bool:
    stored = Stored.read(row.card)
    return key in (name_key(normal(name)) for name in (*stored.alias, stored.title))


def _inside(view: View, typed: str, kind: str | None, limit: int) -> list[Row]:
    """What has the typed text in its name; cases among it, however much else there is."""
    nodes = tuple(node for node in text_nodes(typed, view.meta.dictionary) if _in_name(node))
    if not nodes:
        return []
    total, rows = view.top(Best(nodes), _only(kind), _ORDER, 0, limit)
    if total > limit and kind is None:
        rows += view.top(Best(nodes), _only("case"), _ORDER, 0, limit)[1]
    return rows


def _in_name(node: Node) -> bool:
    inner = node.node if isinstance(node, Boost) else node
    return isinstance(inner, Term | Phrase) and inner.field.startswith(("title", "alias"))


def _only(kind: str | None) -> Filters:
    return (("kind", (kind,)),) if kind else ()


def _thing(row: Row, key: str) -> Suggestion:
    stored = Stored.read(row.card)
    kind = row.id.partition(":")[0]
    return Suggestion(kind, stored.title, row.id, stored.detail, mark_letters(stored.title, key))


def _once(found: Sequence[Suggestion]) -> list[Suggestion]:
    return list({(each.kind, each.id or each.text): each for each in found}.values())


def _mixed(
    terms: Sequence[Suggestion], things: Sequence[Suggestion], limit: int
) -> Iterator[Suggestion]:
    """A few of each kind; room that one kind leaves is given to the others in turn."""
    groups = [list(terms), *([each for each in things if each.kind == kind] for kind in KINDS)]
    taken = [0] * len(groups)
    left = limit
    while left and any(taken[at] < len(group) for at, group in enumerate(groups)):
        for at, group in enumerate(groups):
            if left and taken[at] < len(group):
                taken[at] += 1
                left -= 1
    for at, group in enumerate(groups):
        yield from group[: taken[at]]
