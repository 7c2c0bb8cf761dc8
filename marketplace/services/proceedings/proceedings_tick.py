"""Steps that time takes: overdue rectifications, hearings nobody asked for, re-reviews, exits.

Each due row is a transaction of its own and looked at again under its locks: run twice or by two
workers, a step is taken once; run late, everything missed is made up for.
"""

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import Proceeding
from marketplace.permissions import SYSTEM, Permission
from marketplace.phases import ProceedingKind, ProceedingPhase
from marketplace.services.proceedings import exits, proceedings
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  guards and effects register
from marketplace.workflow import workflow_of

log = structlog.get_logger()

BATCH = 50
REASON = "期限已到"


def due(session: Session) -> list[int]:
    """Open proceedings whose clock has ended, the longest overdue first."""
    query = select(Proceeding.id).where(
        Proceeding.phase == ProceedingPhase.PROVIDER, Proceeding.due_at <= clock.now(),
        Proceeding.kind != ProceedingKind.WITHDRAWAL,
    )  # fmt: skip
    return list(session.scalars(query.order_by(Proceeding.due_at, Proceeding.id).limit(BATCH)))


def lapse(session: Session, proceeding_id: int) -> bool:
    """Take the step that the end of the clock orders, if it still is to be taken."""
    case = proceedings.get(session, SYSTEM, proceeding_id)
    step = next(
        (
            step
            for step in workflow_of(case).leaving(case.state)
            if step.by == Permission.PROCEEDING_TICK and "past_due" in step.guards
        ),
        None,
    )
    if step is None:
        return False
    proceedings.act(session, SYSTEM, case, step.action, why=Why(reason=REASON))
    return True


def run(database: Database) -> int:
    """Everything that is due now; answers how many steps were taken."""
    with database.reading() as session:
        ids = due(session)
        reviews = exits.due_for_review(session, clock.today())[:BATCH]
        wanted = [(row.id, day) for row, day in reviews]
    taken = 0
    for id_ in ids:
        taken += _one(database, "proceeding", id_)
    for id_, day in wanted:
        taken += _review(database, id_, day)
    return taken


def _one(database: Database, noun: str, id_: int) -> int:
    try:
        return int(database.run(lambda session: lapse(session, id_)))
    except (Conflict, Invalid) as error:
        log.warning("tick refused", noun=noun, id=id_, reason=str(error))
        return 0


def _review(database: Database, membership_id: int, day: object) -> int:
    def open_it(session: Session) -> int:
        found = exits.due_for_review(session, clock.today(), membership_id)
        for row, due_on in found:
            exits.open_review(session, row, due_on)
        return len(found)

    try:
        return database.run(open_it)
    except (Conflict, Invalid) as error:
        log.warning("tick refused", noun="re_review", id=membership_id, reason=str(error))
        return 0
