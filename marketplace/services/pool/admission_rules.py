"""What speaks against one place in the pool: a comparison of plain facts, without a database.

The programme's conflict rules (QD 二(一)1, 7) are compared with what the provider and its
affiliates hold in the same programme, over all rounds. ``conflicts`` reads the facts of now;
an import's check makes them up from the database and the earlier rows of the file.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from marketplace.errors import Conflict
from marketplace.models import Round
from marketplace.phases import RoundPhase
from marketplace.programmes.kinds import ConflictKind, Severity
from marketplace.programmes.schema import Conflict as ConflictClause
from marketplace.programmes.schema import Rule
from marketplace.services.calendar import durations
from marketplace.services.pool import quotas
from marketplace.services.pool.quotas import Places


class Level(StrEnum):
    """What a finding means for admission; only the first two stop it."""

    REFUSED = "refused"
    NEEDS_WAIVER = "needs_waiver"
    WAIVED = "waived"
    TO_VERIFY = "to_verify"


@dataclass(frozen=True)
class Finding:
    """One reason: stable ``code``, ``message`` in Chinese, and the rule it comes from."""

    code: str
    level: Level
    message: str
    rule: str = ""
    article: str = ""

    @property
    def stops(self) -> bool:
        """Whether admission is impossible while this stands."""
        return self.level in (Level.REFUSED, Level.NEEDS_WAIVER)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A place asked for. ``held``: already reserved for this provider."""

    round: Round
    type: str
    segment: str
    listed_on: date
    held: bool = False
    waive: bool = False
    """Whether a waiver is granted together with the admission, so that soft rules do not stop."""


@dataclass(frozen=True)
class Seat:
    """A place that the provider has (``live``) or had, in any programme."""

    programme: str
    type: str
    segment: str
    listed_on: date
    live: bool


@dataclass(frozen=True)
class Affiliate:
    """Another firm of the same subject. ``taken``: it has, or will get, a place of the programme.

    ``bans``: last days (None = open) of its bans that hold on the day asked for.
    """

    name: str
    taken: bool
    bans: Sequence[date | None] = ()


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the rules compare a place with, read once.

    ``segment``: the industry the firm is registered in, "" = unknown; ``bans``: last days of its
    own bans that hold on the day asked for; ``quota``: the cell, None where the round has none;
    ``waived``: ids of the soft rules that are waived for this place.
    """

    segment: str
    seats: Sequence[Seat]
    affiliates: Sequence[Affiliate]
    bans: Sequence[date | None]
    quota: Places | None
    waived: frozenset[str]

    def own(self, programme: str) -> list[Seat]:
        """The places that the provider holds in one programme."""
        return [seat for seat in self.seats if seat.live and seat.programme == programme]


@dataclass(frozen=True)
class _Case:
    """One conflict rule looked at for one place."""

    wanted: Wanted
    facts: Facts
    own: Sequence[Seat]
    rule: Rule
    clause: ConflictClause


def judge(wanted: Wanted, facts: Facts) -> list[Finding]:
    """Everything in ``facts`` that speaks against ``wanted``, hard reasons first."""
    found = [*_basic(wanted, facts), *_bans(facts)]
    own = facts.own(wanted.round.programme_id)
    for rule in wanted.round.programme.rules_for(wanted.type):
        if rule.conflict is not None and rule.conflict.kind in _CHECKS:
            case = _Case(wanted, facts, own, rule, rule.conflict)
            found += [_by_rule(case, message) for message in _CHECKS[rule.conflict.kind](case)]
    return in_order(found)


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Hard reasons first."""
    return sorted(found, key=lambda finding: list(Level).index(finding.level))


def refuse(found: Iterable[Finding]) -> None:
    """Raise Conflict with all reasons that stop; the first one's code."""
    stopping = [finding for finding in found if finding.stops]
    if stopping:
        reasons = [finding.message for finding in stopping]
        raise Conflict("；".join(reasons), code=stopping[0].code, reasons=reasons)


