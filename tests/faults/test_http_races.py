"""The same races through the running web server: two processes, eight threads (E03, E07, E09)."""

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from marketplace.crypto import keyed_hash
from marketplace.db import Database
from marketplace.models import Event, Membership, Product, SubmittedForm
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.settings import DEMO_KEY
from marketplace.web.sessions import COOKIE
from tests import factories
from tests.faults import races
from tests.faults.races import CELLS
from tests.support.counts import count
from tests.support.server import serve

CLIENTS = 16


@dataclass(frozen=True)
class Answer:
    """Status, where it leads, and the page."""

    status: int
    location: str
    text: str


@dataclass(frozen=True)
class Staff:
    """An officer signed in to a running server; each call is a connection of its own."""

    host: str
    token: str
    csrf: str

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None)

    def post(self, path: str, data: dict[str, object]) -> Answer:
        return self._send("POST", path, urlencode({**data, "csrf_token": self.csrf}, doseq=True))

    def _send(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"Cookie": f"{COOKIE}={self.token}"}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return Answer(response.status, response.getheader("Location", ""), text)


@pytest.fixture
def staff(database_url: str, database: Database, tmp_path: Path) -> Iterator[Staff]:
    with database.unit_of_work() as session:
        user = factories.make_user(session)
        grant = factories.make_grant(session, user, Role.CITY_OFFICER)
        token = sessions.open_session(session, user, [grant], Device("127.0.0.1", "test")).token
    signer = URLSafeTimedSerializer(DEMO_KEY, salt="wtf-csrf-token")
    csrf = str(signer.dumps(keyed_hash(DEMO_KEY, "csrf", token)))
    with serve(tmp_path, "--web-only", DATABASE_URL=database_url) as address:
        yield Staff(urlsplit(address).netloc, token, csrf)


def together(jobs: Sequence[tuple[str, dict[str, object]]], staff: Staff) -> list[Answer]:
    """Post all of them from 16 threads that start at once."""
    barrier = threading.Barrier(CLIENTS)

    def work(share: Sequence[tuple[str, dict[str, object]]]) -> list[Answer]:
        barrier.wait()
        return [staff.post(path, data) for path, data in share]

    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = [jobs[i::CLIENTS] for i in range(CLIENTS)]
        return [answer for part in pool.map(work, shares) for answer in part]


@pytest.mark.timeout(300)
def test_parallel_approvals_over_twelve_cells(
    database_url: str, database: Database, staff: Staff
) -> None:
    """E03: min(cap, demand) in each cell, the others 409 quota_full, no 500."""
    number = count(test=64, soak=300)
    round_id, wishes = races.prepare(database_url, number, CELLS)
    jobs = [
        (
            "/work/memberships/admit",
            {
                "form_key": f"race-key-{i:020}", "round": round_id, "provider": wish.provider,
                "type": wish.type, "segment": wish.segment, "listed_on": "2024-03-01",
            },
        )
        for i, wish in enumerate(wishes)
    ]  # fmt: skip
    answers = together(jobs, staff)
    demand = Counter((wish.type, wish.segment) for wish in wishes)
    cells = races.standing(database_url, round_id)
    taken = {cell: min(cap, demand[cell]) for cell, (cap, _, _) in cells.items()}
    assert cells == {cell: (cells[cell][0], places, places) for cell, places in taken.items()}
    places = sum(taken.values())
    assert places < number
    assert Counter(answer.status for answer in answers) == {303: places, 409: number - places}
    for answer in answers:
        if answer.status == 409:
            assert "名额已满（上限" in answer.text


@pytest.mark.timeout(300)
def test_parallel_posts_of_one_form_have_one_effect(database: Database, staff: Staff) -> None:
    """E09: 16 posts with one key: one effect, equal answers; another body is refused."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        member = factories.make_membership(session, round_, factories.make_provider(session)).id
    address = f"/work/memberships/{member}/warn/warn"
    data: dict[str, object] = {"form_key": "one-key-" + "x" * 16, "version": 1, "reason": "抽查"}
    answers = together([(address, data)] * CLIENTS, staff)
    assert {(a.status, a.location) for a in answers} == {(303, f"/work/memberships/{member}")}
    assert staff.post(address, {**data, "reason": "别的"}).status == 422
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.action == "warn")) == 1
        assert session.scalar(select(func.count()).select_from(SubmittedForm)) == 1
        assert session.get_one(Membership, member).version == 2


@pytest.mark.timeout(600)
def test_no_acknowledged_edit_is_lost(database: Database, staff: Staff) -> None:
    """E07: read-modify-write through the form; what was acknowledged is in the row."""
    with database.unit_of_work() as session:
        product = factories.make_product(session, factories.make_provider(session)).id
    address = f"/work/products/{product}/edit"
    writers, rounds = 8, count(test=2, soak=50)

    def version_and_text() -> tuple[str, str]:
        page = staff.get(address).text
        version = re.search(r'name="version" value="(\d+)"', page)
        text = re.search(r'name="description"[^>]*>([^<]*)</textarea>', page)
        assert version
        assert text
        return version.group(1), text.group(1)

    def write(writer: int) -> tuple[list[str], int]:
        kept, stale = [], 0
        for number in range(rounds):
            while True:
                version, text = version_and_text()
                mark = f"{writer}.{number}"
                answer = staff.post(
                    address,
                    {
                        "form_key": f"w{writer}-{number}-{version}-{time.monotonic_ns():020}",
                        "version": version, "reason": "并发修改", "description": f"{text} {mark}",
                    },
                )  # fmt: skip
                if answer.status == 303:
                    kept.append(mark)
                    break
                assert answer.status == 409
                stale += 1
        return kept, stale

    with ThreadPoolExecutor(writers) as pool:
        results = list(pool.map(write, range(writers)))
    acknowledged = {mark for kept, _ in results for mark in kept}
    with database.reading() as session:
        row = session.get_one(Product, product)
        assert set(row.description.split()[1:]) == acknowledged
        assert row.version == 1 + len(acknowledged)
    assert len(acknowledged) == writers * rounds
    assert sum(stale for _, stale in results) > 0
