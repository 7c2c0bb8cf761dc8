"""Guard and list agree for enquiries and demands: their permissions × actor × row, and those of
others that look at whom a row belongs to."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from marketplace.models import Demand, DemandAnswer, Inquiry, InquiryMessage, InquiryParty, Provider
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission, visible
from marketplace.permissions.market import MARKET_RULES
from marketplace.phases import Role
from marketplace.services.demands import demands_answers
from marketplace.services.demands.demands_answers import Offer
from marketplace.services.inquiries import inquiry_threads
from tests.support import world_inquiries as world

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PERMISSIONS = (
    *MARKET_RULES,
    *(Permission.PROVIDER_READ, Permission.CASE_WRITE, Permission.ORGANISATION_READ),
)
ROLES = (
    Role.ENTERPRISE, Role.PROVIDER_OWNER, Role.PROVIDER_VIEWER, Role.CITY_OFFICER,
    Role.DISTRICT_REVIEWER, Role.AUDITOR,
)  # fmt: skip
_PARTY = joinedload(InquiryMessage.party)
LOADED = {
    Inquiry: [selectinload(Inquiry.parties).joinedload(InquiryParty.provider)],
    InquiryParty: [
        joinedload(InquiryParty.inquiry),
        joinedload(InquiryParty.provider).joinedload(Provider.organisation),
    ],
    InquiryMessage: [
        _PARTY.joinedload(InquiryParty.inquiry),
        _PARTY.joinedload(InquiryParty.provider),
    ],
    Demand: [],
    DemandAnswer: [
        joinedload(DemandAnswer.demand),
        joinedload(DemandAnswer.provider).joinedload(Provider.organisation),
    ],
}


def test_one_row_and_the_list_agree(market):
    session, firm, other = market.session, market.firm, market.other
    for asker, sides in ((firm, (market.one, market.two)), (other, (market.one,))):
        inquiry = world.send(session, asker, *sides)
        for side in sides:
            row = world.party(session, side, inquiry)
            inquiry_threads.post(session, side.actor, row, "答")
        world.demand(session, asker, publish=False)
        demand = world.demand(session, asker)
        demands_answers.answer(session, market.two.actor, demand.id, Offer("可以"))
    homes = [side.organisation.id for side in (firm, other, market.one, market.two)]
    actors = [SYSTEM, NOBODY] + [
        Actor(role=role, user_id=1, organisation_id=home, district=district)
        for role, home in product(ROLES, [homes[0], homes[2], homes[3], None])
        for district in ("370202",)
    ]
    seen = set()
    for model, options in LOADED.items():
        rows = session.scalars(select(model).options(*options)).unique().all()
        assert len(rows) >= 2
        for permission, actor in product(PERMISSIONS, actors):
            query = visible(actor, permission, model).with_only_columns(model.id)
            listed = set(session.scalars(query))
            assert {r.id for r in rows if RULES[permission].allows(actor, r)} == listed
            seen.add((model, permission, len(listed)))
    # Not everything is all or nothing: sides see a part.
    for case in (
        (Inquiry, Permission.INQUIRY_READ, 1), (InquiryParty, Permission.INQUIRY_READ, 2),
        (InquiryMessage, Permission.INQUIRY_READ, 1), (Demand, Permission.DEMAND_WRITE, 2),
        (Demand, Permission.DEMAND_MODERATE, 2), (DemandAnswer, Permission.DEMAND_READ, 1),
    ):  # fmt: skip
        assert case in seen