def _basic(wanted: Wanted, facts: Facts) -> list[Finding]:
    found = []
    if wanted.round.phase == RoundPhase.CLOSED:
        found.append(Finding("round_closed", Level.REFUSED, f"{wanted.round.label}已经关闭"))
    for seat in facts.seats:
        # One living place per type and segment, over all programmes: the database holds it too.
        if seat.live and (seat.type, seat.segment) == (wanted.type, wanted.segment):
            here = seat.programme == wanted.round.programme_id
            text = f"该服务商已在{'' if here else '其他项目的'}池：{_where(wanted)}"
            found.append(Finding("already_listed", Level.REFUSED, text))
    if facts.quota is None:
        found.append(Finding("no_quota", Level.REFUSED, "本批次没有为这一组合设置名额"))
    elif not wanted.held and quotas.is_full(facts.quota):
        found.append(Finding(quotas.FULL, Level.REFUSED, quotas.full_text(facts.quota)))
    return found


def _bans(facts: Facts) -> list[Finding]:
    own = [
        Finding("banned", Level.REFUSED, f"该服务商处于禁报期{_until(until)}")
        for until in facts.bans
    ]
    others = [
        Finding(
            "affiliate_banned",
            Level.TO_VERIFY,
            f"关联单位“{firm.name}”处于禁报期{_until(until)}，请核实是否规避",
        )
        for firm in facts.affiliates
        for until in firm.bans
    ]
    return [*own, *others]


def _until(day: date | None) -> str:
    return f"至{day:%Y-%m-%d}" if day else "，整改复核通过前有效"


def _by_rule(case: _Case, message: str) -> Finding:
    rule = case.rule
    level = Level.TO_VERIFY
    if rule.severity is Severity.HARD:
        level = Level.REFUSED
    elif rule.severity is Severity.SOFT:
        waived = case.wanted.waive or rule.id in case.facts.waived
        level = Level.WAIVED if waived else Level.NEEDS_WAIVER
        message += "（已豁免）" if waived else "；确需入池的，由签发人先登记豁免"
    return Finding(case.clause.kind.value, level, message, rule.id, rule.article)


def _one_per_group(case: _Case) -> list[str]:
    return [
        f"关联单位“{firm.name}”已在池或拟入池，同一主体不得重复参与"
        for firm in case.facts.affiliates
        if firm.taken
    ]


def _distinct_segments(case: _Case) -> list[str]:
    limit, counted = case.clause.limit, case.rule.types
    held = {seat.segment for seat in case.own if not counted or seat.type in counted}
    if limit is None or len(held | {case.wanted.segment}) <= limit:
        return []
    programme = case.wanted.round.programme
    names = "、".join(item.label for item in programme.segments if item.id in held)
    return [f"该服务商已在{len(held)}个细分行业（{names}），原则上最多{limit}个"]


def _own_segment(case: _Case) -> list[str]:
    wanted, label = case.wanted, case.wanted.round.programme.segment_label
    own = case.facts.segment
    if own and own != wanted.segment:
        return [f"只能申报本行业方向：该单位登记的行业是“{label(own)}”"]
    return [
        f"只能申报一个本行业方向：已在“{label(seat.segment)}”入池"
        for seat in case.own
        if seat.type == wanted.type and seat.segment != wanted.segment
    ]


def _types_together(case: _Case) -> list[str]:
    wanted, label = case.wanted, case.wanted.round.programme.type_label
    return [
        f"{label(wanted.type)}与已在池的{label(held)}不能兼任"
        for held in sorted({seat.type for seat in case.own} - {wanted.type})
        if not {held, wanted.type} <= set(case.clause.roles)
    ]


def _no_repeat(case: _Case) -> list[str]:
    wanted, years = case.wanted, case.clause.years or 0
    since = durations.years_after(wanted.listed_on, -years)
    earlier = [
        seat.listed_on
        for seat in case.facts.seats
        if seat.programme == wanted.round.programme_id
        and since < seat.listed_on <= wanted.listed_on
    ]
    return [f"{max(earlier):%Y-%m-%d}已获认定，{years}年内不再重复认定"] if earlier else []


_CHECKS: dict[ConflictKind, Callable[[_Case], list[str]]] = {
    ConflictKind.ONE_PER_AFFILIATE_GROUP: _one_per_group,
    ConflictKind.MAX_DISTINCT_SEGMENTS: _distinct_segments,
    ConflictKind.OWN_SEGMENT_ONLY: _own_segment,
    ConflictKind.TYPES_TOGETHER: _types_together,
    ConflictKind.NO_REPEAT_WITHIN_YEARS: _no_repeat,
}


def _where(wanted: Wanted) -> str:
    programme = wanted.round.programme
    return f"{programme.segment_label(wanted.segment)} · {programme.type_label(wanted.type)}"
