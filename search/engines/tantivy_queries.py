"""The schema of tantivy and the translation of plans into its query objects.

No query text is ever parsed: what a visitor types can only become a value.
"""

from collections.abc import Iterable, Sequence
from functools import cache, lru_cache, singledispatch

from tantivy import (
    Document,
    FieldType,
    Index,
    Occur,
    Query,
    Schema,
    SchemaBuilder,
    TextAnalyzerBuilder,
    Tokenizer,
)

from search.analysis.entries import Entry
from search.engines import Order, Place
from search.fields import FIELDS, KEYWORDS, Field, FieldKind
from search.plan import (
    Best,
    Boost,
    Combine,
    Everything,
    Exactly,
    Filters,
    Node,
    Nothing,
    Phrase,
    Term,
)

WHITESPACE = "blanks"
MOST = 2**63 - 1
FEW_VALUES = 16  # up to which single terms are quicker than a set, which is gathered beforehand


@cache
def schema() -> Schema:
    """The tantivy schema of FIELDS."""
    builder = SchemaBuilder()
    for field in FIELDS:
        _ADDERS[field.kind](builder, field)
    return builder.build()


def _add_text(builder: SchemaBuilder, field: Field) -> None:
    builder.add_text_field(f"{field.name}_b", tokenizer_name=WHITESPACE, index_option="position")
    builder.add_text_field(f"{field.name}_d", tokenizer_name=WHITESPACE, index_option="freq")
    if field.chars:
        builder.add_text_field(f"{field.name}_c", tokenizer_name=WHITESPACE, index_option="basic")


def _add_keyword(builder: SchemaBuilder, field: Field) -> None:
    builder.add_text_field(
        field.name,
        tokenizer_name="raw",
        index_option="basic",
        stored=field.name == "id",
        fast=field.facet or field.counted,
    )


def _add_integer(builder: SchemaBuilder, field: Field) -> None:
    # Never add_unsigned_field: it takes a Python int for a signed one and kills the writer.
    builder.add_integer_field(field.name, indexed=True, fast=True)


def _add_stored(builder: SchemaBuilder, field: Field) -> None:
    builder.add_bytes_field(field.name, stored=True)


_ADDERS = {
    FieldKind.TEXT: _add_text,
    FieldKind.KEYWORD: _add_keyword,
    FieldKind.INTEGER: _add_integer,
    FieldKind.STORED: _add_stored,
}


def prepare(index: Index) -> None:
    """Tokenizers belong to the index object, not to the files; reloading is done by hand."""
    index.register_tokenizer(WHITESPACE, TextAnalyzerBuilder(Tokenizer.whitespace()).build())
    index.config_reader(reload_policy="manual")


def tantivy_document(entry: Entry) -> Document:
    """An entry as tantivy takes it."""
    document = Document()
    for name, text in entry.texts.items():
        if text:
            document.add_text(name, text)
    for name, values in entry.keywords.items():
        for value in values:
            document.add_text(name, value)
    for name, number in entry.integers.items():
        document.add_integer(name, number)
    document.add_bytes("card", entry.card)
    return document


def tantivy_query(match: Node, filters: Filters) -> Query:
    """Plan and filters as one query; filters do not change scores."""
    query = _translated(match)
    if not filters:
        return query
    parts = [(Occur.Must, query)]
    for field, values in filters:
        parts.append((Occur.Must, Query.const_score_query(_one_of(field, values), 0.0)))
    return Query.boolean_query(parts)


def unscored_query(match: Node, filters: Filters) -> Query:
    """What both match, for answers without scores. The filters stand beside each alternative:
    tantivy reads a union window by window, however little of it the filters leave.
    """
    if isinstance(match, Boost | Exactly):
        return unscored_query(match.node, filters)
    if isinstance(match, Best):
        return _any(unscored_query(node, filters) for node in match.nodes)
    if isinstance(match, Combine) and len(match.must) == 1 and not match.at_least:
        return unscored_query(match.must[0], filters)
    parts = [_translated(match), *(_one_of(field, values) for field, values in filters)]
    return Query.boolean_query([(Occur.Must, part) for part in parts])


def _one_of(field: str, values: Sequence[str]) -> Query:
    """Documents that have one of the values, whatever their score."""
    if len(values) > FEW_VALUES:
        return Query.term_set_query(schema(), field, list(values))
    terms = [Query.term_query(schema(), field, value) for value in values]
    return terms[0] if len(terms) == 1 else _any(terms)


def _any(queries: Iterable[Query]) -> Query:
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def with_value(query: Query, field: str, value: int) -> Query:
    """Narrow a query to one value of an integer field."""
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, between(field, value, value))])


def both(one: Query, other: Query) -> Query:
    """What matches both; only for answers without scores."""
    return Query.boolean_query([(Occur.Must, one), (Occur.Must, other)])


def behind(order: Order, place: Place) -> Query:
    """Documents that come after a place in an order."""
    value, tie = place
    later = between(order.tie, tie + 1, MOST)
    if order.field is None:
        return later
    beyond = (MOST * -1 - 1, value - 1) if order.descending else (value + 1, MOST)
    parts = [both(between(order.field, value, value), later)]
    if beyond[0] <= beyond[1]:
        parts.append(between(order.field, *beyond))
    return _any(parts)


def between(field: str, low: int, high: int) -> Query:
    """Documents whose integer lies in low … high, both included."""
    return Query.range_query(schema(), field, FieldType.Integer, low, high)


@lru_cache(maxsize=100)
def _translated(node: Node) -> Query:
    """One search asks the same of its page and of each of its facets."""
    return _translate(node)


@singledispatch
def _translate(node: Node) -> Query:
    raise TypeError(f"not a plan: {node!r}")


@_translate.register
def _(node: Everything) -> Query:
    return Query.all_query()


@_translate.register
def _(node: Nothing) -> Query:
    return Query.empty_query()


@_translate.register
def _(node: Term) -> Query:
    query = Query.term_query(schema(), node.field, node.value)
    # An exact value is there or not: how rare it is says nothing.
    return Query.const_score_query(query, 1.0) if node.field in KEYWORDS else query


@_translate.register
def _(node: Phrase) -> Query:
    words: list[str | tuple[int, str]] = list(node.tokens)
    return Query.phrase_query(schema(), node.field, words)


@_translate.register
def _(node: Boost) -> Query:
    return Query.boost_query(_translate(node.node), node.factor)


@_translate.register
def _(node: Exactly) -> Query:
    return Query.const_score_query(_translate(node.node), node.score)


@_translate.register
def _(node: Best) -> Query:
    return Query.disjunction_max_query([_translate(each) for each in node.nodes], node.tie_breaker)


@_translate.register
def _(node: Combine) -> Query:
    parts = [(Occur.Must, _translate(each)) for each in node.must]
    parts += [(Occur.Should, _translate(each)) for each in node.should]
    return Query.boolean_query(parts, minimum_number_should_match=node.at_least)
