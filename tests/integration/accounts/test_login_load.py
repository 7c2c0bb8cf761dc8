"""What many logins cost, and what the time of an answer tells (S22, S34)."""

import statistics
import subprocess
import sys
import threading
from time import perf_counter, process_time

import pytest

from marketplace.phases import Role
from marketplace.services.accounts import passwords
from tests.support.counts import SOAK, count
from tests.support.source import ROOT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PAIRS = count(test=12, soak=50)
# On busy cores: the work of this process alone. The full run asks for the ten per cent, by the
# clock that strangers have. Without the dummy hash it is tenfold either way.
WITHIN = count(test=(0.6, 1.6), soak=(0.9, 1.1))
CLOCK = count(test=process_time, soak=perf_counter)

LOGINS = """
import resource, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from marketplace import create_app
from marketplace.migrate import upgrade
from marketplace.settings import Settings
from tests.support.browser_like import BrowserLike

app = create_app(Settings.from_env({
    "MARKETPLACE_MODE": "test", "MARKETPLACE_DATA": tempfile.mkdtemp(), "LOG_FORMAT": "plain",
}))
app.test_client_class = BrowserLike
upgrade(app.extensions["database"].engine)

def login(number):
    data = {"login": f"ghost{number}@test.example", "password": "wrong password"}
    address = {"REMOTE_ADDR": f"192.0.2.{number}"}
    return app.test_client().post("/login", data=data, environ_base=address).status_code

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

login(200)
before = peak()
with ThreadPoolExecutor(32) as pool:
    codes = list(pool.map(login, range(32)))
print(peak() - before, *sorted(set(codes)), file=sys.stderr)
"""


def seconds(client, way: str, login: str, number: int) -> float:
    data = {"login": login}
    if way == "login":
        data["password"] = "not the right password"
    address = {"REMOTE_ADDR": f"192.0.2.{number % 250}"}
    start = CLOCK()
    answer = client.post(f"/{way}", data=data, environ_base=address)
    taken = CLOCK() - start
    assert answer.status_code == (422 if way == "login" else 200)
    return taken


@pytest.mark.parametrize(
    "way",
    ["login", *(pytest.param(way, marks=pytest.mark.soak) for way in ("reset", "register"))],
)
def test_s22_the_time_does_not_tell_who_has_an_account(client, person, way):
    known, ghosts = [], []
    client.get(f"/{way}")
    seconds(client, way, "warm-up@test.example", 249)
    for number in range(PAIRS):
        login = person(Role.PROVIDER_OWNER).login
        for found, one in ((known, login), (ghosts, f"ghost{number}@test.example"))[
            :: 1 if number % 2 else -1
        ]:  # in turns: whoever comes second may find something warm
            found.append(seconds(client, way, one, number))
    ratio = statistics.median(known) / statistics.median(ghosts)
    assert WITHIN[0] <= ratio <= WITHIN[1], ratio


def test_s34_thirty_two_logins_at_once(database_url):
    done = subprocess.run(
        [sys.executable, "-c", LOGINS], cwd=ROOT, capture_output=True, text=True, check=True
    )
    grown, *codes = done.stderr.split()
    assert codes == ["422"]
    assert int(grown) <= 200, f"{grown} MiB"


def test_s34_pages_do_not_wait_for_logins(app, client):
    """With every place of the bench taken a login waits, and a page does not."""
    go_on, codes = threading.Event(), []
    holders = [
        threading.Thread(target=passwords._bench.run, args=(go_on.wait,))
        for _ in range(passwords._bench.places)
    ]
    form = {"login": "ghost@test.example", "password": "wrong password"}
    waiting = threading.Thread(
        target=lambda: codes.append(app.test_client().post("/login", data=form).status_code)
    )
    for thread in (*holders, waiting):
        thread.start()
    try:
        end = perf_counter() + 0.5  # many times what a login takes that need not wait
        while perf_counter() < end:
            assert client.get("/contact").status_code == 200
        assert codes == []
    finally:
        go_on.set()
        for thread in (*holders, waiting):
            thread.join()
    assert codes == [422]


@pytest.mark.skipif(not SOAK, reason="times on a shared machine: make soak")
def test_s34_pages_stay_quick_meanwhile(app, client):
    def page() -> float:
        start = perf_counter()
        assert client.get("/healthz").status_code == 200
        return perf_counter() - start

    idle = statistics.quantiles([page() for _ in range(200)], n=20)[-1]
    stop = threading.Event()

    def storm(number: int) -> None:
        while not stop.is_set():
            app.test_client().post(
                "/login", data={"login": f"ghost{number}@test.example", "password": "x"},
                environ_base={"REMOTE_ADDR": f"192.0.2.{number}"},
            )  # fmt: skip

    threads = [threading.Thread(target=storm, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    busy = statistics.quantiles([page() for _ in range(200)], n=20)[-1]
    stop.set()
    for thread in threads:
        thread.join()
    assert busy <= max(2 * idle, 0.05), (idle, busy)
