"""Enquiries (咨询, F-V11): sent to a few providers, answered by each in a thread of its own.

Who may take an enquiry is asked in the transaction that sends it, under the locks that actions on
standing take. Lock order: organisations of everybody concerned, then the party.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Event, Inquiry, InquiryParty, Organisation, Product, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import UNANSWERED
from marketplace.programmes import nouns
from marketplace.services.files import file_subjects, files
from marketplace.services.inquiries import inquiry_notices
from marketplace.services.inquiries.inquiry_rules import NOUN, PARTIES, refusals, reply_by, rules
from marketplace.services.pool import applicants
from marketplace.workflow import perform

FILES = "inquiry_file"

WITH_PARTIES = (
    selectinload(Inquiry.parties)
    .joinedload(InquiryParty.provider)
    .joinedload(Provider.organisation),
    joinedload(Inquiry.product),
)


def _load(session: Session, id_: int) -> Inquiry | None:
    query = select(Inquiry).where(Inquiry.id == id_).options(*WITH_PARTIES)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


file_subjects.LOADERS[Inquiry.__tablename__] = _load
files.READERS[FILES] = files.holders_of(Permission.INQUIRY_READ)


@dataclass(frozen=True)
class Question:
    """What is asked, of whom, about which of their products."""

    title: str
    text: str
    provider_ids: Sequence[int]
    product_id: int | None = None
    demand_id: int | None = None
    """The demand that the only provider is invited to."""


def send(session: Session, actor: Actor, question: Question) -> Inquiry:
    """Ask the providers; each gets the same words and knows of no other.

    Raises Invalid, Conflict (a provider takes none now, or too many wait for an answer), NotFound.
    """
    require(actor, Permission.INQUIRY_SEND)
    if actor.user_id is None or actor.organisation_id is None:
        raise Forbidden
    ids = list(dict.fromkeys(question.provider_ids))
    if not 1 <= len(ids) <= rules().most_providers:
        raise Invalid(fields={"providers": [f"请选择1至{rules().most_providers}家服务商"]})
    names = _lock(session, actor.organisation_id, ids)
    _check_product(session, question, ids)
    _check_room(session, actor.user_id, len(ids))
    found = {**refusals(session, ids), **_own(session, actor.organisation_id, ids)}
    if reasons := [f"{names[id_]}：{found[id_]}" for id_ in ids if found[id_]]:
        raise Conflict(
            "；".join(reasons), code="not_taking", reasons=reasons,
            remedy="请去掉这家，或另选其他服务商。",
        )  # fmt: skip
    inquiry = Inquiry(
        organisation_id=actor.organisation_id, title=question.title, text=question.text,
        product_id=question.product_id, created_by=actor.user_id,
    )  # fmt: skip
    session.add(inquiry)
    session.flush()
    for id_ in ids:
        _ask(session, actor, inquiry, id_, question.demand_id)
    return get(session, actor, inquiry.id)


def _lock(session: Session, enterprise_id: int, provider_ids: Sequence[int]) -> dict[int, str]:
    """Hold the standing of all and the room of the enterprise; answers names by provider."""
    rows = session.execute(
        select(Provider.id, Organisation.id, Organisation.name)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(Provider.id.in_(provider_ids))
    ).all()
    if len(rows) != len(provider_ids):
        raise NotFound("没有找到这家服务商")
    applicants.lock(session, [enterprise_id, *(owner for _, owner, _ in rows)])
    return {id_: name for id_, _, name in rows}


def _own(session: Session, organisation_id: int, ids: Sequence[int]) -> dict[int, str]:
    """Nobody asks himself: the answer would count in his response rate."""
    query = select(Provider.id).where(
        Provider.id.in_(ids), Provider.organisation_id == organisation_id
    )
    return dict.fromkeys(session.scalars(query), "这是贵企业自己，不能向自己咨询")


def _check_product(session: Session, question: Question, ids: Sequence[int]) -> None:
    if question.product_id is None:
        return
    owner = session.scalar(select(Product.provider_id).where(Product.id == question.product_id))
    if owner not in ids:
        raise Invalid(fields={"providers": ["所咨询产品的服务商不在所选之中"]})


def _check_room(session: Session, user_id: int, wanted: int) -> None:
    """Counted by user: the lock of the enterprise lets no second one count beside us."""
    waiting = session.scalar(
        select(func.count())
        .select_from(InquiryParty)
        .join(Inquiry, Inquiry.id == InquiryParty.inquiry_id)
        .where(Inquiry.created_by == user_id, InquiryParty.phase.in_(UNANSWERED))
    )
    if (waiting or 0) + wanted > rules().most_open:
        raise Conflict(
            f"您已有{waiting}条咨询在等待答复，最多同时{rules().most_open}条",
            code="too_many", remedy="请先结束不再需要的咨询。",
        )  # fmt: skip


def _ask(
    session: Session, actor: Actor, inquiry: Inquiry, provider_id: int, demand_id: int | None
) -> None:
    workflow, now = nouns.workflow(NOUN), clock.now()
    first = workflow.state(workflow.initial)
    row = InquiryParty(
        inquiry_id=inquiry.id, provider_id=provider_id, demand_id=demand_id, state=first.id,
        phase=first.phase, state_since=now, sent_at=now, last_at=now,
        reply_by=reply_by(session),
    )  # fmt: skip
    session.add(row)
    session.flush()
    event = record(session, actor, "inquiry_send", row, states=("", first.id))
    inquiry_notices.tell(session, party(session, actor, row.id), event)


def listed(actor: Actor) -> Select[Inquiry]:
    """SELECT of the enquiries of the acting enterprise, the latest first; parties loaded."""
    query = visible(actor, Permission.INQUIRY_SEND, Inquiry)
    return query.options(*WITH_PARTIES).order_by(Inquiry.id.desc())


def get(session: Session, actor: Actor, inquiry_id: int) -> Inquiry:
    """One of the acting enterprise's own, with all its parties. Raises NotFound."""
    query = visible(actor, Permission.INQUIRY_SEND, Inquiry).where(Inquiry.id == inquiry_id)
    query = query.options(*WITH_PARTIES).execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这条咨询")
    return found


