"""The two parts that all others are made from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A provision: id, short name, the article it stands in and the words quoted from there.

    ``proposal`` marks our own filling of a gap: ``article`` then names what it leans on.
    ``reading`` says how we read the text where it leaves room.
    """

    id: str
    label: str
    article: str
    quote: str = ""
    proposal: bool = False
    reading: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A contradiction or silence of the source, and the reading this file applies."""

    topic: str
    articles: tuple[str, ...]
    found: tuple[str, ...]
    applied: str
    reason: str
