"""Two desks, two people, one code at one moment: one manages the enterprise, nobody slips in."""

import pytest
from sqlalchemy import func, select

from marketplace.models import AccessRequest, Organisation, RoleGrant
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.access import access_decisions, access_requests
from marketplace.workflow import GUARDS
from tests import factories
from tests.support import world_access
from tests.support.counts import count
from tests.support.together import together
from tests.support.world_access import DISTRICT

TRIALS = count(test=2, soak=30)


@pytest.fixture
def desks(database) -> list[Actor]:
    """Four reviewers of one district."""
    with database.unit_of_work() as session:
        office = factories.make_organisation(session, kind="district_office", district=DISTRICT)
        return [
            Actor(
                role=Role.DISTRICT_REVIEWER, user_id=factories.make_user(session).id,
                organisation_id=office.id, district=DISTRICT,
            )
            for _ in range(4)
        ]  # fmt: skip


def rush(app, database, desks, *, known: bool) -> tuple[list[str], int, int]:
    """Two people ask for one code, each request is approved by two officers at once: what came of
    it, how many organisations have the code, how many manage it."""
    cipher, code = app.extensions["cipher"], factories.uscc()
    with database.unit_of_work() as session:
        if known:
            factories.make_organisation(session, uscc=code, kind="enterprise", district=DISTRICT)
        asked = [world_access.ask(session, cipher, code).id for _ in range(2)]

    def approve(actor: Actor, request_id: int):
        def inside(session) -> str:
            row = access_requests.get(session, actor, request_id)
            access_decisions.act(
                session, actor, row, "access_approve", expected_version=row.version
            )
            return "done"

        return lambda: database.run(inside)

    works = [approve(actor, asked[number % 2]) for number, actor in enumerate(desks)]
    found = together(*works)
    with database.reading() as session:
        places = session.scalars(select(Organisation.id).where(Organisation.uscc == code)).all()
        leads = session.scalar(
            select(func.count()).where(RoleGrant.organisation_id.in_(places), RoleGrant.leads)
        )
        decided = session.scalar(
            select(func.count()).where(
                AccessRequest.id.in_(asked), AccessRequest.phase == "approved"
            )
        )
    assert decided == leads
    return sorted(found), len(places), leads or 0


@pytest.mark.parametrize("known", [False, True], ids=["new", "imported"])
def test_one_code_gets_one_manager(app, database, desks, known):
    for _ in range(TRIALS):
        found, places, leads = rush(app, database, desks, known=known)
        assert (found.count("done"), places, leads) == (1, 1, 1), found
        assert set(found) <= {"done", "guard_refused", "wrong_state", "stale_version", "uscc_taken"}


def test_without_the_guard_the_second_slips_in(app, database, desks, monkeypatch):
    monkeypatch.setitem(GUARDS, "access_place_free", lambda *given: None)
    found, places, leads = rush(app, database, desks, known=True)
    assert (found.count("done"), places, leads) == (2, 1, 2), found
