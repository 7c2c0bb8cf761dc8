"""What enquiries and demands leave to do, with the day until when."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Demand, DemandAnswer, Inquiry, InquiryParty, Organisation, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import UNANSWERED, AnswerPhase, DemandPhase, Role
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source
from marketplace.services.inquiries import inquiry_watch


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def unanswered(actor: Actor) -> Iterable[Lines]:
    """Providers: enquiries that wait for the first answer."""
    query = (
        visible(actor, Permission.INQUIRY_ANSWER, InquiryParty)
        .join(Inquiry, Inquiry.id == InquiryParty.inquiry_id)
        .join(Organisation, Organisation.id == Inquiry.organisation_id)
        .where(InquiryParty.phase.in_(UNANSWERED))
        .order_by(InquiryParty.reply_by, InquiryParty.id)
    )
    yield Lines(
        query,
        lambda row: Task(
            f"答复咨询：{row.one}", f"/p/inquiries/{row.id}", clock.last_day(row.at), "咨询",
            row.two,
        ),
        id=InquiryParty.id, at=InquiryParty.reply_by, one=Inquiry.title, two=Organisation.name,
    )  # fmt: skip


@source(Role.CITY_OFFICER)
def late(session: Session, actor: Actor) -> Iterable[Task]:
    """The bureau: enquiries that nobody answered in time."""
    rows = session.execute(
        inquiry_watch.queue(actor)
        .join(Inquiry, Inquiry.id == InquiryParty.inquiry_id)
        .join(Provider, Provider.id == InquiryParty.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .limit(MOST)
        .with_only_columns(InquiryParty.id, InquiryParty.reply_by, Inquiry.title, Organisation.name)
    )
    for id_, until, title, name in rows:
        text = f"答复期限 {clock.last_day(until):%Y-%m-%d}"
        yield Task(
            f"督办超时咨询：{name}", f"/work/inquiries/{id_}", None, "咨询", f"{title}，{text}"
        )


@source(Role.ENTERPRISE)
def answers(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: answers to their demands that they have not dealt with."""
    rows = session.execute(
        select(Demand.id, Demand.title, func.count())
        .join(DemandAnswer, DemandAnswer.demand_id == Demand.id)
        .where(
            Demand.organisation_id == actor.organisation_id,
            Demand.phase.in_((DemandPhase.PUBLISHED, DemandPhase.CLOSED)),
            DemandAnswer.phase == AnswerPhase.SENT,
        )
        .group_by(Demand.id, Demand.title)
        .order_by(Demand.id)
        .limit(MOST)
    )
    for id_, title, number in rows:
        yield Task(f"处理需求的答复：{title}", f"/me/demands/{id_}", None, "需求", f"{number} 家")


@source(Role.ENTERPRISE)
def taken_down(session: Session, actor: Actor) -> Iterable[Task]:
    """Enterprises: demands that were taken down and can be mended."""
    rows = session.execute(
        visible(actor, Permission.DEMAND_WRITE, Demand)
        .where(Demand.phase == DemandPhase.TAKEN_DOWN)
        .order_by(Demand.state_since)
        .limit(MOST)
        .with_only_columns(Demand.id, Demand.title, Demand.note)
    )
    for id_, title, note in rows:
        yield Task(f"修改被撤下的需求：{title}", f"/me/demands/{id_}", None, "需求", note[:80])
