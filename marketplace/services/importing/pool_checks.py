"""Places in the pool before anything is applied: known to the round, free, and not doubled.

Admission itself checks everything again (``services.memberships``); what can be known from the
file alone is said here, while the whole file can still be put right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased, undefer

from marketplace import clock
from marketplace.models import (
    Affiliation,
    Candidacy,
    Membership,
    Organisation,
    Provider,
    Quota,
    Round,
)
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES, StandingPhase
from marketplace.programmes.cells import cell_key
from marketplace.programmes.kinds import ConflictKind
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import Transition
from marketplace.schemas.imports import Row
from marketplace.services.importing.file_checks import Judged, chunked

Place = tuple[str, int]
"""Sheet and row number."""
Known = tuple[str, str, str, int]
"""Provider, type, segment and round of a place."""


@dataclass(frozen=True)
class Asked:
    """A place asked for by one row. ``taking``: it occupies one of the cell's places."""

    place: Place
    unit: str
    round_id: int
    cell: str
    taking: bool
    known: Known
    """A place that exists already is not asked for again."""
    forbidden: str
    """What the importing person may not do; it matters only when the place is new."""


class PoolChecks:
    """Remembers the places one file asks for."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self._actor = actor
        rounds = select(Round).options(undefer(Round.programme_snapshot))
        self._rounds = {row.key: row for row in session.scalars(rounds)}
        self._cities: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self._asked: list[Asked] = []

    def judge(self, session: Session, rows: Sequence[Judged]) -> None:
        """Add what is wrong with these rows to them; remember the places they ask for."""
        for row in rows:
            if row.message:
                continue
            if row.sheet == "organisations":
                self._cities[row.unit] = row.data.get("registered_city", "")
            elif row.sheet == "affiliates":
                self._links.append((row.unit, row.data["affiliate_uscc"]))
            elif row.sheet in ("memberships", "candidacies"):
                self._ask(session, row)

    def finish(self, session: Session) -> dict[Place, str]:
        """What is wrong over the whole file: row → message."""
        present = _present(session, {asked.unit for asked in self._asked})
        new = [asked for asked in self._asked if asked.known not in present]
        forbidden = {asked.place: asked.forbidden for asked in new if asked.forbidden}
        found: dict[Place, str] = {}
        for part in (forbidden, self._overfull(session, new), self._doubled(session, new)):
            for place, message in part.items():
                found[place] = f"{found[place]}；{message}" if place in found else message
        return found

    def _ask(self, session: Session, row: Judged) -> None:
        round_ = self._rounds[row.data["round"]]
        programme = round_.programme
        for message in _words(programme, row.data):
            row.complain(message)
        if row.sheet == "memberships" and not row.message:
            for message in _standing(programme, row.data):
                row.complain(message)
        if row.message:
            return
        cell = self._cell(session, round_, row)
        if cell is None:
            row.complain("单位没有登记注册地市，无法确定名额")
            return
        known = (row.unit, row.data["type"], row.data["segment"], round_.id)
        place = (row.sheet, row.number)
        forbidden = "；".join(self._forbidden(programme, row.data))
        self._asked.append(Asked(place, row.unit, round_.id, cell, _taking(row), known, forbidden))

    def _forbidden(self, programme: Programme, data: Row) -> Iterable[str]:
        if data.get("waiver") and not can(self._actor, Permission.WAIVER_GRANT):
            yield "豁免理由：请由签发人先在系统中登记豁免，文件中不填"
        standing = data.get("standing", StandingPhase.LISTED)
        if standing == StandingPhase.LISTED:
            return
        transition = way_to(programme, standing, data.get("reason_code", ""))
        if transition is not None and not can(self._actor, Permission(transition.by)):
            yield f"在池状态：您没有“{transition.label}”的权限，请先以在池导入，再由签发人办理"

    def _cell(self, session: Session, round_: Round, row: Judged) -> str | None:
        if row.unit not in self._cities:
            city = select(Organisation.registered_city).where(Organisation.uscc == row.unit)
            self._cities[row.unit] = session.scalar(city) or ""
        try:
            return cell_key(
                round_.programme,
                type=row.data["type"],
                segment=row.data["segment"],
                city=self._cities[row.unit],
                year=counting_day(row.data, round_).year,
            )
        except ValueError:
            return None

    def _overfull(self, session: Session, new: Iterable[Asked]) -> dict[Place, str]:
        """Rows beyond the cap of their cell, counted on top of what is taken."""
        quotas = {(q.round_id, q.cell): q for q in session.scalars(select(Quota))}
        taken = {key: q.used + q.held for key, q in quotas.items()}
        found = {}
        for asked in new:
            quota = quotas.get((asked.round_id, asked.cell))
            if quota is None:
                found[asked.place] = "本批次没有为这一组合设置名额"
                continue
            key = (asked.round_id, asked.cell)
            taken[key] += asked.taking
            if asked.taking and quota.cap is not None and taken[key] > quota.cap:
                before = quota.used + quota.held
                found[asked.place] = f"“{quota.label}”名额不足：上限{quota.cap}，已用{before}"
        return found

    def _doubled(self, session: Session, new: Sequence[Asked]) -> dict[Place, str]:
        """Affiliates that ask for places of one programme beside each other (QD 二(一)1)."""
        group = self._groups(session)
        programmes = {row.id: row.programme for row in self._rounds.values()}
        holders: dict[tuple[str, str], str] = _holders(session, group)
        found = {}
        for asked in new:
            programme = programmes[asked.round_id]
            if asked.unit not in group or not asked.taking or not _one_per_group(programme):
                continue
            first = holders.setdefault((programme.id, group[asked.unit]), asked.unit)
            if first != asked.unit:
                found[asked.place] = f"与关联单位 {first} 重复参与，同一主体只能有一家"
        return found

    def _groups(self, session: Session) -> dict[str, str]:
        """Code → the representative of its affiliate group; loners are left out."""
        one, other = aliased(Organisation), aliased(Organisation)
        stored = (
            select(one.uscc, other.uscc)
            .select_from(Affiliation)
            .join(one, one.id == Affiliation.organisation_id)
            .join(other, other.id == Affiliation.affiliate_id)
        )
        neighbours: dict[str, set[str]] = defaultdict(set)
        for left, right in [*self._links, *session.execute(stored)]:
            neighbours[left].add(right)
            neighbours[right].add(left)
        group: dict[str, str] = {}
        for start in sorted(neighbours):
            waiting = [start] if start not in group else []
            while waiting:
                code = waiting.pop()
                group[code] = start
                waiting += [next_ for next_ in neighbours[code] if next_ not in group]
        return group


def counting_day(data: Row, round_: Round) -> date:
    """The day whose year a place counts in, where the programme counts by year."""
    written = data.get("listed_on") or data.get("publicity_from")
    return date.fromisoformat(written) if written else round_.listed_on or clock.today()


def way_to(programme: Programme, standing: str, reason_code: str) -> Transition | None:
    """The transition that leads from the first state to ``standing`` for this reason."""
    workflow = programme.workflows["standing"]
    for transition in workflow.leaving(workflow.initial):
        fits = reason_code in transition.reason_codes or not transition.reason_codes
        if fits and workflow.state(transition.to).phase == standing:
            return transition
    return None


def _words(programme: Programme, data: Row) -> Iterable[str]:
    if data["type"] not in {item.id for item in programme.types}:
        yield "服务商类型：这个批次没有这个类型"
    if data["segment"] not in {item.id for item in programme.segments}:
        yield "细分行业：这个批次没有这个细分行业"


def _standing(programme: Programme, data: Row) -> Iterable[str]:
    standing = data.get("standing", StandingPhase.LISTED)
    if standing == StandingPhase.LISTED:
        return
    transition = way_to(programme, standing, data.get("reason_code", ""))
    if transition is None:
        yield "在池状态：这个批次没有这种状态，或与所填原因不符"
    elif transition.document_required and not data.get("document_no"):
        yield "文号：这种状态须有依据文号"


def _taking(row: Judged) -> bool:
    if row.sheet == "memberships":
        return row.data.get("standing") != StandingPhase.EXITED
    return row.data["phase"] in HOLDING_PHASES


def _one_per_group(programme: Programme) -> bool:
    kinds = (rule.conflict.kind for rule in programme.rules if rule.conflict is not None)
    return ConflictKind.ONE_PER_AFFILIATE_GROUP in kinds


def _present(session: Session, units: set[str]) -> set[Known]:
    """Places in the pool that exist already, of the given organisations."""
    found: set[Known] = set()
    for part in chunked(sorted(units)):
        for model in (Membership, Candidacy):
            rows = _places(model).where(Organisation.uscc.in_(part))
            found.update(session.execute(rows))
    return found


def _places(model: type[Membership] | type[Candidacy]) -> Select[str, str, str, int]:
    return (
        select(Organisation.uscc, model.type, model.segment, model.round_id)
        .select_from(model)
        .join(Provider, Provider.id == model.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
    )


def _holders(session: Session, group: dict[str, str]) -> dict[tuple[str, str], str]:
    """(programme, affiliate group) → the member that has a living place."""
    living = (
        select(Round.programme_id, Organisation.uscc)
        .select_from(Membership)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Membership.phase.in_(LIVE_PHASES))
    )
    return {
        (programme, group[code]): code
        for part in chunked(sorted(group))
        for programme, code in session.execute(living.where(Organisation.uscc.in_(part)))
    }
