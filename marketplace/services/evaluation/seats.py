"""Who gives which figures: the seats of evaluators on a sheet."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from marketplace.models import EvaluationSheet, IndicatorValue
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.programmes import indicators as words
from marketplace.programmes.evaluation import Evaluation, Indicator
from marketplace.services.evaluation import missing, pinned

RATER_OF: dict[Role, str] = {
    Role.EXPERT: words.EXPERT,
    Role.THIRD_PARTY: words.THIRD_PARTY,
    Role.DISTRICT_REVIEWER: words.DISTRICT,
    # Providers from elsewhere have no district here; the city's desk does what districts do.
    Role.CITY_OFFICER: words.DISTRICT,
}


def asked(actor: Actor, scheme: Evaluation) -> list[Indicator]:
    """The indicators that the actor gives."""
    rater = RATER_OF.get(actor.role) if actor.role else None
    return missing.judged(scheme, rater) if rater else []


def own_seat(actor: Actor, wanted: Sequence[Indicator]) -> ColumnElement[bool]:
    """Condition on values: those of the actor's seat. Experts never see each other's."""
    condition = and_(
        IndicatorValue.indicator.in_([item.id for item in wanted]),
        IndicatorValue.rater.in_({item.by for item in wanted}),
    )
    if any(item.by == words.EXPERT for item in wanted):
        condition = and_(condition, IndicatorValue.evaluator_id == actor.user_id)
    return condition


def own_values(session: Session, actor: Actor, sheet: EvaluationSheet) -> dict[str, IndicatorValue]:
    """What the actor's seat has entered on the sheet, by indicator."""
    wanted = asked(actor, pinned.scheme_of(sheet.cycle))
    query = select(IndicatorValue).where(IndicatorValue.sheet_id == sheet.id)
    rows = session.scalars(query.where(own_seat(actor, wanted)))
    return {row.indicator: row for row in rows}
