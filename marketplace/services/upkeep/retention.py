"""Personal data that has served its purpose goes by itself (PIPL 19, 47; F-O5).

How long what is kept stands in ``config/accounts.yml``; the worker calls this every few minutes.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import AccessRequest
from marketplace.phases import OPEN_ACCESS, AccessPhase
from marketplace.services.access import access_requests, registrations, team_invitations
from marketplace.services.accounts.account_rules import rules
from marketplace.services.upkeep import retention_contacts

BATCH = 200


def run(session: Session) -> int:
    """Forget what is due; answers how many rows were emptied."""
    registrations.forget(session)
    team_invitations.forget(session)
    rows = session.scalars(
        select(AccessRequest)
        .where(
            AccessRequest.phase.not_in(OPEN_ACCESS), AccessRequest.cleared_at.is_(None),
            AccessRequest.state_since < clock.now() - rules().keep_requests,
        )
        .order_by(AccessRequest.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()  # fmt: skip
    for row in rows:
        access_requests.clear(session, row, letters=row.phase != AccessPhase.APPROVED)
    session.flush()
    return len(rows) + retention_contacts.run(session)
