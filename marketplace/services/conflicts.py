"""What stands against a place in the pool: every finding at once, none hidden by another.

The programme's conflict rules (QD 二(一)1, 7) are compared with the provider's and its
affiliates' live memberships of the same programme, over all rounds. Callers that go on to write
hold the locks of ``applicants.lock``.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from marketplace.errors import Conflict
from marketplace.models import Candidacy, CaseStudy, Membership, Provider, Quota, Round
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES, RoundPhase
from marketplace.programmes.kinds import ConflictKind, Severity
from marketplace.programmes.schema import Conflict as ConflictClause
from marketplace.programmes.schema import Rule
from marketplace.services import applicants, bans, durations, quotas, waivers


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
class Place:
    """A place asked for. ``provider`` has its organisation loaded; ``held`` = already reserved."""

    round: Round
    provider: Provider
    type: str
    segment: str
    listed_on: date
    held: bool = False
    waive: bool = False
    """Whether a waiver is granted together with the admission, so that soft rules do not stop."""


@dataclass(frozen=True)
class Surroundings:
    """What the rules compare a place with, read once."""

    own: Sequence[Membership]
    affiliates: Sequence[Provider]
    taken_by_affiliates: frozenset[int]


@dataclass(frozen=True)
class Case:
    """One conflict rule looked at for one place."""

    session: Session
    place: Place
    around: Surroundings
    rule: Rule
    clause: ConflictClause


def findings(session: Session, place: Place) -> list[Finding]:
    """Everything that speaks against ``place``, hard reasons first."""
    around = _surroundings(session, place)
    found = [*_basic(session, place, around), *_bans(session, place, around)]
    for rule in place.round.programme.rules_for(place.type):
        if rule.conflict is not None and rule.conflict.kind in _CHECKS:
            case = Case(session, place, around, rule, rule.conflict)
            found += [_by_rule(case, message) for message in _CHECKS[rule.conflict.kind](case)]
    found += _to_verify(session, place, around)
    return sorted(found, key=lambda finding: list(Level).index(finding.level))


def refuse(found: Iterable[Finding]) -> None:
    """Raise Conflict with all reasons that stop; the first one's code."""
    stopping = [finding for finding in found if finding.stops]
    if stopping:
        reasons = [finding.message for finding in stopping]
        raise Conflict("；".join(reasons), code=stopping[0].code, reasons=reasons)


def _surroundings(session: Session, place: Place) -> Surroundings:
    programme_id = place.round.programme_id
    group = applicants.group_of(session, place.provider.organisation_id)
    others = session.scalars(
        select(Provider)
        .options(selectinload(Provider.organisation))
        .where(Provider.organisation_id.in_(group), Provider.id != place.provider.id)
        .order_by(Provider.id)
    ).all()
    live = session.scalars(
        select(Membership)
        .join(Round)
        .where(Membership.provider_id.in_([place.provider.id, *(p.id for p in others)]))
        .where(Round.programme_id == programme_id, Membership.phase.in_(LIVE_PHASES))
        .order_by(Membership.id)
    ).all()
    decided = session.scalars(
        select(Candidacy.provider_id)
        .join(Round)
        .where(Candidacy.provider_id.in_([p.id for p in others]))
        .where(Round.programme_id == programme_id, Candidacy.phase.in_(HOLDING_PHASES))
    ).all()
    own = [row for row in live if row.provider_id == place.provider.id]
    taken = {row.provider_id for row in live if row.provider_id != place.provider.id}
    return Surroundings(own, others, frozenset(taken | set(decided)))


def _basic(session: Session, place: Place, around: Surroundings) -> list[Finding]:
    found = []
    if place.round.phase == RoundPhase.CLOSED:
        found.append(Finding("round_closed", Level.REFUSED, f"{place.round.label}已经关闭"))
    if any((row.type, row.segment) == (place.type, place.segment) for row in around.own):
        where = _where(place, place.type, place.segment)
        found.append(Finding("already_listed", Level.REFUSED, f"该服务商已在池：{where}"))
    quota = quotas.find(session, place.round, place.type, place.segment, place.provider,
                        place.listed_on)  # fmt: skip
    if quota is None:
        found.append(Finding("no_quota", Level.REFUSED, "本批次没有为这一组合设置名额"))
    elif not place.held and _is_full(quota):
        found.append(Finding(quotas.FULL, Level.REFUSED, quotas.full_text(quota)))
    return found


def _is_full(quota: Quota) -> bool:
    return quota.cap is not None and quota.used + quota.held >= quota.cap


