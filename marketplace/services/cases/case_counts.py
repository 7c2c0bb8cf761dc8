"""How many cases the hall shows of what a place in the pool requires (QD-I2, QD-P3).

Only cases of the place's own segment count. For the provider and for staff, never public.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from marketplace.models import CaseStudy, Membership
from marketplace.phases import PUBLIC_PHASES


@dataclass(frozen=True)
class Counter:
    """One place: its type in words, its segment's code, shown cases and how many it needs."""

    membership_id: int
    type: str
    segment: str
    shown: int
    needed: int

    @property
    def short(self) -> int:
        """How many are missing."""
        return max(0, self.needed - self.shown)


def of(session: Session, provider_id: int) -> list[Counter]:
    """A counter for every place that requires cases: 3 queries."""
    places: Sequence[Membership] = session.scalars(
        select(Membership)
        .where(Membership.provider_id == provider_id, Membership.phase.in_(PUBLIC_PHASES))
        .options(selectinload(Membership.round))
        .order_by(Membership.id)
    ).all()
    rows = session.execute(
        select(CaseStudy.segment, func.count())
        .where(
            CaseStudy.provider_id == provider_id, CaseStudy.hidden_at.is_(None),
            CaseStudy.client_consent,
        )
        .group_by(CaseStudy.segment)
    )  # fmt: skip
    shown: dict[str, int] = dict(rows.all())
    kinds = {
        place.id: next(t for t in place.round.programme.types if t.id == place.type)
        for place in places
    }
    return [
        Counter(
            place.id, kinds[place.id].label, place.segment, shown.get(place.segment, 0),
            kinds[place.id].hall_min,
        )
        for place in places
        if kinds[place.id].hall_min
    ]  # fmt: skip
