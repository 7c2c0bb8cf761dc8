"""Kinds of public notices: what may stand on one, and what its end brings about.

A kind registers itself by name; the notice itself knows nothing of candidacies or removals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from marketplace.errors import NotFound
from marketplace.history import Why
from marketplace.models import NoticeEntry, Round
from marketplace.permissions import Actor, Permission
from marketplace.programmes.schema import Programme


@dataclass(frozen=True)
class Named:
    """A row by its table and number, where the row itself need not be read."""

    __tablename__: str
    id: int


@dataclass(frozen=True, kw_only=True)
class Line:
    """One entry as it is asked for: a flushed row, and what the public reads about it."""

    subject: Any
    provider_id: int
    name: str
    type: str = ""
    segment: str = ""
    note: str = ""
    membership_id: int | None = None

    @property
    def key(self) -> str:
        """How a form names the line."""
        return f"{self.subject.__tablename__}:{self.subject.id}"


def line_of(entry: NoticeEntry) -> Line:
    """The line that an entry was made from."""
    return Line(
        subject=Named(entry.subject_type, entry.subject_id), provider_id=entry.provider_id,
        name=entry.name, type=entry.type, segment=entry.segment, note=entry.note,
        membership_id=entry.membership_id,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What is given when a notice is finished: the document that publishes the result."""

    document_no: str
    reason: str = ""


Hook = Callable[[Session, Actor, NoticeEntry], None]
"""Called with the entry locked, its ``notice`` and the notice's ``round`` loaded."""


def _nothing(session: Session, actor: Actor, entry: NoticeEntry) -> None:
    """Most kinds have nothing to do here."""


def _struck(session: Session, actor: Actor, entry: NoticeEntry, why: Why) -> None:
    """A kind whose subjects simply stay as they are."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of notice.

    ``days``: working days by the programme, None where the source gives none and the bureau must
    set them. ``rule``: id of the clause that orders the notice. ``offers``: lines that an officer
    may choose from; a kind whose notices are drafted elsewhere offers none. ``opened``: the notice
    was published; ``moved``: its end changed; ``released``: it was withdrawn; ``struck``: the
    entry was taken off; ``finish``: what the end brings about, answers the membership concerned.
    """

    name: str
    label: str
    finish_label: str
    permission: Permission
    title: str
    text: str
    days: Callable[[Programme], int | None]
    rule: Callable[[Programme], str]
    finish: Callable[[Session, Actor, NoticeEntry, Ending], int | None]
    offers: Callable[[Session, Round], Sequence[Line]] | None = None
    opened: Hook = _nothing
    moved: Hook = _nothing
    released: Hook = _nothing
    struck: Callable[[Session, Actor, NoticeEntry, Why], None] = _struck


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known by its name."""
    KINDS[kind.name] = kind
    return kind


def get(name: str) -> Kind:
    """The kind of this name. Raises NotFound."""
    if name not in KINDS:
        raise NotFound("没有这类公示")
    return KINDS[name]
