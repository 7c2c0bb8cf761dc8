"""Memberships of the pool: admission, and every action on them afterwards.

Admission: locks → findings (all shown together) → place → row → event. Later actions go through
``workflow.perform``; the states, permissions, guards and effects are the pinned programme's.
"""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Event, Membership, Proceeding, Provider, Quota, Round, Term
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import ProceedingPhase, StandingPhase
from marketplace.schemas.pool import CHAIN_MODES
from marketplace.services.calendar import durations
from marketplace.services.pool import (  # noqa: F401  registers what transitions do
    applicants,
    conflicts,
    effects,
    quotas,
    standing_notices,
    waivers,
)
from marketplace.services.pool.admission_rules import Finding, Level, refuse
from marketplace.services.pool.conflicts import Place
from marketplace.workflow import locked, perform, workflow_of


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A place asked for and what is written down with it. ``waiver``: grounds for soft rules."""

    round: Round
    provider: Provider
    type: str
    segment: str
    listed_on: date
    valid_until: date | None = None
    document_no: str = ""
    chain_mode: str = ""
    reason: str = ""
    waiver: str = ""


@dataclass(frozen=True)
class Preview:
    """What admission would meet: findings, and the cell before it (None = no such cell)."""

    findings: list[Finding]
    quota: Quota | None

    @property
    def possible(self) -> bool:
        """Whether nothing stops the admission."""
        return not any(finding.stops for finding in self.findings)


def preview(session: Session, actor: Actor, admission: Admission) -> Preview:
    """All findings on an admission, without writing anything. Raises Invalid, Forbidden."""
    require(actor, Permission.MEMBERSHIP_ADMIT)
    check_words(admission)
    place = _place(admission)
    quota = quotas.find(
        session, place.round, place.type, place.segment, place.provider, place.listed_on
    )
    return Preview(conflicts.findings(session, place), quota)


def admit(session: Session, actor: Actor, admission: Admission) -> Membership:
    """Take a provider into the pool. Raises Invalid, Conflict (every reason), Forbidden."""
    require(actor, Permission.MEMBERSHIP_ADMIT)
    check_words(admission)
    provider = applicants.locked_provider(session, admission.provider.id)
    admission = replace(admission, provider=provider)
    found = conflicts.findings(session, _place(admission))
    refuse(found)
    _waive(session, actor, admission, found)
    quota = quotas.cell_for(
        session, admission.round, admission.type, admission.segment,
        admission.provider, admission.listed_on,
    )  # fmt: skip
    quotas.take(session, quota)
    return enter(session, actor, admission, quota, action="admit")


def enter(
    session: Session, actor: Actor, admission: Admission, quota: Quota, *, action: str
) -> Membership:
    """Write the membership whose place was taken; for admission and listing of candidacies."""
    workflow = admission.round.programme.workflows["standing"]
    state = workflow.state(workflow.initial)
    membership = Membership(
        provider=admission.provider,
        round=admission.round,
        quota=quota,
        type=admission.type,
        segment=admission.segment,
        chain_mode=admission.chain_mode,
        state=state.id,
        phase=state.phase,
        state_since=clock.now(),
        listed_on=admission.listed_on,
        valid_until=admission.valid_until,
        document_no=admission.document_no,
    )
    session.add(membership)
    session.flush()
    record(
        session, actor, action, membership,
        states=("", state.id),
        diff={
            "provider": admission.provider.id,
            "cell": quota.cell,
            "listed_on": admission.listed_on.isoformat(),
            "valid_until": admission.valid_until and admission.valid_until.isoformat(),
        },
        why={"reason": admission.reason, "document_no": admission.document_no},
    )  # fmt: skip
    return membership


def default_valid_until(round_: Round, listed_on: date) -> date | None:
    """Last day of validity by the programme; None where the notice gives no length."""
    validity = round_.programme.validity
    if validity is None or validity.years is None:
        return None
    return durations.last_day(listed_on, validity.years)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a person decides about a membership, beside the action itself.

    ``historical``: an import records what happened before, so a due day may be past or missing,
    and an exit may have a day of its own (``exited_on``; None = today). ``proceeding``: the case
    file in which it was decided; while one is open, nothing is decided beside it.
    """

    why: Why
    rectify_by: date | None = None
    exited_on: date | None = None
    public_reason: str = ""
    expected_version: int | None = None
    historical: bool = False
    proceeding: int | None = None


