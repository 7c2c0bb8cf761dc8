"""Enquiries and demands of tests: somebody who asks, somebody who is asked, and a calendar."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    CalendarYear,
    Demand,
    DemandAnswer,
    Inquiry,
    InquiryParty,
    Organisation,
    Provider,
)
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.demands import demands
from marketplace.services.demands.demands import Content
from marketplace.services.inquiries import inquiries
from marketplace.services.inquiries.inquiries import Question
from tests import factories


@dataclass
class Side:
    """An organisation and somebody who acts for it; ``provider`` for providers."""

    organisation: Organisation
    actor: Actor
    provider: Provider | None = None


def calendar(session: Session) -> None:
    """Years without exceptions, so that clocks of these days can be set."""
    known = set(session.scalars(select(CalendarYear.year)))
    year = clock.today().year
    for wanted in {year, year + 1} - known:
        session.add(CalendarYear(year=wanted, official=True, source="测试"))
    session.flush()


def _side(
    session: Session, role: Role, organisation: Organisation, provider: Provider | None = None
) -> Side:
    user = factories.make_user(session)
    factories.make_grant(session, user, role, organisation)
    session.flush()
    actor = Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=organisation.id,
        organisation_name=organisation.name,
    )  # fmt: skip
    return Side(organisation, actor, provider)


def enterprise(session: Session, **given: Any) -> Side:
    """An enterprise that asks."""
    values = {"kind": OrganisationKind.ENTERPRISE.value, "district": "370202", **given}
    return _side(session, Role.ENTERPRISE, factories.make_organisation(session, **values))


def asked(session: Session, round_: Any, **given: Any) -> Side:
    """A provider in the pool that answers."""
    provider = factories.make_provider(session)
    factories.make_membership(session, round_, provider, **given)
    return _side(session, Role.PROVIDER_OWNER, provider.organisation, provider)


def officer(session: Session) -> Actor:
    """Somebody of the bureau."""
    user = factories.make_user(session)
    factories.make_grant(session, user, Role.CITY_OFFICER)
    return Actor(role=Role.CITY_OFFICER, user_id=user.id, name=user.name)


def send(session: Session, firm: Side, *sides: Side, **given: Any) -> Inquiry:
    """An enquiry to these providers."""
    ids = [side.provider.id for side in sides if side.provider]
    words = {"title": "注塑车间 MES 询价", "text": "两台注塑机联网，想了解价格和工期。", **given}
    return inquiries.send(session, firm.actor, Question(provider_ids=ids, **words))


def party(session: Session, side: Side, inquiry: Inquiry) -> InquiryParty:
    """The enquiry as this provider has it."""
    (row,) = session.scalars(
        inquiries.parties(side.actor).where(InquiryParty.inquiry_id == inquiry.id)
    ).all()
    return inquiries.party(session, side.actor, row.id)


CONTENT = Content(
    title="注塑车间报工和排产",
    text="订单多了排产全靠人脑，插单就乱，报工还用纸。",
    segment="home_appliance",
    process_links=["manufacturing"],
    until=clock.today() + timedelta(days=30),
)


def demand(session: Session, firm: Side, *, publish: bool = True, **given: Any) -> Demand:
    """A demand of this enterprise, published unless said otherwise."""
    row = demands.create(session, firm.actor, Content(**{**CONTENT.__dict__, **given}))
    if publish:
        demands.act(session, firm.actor, row, "demand_publish")
    return demands.get(session, firm.actor, row.id)


def keep(session: Session, client: Organisation, provider: Provider) -> dict[str, Any]:
    """One of everything for generated tests of routes, whatever the provider's standing; ids by
    argument."""
    now, user = clock.now(), factories.make_user(session).id
    inquiry = Inquiry(organisation_id=client.id, title="世界咨询", text="问", created_by=user)
    row = Demand(
        organisation_id=client.id, title="世界需求", text="求", segment="home_appliance",
        process_links=[], until=CONTENT.until, closes_at=clock.end_of_day(CONTENT.until),
        state="published", phase="published", state_since=now, published_at=now, created_by=user,
    )  # fmt: skip
    session.add_all([inquiry, row])
    session.flush()
    thread = InquiryParty(
        inquiry_id=inquiry.id, provider_id=provider.id, state="waiting", phase="waiting",
        state_since=now, sent_at=now, last_at=now, reply_by=now + timedelta(days=7),
    )  # fmt: skip
    made = DemandAnswer(
        demand_id=row.id, provider_id=provider.id, text="答", state="sent", phase="sent",
        state_since=now, created_by=user,
    )  # fmt: skip
    session.add_all([thread, made])
    session.flush()
    return {
        "inquiry_id": inquiry.id, "party_id": thread.id, "demand_id": row.id,
        "answer_id": made.id, "demands.action": "publish",
    }  # fmt: skip
