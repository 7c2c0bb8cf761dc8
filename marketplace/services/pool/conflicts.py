"""What stands against a place in the pool now: every finding at once, none hidden by another.

Reads the facts that ``admission_rules`` compares. Callers that go on to write hold the locks of
``applicants.lock``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from marketplace.models import (
    Candidacy,
    CaseStudy,
    CreditFinding,
    Membership,
    Organisation,
    Provider,
    Round,
    Waiver,
)
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES, CreditPhase
from marketplace.programmes.kinds import ConflictKind
from marketplace.services.pool import applicants, bans, quotas
from marketplace.services.pool.admission_rules import (
    Affiliate,
    Facts,
    Finding,
    Level,
    Seat,
    Wanted,
    in_order,
    judge,
)


@dataclass(frozen=True, kw_only=True)
class Place(Wanted):
    """A place asked for by a ``provider``, which has its organisation loaded."""

    provider: Provider


def findings(session: Session, place: Place) -> list[Finding]:
    """Everything that speaks against ``place``, hard reasons first."""
    return in_order([*judge(place, _facts(session, place)), *_to_verify(session, place)])


def _facts(session: Session, place: Place) -> Facts:
    provider, day = place.provider, place.listed_on
    own = provider.organisation_id
    group = applicants.group_of(session, own)
    banned: dict[int, list[date | None]] = {}
    for ban in bans.active(session, sorted(group), place.round.programme_id, day):
        banned.setdefault(ban.organisation_id, []).append(ban.until)
    return Facts(
        segment=provider.organisation.segment or "",
        seats=_seats(session, provider),
        affiliates=_affiliates(session, place, group - {own}, banned),
        bans=banned.get(own, []),
        quota=quotas.find(session, place.round, place.type, place.segment, provider, day),
        waived=_waived(session, place),
    )


def _seats(session: Session, provider: Provider) -> list[Seat]:
    rows = session.execute(
        select(
            Round.programme_id,
            Membership.type,
            Membership.segment,
            Membership.listed_on,
            Membership.phase,
        )
        .join(Round, Round.id == Membership.round_id)
        .where(Membership.provider_id == provider.id)
        .order_by(Membership.id)
    )
    return [
        Seat(programme, type_, segment, listed_on, phase in LIVE_PHASES)
        for programme, type_, segment, listed_on, phase in rows
    ]


def _affiliates(
    session: Session, place: Place, group: set[int], banned: dict[int, list[date | None]]
) -> list[Affiliate]:
    if not group:
        return []
    firms = session.execute(
        select(Organisation.id, Organisation.name, Provider.id)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(Organisation.id.in_(group))
        .order_by(Provider.id)
    ).all()
    taken = _taken(session, place.round.programme_id, [provider for *_, provider in firms])
    return [
        Affiliate(name, provider in taken, tuple(banned.get(organisation, ())))
        for organisation, name, provider in firms
    ]


def _taken(session: Session, programme_id: str, provider_ids: list[int]) -> set[int]:
    """The providers that have a place of the programme, or will get one."""
    found: set[int] = set()
    for model, phases in ((Membership, LIVE_PHASES), (Candidacy, HOLDING_PHASES)):
        found.update(
            session.scalars(
                select(model.provider_id)
                .join(Round, Round.id == model.round_id)
                .where(model.provider_id.in_(provider_ids))
                .where(Round.programme_id == programme_id, model.phase.in_(phases))
            )
        )
    return found


def _waived(session: Session, place: Place) -> frozenset[str]:
    return frozenset(
        session.scalars(
            select(Waiver.rule).where(
                Waiver.provider_id == place.provider.id,
                Waiver.round_id == place.round.id,
                Waiver.segment.in_((place.segment, "")),
            )
        )
    )


def _to_verify(session: Session, place: Place) -> Iterator[Finding]:
    """What the data cannot settle: people look at it, nothing is stopped."""
    programme = place.round.programme
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
            yield Finding("few_cases", Level.TO_VERIFY, text, article=kind.article)
    own_only = any(
        rule.conflict is not None and rule.conflict.kind is ConflictKind.OWN_SEGMENT_ONLY
        for rule in programme.rules_for(place.type)
    )
    if own_only and not place.provider.organisation.segment:
        text = "该单位没有登记所属行业，请核实是否为本行业方向"
        yield Finding("segment_unknown", Level.TO_VERIFY, text)
    for finding in _open_credit(session, place.provider.organisation.uscc):
        text = f"{finding.found_on}登记有信用信息（{finding.source}），请核实是否影响入池"
        yield Finding("credit_finding", Level.TO_VERIFY, text)


def _open_credit(session: Session, uscc: str) -> Sequence[CreditFinding]:
    """Findings about the firm that nobody dealt with: also those that met no place (no outcome)."""
    return session.scalars(
        select(CreditFinding)
        .where(CreditFinding.uscc == uscc, CreditFinding.phase != CreditPhase.WITHDRAWN)
        .where(or_(CreditFinding.phase != CreditPhase.CLOSED, CreditFinding.outcome == ""))
        .order_by(CreditFinding.found_on, CreditFinding.id)
    ).all()
