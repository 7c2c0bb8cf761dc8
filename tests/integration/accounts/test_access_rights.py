"""Who may know and decide requests for access: one object and the list agree; lists stay cheap."""

from itertools import product

import pytest
from sqlalchemy import select

from marketplace.models import AccessRequest
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission, visible
from marketplace.phases import AccessPhase, Role
from tests import factories
from tests.support import world_access
from tests.support.statements import asked
from tests.support.world_access import DISTRICT, PHONE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ACCESS = [permission for permission in Permission if permission.startswith("access:")]


def test_one_request_and_the_list_agree(database):
    with database.unit_of_work() as session:
        users = [factories.make_user(session).id for _ in range(2)]
        places = [factories.make_organisation(session, kind="enterprise").id for _ in range(2)]
        for kind, user, place, district in product(
            ("register", "claim", "enrol", "evaluate"), users, places, (DISTRICT, "370212")
        ):
            session.add(
                AccessRequest(
                    kind=kind, user_id=user, uscc=factories.uscc(), organisation_id=place,
                    name="示例", district=district, contact_name="甲", state="asked",
                    phase=AccessPhase.WAITING,
                )
            )  # fmt: skip
        session.flush()
        rows = session.scalars(select(AccessRequest)).all()
        actors = [
            Actor(role=role, user_id=user, organisation_id=place, district=district)
            for role, user, place, district in product(
                (None, *Role), (users[0], 10**6), (places[0], None), (DISTRICT, None)
            )
        ]
        seen = set()
        for permission, actor in product(ACCESS, [*actors, SYSTEM, NOBODY]):
            listed = set(
                session.scalars(
                    visible(actor, permission, AccessRequest).with_only_columns(AccessRequest.id)
                )
            )
            allowed = {row.id for row in rows if RULES[permission].allows(actor, row)}
            assert allowed == listed, (permission, actor)
            seen.add((permission, len(listed)))
    # Neither all nor nothing: a district 4 of 32, a person 16, the bureau all but enterprises.
    assert {number for permission, number in seen if permission == "access:decide"} == {0, 4, 24}
    assert {number for permission, number in seen if permission == "access:file"} == {0, 16}


def test_as_many_queries_for_fifty_rows_as_for_five(app, login_as, enter, database):
    cipher = app.extensions["cipher"]
    with database.unit_of_work() as session:
        office = factories.make_organisation(session, kind="district_office", district=DISTRICT)
        place = factories.make_organisation(session, kind="enterprise", district=DISTRICT)
        owner = world_access.lead(session, place)
        first = world_access.ask(session, cipher, factories.uscc()).id
    desk, chief = login_as(Role.DISTRICT_REVIEWER, organisation=office), enter(owner)
    pages = {
        "/work/requests": (desk, 6), f"/work/requests/{first}": (desk, 10),
        "/me/team": (chief, 10), "/account/requests": (chief, 6), "/account/data": (chief, 10),
    }  # fmt: skip

    results = []
    for number in (4, 45):
        with database.unit_of_work() as session:
            for _ in range(number):
                user = factories.make_user(session)
                world_access.lying(session, user, place, phase="waiting", state="asked")
                world_access.lying(session, user, place, phase="owner", state="with_owner")
                factories.make_grant(session, user, Role.ENTERPRISE, place)
        results.append({path: asked(client, path) for path, (client, _) in pages.items()})
    assert results[0] == results[1]
    assert {path: n for path, n in results[0].items() if n > pages[path][1]} == {}
    assert PHONE not in desk.get("/work/requests").text
