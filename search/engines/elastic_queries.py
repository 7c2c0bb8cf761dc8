"""The mapping of Elasticsearch and the translation of plans into its queries.

No query text is ever parsed by the server: what a visitor types can only become a value.
"""

from functools import singledispatch
from typing import Any

from search.analysis.entries import Entry
from search.engines.meta import Meta
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

Query = dict[str, Any]
LONGEST_KEYWORD = 8000  # characters; Lucene takes terms of 32,766 bytes
EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}


def mapping(meta: Meta) -> dict[str, Any]:
    """The mapping of FIELDS; nothing outside it is taken, and only cards are given back."""
    properties: dict[str, Any] = {}
    for field in FIELDS:
        properties |= _MAPPERS[field.kind](field)
    return {
        "dynamic": "strict",
        "_meta": meta.to_json(),
        "_source": {"includes": ["card"]},
        "properties": properties,
    }


def _text(field: Field) -> dict[str, Any]:
    kinds = {"b": "positions", "d": "freqs"} | ({"c": "docs"} if field.chars else {})
    return {
        f"{field.name}_{suffix}": {
            "type": "text", "analyzer": "whitespace", "index_options": options,
        }
        for suffix, options in kinds.items()
    }  # fmt: skip


def _keyword(field: Field) -> dict[str, Any]:
    counted = field.facet or field.counted
    return {field.name: {"type": "keyword", "ignore_above": LONGEST_KEYWORD, "doc_values": counted}}


def _integer(field: Field) -> dict[str, Any]:
    return {field.name: {"type": "long"}}


def _stored(field: Field) -> dict[str, Any]:
    return {field.name: {"type": "object", "enabled": False}}


_MAPPERS = {
    FieldKind.TEXT: _text,
    FieldKind.KEYWORD: _keyword,
    FieldKind.INTEGER: _integer,
    FieldKind.STORED: _stored,
}


def source_of(entry: Entry) -> dict[str, Any]:
    """An entry as Elasticsearch takes it; the card goes as a text, so that it comes back the same
    to the last byte.
    """
    source: dict[str, Any] = {name: text for name, text in entry.texts.items() if text}
    source |= {name: list(values) for name, values in entry.keywords.items() if values}
    source |= entry.integers
    source["card"] = entry.card.decode()
    return source


def elastic_query(match: Node, filters: Filters) -> Query:
    """Plan and filters as one query; filters do not change scores."""
    query = _translate(match)
    if not filters:
        return query
    wanted = [{"terms": {field: list(values)}} for field, values in filters]
    return {"bool": {"must": [query], "filter": wanted}}


@singledispatch
def _translate(node: Node) -> Query:
    raise TypeError(f"not a plan: {node!r}")


@_translate.register
def _(node: Everything) -> Query:
    return EVERYTHING


@_translate.register
def _(node: Nothing) -> Query:
    return NOTHING


@_translate.register
def _(node: Term) -> Query:
    query = {"term": {node.field: {"value": node.value}}}
    return {"constant_score": {"filter": query}} if node.field in KEYWORDS else query


@_translate.register
def _(node: Phrase) -> Query:
    return {"match_phrase": {node.field: {"query": " ".join(node.tokens)}}}


@_translate.register
def _(node: Boost) -> Query:
    return {"bool": {"must": [_translate(node.node)], "boost": node.factor}}


@_translate.register
def _(node: Exactly) -> Query:
    return {"constant_score": {"filter": _translate(node.node), "boost": node.score}}


@_translate.register
def _(node: Best) -> Query:
    if not node.nodes:
        return NOTHING
    queries = [_translate(each) for each in node.nodes]
    return {"dis_max": {"queries": queries, "tie_breaker": node.tie_breaker}}


@_translate.register
def _(node: Combine) -> Query:
    if not node.must and not node.should:
        return NOTHING
    parts: Query = {}
    if node.must:
        parts["must"] = [_translate(each) for each in node.must]
    if node.should:
        parts["should"] = [_translate(each) for each in node.should]
    # Without anything demanded, one of the others is: that is what both engines do.
    least = node.at_least if node.must else max(1, node.at_least)
    if node.should and least:
        parts["minimum_should_match"] = least
    return {"bool": parts}
