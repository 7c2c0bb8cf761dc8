"""Where a provider's team starts: what to do, how complete and fresh its page is, its places."""

from typing import Any

from flask import render_template
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import ChangeRequest, Membership, Provider
from marketplace.permissions import Permission, visible
from marketplace.phases import OPEN_REQUESTS, RequestPhase
from marketplace.services.profiles import change_requests_tasks as _tasks  # noqa: F401  register themselves
from marketplace.services.profiles import freshness, provider_profile
from marketplace.services.profiles.catalogue import state_of
from marketplace.web import profile_shapes, tasks
from marketplace.web.access import current_actor, needs
from marketplace.web.context import day
from marketplace.web.p.blueprint import blueprint
from marketplace.web.public.parts import place_name, standing_tag


@blueprint.get("")
@needs(Permission.PROVIDER_DESK)
def home() -> str:
    """The first page of the centre."""
    session = current_session()
    try:
        provider = provider_profile.own(session, current_actor())
    except NotFound:
        # The team of an organisation whose profile is not made yet.
        return render_template("p/home.html", provider=None, tasks=tasks.shown())
    return render_template(
        "p/home.html",
        provider=provider,
        tasks=tasks.shown(),
        complete=provider_profile.completeness(session, provider),
        fresh=profile_shapes.freshness(freshness.of(provider)),
        version=freshness.version(session, provider),
        places=[_place(row) for row in _places(session)],
        **_changes(session, provider),
    )


def _places(session: Session) -> list[Membership]:
    query = visible(current_actor(), Permission.MEMBERSHIP_READ, Membership)
    order = (Membership.exited_on.is_not(None), Membership.listed_on.desc(), Membership.id)
    return list(session.scalars(query.options(joinedload(Membership.round)).order_by(*order)))


def _place(row: Membership) -> dict[str, Any]:
    return {
        "name": place_name(row), "round": row.round.label, "state": standing_tag(state_of(row)),
        "listed": day(row.listed_on), "reason": row.public_reason,
        "until": day(row.valid_until),
        "rectify_by": day(row.rectify_by),
    }  # fmt: skip


def _changes(session: Session, provider: Provider) -> dict[str, int]:
    """Changes on their way."""
    phases = dict(
        session.execute(
            select(ChangeRequest.phase, func.count())
            .where(ChangeRequest.provider_id == provider.id, ChangeRequest.phase.in_(OPEN_REQUESTS))
            .group_by(ChangeRequest.phase)
        ).all()
    )
    return {
        "pending": phases.get(RequestPhase.PENDING, 0),
        "returned": phases.get(RequestPhase.RETURNED, 0),
    }
