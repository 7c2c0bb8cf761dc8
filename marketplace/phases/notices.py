"""Closed enums of public notices and objections, as ``phases`` has them for the rest."""

from enum import StrEnum


class NoticePhase(StrEnum):
    """Where a public notice stands."""

    DRAFT = "draft"
    RUNNING = "running"
    PARTLY = "partly"
    FINISHED = "finished"
    DISCARDED = "discarded"
    WITHDRAWN = "withdrawn"


PUBLIC_NOTICES = (
    NoticePhase.RUNNING,
    NoticePhase.PARTLY,
    NoticePhase.FINISHED,
    NoticePhase.WITHDRAWN,
)
"""Phases in which everybody may read a notice; a withdrawn one stays, with the reason."""

UNFINISHED_NOTICES = (NoticePhase.RUNNING, NoticePhase.PARTLY)
"""Published, and something of it is still to be done."""


class EntryPhase(StrEnum):
    """Where one entry of a notice stands."""

    NOTICED = "noticed"
    HELD = "held"
    STRUCK = "struck"
    DONE = "done"
    RELEASED = "released"


LIVE_ENTRIES = (EntryPhase.NOTICED, EntryPhase.HELD)
"""Entries whose effect is still to come; a subject has at most one."""


class ObjectionPhase(StrEnum):
    """Where an objection stands."""

    RECEIVED = "received"
    LEAD = "lead"
    CHECKING = "checking"
    REPLYING = "replying"
    UPHELD = "upheld"
    REJECTED = "rejected"
    REFUSED = "refused"
    NOTED = "noted"


OPEN_OBJECTIONS = (ObjectionPhase.RECEIVED, ObjectionPhase.CHECKING, ObjectionPhase.REPLYING)
"""An entry with one of these is not listed. A lead (线索) is not among them until taken up."""