def _bans(session: Session, place: Place, around: Surroundings) -> list[Finding]:
    names = {p.organisation_id: p.organisation.name for p in (place.provider, *around.affiliates)}
    found = []
    for ban in bans.active(session, list(names), place.round.programme_id, place.listed_on):
        until = f"至{ban.until:%Y-%m-%d}" if ban.until else "，整改复核通过前有效"
        if ban.organisation_id == place.provider.organisation_id:
            text = f"该服务商处于禁报期{until}"
            found.append(Finding("banned", Level.REFUSED, text))
        else:
            text = f"关联单位“{names[ban.organisation_id]}”处于禁报期{until}，请核实是否规避"
            found.append(Finding("affiliate_banned", Level.TO_VERIFY, text))
    return found


def _by_rule(case: Case, message: str) -> Finding:
    rule, place = case.rule, case.place
    level = Level.TO_VERIFY
    if rule.severity is Severity.HARD:
        level = Level.REFUSED
    elif rule.severity is Severity.SOFT:
        waived = place.waive or waivers.find(
            case.session, place.provider, place.round, rule.id, place.segment
        )
        level = Level.WAIVED if waived else Level.NEEDS_WAIVER
        message += "（已豁免）" if waived else "；确需入池的，由签发人先登记豁免"
    return Finding(case.clause.kind.value, level, message, rule.id, rule.article)


Check = Callable[[Case], list[str]]


def _one_per_group(case: Case) -> list[str]:
    return [
        f"关联单位“{other.organisation.name}”已在池或拟入池，同一主体不得重复参与"
        for other in case.around.affiliates
        if other.id in case.around.taken_by_affiliates
    ]


def _distinct_segments(case: Case) -> list[str]:
    limit, counted = case.clause.limit, case.rule.types
    held = {row.segment for row in case.around.own if not counted or row.type in counted}
    if limit is None or len(held | {case.place.segment}) <= limit:
        return []
    programme = case.place.round.programme
    names = "、".join(item.label for item in programme.segments if item.id in held)
    return [f"该服务商已在{len(held)}个细分行业（{names}），原则上最多{limit}个"]


def _own_segment(case: Case) -> list[str]:
    place, label = case.place, case.place.round.programme.segment_label
    own = place.provider.organisation.segment
    if own and own != place.segment:
        return [f"只能申报本行业方向：该单位登记的行业是“{label(own)}”"]
    return [
        f"只能申报一个本行业方向：已在“{label(row.segment)}”入池"
        for row in case.around.own
        if row.type == place.type and row.segment != place.segment
    ]


def _types_together(case: Case) -> list[str]:
    place, label = case.place, case.place.round.programme.type_label
    return [
        f"{label(place.type)}与已在池的{label(held)}不能兼任"
        for held in sorted({row.type for row in case.around.own} - {place.type})
        if not {held, place.type} <= set(case.clause.roles)
    ]


def _no_repeat(case: Case) -> list[str]:
    place, years = case.place, case.clause.years or 0
    earlier = case.session.scalar(
        select(func.max(Membership.listed_on))
        .join(Round)
        .where(Membership.provider_id == place.provider.id)
        .where(Round.programme_id == place.round.programme_id)
        .where(Membership.listed_on > durations.years_after(place.listed_on, -years))
        .where(Membership.listed_on <= place.listed_on)
    )
    return [] if earlier is None else [f"{earlier:%Y-%m-%d}已获认定，{years}年内不再重复认定"]


_CHECKS: dict[ConflictKind, Check] = {
    ConflictKind.ONE_PER_AFFILIATE_GROUP: _one_per_group,
    ConflictKind.MAX_DISTINCT_SEGMENTS: _distinct_segments,
    ConflictKind.OWN_SEGMENT_ONLY: _own_segment,
    ConflictKind.TYPES_TOGETHER: _types_together,
    ConflictKind.NO_REPEAT_WITHIN_YEARS: _no_repeat,
}


def _to_verify(session: Session, place: Place, around: Surroundings) -> list[Finding]:
    """What the data cannot settle: people look at it, nothing is stopped."""
    programme = place.round.programme
    found = []
    kind = next((item for item in programme.types if item.id == place.type), None)
    if kind is not None and kind.cases_min:
        count = session.scalar(
            select(func.count()).where(
                CaseStudy.provider_id == place.provider.id,
                CaseStudy.segment == place.segment,
                CaseStudy.hidden_at.is_(None),
            )
        )
        if (count or 0) < kind.cases_min:
            text = f"系统中本行业案例{count}项，{kind.label}要求不少于{kind.cases_min}项，请核实"
            found.append(Finding("few_cases", Level.TO_VERIFY, text, article=kind.article))
    own_only = any(
        rule.conflict is not None and rule.conflict.kind is ConflictKind.OWN_SEGMENT_ONLY
        for rule in programme.rules_for(place.type)
    )
    if own_only and not place.provider.organisation.segment:
        text = "该单位没有登记所属行业，请核实是否为本行业方向"
        found.append(Finding("segment_unknown", Level.TO_VERIFY, text))
    return found


def _where(place: Place, type_: str, segment: str) -> str:
    programme = place.round.programme
    return f"{programme.segment_label(segment)} · {programme.type_label(type_)}"
