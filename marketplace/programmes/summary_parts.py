"""Rows and sections of a programme's summary."""

from dataclasses import dataclass

from marketplace.programmes.parts import Clause

TIERS = {"applicant": "申报单位", "provider": "在池单位"}


@dataclass(frozen=True)
class Row:
    """One line: what it says, where it stands in the notice, and the words quoted from there."""

    id: str
    text: str
    article: str = ""
    quote: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    proposal: bool = False


@dataclass(frozen=True)
class Section:
    """Rows under one heading."""

    title: str
    rows: tuple[Row, ...]


def row(
    clause: Clause,
    text: str,
    tags: tuple[str, ...] = (),
    *,
    note: str = "",
    show_id: bool = True,
) -> Row:
    """The row of a clause; our reading of it joins the note."""
    notes = " ".join(part for part in (note, clause.reading) if part)
    id_ = clause.id if show_id else ""
    return Row(id_, text, clause.article, clause.quote, tags, notes, clause.proposal)
