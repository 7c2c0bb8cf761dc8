"""What one row allows and what a list shows is the same, for every row of upkeep and everybody."""

from itertools import product

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from marketplace import clock
from marketplace.models import (
    Activity,
    Attendance,
    Award,
    Complaint,
    PeriodicReport,
    Provider,
    ReportSummary,
    SpotCheck,
)
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission, visible
from marketplace.phases import Role
from marketplace.services.audit.receipts import digest_of
from tests import factories
from tests.support import world_upkeep as world

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ROLES = (
    Role.ENTERPRISE, Role.PROVIDER_OWNER, Role.PROVIDER_VIEWER, Role.DISTRICT_REVIEWER,
    Role.CITY_OFFICER, Role.AUDITOR, Role.EXPERT,
)  # fmt: skip
OF = {
    Activity: "activity", Attendance: "activity", Award: "award", Complaint: "complaint",
    PeriodicReport: "report", ReportSummary: "report", SpotCheck: "spot_check",
}  # fmt: skip
"""Which permissions are about which rows."""


def fill(session) -> list[int]:
    """Two providers in two districts with everything, and the enterprises that complain."""
    round_, places = factories.make_round(session), []
    for number, district in enumerate((world.HERE, world.THERE)):
        firm = factories.make_organisation(session, district=district)
        client = factories.make_organisation(session, kind="enterprise", district=district)
        place = factories.make_membership(
            session, round_, factories.make_provider(session, firm), segment="home_appliance"
        )
        world.make_report(session, place)
        world.make_award(session, place)
        world.make_check(session, place)
        world.make_check(session, place, state="passed", phase="passed", checked_on=clock.today())
        world.make_complaint(session, place, organisation_id=client.id)
        world.make_complaint(
            session, place, organisation_id=client.id, state="lodged", phase="lodged",
            acknowledged_at=None, reply_by=None,
        )  # fmt: skip
        world.make_complaint(
            session, place, receipt_hash=digest_of(f"A{number}"), anonymous=True, state="lead",
            phase="lead", acknowledged_at=None, reply_by=None,
        )  # fmt: skip
        activity = world.make_activity(session, district=district)
        world.make_attendance(session, activity, client)
        session.add(
            ReportSummary(
                programme_id="qd-2024", duty="QD-E2", period="2026Q1", district=district,
                due_at=clock.now(), sent_at=clock.now(),
            )
        )  # fmt: skip
        places += [firm.id, client.id]
    world.make_activity(session)
    session.flush()
    return places


def test_one_row_and_the_list_agree(database):
    with database.write_session() as session:
        organisations = fill(session)
        actors = [
            Actor(role=role, user_id=1, organisation_id=place, district=district)
            for role, place, district in product(
                ROLES, (*organisations[:3], None), (world.HERE, None)
            )
        ] + [SYSTEM, NOBODY]  # fmt: skip
        narrowed = 0
        for model, noun in OF.items():
            options = []
            if hasattr(model, "provider"):
                options = [selectinload(model.provider).selectinload(Provider.organisation)]
            elif model is Attendance:
                options = [selectinload(Attendance.activity)]
            rows = session.scalars(select(model).options(*options)).all()
            listed: dict[tuple, set[int]] = {}
            mine = [p for p in Permission if p.partition(":")[0] == noun]
            for permission, actor in product(mine, actors):
                who = (permission, actor.role, actor.organisation_id, actor.district, actor.system)
                if who not in listed:
                    query = visible(actor, permission, model).with_only_columns(model.id)
                    listed[who] = set(session.scalars(query))
                found = {row.id for row in rows if RULES[permission].allows(actor, row)}
                assert found == listed[who], (permission, actor, model)
                narrowed += 0 < len(found) < len(rows)
        assert narrowed > 50  # not everything is all or nothing
        session.rollback()
