"""Read what a rehearsal starts from: the stored pool, and the other sheets of the staged file."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from marketplace.models import (
    Affiliation,
    Ban,
    Candidacy,
    ImportRow,
    Membership,
    Organisation,
    Provider,
    Quota,
    Round,
    Waiver,
)
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES, RowPhase
from marketplace.schemas.imports import Row
from marketplace.services.importing import pool_checks
from marketplace.services.importing.file_checks import chunked
from marketplace.services.importing.planning import Source
from marketplace.services.importing.rehearsal import Cell, Firm, Picture, Stored, Term
from marketplace.services.pool.admission_rules import Seat

FIRM = ("name", "segment", "registered_city")
Links = Iterable[tuple[str, str]]


def read(session: Session, job_id: int, sources: Sequence[Source]) -> Stored:
    """Everything that the places asked for by ``sources`` are compared with."""
    units = {source.unit for source in sources}
    stored_links = list(_stored_links(session))
    groups = grouped([*stored_links, *_filed_links(session, job_id)])
    groups = {code: members for code, members in groups.items() if not units.isdisjoint(members)}
    codes = sorted(units.union(groups))
    return Stored(
        rounds=pool_checks.all_rounds(session),
        firms=_firms(session, job_id, codes),
        groups=groups,
        known=frozenset(_known(session, sorted(units))),
        picture=_picture(session, codes),
    )


def grouped(links: Links) -> dict[str, list[str]]:
    """Code → all codes of its group, in order; codes without a link are left out."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for one, other in links:
        neighbours[one].add(other)
        neighbours[other].add(one)
    groups: dict[str, list[str]] = {}
    for start in sorted(neighbours):
        if start in groups:
            continue
        group, waiting = {start}, [start]
        while waiting:
            new = neighbours[waiting.pop()] - group
            group |= new
            waiting += new
        groups |= dict.fromkeys(group, sorted(group))
    return groups


def _stored_links(session: Session) -> Iterator[tuple[str, str]]:
    one, other = aliased(Organisation), aliased(Organisation)
    query = (
        select(one.uscc, other.uscc)
        .select_from(Affiliation)
        .join(one, one.id == Affiliation.organisation_id)
        .join(other, other.id == Affiliation.affiliate_id)
    )
    return ((left, right) for left, right in session.execute(query))


def _filed_links(session: Session, job_id: int) -> Iterator[tuple[str, str]]:
    return ((unit, data["affiliate_uscc"]) for unit, data in _filed(session, job_id, "affiliates"))


def _filed(
    session: Session, job_id: int, sheet: str, units: Sequence[str] = ()
) -> Iterator[tuple[str, Row]]:
    """Unit and data of the staged rows of a sheet that have no errors."""
    query = select(ImportRow.unit, ImportRow.data).where(
        ImportRow.job_id == job_id, ImportRow.sheet == sheet, ImportRow.phase == RowPhase.VALID
    )
    if units:
        query = query.where(ImportRow.unit.in_(units))
    return ((unit, data) for unit, data in session.execute(query))


def _firms(session: Session, job_id: int, codes: Sequence[str]) -> dict[str, Firm]:
    """The organisations as they will be: what people edited stays as it is."""
    stored: dict[str, Row] = {code: {} for code in codes}
    edited: dict[str, dict[str, dict[str, str]]] = {code: {} for code in codes}
    for part in chunked(codes):
        query = select(
            Organisation.uscc,
            Organisation.edited_fields,
            Organisation.name,
            Organisation.segment,
            Organisation.registered_city,
        ).where(Organisation.uscc.in_(part))
        for code, fields, *values in session.execute(query):
            edited[str(code)] = fields
            stored[str(code)] = dict(zip(FIRM, values, strict=True))
        for code, data in _filed(session, job_id, "organisations", part):
            given = {name for name in FIRM if name in data and name not in edited[code]}
            stored[code] |= {name: data[name] for name in given}
    return {
        code: Firm(*(values.get(name) or "" for name in FIRM)) for code, values in stored.items()
    }


def _known(session: Session, units: Sequence[str]) -> Iterator[tuple[str, str, str, str, int]]:
    for sheet, model in (("memberships", Membership), ("candidacies", Candidacy)):
        columns = (model.type, model.segment, model.round_id)
        for code, type_, segment, round_id in _of_units(session, model, columns, units):
            yield sheet, code, type_, segment, round_id


def _picture(session: Session, codes: Sequence[str]) -> Picture:
    picture = Picture()
    programmes = dict(session.execute(select(Round.id, Round.programme_id)).all())
    seats = (Membership.round_id, Membership.type, Membership.segment, Membership.listed_on,
             Membership.phase)  # fmt: skip
    for code, round_id, type_, segment, day, phase in _of_units(session, Membership, seats, codes):
        seat = Seat(programmes[round_id], type_, segment, day, phase in LIVE_PHASES)
        picture.seats.setdefault(code, []).append(seat)
    decided = (Candidacy.round_id, Candidacy.phase)
    for code, round_id, phase in _of_units(session, Candidacy, decided, codes):
        if phase in HOLDING_PHASES:
            picture.decided.setdefault(code, set()).add(programmes[round_id])
    waived = (Waiver.round_id, Waiver.rule, Waiver.segment)
    for code, round_id, rule, segment in _of_units(session, Waiver, waived, codes):
        picture.waived.setdefault((code, round_id), set()).add((rule, segment))
    for code, ban in _bans(session, codes):
        picture.bans.setdefault(code, []).append(ban)
    for quota in session.scalars(select(Quota)):
        picture.cells[quota.round_id, quota.cell] = Cell(
            quota.label, quota.cap, quota.used, quota.held
        )
    return picture


def _bans(session: Session, codes: Sequence[str]) -> Iterator[tuple[str, Term]]:
    for part in chunked(codes):
        query = (
            select(Organisation.uscc, Ban)
            .join(Ban, Ban.organisation_id == Organisation.id)
            .where(Organisation.uscc.in_(part))
            .order_by(Ban.id)
        )
        for code, ban in session.execute(query):
            last = ban.until
            if ban.lifted_on is not None:
                eve = ban.lifted_on - timedelta(days=1)
                last = eve if last is None else min(last, eve)
            yield code, Term(ban.programme_id, ban.since, last)


def _of_units(
    session: Session,
    model: type[Membership] | type[Candidacy] | type[Waiver],
    columns: Sequence[InstrumentedAttribute[Any]],
    codes: Sequence[str],
) -> Iterator[Any]:
    """Code of the organisation and some columns of its rows, oldest first."""
    query: Select[Any] = (
        select(Organisation.uscc, *columns)
        .select_from(model)
        .join(Provider, Provider.id == model.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .order_by(model.id)
    )
    for part in chunked(codes):
        yield from session.execute(query.where(Organisation.uscc.in_(part)))
