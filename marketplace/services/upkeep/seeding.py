"""Seeds from ``config/``: the tables decide afterwards, rows that staff edited are left alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.clock import DayRule
from marketplace.models import Round, Term
from marketplace.permissions import SYSTEM
from marketplace.phases import RoundPhase
from marketplace.programmes import library, vocabulary
from marketplace.programmes.loader import LoadFailed, read_yaml
from marketplace.services.calendar import calendar
from marketplace.services.calendar.calendar import YearOfDays
from marketplace.services.pool import rounds
from marketplace.services.pool.rounds import Opening
from marketplace.settings import ROOT

CONFIG = ROOT / "config"


@dataclass(frozen=True)
class Seeded:
    """What one seed did: rows made, rows brought up to date, rows kept because staff edited."""

    made: int
    updated: int
    kept: int

    def __str__(self) -> str:
        """For the terminal."""
        parts = [f"新增{self.made}"]
        if self.updated:
            parts.append(f"更新{self.updated}")
        if self.kept:
            parts.append(f"保留人工修改{self.kept}")
        return "、".join(parts)


def calendar_files(folder: Path = CONFIG / "calendar") -> list[Path]:
    """The files with one year each, in order."""
    return sorted(folder.glob("*.yml"))


def read_calendar(path: Path) -> YearOfDays:
    """One year from its file: ``year``, ``official``, ``source``, ``days``."""
    data = read_yaml(path)
    days = {item["day"]: DayRule(item["working"], item["label"]) for item in data["days"]}
    return YearOfDays(data["year"], data["official"], data["source"], days)


def seed_calendar(session: Session, folder: Path = CONFIG / "calendar") -> Seeded:
    """Bring every year of ``folder`` into the tables unless staff edited it."""
    known = {row.year: row.edited for row in calendar.years(session)}
    made = updated = kept = 0
    for path in calendar_files(folder):
        content = read_calendar(path)
        kept += known.get(content.year, False)
        if calendar.seed_year(session, content):
            made += content.year not in known
            updated += content.year in known
    return Seeded(made, updated, kept)


def seed_vocabulary(session: Session, folder: Path = CONFIG / "vocabulary") -> Seeded:
    """Bring every word of ``folder`` into ``terms`` unless staff edited it; none is removed."""
    known = {(row.kind, row.code): row for row in session.scalars(select(Term))}
    made = updated = kept = 0
    for kind, sort, word in _words(vocabulary.load(folder)):
        row = known.get((kind, word.code))
        if row is not None and row.edited:
            kept += 1
            continue
        if row is None:
            row = Term(kind=kind, code=word.code)
            session.add(row)
            made += 1
        elif not _differs(row, word, sort):
            continue
        else:
            updated += 1
        row.name, row.short_name, row.sort = word.name, word.short_name, sort
        row.aliases, row.data = list(word.aliases), _stored(word.data)
    session.flush()
    return Seeded(made, updated, kept)


def seed_rounds(session: Session, config: Path = CONFIG) -> Seeded:
    """Open the demo's rounds that are not there yet. Raises LoadFailed for a wrong file."""
    found = library.load(config)
    if any(finding.fatal for finding in found.findings):
        raise LoadFailed([finding for finding in found.findings if finding.fatal])
    known = set(session.scalars(select(Round.key)))
    new = [
        item
        for item in read_yaml(config / "demo" / "rounds.yml")["rounds"]
        if item["key"] not in known
    ]
    for item in new:
        opening = Opening(
            key=item["key"],
            label=item["label"],
            phase=RoundPhase(item["phase"]),
            cities=tuple(item.get("cities", ())),
            year=item.get("year"),
            listed_on=item.get("listed_on"),
        )
        rounds.open_round(session, SYSTEM, found.programmes[item["programme"]], opening)
    return Seeded(len(new), 0, 0)


def _words(
    vocabularies: Iterable[vocabulary.Vocabulary],
) -> Iterable[tuple[str, int, vocabulary.Term]]:
    for group in vocabularies:
        for sort, word in enumerate(group.terms):
            yield group.kind, sort, word


def _differs(row: Term, word: vocabulary.Term, sort: int) -> bool:
    now = (row.name, row.short_name, row.sort, row.aliases, row.data)
    return now != (word.name, word.short_name, sort, list(word.aliases), _stored(word.data))


def _stored(value: Any) -> Any:
    """A value of a file as it comes back from a JSON column: lists, not tuples."""
    if isinstance(value, Mapping):
        return {name: _stored(item) for name, item in value.items()}
    return [_stored(item) for item in value] if isinstance(value, list | tuple) else value
