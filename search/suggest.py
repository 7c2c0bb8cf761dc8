"""Suggestions while typing: terms of the trade, providers, products and cases.

What begins with the typed text comes first, then what has it inside, then names whose pinyin or
first letters it begins, at last, when there is little else, what was probably meant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from search.analysis.entries import Stored
from search.analysis.highlight import Segment, mark_letters
from search.analysis.names import KINDS as NAMED
from search.analysis.names import LONGEST_PREFIX, pairs_of
from search.analysis.normal import normal
from search.analysis.queries import Analyzer
from search.analysis.tokens import fine_tokens, name_key
from search.counting import Cache
from search.engines import Glance, Row, View
from search.fields import KINDS
from search.names import Names
from search.plan import RUNGS, Best, Boost, Filters, Node, Phrase, Term, match, text_nodes
from search.ties import FIXED

LONGEST_TYPED = 60
ENOUGH = 3  # suggestions; with fewer, spelling is tried; letters may just be unfinished
MOST = 20
MOST_TERMS = 3
MOST_LIKELY = 4
TERM = "term"
_TERMS = (None, TERM)
Found = str | Row
"""A word of the trade, or a thing in the index."""


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

    def __init__(self, analyzer: Analyzer, names: Names) -> None:
        self._analyzer = analyzer
        self._names = names
        self._found = Cache[bool]()
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
        words = self._analyzer.lexicon.starting(key, MOST_TERMS * 3) if kind in _TERMS else ()
        asked = [] if kind == TERM else _asked(view, typed, key, kind, limit)
        called, *others = self._glance(view, words, asked) or [[]]
        things = [row for rows in others for row in rows]
        terms = self._useful(view, words)
        if not called and len(terms) + len(things) < (1 if key.isascii() else ENOUGH):
            more, rows = self._likely(view, key, kind, limit)
            terms, things = terms + more, things + rows
        mixed = _mixed(list(dict.fromkeys(terms)), _once([*called, *things]), limit)
        return tuple(self._shown(each, key) for each in mixed)

    def _glance(self, view: View, words: Sequence[str], asked: Sequence[Glance]) -> list[list[Row]]:
        """The rows asked for; on the way whether the first of the words are found."""
        nodes = [self._node(view, word) for word in words[:MOST_TERMS]]
        unknown = [node for node in nodes if self._found.get((view.revision, node)) is None]
        first = [Glance(node, (), 1) for node in unknown]
        answers = view.glance(FIXED, [*first, *asked])
        for node, rows in zip(unknown, answers, strict=False):
            self._found.put((view.revision, node), bool(rows))
        return answers[len(first) :]

    def _shown(self, found: Found, key: str) -> Suggestion:
        if isinstance(found, str):
            detail = next(iter(self._analyzer.synonyms_of(found)), "")
            return Suggestion(TERM, found, None, detail, mark_letters(found, key))
        stored = Stored.read(found.card)
        marks = mark_letters(stored.title, key)
        return Suggestion(_kind(found), stored.title, found.id, stored.detail, marks)

    def _useful(self, view: View, words: Iterable[str]) -> list[str]:
        """The first of the words that find something, be it by a synonym."""
        return list(islice((word for word in words if self._is_found(view, word)), MOST_TERMS))

    def _is_found(self, view: View, word: str) -> bool:
        key = (view.revision, self._node(view, word))
        known = self._found.get(key)
        if known is None:
            (rows,) = view.glance(FIXED, [Glance(key[1], (), 1)])
            known = self._found.put(key, bool(rows))
        return known

    def _node(self, view: View, word: str) -> Node:
        return match(self._analyzer.read(word), view.meta.dictionary, RUNGS[0])

    def _likely(
        self, view: View, key: str, kind: str | None, limit: int
    ) -> tuple[list[str], list[Row]]:
        """Words and things that were perhaps meant."""
        words = [each.word for each in self._analyzer.lexicon.likely(key)] if kind in _TERMS else []
        likely = () if kind in (TERM, "case") else self._names.likely(view, key)[:MOST_LIKELY]
        asked = [
            each
            for one in dict.fromkeys(name_key(normal(name.word)) for name in likely)
            for each in (_called(one, kind, limit), *_begun(one, kind, limit))
        ]
        rows = [row for rows in self._glance(view, words, asked) for row in rows]
        return self._useful(view, words), rows


def _asked(view: View, typed: str, key: str, kind: str | None, limit: int) -> list[Glance]:
    """What is called exactly so, what begins so, what has it inside; each kind by itself, so that
    however much there is of one, the others are seen.
    """
    nodes = tuple(node for node in text_nodes(typed, view.meta.dictionary) if _in_name(node))
    kinds = KINDS if kind is None else (kind,)
    inside = [Glance(Best(nodes), _inside(each, typed), limit) for each in kinds if nodes]
    return [_called(key, kind, limit), *_begun(key, kind, limit), *inside]


def _called(key: str, kind: str | None, limit: int) -> Glance:
    return Glance(Best((Term("name", key), Term("py", key))), _only(kind), limit)


def _begun(key: str, kind: str | None, limit: int) -> list[Glance]:
    """Providers and products whose name begins so."""
    begins = Term("k", key[:LONGEST_PREFIX])
    kinds = [each for each in NAMED if kind in (None, each)]
    return [Glance(begins, _only(each), limit) for each in kinds]


def _in_name(node: Node) -> bool:
    inner = node.node if isinstance(node, Boost) else node
    return isinstance(inner, Term | Phrase) and inner.field.startswith(("title", "alias"))


def _inside(kind: str, typed: str) -> Filters:
    """Only the kind; where names have pairs, by these, so that few are looked into."""
    pairs = pairs_of(kind, fine_tokens(typed)) if kind in NAMED else ()
    return tuple(("pair", (pair,)) for pair in pairs) or _only(kind)


def _only(kind: str | None) -> Filters:
    return (("kind", (kind,)),) if kind else ()


def _kind(row: Row) -> str:
    return row.id.partition(":")[0]


def _once(rows: Iterable[Row]) -> list[Row]:
    return list({row.id: row for row in rows}.values())


def _mixed(terms: Sequence[str], things: Sequence[Row], limit: int) -> Iterator[Found]:
    """A few of each kind; room that one kind leaves is given to the others in turn."""
    groups: list[Sequence[Found]] = [
        terms,
        *([each for each in things if _kind(each) == kind] for kind in KINDS),
    ]
    taken = [0] * len(groups)
    left = limit
    while left and any(taken[at] < len(group) for at, group in enumerate(groups)):
        for at, group in enumerate(groups):
            if left and taken[at] < len(group):
                taken[at] += 1
                left -= 1
    for at, group in enumerate(groups):
        yield from group[: taken[at]]
