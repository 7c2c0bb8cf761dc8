"""Lists from the database, for when the engine does not answer: slower, without words.

The cards are the ones the index would give, in the same neutral order of the day.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, false, or_, select
from sqlalchemy.orm import Session

from marketplace.indexing.building import OUTSIDE
from marketplace.indexing.documents import entries, load
from marketplace.models import CaseStudy, Membership, Organisation, Product, Provider
from marketplace.phases import PUBLIC_PHASES
from marketplace.services.vocabulary import Vocabulary
from search import Document, tie_value

FILTERS = ("segment", "type", "district")
"""What the database can filter by; other conditions are left out, and the page says so."""

MODELS: dict[str, type[Any]] = {"provider": Provider, "product": Product, "case": CaseStudy}


def browse(
    session: Session,
    words: Vocabulary,
    kind: str,
    filters: Mapping[str, Sequence[str]],
    day: date,
    offset: int,
    size: int,
) -> tuple[int, list[Document]]:
    """The number of public things of ``kind`` and the documents from ``offset`` on."""
    rows = session.execute(_public(kind, filters)).all()
    order = sorted(rows, key=lambda row: tie_value(f"{kind}:{row.id}", day))
    page = order[offset : offset + size]
    wanted = {f"{kind}:{row.id}": place for place, row in enumerate(page)}
    found = [
        entry
        for provider in load(session, sorted({row.provider_id for row in page}))
        for entry in entries(provider, words)
        if isinstance(entry, Document) and entry.id in wanted
    ]
    return len(rows), sorted(found, key=lambda entry: wanted[entry.id])


def _public(kind: str, filters: Mapping[str, Sequence[str]]) -> Select[Any]:
    """(id, provider_id) of what is public; the same rule as ``documents`` without its JSON part."""
    listed = select(Membership.provider_id).where(Membership.phase.in_(PUBLIC_PHASES))
    if filters.get("segment"):
        listed = listed.where(Membership.segment.in_(filters["segment"]))
    if filters.get("type"):
        listed = listed.where(Membership.type.in_(filters["type"]))
    model = MODELS[kind]
    provider_id = Provider.id if kind == "provider" else model.provider_id
    statement = select(model.id.label("id"), provider_id.label("provider_id")).where(
        model.hidden_at.is_(None), provider_id.in_(listed)
    )
    if kind != "provider":
        shown = select(Provider.id).where(Provider.hidden_at.is_(None))
        statement = statement.where(provider_id.in_(shown))
    if kind == "case":
        statement = statement.where(CaseStudy.client_consent)
        if filters.get("segment"):
            statement = statement.where(CaseStudy.segment.in_(filters["segment"]))
    return _in_districts(statement, kind, filters.get("district", ()))


def _in_districts(statement: Select[Any], kind: str, districts: Sequence[str]) -> Select[Any]:
    if not districts:
        return statement
    column = CaseStudy.district if kind == "case" else Organisation.district
    outside = column.is_(None) if OUTSIDE in districts else false()
    condition = or_(column.in_(districts), outside)
    if kind == "case":
        return statement.where(condition)
    inside = select(Provider.id).join(Organisation).where(condition)
    provider_id = Provider.id if kind == "provider" else MODELS[kind].provider_id
    return statement.where(provider_id.in_(inside))
