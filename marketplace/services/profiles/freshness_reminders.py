"""The worker's part of F-P14: who should confirm is told once before and once after the day."""

from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import Membership, Message, Organisation, Provider, RoleGrant
from marketplace.phases import PUBLIC_PHASES
from marketplace.services.inbox import inbox
from marketplace.services.profiles import freshness
from marketplace.services.profiles.change_requests_notices import EDITORS

BEFORE, AFTER = "soon", "stale"


def remind(database: Database) -> int:
    """Tell the teams of public providers whose profile must be confirmed; answers how many.

    Told again, nothing is repeated: the cause of a message names provider and day.
    """
    with database.reading() as session:
        waiting = [(id_, cause) for id_, cause in _due(session).items()]
        known = set(
            session.scalars(
                select(Message.cause).where(
                    Message.kind == "freshness", Message.cause.in_([c for _, c in waiting])
                )
            )
        )
    todo = [id_ for id_, cause in waiting if cause not in known]
    return sum(database.run(partial(_tell, provider_id=id_)) for id_ in todo)


def _due(session: Session) -> dict[int, str]:
    """The cause of the message that each provider should have had by now."""
    last = clock.today() - freshness.rules().stale_after + freshness.rules().remind_before
    listed = select(Membership.provider_id).where(Membership.phase.in_(PUBLIC_PHASES))
    teams = select(RoleGrant.organisation_id).where(
        RoleGrant.role.in_(EDITORS), RoleGrant.revoked_at.is_(None)
    )
    rows = session.scalars(
        select(Provider).where(
            Provider.hidden_at.is_(None), Provider.id.in_(listed),
            Provider.organisation_id.in_(teams),
            or_(
                Provider.confirmed_on <= last,
                Provider.confirmed_on.is_(None)
                & (Provider.created_at < clock.end_of_day(last)),
            ),
        )
    )  # fmt: skip
    return {row.id: _cause(row) for row in rows if freshness.of(row).soon}


def _cause(provider: Provider) -> str:
    found = freshness.of(provider)
    return f"{AFTER if found.stale else BEFORE}:{provider.id}:{found.due.isoformat()}"


def _tell(session: Session, provider_id: int) -> int:
    provider = session.get_one(Provider, provider_id)
    found = freshness.of(provider)
    name = session.scalar(
        select(Organisation.name).where(Organisation.id == provider.organisation_id)
    )
    made = inbox.notify(
        session, "freshness", inbox.team(session, provider.organisation_id, *EDITORS),
        cause=_cause(provider), voice=AFTER if found.stale else BEFORE, url="/p/confirm",
        facts={"provider": name or "", "due": found.due.isoformat(), "days": str(_days())},
    )  # fmt: skip
    return bool(made)


def _days() -> int:
    return freshness.rules().stale_after.days
