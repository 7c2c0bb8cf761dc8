"""Lists from the database, for when the engine does not answer: slower, without words.

The cards are the ones the index would give, in the same neutral order of the day.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from heapq import nsmallest
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Exists,
    Row,
    Select,
    Text,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from marketplace.indexing.building import OUTSIDE
from marketplace.indexing.documents import entries, load
from marketplace.models import CaseStudy, Membership, Organisation, Product, Provider
from marketplace.phases import PUBLIC_PHASES
from marketplace.services.searching.vocabulary import Vocabulary
from search import Document, tie_value

FILTERS = ("segment", "type", "district", "size")
"""What the database can filter by; other conditions are left out, and the page says so."""

Filters = Mapping[str, Sequence[str]]
Rows = Sequence[Row[*tuple[Any, ...]]]
Statement = Select[*tuple[Any, ...]]


def browse(
    session: Session,
    words: Vocabulary,
    kind: str,
    filters: Filters,
    day: date,
    offset: int,
    size: int,
) -> tuple[int, list[Document]]:
    """The number of public things of ``kind`` and the documents from ``offset`` on."""
    rows = PUBLIC[kind](session, filters)
    # Of 100,000 rows a page needs few: picking those costs half of sorting all.
    first = nsmallest(offset + size, rows, key=lambda row: tie_value(f"{kind}:{row.id}", day))
    page = first[offset:]
    wanted = {f"{kind}:{row.id}": place for place, row in enumerate(page)}
    found = [
        entry
        for provider in load(session, sorted({row.provider_id for row in page}))
        for entry in entries(provider, words, wanted.__contains__)
        if isinstance(entry, Document)
    ]
    return len(rows), sorted(found, key=lambda entry: wanted[entry.id])


def newest(
    session: Session, words: Vocabulary, kind: str, filters: Filters, size: int
) -> list[Document]:
    """The documents that changed last, the newest first."""
    public = {row.id: row.provider_id for row in PUBLIC[kind](session, filters)}
    entered = _entered(session)
    rows = session.execute(select(MODELS[kind].id, MODELS[kind].updated_at))
    when = {
        id_: max(changed, entered[public[id_]]) for id_, changed in rows if id_ in public
    }  # about the index's own moment: enough to choose, the documents tell it exactly
    latest = sorted(when, key=lambda id_: (when[id_], id_), reverse=True)[:size]
    wanted = {f"{kind}:{id_}" for id_ in latest}
    found = [
        entry
        for provider in load(session, sorted({public[id_] for id_ in latest}))
        for entry in entries(provider, words, wanted.__contains__)
        if isinstance(entry, Document)
    ]
    return sorted(found, key=lambda entry: entry.numbers["updated"], reverse=True)


def _entered(session: Session) -> dict[int, datetime]:
    """When each provider last got a place in the pool."""
    rows = session.execute(
        select(Membership.provider_id, func.max(Membership.created_at))
        .where(Membership.phase.in_(PUBLIC_PHASES))
        .group_by(Membership.provider_id)
    )
    return {row[0]: row[1] for row in rows}


def offered(session: Session) -> dict[str, frozenset[str]]:
    """Types and segments that anybody is listed under: what there is to choose from."""
    rows = session.execute(
        select(Membership.type, Membership.segment)
        .where(Membership.phase.in_(PUBLIC_PHASES))
        .distinct()
    ).all()
    return {
        "type": frozenset(row.type for row in rows),
        "segment": frozenset(row.segment for row in rows),
    }


def _listed(filters: Filters, *names: str) -> Exists:
    """Whether a provider has a public place that passes the filters called ``names``."""
    chosen = [getattr(Membership, name).in_(filters[name]) for name in names if filters.get(name)]
    # Not ``id IN (…)``: joined with a filter, SQLite goes through that whole list for each row.
    return exists().where(
        Membership.provider_id == Provider.id, Membership.phase.in_(PUBLIC_PHASES), *chosen
    )


def _providers(session: Session, filters: Filters) -> Rows:
    statement = _of_providers(select(Provider.id, Provider.id.label("provider_id")), filters)
    return _rows(session, statement.where(_listed(filters, "segment", "type")))


def _products(session: Session, filters: Filters) -> Rows:
    """A product counts in the segments in which its provider has the place asked for."""
    statement = select(Product.id, Product.provider_id).join(Product.provider)
    # As databases that agree on little can both say it: the list has the code of the place in it.
    listed_in = cast(Product.segments, Text)
    code = literal('"') + Membership.segment + literal('"')
    there = func.replace(listed_in, code, "") != listed_in
    statement = _of_providers(statement, filters).where(
        Product.hidden_at.is_(None), _listed(filters, "segment", "type").where(there)
    )
    if filters.get("size"):
        suited = cast(Product.suited_sizes, Text)
        statement = statement.where(
            or_(*(suited.contains(f'"{code}"', autoescape=True) for code in filters["size"]))
        )
    return _rows(session, statement)


def _cases(session: Session, filters: Filters) -> Rows:
    statement = select(CaseStudy.id, CaseStudy.provider_id).join(CaseStudy.provider)
    statement = statement.where(
        Provider.hidden_at.is_(None),
        _listed(filters, "type"),
        CaseStudy.hidden_at.is_(None),
        CaseStudy.client_consent,
    )
    if filters.get("segment"):
        statement = statement.where(CaseStudy.segment.in_(filters["segment"]))
    if filters.get("district"):
        statement = statement.where(_in_districts(CaseStudy.district, filters["district"]))
    return _rows(session, statement)


def _rows(session: Session, statement: Statement) -> Rows:
    """Plain rows: there are many, and the session would look at each for objects."""
    return session.connection().execute(statement).all()


PUBLIC = {"provider": _providers, "product": _products, "case": _cases}
"""(id, provider_id) of what is public of each kind: the rules of ``services.catalogue``."""


MODELS: dict[str, type[Any]] = {"provider": Provider, "product": Product, "case": CaseStudy}


def _of_providers(statement: Statement, filters: Filters) -> Statement:
    """Only of providers that are not hidden and sit in the districts asked for."""
    statement = statement.where(Provider.hidden_at.is_(None))
    if not filters.get("district"):
        return statement
    there = _in_districts(Organisation.district, filters["district"])
    return statement.join(Provider.organisation).where(there)


def _in_districts(column: Any, districts: Sequence[str]) -> ColumnElement[bool]:
    outside = or_(column.is_(None), column == "") if OUTSIDE in districts else false()
    return or_(column.in_(districts), outside)
