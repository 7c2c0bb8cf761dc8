"""Lists and boards of staff ask the database as often for 50 rows as for 5 (B10)."""

import pytest
from sqlalchemy import event

from marketplace.db import Database
from marketplace.models import Round
from marketplace.phases import Role, SelectionPhase
from tests import factories
from tests.integration.conftest import LoginAs

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
    seen: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(conn, cursor, statement, *more) -> None:  # type: ignore[no-untyped-def]
        if not statement.startswith(("PRAGMA", "BEGIN")):
            seen.append(statement)

    def counts() -> dict[str, int]:
        found = {}
        for path in MOST:
            client.get(path)  # fills what a process holds
            seen.clear()
            assert client.get(path).status_code == 200
            found[path] = len(seen)
        return found

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
        results.append(counts())
    event.remove(database.engine, "before_cursor_execute", note)
    assert results[0] == results[1]
    assert {path: most for path, most in MOST.items() if results[0][path] > most} == {}, results[0]
