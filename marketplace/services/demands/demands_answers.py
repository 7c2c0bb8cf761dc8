"""Answers of providers to demands, and what the enterprise does with them.

An invitation is an enquiry to one provider, so its clock, thread and refusals are those of
enquiries; it is what tells the provider the enterprise's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, NotFound
from marketplace.history import Why, record
from marketplace.models import Demand, DemandAnswer, Inquiry, InquiryParty, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import AnswerPhase, DemandPhase
from marketplace.programmes import nouns
from marketplace.services.demands import demands_notices
from marketplace.services.demands.demands_rules import ANSWER_NOUN, OF_ANSWER, open_now
from marketplace.services.files import file_subjects, files
from marketplace.services.inquiries import inquiries, inquiry_rules
from marketplace.services.inquiries.inquiries import Question
from marketplace.services.pool import applicants
from marketplace.workflow import locked, perform

FILES = "demand_answer_file"
CLOSED = "这条需求已不再接受答复"


def _load(session: Session, id_: int) -> DemandAnswer | None:
    query = select(DemandAnswer).where(DemandAnswer.id == id_).options(*OF_ANSWER)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


file_subjects.LOADERS[DemandAnswer.__tablename__] = _load
files.READERS[FILES] = files.holders_of(Permission.DEMAND_READ)


@dataclass(frozen=True)
class Offer:
    """What a provider answers; ``days`` of work, price in CNY."""

    text: str
    price_cny: Decimal | None = None
    days: int | None = None


def own_provider(session: Session, actor: Actor) -> int:
    """The acting provider. Raises Forbidden for an organisation without a profile."""
    found = session.scalar(
        select(Provider.id).where(Provider.organisation_id == actor.organisation_id)
    )
    if found is None:
        raise Forbidden("本单位还没有服务商资料")
    return found


def answer(session: Session, actor: Actor, demand_id: int, offer: Offer) -> DemandAnswer:
    """Answer a demand that is open. Raises NotFound, Conflict (over, answered, not in standing)."""
    require(actor, Permission.DEMAND_ANSWER)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    provider_id = own_provider(session, actor)
    _fit(session, actor.organisation_id, provider_id)
    demand = locked(session, Demand, demand_id)
    if demand.phase in (DemandPhase.DRAFT, DemandPhase.TAKEN_DOWN):
        raise NotFound("没有这条需求，或已经撤下")
    if not open_now(demand):
        raise Conflict(CLOSED, code="closed")
    if demand.organisation_id == actor.organisation_id:
        raise Conflict("这是本单位发布的需求，不能自己答复", code="own_demand")
    workflow = nouns.workflow(ANSWER_NOUN)
    first = workflow.state(workflow.initial)
    row = DemandAnswer(
        demand_id=demand.id, provider_id=provider_id, text=offer.text, price_cny=offer.price_cny,
        days=offer.days, state=first.id, phase=first.phase, state_since=clock.now(),
        created_by=actor.user_id,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict(
            "本单位已经答复过这条需求", code="answered", remedy="可以修改原来的答复。"
        ) from None
    made = get(session, actor, row.id)
    event = record(session, actor, "demand_answer", made, states=("", first.id))
    demands_notices.tell_answer(session, made, event, "answered")
    return made


def _fit(session: Session, organisation_id: int, provider_id: int) -> None:
    """Under the lock that actions on standing take."""
    applicants.lock(session, [organisation_id])
    if reason := inquiry_rules.refusals(session, [provider_id])[provider_id]:
        raise Conflict(reason, code="not_taking", remedy="恢复在池后再答复需求。")


def edit(
    session: Session, actor: Actor, row: DemandAnswer, offer: Offer, *, expected_version: int
) -> DemandAnswer:
    """Say it anew before the enterprise dealt with it; a withdrawn one is given again.

    Raises Conflict, Forbidden.
    """
    require(actor, Permission.DEMAND_ANSWER, row)
    _fit(session, row.provider.organisation_id, row.provider_id)
    row = locked(session, DemandAnswer, row.id)
    if row.version != expected_version:
        raise Conflict("内容已被同事更新", code="stale_version")
    if not open_now(row.demand):
        raise Conflict(CLOSED, code="closed")
    if row.phase == AnswerPhase.WITHDRAWN:
        event = perform(session, actor, row, "answer_again")
    elif row.phase == AnswerPhase.SENT:
        event = record(session, actor, "demand_answer_edit", row)
    else:
        raise Conflict("企业已经处理这份答复，不能再修改", code="wrong_state")
    row.text, row.price_cny, row.days = offer.text, offer.price_cny, offer.days
    session.flush()
    demands_notices.tell_answer(session, row, event, "answer_changed")
    return row


def withdraw(session: Session, actor: Actor, row: DemandAnswer, *, expected_version: int) -> None:
    """Take it back before the enterprise dealt with it. Raises Conflict, Forbidden."""
    perform(session, actor, row, "answer_withdraw", expected_version=expected_version)


def refuse(
    session: Session, actor: Actor, row: DemandAnswer, *, reason: str, expected_version: int
) -> None:
    """The enterprise does not choose it; its words go to the provider. Raises Conflict."""
    event = perform(
        session, actor, row, "answer_refuse", why=Why(reason=reason.strip()),
        expected_version=expected_version,
    )  # fmt: skip
    demands_notices.tell_answer(session, row, event, "refused")


def invite(session: Session, actor: Actor, demand: Demand, provider_id: int) -> InquiryParty:
    """Ask one provider to talk, whether it answered or was only suggested: it learns the name.

    Raises Conflict (invited before, takes no enquiries, too many wait), NotFound, Forbidden.
    """
    require(actor, Permission.DEMAND_WRITE, demand)
    owner = session.scalar(select(Provider.organisation_id).where(Provider.id == provider_id))
    if owner is None:
        raise NotFound("没有找到这家服务商")
    applicants.lock(session, [demand.organisation_id, owner])
    demand = locked(session, Demand, demand.id)
    if demand.phase not in (DemandPhase.PUBLISHED, DemandPhase.CLOSED) or not demand.published_at:
        raise Conflict("需求没有公开，不能邀请", code="wrong_state")
    if provider_id in invited(session, demand):
        raise Conflict("已经邀请过这家服务商", code="invited", remedy="请到“咨询”中继续沟通。")
    question = Question(demand.title, demand.text, [provider_id], demand_id=demand.id)
    inquiry = inquiries.send(session, actor, question)
    row = session.scalars(
        select(DemandAnswer)
        .where(DemandAnswer.demand_id == demand.id, DemandAnswer.provider_id == provider_id)
        .options(*OF_ANSWER)
    ).one_or_none()
    if row is not None and row.phase in (AnswerPhase.SENT, AnswerPhase.REFUSED):
        perform(session, actor, row, "answer_invite")
    return inquiry.parties[0]


def invited(session: Session, demand: Demand) -> dict[int, int]:
    """Threads that began with an invitation to this demand, by provider."""
    rows = session.execute(
        select(InquiryParty.provider_id, InquiryParty.id)
        .join(Inquiry, Inquiry.id == InquiryParty.inquiry_id)
        .where(
            InquiryParty.demand_id == demand.id,
            Inquiry.organisation_id == demand.organisation_id,
        )
    )
    return dict(rows.all())


def get(
    session: Session, actor: Actor, answer_id: int, demand_id: int | None = None
) -> DemandAnswer:
    """One answer (to this demand), for its two sides. Raises NotFound."""
    query = visible(actor, Permission.DEMAND_READ, DemandAnswer).where(DemandAnswer.id == answer_id)
    if demand_id is not None:
        query = query.where(DemandAnswer.demand_id == demand_id)
    query = query.options(*OF_ANSWER).execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这份答复")
    return found


def of_demand(session: Session, actor: Actor, demand: Demand) -> Sequence[DemandAnswer]:
    """Answers that the actor may know: all for the enterprise, its own for a provider."""
    query = visible(actor, Permission.DEMAND_READ, DemandAnswer)
    query = query.where(DemandAnswer.demand_id == demand.id)
    return session.scalars(query.options(*OF_ANSWER).order_by(DemandAnswer.id)).all()


def own(actor: Actor) -> Select[DemandAnswer]:
    """SELECT of what the acting provider answered, the last moved first; demands loaded."""
    query = visible(actor, Permission.DEMAND_READ, DemandAnswer).options(*OF_ANSWER)
    return query.order_by(DemandAnswer.state_since.desc(), DemandAnswer.id.desc())
