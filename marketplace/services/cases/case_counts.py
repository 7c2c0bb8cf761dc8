"""How many cases the hall shows of what a place in the pool requires (QD-I2, QD-P3).

Only cases of the place's own segment count. For the provider and for staff, never public.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from marketplace.models import CaseStudy, Membership
from marketplace.phases import PUBLIC_PHASES


@dataclass(frozen=True)
class Counter:
    """One place: its type in words, its segment's code and name, shown cases, how many it needs."""

    membership_id: int
    type: str
    segment: str
    segment_name: str
    shown: int
    needed: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.needed - self.shown)


def of(session: Session, provider_id: int | ColumnElement[int]) -> list[Counter]:
    """A counter for every place that requires cases: one query."""
    shown = (
        select(func.count())
        .where(
            CaseStudy.provider_id == Membership.provider_id,
            CaseStudy.segment == Membership.segment, CaseStudy.hidden_at.is_(None),
            CaseStudy.client_consent,
        )
        .correlate(Membership)
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Membership, shown)
        .where(Membership.provider_id == provider_id, Membership.phase.in_(PUBLIC_PHASES))
        .options(joinedload(Membership.round))
        .order_by(Membership.id)
    ).all()
    found = []
    for place, number in rows:
        programme = place.round.programme
        kind = next(t for t in programme.types if t.id == place.type)
        name = programme.segment_label(place.segment)
        found.append(Counter(place.id, kind.label, place.segment, name, number, kind.hall_min))
    return [counter for counter in found if counter.needed]