def parties(actor: Actor, phase: str = "") -> Select[InquiryParty]:
    """SELECT of the enquiries that the acting provider got; the unanswered first, by due time."""
    query = visible(actor, Permission.INQUIRY_READ, InquiryParty)
    if phase:
        query = query.where(InquiryParty.phase == phase)
    waiting = InquiryParty.phase.in_(UNANSWERED)
    return query.options(*PARTIES).order_by(
        waiting.desc(), InquiryParty.last_at.desc(), InquiryParty.id.desc()
    )


def party(session: Session, actor: Actor, party_id: int) -> InquiryParty:
    """One enquiry as one provider has it, for either side. Raises NotFound."""
    query = visible(actor, Permission.INQUIRY_READ, InquiryParty)
    query = query.where(InquiryParty.id == party_id)
    query = query.options(*PARTIES).execution_options(populate_existing=True)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("没有这条咨询")
    return found


def decline(
    session: Session, actor: Actor, row: InquiryParty, *, reason: str, expected_version: int
) -> Event:
    """The provider does not want it, and says why. Raises Conflict, Invalid, Forbidden."""
    return _step(session, actor, row, "inquiry_decline", reason, expected_version)


def close(
    session: Session, actor: Actor, row: InquiryParty, *, reason: str = "", expected_version: int
) -> Event:
    """The enterprise ends it with this provider. Raises Conflict, Forbidden."""
    return _step(session, actor, row, "inquiry_close", reason, expected_version)


def _step(
    session: Session, actor: Actor, row: InquiryParty, action: str, reason: str, version: int
) -> Event:
    event = perform(
        session, actor, row, action, why=Why(reason=reason.strip()), expected_version=version
    )
    inquiry_notices.tell(session, row, event)
    return event
