"""What staff do with reports: return one with reasons, waive one, take the waiver back."""

from sqlalchemy.orm import Session

from marketplace.history import Why
from marketplace.models import Event, PeriodicReport
from marketplace.permissions import Actor
from marketplace.services.reports import notices
from marketplace.workflow import Data, effect, perform

STEPS = ("report_return", "report_skip", "report_unskip")


def step(
    session: Session, actor: Actor, report: PeriodicReport, action: str, *, reason: str,
    expected_version: int,
) -> Event:  # fmt: skip
    """Take a step and tell the provider. Raises Conflict, Forbidden, Invalid (no reason)."""
    why: Why = {"reason": reason}
    event = perform(session, actor, report, action, why=why, expected_version=expected_version)
    notices.tell(session, report, event)
    return event


@effect("note_report")
def note_report(session: Session, subject: PeriodicReport, actor: Actor, data: Data) -> None:
    """What staff said, in the row, for lists."""
    subject.note = data.get("reason", "")
