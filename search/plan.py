"""A query as a small tree that every engine can translate.

Scores are BM25 of the engine; ``Exactly`` gives a fixed one. All nodes are values: they can be
compared and used as keys of caches.
"""

from dataclasses import dataclass
from math import ceil

from search.analysis.dictionary import Dictionary
from search.analysis.names import LONGEST_PREFIX
from search.analysis.normal import ONE_CJK, normal
from search.analysis.queries import Query, Reading, Unit
from search.analysis.tokens import fine_tokens
from search.fields import TEXTS

TIE_BREAKER = 0.1  # what the weaker fields of one unit add to the strongest
SYNONYM_FACTOR = 0.9
PHRASE_BOOST = 8.0
EXACT_NAME = 1000.0
EXACT_PINYIN = 500.0
PINYIN_FACTOR = 0.9
NAME_BY_LETTERS = 1.0  # a name that begins with the letters, when no word was read from them


@dataclass(frozen=True, slots=True)
class Everything:
    """All documents, with equal scores."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""


@dataclass(frozen=True, slots=True)
class Term:
    """One token or exact value in one field."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more tokens side by side in one field."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boost:
    """A node with its score multiplied."""

    node: "Node"
    factor: float


@dataclass(frozen=True, slots=True)
class Exactly:
    """A node with a fixed score."""

    node: "Node"
    score: float


@dataclass(frozen=True, slots=True)
class Best:
    """At least one of the nodes; the best score, plus a share of the others."""

    nodes: tuple["Node", ...]
    tie_breaker: float = TIE_BREAKER


@dataclass(frozen=True, slots=True)
class Combine:
    """All of ``must``, at least ``at_least`` of ``should``; the sum of their scores."""

    must: tuple["Node", ...] = ()
    should: tuple["Node", ...] = ()
    at_least: int = 0


Node = Everything | Nothing | Term | Phrase | Boost | Exactly | Best | Combine

# One group after the other; a document must have one of the values of each.
Filters = tuple[tuple[str, tuple[str, ...]], ...]

RUNGS = ("all", "some", "any")


def match(query: Query, dictionary: Dictionary, rung: str) -> Node:
    """The tree of a query on one rung of the ladder: ``all`` the usual demand, ``some`` a third
    of the words, ``any`` one of them.

    ``dictionary`` is the one the index was built with.
    """
    if query.blank:
        return Everything()
    found = tuple(_reading(reading, dictionary, rung) for reading in query.readings)
    if not found:
        return Nothing()
    base = found[0] if len(found) == 1 else Best(found, tie_breaker=0.0)
    return Combine(must=(base,), should=_favours(query))


def _reading(reading: Reading, dictionary: Dictionary, rung: str) -> Node:
    exact = [unit for unit in reading.units if unit.exact]
    plain = [unit for unit in reading.units if not unit.exact and not unit.optional]
    optional = tuple(unit_node(unit, dictionary) for unit in reading.units if unit.optional)
    must = [unit_node(unit, dictionary) for unit in exact]
    least = needed(len(plain), rung)
    nodes = tuple(unit_node(unit, dictionary) for unit in plain)
    if least == len(nodes):
        must += nodes
    else:
        must.append(Combine(should=nodes, at_least=least))
    return Combine(must=tuple(must), should=optional)


def needed(units: int, rung: str) -> int:
    """How many of the units a document must have."""
    if rung == "any":
        return min(units, 1)
    if rung == "some":
        return ceil(units / 3)
    if units <= 2:
        return units
    return units - 1 if units <= 5 else ceil(units * 0.6)


def can_relax(query: Query) -> bool:
    """Whether the lower rungs ask for less than ``all``."""
    return any(
        needed(count, "any") < needed(count, "all")
        for count in (
            sum(not unit.exact and not unit.optional for unit in reading.units)
            for reading in query.readings
        )
    )


def unit_node(unit: Unit, dictionary: Dictionary) -> Node:
    """Where a unit, or what would do instead, can be found."""
    nodes = text_nodes(unit.text, dictionary)
    for alternative in unit.alternatives:
        nodes += [Boost(node, SYNONYM_FACTOR) for node in text_nodes(alternative, dictionary)]
    for word in unit.pinyin:
        nodes += [Boost(node, PINYIN_FACTOR) for node in text_nodes(word, dictionary)]
    if unit.key:
        field = "k" if len(unit.key) <= LONGEST_PREFIX else "py"
        nodes.append(Exactly(Term(field, unit.key), NAME_BY_LETTERS))
    return Best(tuple(nodes))


def text_nodes(text: str, dictionary: Dictionary) -> list[Node]:
    """One node for each text field: a word of the dictionary, a single token, or a phrase."""
    folded = normal(text).strip()
    tokens = tuple(fine_tokens(folded))
    nodes: list[Node] = []
    for name, field in TEXTS.items():
        node = _field_node(name, folded, tokens, dictionary)
        if ONE_CJK.fullmatch(folded):
            node = Term(f"{name}_c", folded) if field.chars else None
        if node is not None:
            nodes.append(node if field.boost == 1 else Boost(node, field.boost))
    return nodes


def _field_node(
    name: str, folded: str, tokens: tuple[str, ...], dictionary: Dictionary
) -> Node | None:
    if folded in dictionary:
        return Term(f"{name}_d", folded)
    if not tokens:
        return None
    return Term(f"{name}_b", tokens[0]) if len(tokens) == 1 else Phrase(f"{name}_b", tokens)


def _favours(query: Query) -> tuple[Node, ...]:
    """What raises a document without being demanded: its whole name, the words side by side."""
    favours: list[Node] = []
    if query.key:
        favours.append(Exactly(Term("name", query.key), EXACT_NAME))
    if query.spelled:
        favours.append(Exactly(Term("py", query.key), EXACT_PINYIN))
    if len(query.tokens) > 1:
        phrases = (Phrase("title_b", query.tokens), Phrase("alias_b", query.tokens))
        favours.append(Boost(Best(phrases), PHRASE_BOOST))
    return tuple(favours)


def named(query: Query) -> Node:
    """Things whose whole name was typed, in characters or in letters."""
    return Best((Term("name", query.key), Term("py", query.key)))


def whole_phrase(query: Query, dictionary: Dictionary) -> Node:
    """Texts in which the words stand as they were typed, side by side."""
    return Best(tuple(text_nodes(query.text, dictionary)))
