"""An import killed with -9 at any moment goes on where it stopped and ends with the same result."""

import random
import signal
import subprocess
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from marketplace.db import Database
from marketplace.models import (
    Candidacy,
    CaseStudy,
    Event,
    ImportJob,
    ImportRow,
    Membership,
    Organisation,
    OutboxItem,
    Person,
    Product,
    Provider,
    Quota,
)
from tests import factories
from tests.integration.importing import books
from tests.integration.importing.test_round_trip import stored
from tests.support import warm
from tests.support.counts import count
from tests.support.server import ROOT, command, environment

FIRMS, MEMBERS = 50, 36
KILLS = count(4, 40)
PATIENCE_SECONDS = 90
PLACES = ("home_appliance", "auto_parts", "rail_equipment", "general_parts")


def rows() -> books.Rows:
    """Providers with products, cases and people; some with places in the pool."""
    codes = [factories.uscc(8000000 + number) for number in range(FIRMS)]
    return {
        "organisations": [books.provider(code, f"青岛续{code[-5:]}软件有限公司") for code in codes],
        "products": [books.product(c, f"产品{n}") for c in codes for n in range(4)],
        "cases": [books.case(c, f"案例{n}") for c in codes for n in range(3)],
        "people": [books.person(c, f"测试{n}") for c in codes for n in range(3)],
        "memberships": [books.membership(c, PLACES[i % 4]) for i, c in enumerate(codes[:MEMBERS])],
        "candidacies": [
            books.candidacy(c, PLACES[i % 4], rank=i + 1) for i, c in enumerate(codes[MEMBERS:])
        ],
    }


@pytest.fixture
def store(engine: Engine) -> Database:
    database = Database(engine)
    database.run(books.prepare)
    return database


def contents(database: Database) -> dict[str, object]:
    """What an import leaves behind, without the numbers of rows and the times."""
    with database.reading() as session:
        found: dict[str, object] = {
            sheet: sorted(stored(session, model, sheet), key=repr)
            for sheet, model in (("products", Product), ("cases", CaseStudy), ("people", Person))
        }
        names = select(Organisation.uscc, Organisation.name, Provider.intro).join(Provider)
        found["organisations"] = sorted(map(tuple, session.execute(names)))
        found["versions"] = Counter(session.scalars(select(Product.version)))
        found["quotas"] = sorted(
            map(tuple, session.execute(select(Quota.cell, Quota.used, Quota.held)))
        )
        for name, model in (("memberships", Membership), ("candidacies", Candidacy)):
            places = (
                select(Organisation.uscc, model.type, model.segment, model.phase)
                .select_from(model)
                .join(Provider, Provider.id == model.provider_id)
                .join(Organisation)
            )
            found[name] = sorted(map(tuple, session.execute(places)))
        return found


def check_history(database: Database) -> None:
    """Every created row stands in exactly one event, and is queued for the index once."""
    with database.reading() as session:
        told: Counter[tuple[str, int]] = Counter()
        events = select(Event.diff).where(Event.action == "import_create")
        for diff in session.scalars(events):
            told.update((table, id_) for table, ids in diff.items() for id_ in ids)
        made = [
            (model.__tablename__, id_)
            for model in (Organisation, Provider, Product, CaseStudy, Person)
            for id_ in session.scalars(select(model.id))
        ]
        assert told == Counter(made)
        queued = Counter(session.scalars(select(OutboxItem.key)))
        for kind, model in (("product", Product), ("case", CaseStudy)):
            for id_ in session.scalars(select(model.id)):
                assert queued[f"{kind}/{id_}"] == 1


def applied(database: Database) -> tuple[str, int]:
    """Where the import stands: phase of the job, and rows staged or applied in it."""
    with database.reading() as session:
        job = session.scalars(select(ImportJob).order_by(ImportJob.id.desc())).first()
        if job is None or job.phase != "applying":
            return (job.phase, job.total_rows) if job else ("", 0)
        query = select(func.count()).where(ImportRow.job_id == job.id, ImportRow.phase == "valid")
        return job.phase, job.total_rows - (session.scalar(query) or 0)


