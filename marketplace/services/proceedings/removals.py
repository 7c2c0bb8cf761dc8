"""Removal (退出程序): the programme's steps in its order, each bureau with its own opinion."""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import Why, record
from marketplace.models import (
    Appeal,
    BureauOpinion,
    HandOver,
    Organisation,
    Proceeding,
    RemovalCase,
)
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import (
    AppealPhase,
    ProceedingKind,
    ProceedingPhase,
    Proposer,
    RemovalStep,
)
from marketplace.services.proceedings import appeals, proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.proceedings.proceedings_places import grounds_of, removal_of
from marketplace.services.proceedings.proceedings_rules import ANNOUNCEMENT
from marketplace.workflow import Data, effect, guard, locked

NEXT_LABELS = {
    RemovalStep.VERIFICATION: "市级查实",
    RemovalStep.HEARING: "告知陈述申辩",
    RemovalStep.DECISION: "提交部门会签",
    RemovalStep.NOTICE: "公示",
    ANNOUNCEMENT: "公告",
}


def _next_is(step: str) -> Callable[[Session, Proceeding, Actor, Data], str | None]:
    def check(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
        found = proceedings_rules.next_step(subject)
        if found == step:
            return None
        label = NEXT_LABELS.get(found, "办完当前一步")
        return f"按方案下一步应为“{label}”"

    return check


for _step in (*RemovalStep, ANNOUNCEMENT):
    guard(f"next_is_{_step}")(_next_is(_step))


@effect("start_hearing")
def start_hearing(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """The provider's days to reply in writing or to ask for a hearing begin."""
    days = removal_of(subject).hearing_working_days
    if not days:
        raise Conflict("方案没有规定陈述申辩的期限", code="no_procedure")
    due = proceedings_rules.working_days(session, days)
    subject.due_at = due.at
    session.flush()
    record(session, actor, "clock_start", subject,
           diff={"rule": subject.membership.round.programme.removal.id, **due.facts})  # fmt: skip


@effect("stop_clock")
def stop_clock(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """Nobody is waited for."""
    subject.due_at = None


@effect("note_decision")
def note_decision(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """When it was decided, and by which document."""
    subject.decided_at = subject.decided_at or clock.now()
    subject.due_at = None
    subject.document_no = data.get("document_no", "") or subject.document_no


def bureau_of(session: Session, case: Proceeding, actor: Actor) -> str:
    """The bureau of the programme that the actor speaks for. Raises Forbidden."""
    name = session.scalar(select(Organisation.name).where(Organisation.id == actor.organisation_id))
    for bureau in removal_of(case).bureaus:
        if name and bureau in name:
            return bureau
    raise Forbidden("本单位不在方案规定的会签部门中")


def opine(
    session: Session, actor: Actor, case: Proceeding, *, agrees: bool, text: str
) -> BureauOpinion:
    """Give (or change, until it is decided) the opinion of the actor's own bureau.

    Raises Conflict, Invalid, Forbidden.
    """
    require(actor, Permission.PROCEEDING_OPINE, case)
    case = locked(session, RemovalCase, case.id)
    if case.phase != ProceedingPhase.BUREAUS:
        raise Conflict("现在不在会签，不能提出意见", code="wrong_state")
    bureau = bureau_of(session, case, actor)
    if not text.strip():
        raise Invalid(fields={"text": ["请填写意见"]})
    row = session.scalars(
        select(BureauOpinion).where(
            BureauOpinion.proceeding_id == case.id, BureauOpinion.bureau == bureau
        )
    ).one_or_none()
    if row is None:
        row = BureauOpinion(proceeding_id=case.id, bureau=bureau)
        session.add(row)
    row.organisation_id, row.user_id = actor.organisation_id or 0, actor.user_id or 0
    row.agrees, row.text, row.given_at = agrees, text.strip(), clock.now()
    session.flush()
    record(session, actor, "opinion_give", case, why=Why(reason=text),
           diff={"bureau": bureau, "agrees": "同意移出" if agrees else "不同意移出"})  # fmt: skip
    return row


def opinions(session: Session, case: Proceeding) -> Sequence[BureauOpinion]:
    """The opinions given, in the order of the programme's bureaus."""
    query = select(BureauOpinion).where(BureauOpinion.proceeding_id == case.id)
    found = session.scalars(query.options(joinedload(BureauOpinion.organisation))).all()
    order = list(removal_of(case).bureaus)
    return sorted(found, key=lambda one: order.index(one.bureau) if one.bureau in order else 99)


@guard("every_bureau_agrees")
def every_bureau_agrees(
    session: Session, subject: Proceeding, actor: Actor, data: Data
) -> str | None:
    """A joint decision: every bureau that the programme names, each with its own opinion."""
    given = {one.bureau: one.agrees for one in opinions(session, subject)}
    missing = [bureau for bureau in removal_of(subject).bureaus if bureau not in given]
    against = [bureau for bureau, agrees in given.items() if not agrees]
    if missing:
        return f"还没有意见：{'、'.join(missing)}"
    return f"不同意移出：{'、'.join(against)}" if against else None


@guard("result_of_notice")
def result_of_notice(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """What was put on notice is announced with the notice's result, objections included."""
    if subject.phase != ProceedingPhase.NOTICE or data.get("by_notice"):
        return None
    return "退出公示期满后，在公示页面公布结果"


@guard("no_open_appeal")
def no_open_appeal(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """An appeal suspends the publication, nothing else (§4.5 appeal.suspends).

    Any appeal on the place does, and so does the window of the grade that the removal follows.
    """
    query = select(Appeal.id).where(
        Appeal.membership_id == subject.membership_id, Appeal.phase != AppealPhase.CLOSED
    )
    if session.scalars(query.limit(1)).first() is not None:
        return "申诉还没有办结，暂缓公告"
    origin = subject.origin_id
    if origin is not None and appeals.possible(session, subject.origin_type, origin) is not None:
        return "评价等次的申诉期还没有结束，暂缓公告"
    return None


@guard("projects_settled")
def projects_settled(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """A transfer that was asked for waits for the enterprise's answer."""
    query = select(HandOver.id).where(
        HandOver.proceeding_id == subject.id, HandOver.way == "transfer", HandOver.agreed.is_(None)
    )
    waiting = session.scalars(query.limit(1)).first()
    return None if waiting is None else "有项目转交还没有得到企业答复"


def _by_rule(case: Proceeding) -> bool:
    """Whether the scheme itself orders a removal after ``case``: what was not mended, vetoes."""
    mending = case.kind == ProceedingKind.RECTIFICATION
    return mending or case.cause in proceedings_rules.vetoes(case.membership.round.programme)


@guard("removable")
def removable(session: Session, subject: Proceeding, actor: Actor, data: Data) -> str | None:
    """The programme removes for this cause, and lets the city propose it or orders it itself."""
    if subject.cause not in proceedings_rules.removal_causes(subject.membership.round.programme):
        return "方案没有规定因这项原因移出"
    if _by_rule(subject) or subject.cause in removal_of(subject).city_causes:
        return None
    return "这项原因须由区市或第三方提出移出"


@effect("begin_removal")
def begin_removal(session: Session, subject: Proceeding, actor: Actor, data: Data) -> None:
    """What a rectification or a suspension ends in (整改不到位 is X05)."""
    session.flush()
    mending = subject.kind == ProceedingKind.RECTIFICATION
    why = grounds_of(data)
    if not why.get("reason", "").strip():
        why["reason"] = "限期整改到期，没有提交整改报告"
    rule = _by_rule(subject)
    proceedings.open(
        session, SYSTEM, subject.membership, ProceedingKind.REMOVAL,
        "X05" if mending else subject.cause, why,
        Details(
            proposer=Proposer.RULE if rule else Proposer.CITY,
            proposer_name="" if rule else actor.organisation_name,
            findings=f"{subject.findings}\n{why['reason']}", predecessor=subject,
        ),
    )  # fmt: skip
