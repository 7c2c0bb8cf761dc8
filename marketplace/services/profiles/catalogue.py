"""What visitors may see of providers, products and cases: the rules and the reading, once.

Search documents, detail pages, comparisons and database lists all ask here. Public is who has a
place in a public phase and was not hidden by staff; everything else shows at most its standing.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.models import CaseStudy, Event, Membership, Product, Provider
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.programmes.workflows import State

ANONYMOUS_CLIENT = "（企业名称未公开）"
LARGEST_ID = 2**31 - 1
_GRAVITY = {phase: place for place, phase in enumerate(StandingPhase)}


@dataclass(frozen=True)
class Shown:
    """A provider with what is public of it. ``listed``: its places that count as in the pool."""

    provider: Provider
    listed: tuple[Membership, ...]
    products: tuple[Product, ...]
    cases: tuple[CaseStudy, ...]

    @property
    def in_pool(self) -> bool:
        """Whether lists, search and comparisons may show it."""
        return bool(self.listed)

    @property
    def memberships(self) -> tuple[Membership, ...]:
        """All its places, those of the pool first, then the latest."""
        return tuple(
            sorted(
                self.provider.memberships,
                key=lambda item: (item not in self.listed, -item.listed_on.toordinal(), item.id),
            )
        )

    @property
    def segments(self) -> tuple[str, ...]:
        """Segments it is listed in."""
        return tuple(sorted({item.segment for item in self.listed}))

    @property
    def types(self) -> tuple[str, ...]:
        """Types it is listed as."""
        return tuple(sorted({item.type for item in self.listed}))


def load(session: Session, provider_ids: Sequence[int]) -> Sequence[Provider]:
    """Providers with all that is shown of them: 5 queries, however many."""
    statement = (
        select(Provider)
        .where(Provider.id.in_(provider_ids))
        .options(
            joinedload(Provider.organisation),
            selectinload(Provider.memberships).options(
                selectinload(Membership.round), joinedload(Membership.graded)
            ),
            selectinload(Provider.products),
            selectinload(Provider.cases),
        )
        .execution_options(populate_existing=True)
    )
    return session.scalars(statement).all()


def shown(provider: Provider) -> Shown:
    """The public part of a provider that ``load`` gave."""
    listed = tuple(item for item in provider.memberships if item.phase in PUBLIC_PHASES)
    if provider.hidden_at is not None or not listed:
        return Shown(provider, (), (), ())
    segments = {item.segment for item in listed}
    products = [item for item in provider.products if product_public(item, segments)]
    return Shown(provider, listed, tuple(products), tuple(filter(case_public, provider.cases)))


def product_public(product: Product, segments: Iterable[str]) -> bool:
    """Whether a product shows while its provider is listed in ``segments``."""
    return product.hidden_at is None and bool(set(product.segments) & set(segments))


def case_public(case: CaseStudy) -> bool:
    """QD-I2, QD-P3: a case is shown in the hall with its client's consent only."""
    return case.hidden_at is None and case.client_consent


def client_of(case: CaseStudy) -> str:
    """The client as it may be shown: its name only when it agreed to be named."""
    if case.client_anonymous or not case.client_name:
        return ANONYMOUS_CLIENT
    return case.client_name


def state_of(membership: Membership) -> State:
    """The pinned state of a place: labels, icon, tone."""
    return membership.round.programme.workflows["standing"].state(membership.state)


def gravest(memberships: Iterable[Membership]) -> Membership:
    """The place whose standing a visitor must know first."""
    return max(memberships, key=lambda item: _GRAVITY[StandingPhase(item.phase)])


def changed_at(row: Provider | Product | CaseStudy, listed: Iterable[Membership]) -> datetime:
    """When the public last got something new: the row's own change, or the listing of a place."""
    return max([row.updated_at, *(item.created_at for item in listed)])


def first_listed(listed: Sequence[Membership]) -> Membership:
    """The place that brought a provider, and with it its cases, into the pool."""
    return min(listed, key=lambda item: (item.created_at, item.id))