def start(database: Database, path: Path, data: Path) -> BaseProcess:
    url = database.engine.url.render_as_string(hide_password=False)
    return warm.start(environment(data, DATABASE_URL=url), data / "errors", "import", str(path))


def finish(process: BaseProcess, data: Path) -> None:
    """Let the process come to its end, a good one."""
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == 0, (data / "errors").read_text()


def kill_at(database: Database, process: BaseProcess, phase: str, rows: int) -> bool:
    """Kill the process when it got that far; False when it was done before."""
    end = time.monotonic() + PATIENCE_SECONDS
    while process.is_alive() and time.monotonic() < end:
        now = applied(database)
        if now[0] == phase and now[1] >= rows:
            process.kill()
            process.join()
            return process.exitcode == -signal.SIGKILL
        time.sleep(0.001)
    return False


@pytest.mark.timeout(600)
def test_a_killed_import_resumes_to_the_same_result(store, engine, request, tmp_path):
    given = rows()
    total = sum(map(len, given.values()))
    path = books.write(store, tmp_path / "续.xlsx", given)
    dice = random.Random(8)
    moments = [("checking", total // 3), ("applying", 1), ("applying", total - 40)]
    moments += [("applying", dice.randrange(total)) for _ in range(KILLS - len(moments))]

    killed = 0
    for phase, reached in [moments[0], *sorted(moments[1:])]:
        process = start(store, path, tmp_path)
        killed += kill_at(store, process, phase, reached)
        process.join()
    assert killed >= 3

    finish(start(store, path, tmp_path), tmp_path)

    with store.reading() as session:
        [job] = session.scalars(select(ImportJob)).all()
        assert job.phase == "done"
        assert job.summary == {sheet: {"applied": len(rows)} for sheet, rows in given.items()}
        assert session.scalar(select(func.count()).select_from(ImportRow)) == 0
    assert contents(store) == contents_of_an_uninterrupted_run(request, given, tmp_path)
    check_history(store)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.timeout(600)
def test_a_full_disk_stops_the_import_and_space_lets_it_go_on(store, database_url, tmp_path):
    """E31: files may not grow beyond a limit; nothing breaks, and the next run completes."""
    given = rows()
    path = books.write(store, tmp_path / "满.xlsx", given)
    file = Path(database_url.removeprefix("sqlite:///"))
    limit = file.stat().st_size + 2 * 2**20
    store.engine.dispose()

    full = subprocess.run(
        ["prlimit", f"--fsize={limit}", *command("import", str(path))], cwd=ROOT, check=False,
        env=environment(tmp_path, DATABASE_URL=database_url), capture_output=True, text=True,
    )  # fmt: skip
    assert full.returncode == 1
    assert "处理后再次运行同一命令，会从断开的地方继续。" in full.stderr
    with store.reading() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert session.scalar(select(func.count()).select_from(Membership)) < len(
            given["memberships"]
        )

    finish(start(store, path, tmp_path), tmp_path)
    with store.reading() as session:
        job = session.scalars(select(ImportJob)).one()
        assert job.summary == {sheet: {"applied": len(rows)} for sheet, rows in given.items()}
    check_history(store)


def contents_of_an_uninterrupted_run(request, given, tmp_path):
    """The same workbook imported in one go, into a database of its own."""
    from marketplace.db import make_engine
    from tests.conftest import _migrate

    url = f"sqlite:///{tmp_path}/whole.db"
    _migrate(url)
    engine = make_engine(url)
    database = Database(engine)
    database.run(books.prepare)
    books.load(database, books.write(database, tmp_path / "整.xlsx", given))
    found = contents(database)
    engine.dispose()
    return found
