"""What must hold before a proceeding is opened: kind, cause and proposer by the programme."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Membership, Proceeding
from marketplace.permissions import Actor
from marketplace.phases import LIVE_PHASES, ProceedingKind, Proposer, Role
from marketplace.services.proceedings import proceedings_rules
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS

Fields = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Details:
    """What is written down when a proceeding is opened.

    ``due_on``: last day of a rectification (else by the programme) or of papers. ``predecessor``:
    the proceeding it came from. ``found``: the cause has been verified there already.
    ``direct``: opened by an action on the place itself, which names no cause. ``origin``: the
    flushed row that gave the occasion.
    """

    findings: str = ""
    proposer: str = ""
    proposer_name: str = ""
    due_on: date | None = None
    predecessor: Proceeding | None = None
    found: bool = False
    direct: bool = False
    origin: Any = None


def completed(actor: Actor, details: Details, why: Why) -> Details:
    """The same with what the actor and the reason say by themselves.

    What the scheme orders is proposed by nobody: its publication by an officer names no office.
    """
    proposer = details.proposer or _side(actor)
    own = "" if proposer == Proposer.RULE else actor.organisation_name
    return replace(
        details,
        findings=details.findings.strip() or why.get("reason", "").strip(),
        proposer=proposer,
        proposer_name=details.proposer_name or own,
    )


def _side(actor: Actor) -> str:
    if actor.system:
        return Proposer.RULE
    return Proposer.DISTRICT if actor.role == Role.DISTRICT_REVIEWER else Proposer.CITY


def check(
    actor: Actor, membership: Membership, kind: str, cause: str, why: Why, details: Details
) -> None:
    """Raises NotFound, Conflict, Forbidden, Invalid by field."""
    programme = membership.round.programme
    if kind == ProceedingKind.WITHDRAWAL or kind not in set(ProceedingKind):
        raise NotFound("没有这类案卷")
    if not proceedings_rules.offers(programme, kind):
        text = f"{programme.short_name}没有规定{KIND_LABELS[ProceedingKind(kind)]}程序"
        raise Conflict(text, code="no_procedure")
    if membership.phase not in LIVE_PHASES:
        raise Conflict("这个席位已经退出", code="wrong_state")
    if actor.role == Role.DISTRICT_REVIEWER and kind != ProceedingKind.REMOVAL:
        raise Forbidden("区市只能提出移出建议")
    fields = _grounds(kind, cause, why, details)
    if kind == ProceedingKind.REMOVAL:
        fields |= _removal(membership, cause, why, details.proposer)
    if fields:
        raise Invalid(fields=fields)


def _grounds(kind: str, cause: str, why: Why, details: Details) -> Fields:
    fields: Fields = {}
    if not why.get("reason", "").strip():
        fields["reason"] = ["请填写理由"]
    if not cause and not details.direct:
        fields["cause"] = ["请选择一项原因"]
    if details.due_on is not None and details.due_on <= clock.today():
        fields["due_on"] = ["期限应晚于今天"]
    return fields


def _removal(membership: Membership, cause: str, why: Why, side: str) -> Fields:
    """Cause and proposer by the programme (聊城第二十条：检查不合格由县级提出)."""
    programme = membership.round.programme
    removal = programme.procedures.removal if programme.procedures else None
    fields: Fields = {}
    if removal is None:
        return fields
    if cause not in proceedings_rules.removal_causes(programme):
        fields["cause"] = ["请选择方案列出的原因"]
    elif side == Proposer.CITY and cause not in removal.city_causes:
        fields["proposer"] = ["这项原因须由区市或第三方提出"]
    elif side in (Proposer.DISTRICT, Proposer.THIRD_PARTY) and side not in removal.proposers:
        fields["proposer"] = ["方案没有规定由这一方提出"]
    first = proceedings_rules.transition(membership, removal.opens_with)
    document = first is not None and first.document_required and cause in first.reason_codes
    if document and not why.get("document_no", "").strip():
        fields["document_no"] = ["请填写提出撤销的文号"]
    return fields
