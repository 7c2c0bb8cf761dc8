"""Waivers (豁免): a leader's recorded exemption from a soft rule ("原则上")."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import record
from marketplace.models import Provider, Round, Waiver
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes.kinds import Severity
from marketplace.programmes.schema import Rule


def find(session: Session, provider: Provider, round_: Round, rule: str, segment: str) -> bool:
    """Whether ``rule`` is waived for this provider in this round and segment (or in all)."""
    found = session.scalar(
        select(Waiver.id).where(
            Waiver.provider_id == provider.id,
            Waiver.round_id == round_.id,
            Waiver.rule == rule,
            Waiver.segment.in_((segment, "")),
        )
    )
    return found is not None


def waivable(round_: Round) -> list[Rule]:
    """Soft rules that admission compares; hard ones cannot be waived."""
    return [
        rule
        for rule in round_.programme.rules
        if rule.conflict is not None and rule.severity is Severity.SOFT
    ]


def grant(
    session: Session,
    actor: Actor,
    provider: Provider,
    *,
    round_: Round,
    rule: str,
    segment: str,
    reason: str,
    document_no: str = "",
) -> Waiver:
    """Exempt ``provider`` from a soft rule. Raises Invalid, Conflict (already waived)."""
    require(actor, Permission.WAIVER_GRANT)
    fields = {}
    if rule not in {item.id for item in waivable(round_)}:
        fields["rule"] = ["这条规定不能豁免；只有“原则上”的规定可以"]
    if segment and segment not in {item.id for item in round_.programme.segments}:
        fields["segment"] = ["本批次没有这个细分行业"]
    if not reason.strip():
        fields["reason"] = ["请填写豁免理由"]
    if fields:
        raise Invalid(fields=fields)
    if find(session, provider, round_, rule, segment):
        raise Conflict("这项豁免已经登记过", code="already_waived")
    waiver = Waiver(
        provider_id=provider.id,
        round_id=round_.id,
        rule=rule,
        segment=segment,
        reason=reason.strip(),
        document_no=document_no,
    )
    session.add(waiver)
    session.flush()
    record(
        session, actor, "waiver_grant", waiver,
        diff={"provider": provider.id, "rule": rule, "segment": segment},
        why={"reason": waiver.reason, "document_no": document_no},
    )  # fmt: skip
    return waiver
