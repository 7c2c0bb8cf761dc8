"""Go through the places a file asks for as applying will, in memory: who would be refused, and why.

Each row is judged by the rules of admission against what is stored and what the earlier rows
bring; a row that passes takes its place in the picture. Nothing is written: applying goes through
``memberships.admit`` again, because the world may have changed by then.
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date

from marketplace import clock
from marketplace.models import Round
from marketplace.permissions import Actor
from marketplace.phases import HOLDING_PHASES, StandingPhase
from marketplace.programmes.cells import cell_key
from marketplace.programmes.kinds import ConflictKind
from marketplace.services.importing import pool_checks
from marketplace.services.importing.planning import Source
from marketplace.services.pool import admission_rules, bans, quotas
from marketplace.services.pool.admission_rules import Affiliate, Facts, Finding, Level, Seat, Wanted
from marketplace.services.pool.effects import START_BAN

OF_RESERVES = ("no_quota",)
OF_DECIDED = (*OF_RESERVES, quotas.FULL, ConflictKind.ONE_PER_AFFILIATE_GROUP.value)
"""Findings that stand against a candidacy; the others are for admission."""
FROM_THE_FILE = "（其中含本文件前面的行）"

Key = tuple[str, int]
"""Code of an organisation, id of a round."""


@dataclass(frozen=True)
class Firm:
    """An organisation as it will be: name, registered industry and city."""

    name: str = ""
    segment: str = ""
    city: str = ""


@dataclass(frozen=True)
class Term:
    """A ban; ``last`` is its last day, None = open."""

    programme: str
    since: date
    last: date | None

    def holds(self, programme: str, day: date) -> bool:
        """Whether it stands against a place of ``programme`` from ``day`` on."""
        within = self.since <= day and (self.last is None or day <= self.last)
        return within and self.programme == programme


@dataclass
class Cell:
    """The places of a quota cell."""

    label: str
    cap: int | None
    used: int
    held: int


@dataclass
class Picture:
    """The pool at one moment, as far as a file touches it; organisations go by their code."""

    seats: dict[str, list[Seat]] = field(default_factory=dict)
    decided: dict[str, set[str]] = field(default_factory=dict)
    """Programmes in which a decided place waits for the organisation."""
    bans: dict[str, list[Term]] = field(default_factory=dict)
    waived: dict[Key, set[tuple[str, str]]] = field(default_factory=dict)
    """Rules and segments, "" = all segments."""
    cells: dict[tuple[int, str], Cell] = field(default_factory=dict)

    def takes(self, code: str, programme: str) -> bool:
        """Whether an organisation has a place of ``programme``, or will get one."""
        live = any(s.live and s.programme == programme for s in self.seats.get(code, ()))
        return live or programme in self.decided.get(code, ())


@dataclass(frozen=True)
class Stored:
    """What stands in the database and in the other sheets of the file."""

    rounds: dict[str, Round]
    firms: dict[str, Firm]
    groups: dict[str, list[str]]
    """Code → all codes of its affiliate group; loners are left out."""
    known: frozenset[tuple[str, str, str, str, int]]
    """Sheet, code, type, segment and round of places that exist: they are not asked for again."""
    picture: Picture


class Rehearsal:
    """Judges the rows of one file one after the other."""

    def __init__(self, stored: Stored, actor: Actor) -> None:
        self._stored = stored
        self._actor = actor
        self._now = stored.picture
        self._then = deepcopy(stored.picture)

    def play(self, source: Source) -> list[str]:
        """Why this row would be refused; a row that is not takes its place."""
        round_ = self._stored.rounds[source.data["round"]]
        data = source.data
        known = (source.sheet, source.unit, data["type"], data["segment"], round_.id)
        if known in self._stored.known:
            return []
        found = list(
            pool_checks.forbidden(self._actor, round_.programme, source.sheet, source.data)
        )
        cell = self._cell(round_, source)
        if cell is None:
            return [*found, "单位没有登记注册地市，无法确定名额"]
        wanted = _wanted(round_, source)
        findings = self._findings(self._then, wanted, source, cell)
        stopping = [finding for finding in findings if finding.stops]
        if stopping:
            before = {item.message for item in self._findings(self._now, wanted, source, cell)}
            return found + [
                item.message if item.message in before else item.message + FROM_THE_FILE
                for item in stopping
            ]
        self._enter(wanted, source, cell, findings)
        return found

    def _findings(
        self, picture: Picture, wanted: Wanted, source: Source, cell: str
    ) -> list[Finding]:
        found = admission_rules.judge(wanted, self._facts(picture, wanted, source.unit, cell))
        if source.sheet == "memberships":
            return found
        codes = OF_DECIDED if _decided(source) else OF_RESERVES
        return [item for item in found if item.code in codes]

    def _facts(self, picture: Picture, wanted: Wanted, code: str, cell: str) -> Facts:
        programme, day = wanted.round.programme_id, wanted.listed_on
        others = [other for other in self._stored.groups.get(code, ()) if other != code]
        waived = picture.waived.get((code, wanted.round.id), set())
        return Facts(
            segment=self._stored.firms[code].segment,
            seats=picture.seats.get(code, []),
            affiliates=[
                Affiliate(self._stored.firms[other].name or other, picture.takes(other, programme))
                for other in others
            ],
            bans=[ban.last for ban in picture.bans.get(code, ()) if ban.holds(programme, day)],
            quota=picture.cells.get((wanted.round.id, cell)),
            waived=frozenset(rule for rule, part in waived if part in (wanted.segment, "")),
        )

    def _cell(self, round_: Round, source: Source) -> str | None:
        try:
            return cell_key(
                round_.programme,
                type=source.data["type"],
                segment=source.data["segment"],
                city=self._stored.firms[source.unit].city,
                year=pool_checks.counting_day(source.data, round_).year,
            )
        except ValueError:
            return None  # counted by city, and no city is registered

    def _enter(self, wanted: Wanted, source: Source, cell: str, findings: list[Finding]) -> None:
        picture, code, programme = self._then, source.unit, wanted.round.programme_id
        places = picture.cells[wanted.round.id, cell]
        if source.sheet == "candidacies":
            if _decided(source):
                places.held += 1
                picture.decided.setdefault(code, set()).add(programme)
            return
        live = source.data.get("standing") != StandingPhase.EXITED
        seat = Seat(programme, wanted.type, wanted.segment, wanted.listed_on, live)
        picture.seats.setdefault(code, []).append(seat)
        places.used += live
        waived = {(item.rule, wanted.segment) for item in findings if item.level is Level.WAIVED}
        picture.waived.setdefault((code, wanted.round.id), set()).update(waived)
        self._ban(wanted.round, source)

    def _ban(self, round_: Round, source: Source) -> None:
        """An exit may begin a ban, which stands against later rows."""
        transition = pool_checks.way(round_.programme, source.data)
        if transition is None or START_BAN not in transition.effects:
            return
        clause = bans.clause_for(round_.programme, source.data.get("reason_code", ""))
        if clause is not None:
            written = source.data.get("exited_on")
            since = date.fromisoformat(written) if written else clock.today()
            term = Term(round_.programme_id, since, bans.last_day(clause, since))
            self._then.bans.setdefault(source.unit, []).append(term)


def _decided(source: Source) -> bool:
    return source.data.get("phase") in HOLDING_PHASES


def _wanted(round_: Round, source: Source) -> Wanted:
    return Wanted(
        round=round_,
        type=source.data["type"],
        segment=source.data["segment"],
        listed_on=pool_checks.counting_day(source.data, round_),
        waive=bool(source.data.get("waiver", "").strip()),
    )