def provider(session: Session, provider_id: int) -> Shown:
    """The provider for its page, also one that left the pool. Raises NotFound."""
    found = load(session, [provider_id]) if 0 < provider_id <= LARGEST_ID else []
    if not found or found[0].hidden_at is not None or not found[0].memberships:
        raise NotFound("没有这家服务商，或它不再公开")
    return shown(found[0])


def product(session: Session, product_id: int) -> tuple[Shown, Product]:
    """A product with its provider. Raises NotFound.

    When the provider has left the pool, or the segment, the product is not in ``Shown.products``.
    """
    row = _row(session, Product, product_id)
    if row is None:
        raise NotFound("没有这个产品，或它不再公开")
    owner = provider(session, row)
    item = next(each for each in owner.provider.products if each.id == product_id)
    if item.hidden_at is not None:
        raise NotFound("没有这个产品，或它不再公开")
    return owner, item


def case(session: Session, case_id: int) -> tuple[Shown, CaseStudy]:
    """A case with its provider, in the same way. Raises NotFound."""
    row = _row(session, CaseStudy, case_id)
    if row is None:
        raise NotFound("没有这个案例，或它不再公开")
    owner = provider(session, row)
    item = next(each for each in owner.provider.cases if each.id == case_id)
    if not case_public(item):
        raise NotFound("没有这个案例，或它不再公开")
    return owner, item


def _row(session: Session, model: type[Any], id_: int) -> int | None:
    """Id of the provider that ``id_`` belongs to."""
    if not 0 < id_ <= LARGEST_ID:
        return None
    found: int | None = session.scalar(select(model.provider_id).where(model.id == id_))
    return found


@dataclass(frozen=True)
class Team:
    """Numbers of people; names are personal data and stay inside."""

    people: int
    local: int


@dataclass(frozen=True)
class Change:
    """One public change of standing: the place, the day in Beijing, and the state it entered."""

    membership: Membership
    day: date
    state: State


def changes(session: Session, memberships: Sequence[Membership]) -> list[Change]:
    """How the standing of these places changed after listing, the latest first: one query.

    A place whose history began elsewhere (import) has no event for the state it stands in.
    """
    by_id = {item.id: item for item in memberships}
    rows = session.execute(
        select(Event.subject_id, Event.at, Event.to_state)
        .where(
            Event.subject_type == Membership.__tablename__,
            Event.subject_id.in_(by_id),
            Event.from_state != "",
            Event.from_state != Event.to_state,
        )
        .order_by(Event.id.desc())
    )
    found = []
    for membership_id, at, to_state in rows:
        membership = by_id[membership_id]
        workflow = membership.round.programme.workflows["standing"]
        if to_state in {state.id for state in workflow.states}:
            found.append(Change(membership, clock.beijing(at).date(), workflow.state(to_state)))
    told = {change.membership.id for change in found}
    for item in memberships:
        if item.id not in told and item.phase != StandingPhase.LISTED:
            day = item.exited_on or clock.beijing(item.state_since).date()
            found.append(Change(item, day, state_of(item)))
    return sorted(found, key=lambda change: change.day, reverse=True)


LONG_RUN = re.compile(r"[0-9]{5,}")
LAST_RUN = re.compile(r"[0-9]+(?=[^0-9]*$)")


def masked(phone: str) -> str:
    """A number as the public may see it: 138****1234, 0532-****6666 (S81)."""
    compact = phone.replace(" ", "")
    hidden = LONG_RUN.sub(_starred, compact)
    return hidden if hidden != compact else LAST_RUN.sub("****", compact)


def _starred(run: re.Match[str]) -> str:
    digits = run.group()
    head = digits[:3] if len(digits) > 8 else ""
    tail = digits[-4:] if len(digits) > 6 else ""
    return f"{head}{'*' * max(4, len(digits) - len(head) - 4)}{tail}"
