"""What needs somebody's attention in a round, and what happened last."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from marketplace.models import Candidacy, Event, Membership, Organisation, Provider, Round
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import SelectionPhase, StandingPhase
from marketplace.services.pool import membership_list


@dataclass(frozen=True)
class Attention:
    """Numbers of memberships and candidacies that wait for a decision."""

    overdue: int
    rectifying: int
    suspended: int
    ending: int
    in_notice: int


def attention(session: Session, actor: Actor, round_: Round) -> Attention:
    """As far as the actor sees: district reviewers count their own district."""
    mine = visible(actor, Permission.MEMBERSHIP_READ, Membership).where(
        Membership.round_id == round_.id
    )
    counted = [
        func.count(case((condition, 1)))
        for condition in (
            membership_list.is_overdue(),
            Membership.phase == StandingPhase.RECTIFYING,
            Membership.phase == StandingPhase.SUSPENDED,
            membership_list.is_ending(),
        )
    ]
    waiting = visible(actor, Permission.MEMBERSHIP_READ, Candidacy).where(
        Candidacy.round_id == round_.id, Candidacy.phase == SelectionPhase.PUBLICITY
    )
    numbers = session.execute(mine.with_only_columns(*counted)).one()
    return Attention(
        overdue=numbers[0],
        rectifying=numbers[1],
        suspended=numbers[2],
        ending=numbers[3],
        in_notice=session.scalar(waiting.with_only_columns(func.count(Candidacy.id))) or 0,
    )


@dataclass(frozen=True)
class Change:
    """One event of a membership, with whose it is."""

    event: Event
    name: str


def changes(session: Session, actor: Actor, round_: Round, limit: int) -> Sequence[Change]:
    """The last events of memberships that the actor may see, newest first."""
    seen = visible(actor, Permission.MEMBERSHIP_READ, Membership).where(
        Membership.round_id == round_.id
    )
    rows = session.execute(
        select(Event, Organisation.name)
        .join(Membership, Membership.id == Event.subject_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Event.subject_type == Membership.__tablename__)
        .where(Membership.id.in_(seen.with_only_columns(Membership.id)))
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return [Change(event, name) for event, name in rows]
