"""What a transition does besides changing the state; programme files name these functions."""

from sqlalchemy.orm import Session

from marketplace.history import Why
from marketplace.models import Membership
from marketplace.permissions import Actor
from marketplace.services.pool import bans, quotas
from marketplace.workflow import Data, effect

RELEASE_PLACE = "release_place"
START_BAN = "start_ban"


@effect(RELEASE_PLACE)
def release_place(session: Session, subject: Membership, actor: Actor, data: Data) -> None:
    """An exit frees its place of the quota."""
    quotas.give_back(session, subject.quota_id)


@effect(START_BAN)
def start_ban(session: Session, subject: Membership, actor: Actor, data: Data) -> None:
    """An exit for a reason that the programme bans for starts the ban."""
    why = Why(
        reason_code=data.get("reason_code", ""),
        reason=data.get("reason", ""),
        document_no=data.get("document_no", ""),
    )
    bans.start(session, actor, subject, why)
