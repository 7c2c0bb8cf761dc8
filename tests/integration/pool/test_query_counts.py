"""Lists and boards of staff ask the database as often for 50 rows as for 5 (B10)."""

import pytest

from marketplace.db import Database
from marketplace.models import Round
from marketplace.phases import Role, SelectionPhase
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support.statements import asked

MOST = {
    "/work": 10,
    "/work/pool": 8,
    "/work/memberships?per_page=50": 6,
    "/work/candidacies": 6,
    "/work/providers": 6,
    "/work/waivers": 6,
}


@pytest.mark.timeout(300)
def test_as_many_queries_for_fifty_rows_as_for_five(login_as: LoginAs, database: Database) -> None:
    with database.unit_of_work() as session:
        round_id = factories.make_round(session).id
    client = login_as(Role.CITY_OFFICER)
    results = []
    for number in (5, 45):
        with database.unit_of_work() as session:
            round_ = session.get_one(Round, round_id)
            quota = factories.quota_of(session, round_, "product", "home_appliance")
            quota.cap = 200
            for _ in range(number):
                factories.make_membership(session, round_, factories.make_provider(session))
                factories.make_candidacy(
                    session, round_, factories.make_provider(session),
                    phase=SelectionPhase.PUBLICITY,
                )  # fmt: skip
        results.append({path: asked(client, path) for path in MOST})
    assert results[0] == results[1]
    assert {path: most for path, most in MOST.items() if results[0][path] > most} == {}, results[0]
