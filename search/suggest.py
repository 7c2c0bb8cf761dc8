"""Suggestions while typing: terms of the trade, providers, products and cases.

What begins with the typed text comes first, then what has it inside, then names whose pinyin or
first letters it begins, at last, when there is little else, what was probably meant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from search.analysis.entries import Stored
from search.analysis.highlight import Segment, mark_letters
from search.analysis.names import LONGEST_PREFIX, LONGEST_TEXT_PREFIX
from search.analysis.normal import normal
from search.analysis.queries import Analyzer
from search.analysis.tokens import name_key
from search.counting import Cache, Counter
from search.engines import Order, Row, View
from search.names import Names
from search.plan import RUNGS, Best, Boost, Exactly, Filters, Node, Term, match, text_nodes

LONGEST_TYPED = 60
ENOUGH = 3  # suggestions; with fewer, spelling is tried
MOST_TERMS = 3
KINDS = ("provider", "product", "case")
TERM = "term"
BEGINS, CONTAINS = 4.0, 2.0
_ORDER = Order("tie_0")  # suggestions must not jump about from day to day


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
        things = self._things(view, _plan(view, typed, key), key, kind, limit)
        if len(terms) + len(things) < ENOUGH:
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
        self, view: View, node: Node | None, key: str, kind: str | None, limit: int
    ) -> list[Suggestion]:
        if node is None or kind == TERM:
            return []
        total, rows = view.top(node, _only(kind), _ORDER, 0, limit)
        if kind is None and total > limit:
            # More than fits: the best of each kind, so that none crowds out the others.
            kinds = (view.top(node, _only(each), _ORDER, 0, limit)[1] for each in KINDS)
            rows = [row for group in kinds for row in group]
        return [_thing(row, key) for row in rows]

    def _likely_things(
        self, view: View, key: str, kind: str | None, limit: int
    ) -> list[Suggestion]:
        likely = self._names.likely(view, key)[:limit]
        nodes = [
            Exactly(Term("k", each.word[:LONGEST_TEXT_PREFIX]), float(limit - place))
            for place, each in enumerate(likely)
        ]
        return self._things(view, Best(tuple(nodes)) if nodes else None, key, kind, limit)


def _plan(view: View, typed: str, key: str) -> Node | None:
    begins = Exactly(Term("k", key[:LONGEST_PREFIX]), BEGINS)
    nodes = text_nodes(typed, view.meta.dictionary)
    inside = [node for node in nodes if _in_name(node)]
    return Best((begins, *(Exactly(node, CONTAINS) for node in inside)), tie_breaker=0.0)


def _in_name(node: Node) -> bool:
    inner = node.node if isinstance(node, Boost) else node
    field = getattr(inner, "field", "")
    return field.startswith(("title", "alias"))


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
