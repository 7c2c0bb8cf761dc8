"""What every test gets: no network, no settings from outside, databases of its own."""

import fcntl
import gc
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion.rewrite import PYC_TAIL
from hypothesis import HealthCheck, settings
from werkzeug.routing import Rule

from tests.support import compiled
from tests.support.counts import SOAK
from tests.support.elasticsearch import (
    OWN_SERVER,
    ServerMissing,
    find_server,
    require_server,
    shared_server,
)
from tests.support.postgres import FAST, Cluster, PostgresMissing, find_programs

if TYPE_CHECKING:
    from sqlalchemy import Engine

ENGINES = ("sqlite", "postgresql")
CI = os.environ.get("CI") == "true"

# Two busy cores make time limits per example a lottery; pytest-timeout watches the whole test.
_calm = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("test", derandomize=True, max_examples=60, **_calm)
settings.register_profile("soak", max_examples=1000, print_blob=True, **_calm)
settings.load_profile("soak" if SOAK else "test")

# The developer's own settings must not change what a test sees.
OUTSIDE = re.compile(
    r"(MARKETPLACE|SITE)_.*|(DATABASE|SEARCH|STORAGE|MAIL|BASE)_URL|(SECRET|ENCRYPTION)_KEY.*"
    r"|SEARCH_.*|TRUSTED_.*|PASSWORD_PROFILE|MAX_.*|HOME_PROGRAMME|LOG_FORMAT|PORT|DEBUG|FLASK_.*"
)
for name in filter(OUTSIDE.fullmatch, list(os.environ)):
    del os.environ[name]

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", FAST)  # where tmp_path lies


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names of tests are short, and the same in every process: what is made anew has no part."""
    if isinstance(val, bytes):
        return argname
    return f"{argname}-{val[:20]}" if isinstance(val, str) and len(val) > 80 else None


def _compiled() -> bool:
    """Whether each test file was read before, with its assertions rewritten."""
    here = Path(__file__).parent
    return all(
        (path.parent / "__pycache__" / f"{path.stem}{PYC_TAIL}").exists()
        for path in (*here.glob("*/test_*.py"), *here.glob("*/*/test_*.py"))
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """On a fresh clone one process compiles everything, and the others wait for what it leaves."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None or sys.dont_write_bytecode or _compiled():
        return (yield)
    path = Path(tempfile.gettempdir(), f"pool-compiling-{run}")
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _compiled():
            fcntl.flock(lock, fcntl.LOCK_UN)
        found = yield
    path.unlink(missing_ok=True)
    return found


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and tests live until the end: walking them for garbage, as often as Python does by
    itself, was a fifth of the processor time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _compile_routes_once() -> None:
    """werkzeug reads each route and compiles two functions for it; every test makes an application,
    and the same routes would be read anew. What comes out depends on nothing but the route.
    """
    compile_rule = Rule.compile
    known: dict[tuple[object, ...], Rule] = {}

    def compile_once(rule: Rule) -> None:
        key = (
            rule.rule, rule.merge_slashes, rule.subdomain, rule.host, repr(rule.defaults),
            *rule.map.converters.values(),
        )  # fmt: skip
        first = known.setdefault(key, rule)
        if first is rule:
            compile_rule(rule)
            return
        rule._parts, rule._trace, rule._converters = first._parts, first._trace, first._converters
        rule.arguments |= first.arguments
        rule._build = first._build.__func__.__get__(rule, None)
        rule._build_unknown = first._build_unknown.__func__.__get__(rule, None)

    Rule.compile = compile_once


_compile_routes_once()
compiled.share_statements()
compiled.remember_configuration()
compiled.build_static_files_once()


def _migrate(url: str) -> None:
    # Imported here: unit tests must not wait for the whole application.
    from marketplace.db import make_engine
    from marketplace.migrate import upgrade

    engine = make_engine(url, statement_timeout_ms=0)
    upgrade(engine)
    engine.dispose()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    try:
        find_programs()
    except PostgresMissing as missing:
        terminalreporter.section("PostgreSQL was not tested", red=True, bold=True)
        terminalreporter.line(str(missing))
    try:
        OWN_SERVER or find_server()
    except ServerMissing as missing:
        terminalreporter.section("Elasticsearch was not tested", red=True, bold=True)
        terminalreporter.line(str(missing))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A running PostgreSQL server of this test process, fast and not durable."""
    try:
        cluster = Cluster()
    except PostgresMissing as missing:
        if CI:
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="session")
def postgres_template(postgres: Cluster) -> str:
    """Name of a migrated, empty database to copy."""
    return postgres.make_template(_migrate)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "pool.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def elasticsearch() -> Iterator[str]:
    """Address of the Elasticsearch server that all processes of this test run share.

    A test uses an index prefix of its own there: ``f"{elasticsearch}/{name}"`` is a SEARCH_URL.
    """
    require_server()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    with shared_server(run) as address:
        yield address


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a migrated, empty database of this test alone; the test runs once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "pool.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    with cluster.database(request.getfixturevalue("postgres_template")) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> "Iterator[Engine]":
    """The application's own engine on :func:`database_url`."""
    from marketplace.db import make_engine

    engine = make_engine(database_url)
    yield engine
    engine.dispose()