def act(
    session: Session, actor: Actor, membership: Membership, action: str, decision: Decision
) -> Event:
    """Take one action of the standing workflow. Raises Invalid, Conflict, Forbidden, NotFound.

    The affiliate group is locked first, so that an exit with a ban and an admission of the same
    subject cannot pass each other.
    """
    applicants.lock(session, [_organisation_id(session, membership)])
    membership = locked(session, Membership, membership.id)
    check_decision(membership, action, decision)
    _check_proceeding(session, membership, decision)
    days = {"rectify_by": decision.rectify_by, "exited_on": decision.exited_on}
    details = {name: day for name, day in days.items() if day is not None}
    event = perform(
        session, actor, membership, action,
        why=decision.why, expected_version=decision.expected_version, **details,
    )  # fmt: skip
    membership.rectify_by = decision.rectify_by
    membership.public_reason = _public_reason(session, membership, decision)
    session.flush()
    if not decision.historical and decision.proceeding is None:
        standing_notices.tell(session, membership, event)
    return event


def check_words(admission: Admission) -> None:
    """Refuse what the round's programme does not know. Raises Invalid."""
    programme = admission.round.programme
    fields = {}
    if admission.type not in {item.id for item in programme.types}:
        fields["type"] = ["本批次没有这个服务商类型"]
    if admission.segment not in {item.id for item in programme.segments}:
        fields["segment"] = ["本批次没有这个细分行业"]
    if admission.chain_mode and admission.chain_mode not in CHAIN_MODES:
        fields["chain_mode"] = ["请选择列出的模式"]
    if admission.valid_until is not None and admission.valid_until < admission.listed_on:
        fields["valid_until"] = ["有效期不能早于入池日期"]
    if fields:
        raise Invalid(fields=fields)


def _place(admission: Admission) -> Place:
    return Place(
        round=admission.round,
        provider=admission.provider,
        type=admission.type,
        segment=admission.segment,
        listed_on=admission.listed_on,
        waive=bool(admission.waiver.strip()),
    )


def _waive(session: Session, actor: Actor, admission: Admission, found: list[Finding]) -> None:
    """Record the waivers that came with the admission, for the rules that were in its way."""
    for finding in found:
        recorded = waivers.find(
            session, admission.provider, admission.round, finding.rule, admission.segment
        )
        if finding.level is Level.WAIVED and not recorded:
            waivers.grant(
                session, actor, admission.provider,
                round_=admission.round, rule=finding.rule, segment=admission.segment,
                reason=admission.waiver, document_no=admission.document_no,
            )  # fmt: skip


def _organisation_id(session: Session, membership: Membership) -> int:
    statement = select(Provider.organisation_id).where(Provider.id == membership.provider_id)
    return session.scalars(statement).one()


def check_decision(membership: Membership, action: str, decision: Decision) -> None:
    """Refuse days that do not fit the action. Raises Invalid by field."""
    workflow = workflow_of(membership)
    transition = workflow.transition(membership.state, action)
    if transition is None:
        return  # perform says why
    phase = workflow.state(transition.to).phase
    rectifying = phase == StandingPhase.RECTIFYING
    due, past = decision.rectify_by, decision.historical
    if decision.exited_on is not None and (phase != StandingPhase.EXITED or not past):
        raise Invalid(fields={"exited_on": ["这个操作不填写退出日期"]})
    text = ""
    if due is None:
        text = "请填写整改期限" if rectifying and not past else ""
    elif not rectifying:
        text = "这个操作没有整改期限"
    elif due <= clock.today() and not past:
        text = "整改期限应晚于今天"
    if text:
        raise Invalid(fields={"rectify_by": [text]})


def _check_proceeding(session: Session, membership: Membership, decision: Decision) -> None:
    """What a case file governs is decided there. Raises Conflict ``proceeding_open``."""
    found = session.scalar(
        select(Proceeding.id).where(
            Proceeding.membership_id == membership.id, Proceeding.phase != ProceedingPhase.CLOSED
        )
    )
    if found is not None and found != decision.proceeding:
        raise Conflict("这个席位有在办案卷，请在案卷中办理", code="proceeding_open")


def _public_reason(session: Session, membership: Membership, decision: Decision) -> str:
    """What the public reads: the words given, else the vocabulary's words for the reason."""
    if decision.public_reason.strip() or not membership.reason_code:
        return decision.public_reason.strip()
    words = session.execute(
        select(Term.short_name, Term.name).where(
            Term.kind == "exit_reason", Term.code == membership.reason_code
        )
    ).one_or_none()
    return "" if words is None else words.short_name or words.name
