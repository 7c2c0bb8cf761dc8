"""``marketplace storage sweep``: what nothing refers to goes, what is young or named stays."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from marketplace.db import Database, make_engine
from marketplace.models import StoredFile
from tests.support.postgres import Cluster
from tests.support.server import ROOT, command, environment, run

OLD = 25 * 3600


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path) -> Path:
    """A data folder with a migrated database, one named file and four that nobody names."""
    (tmp_path / "marketplace.db").write_bytes(sqlite_template.read_bytes())
    named, orphan, young, copied = ("a" * 64, "b" * 64, "c" * 64, "d" * 64)
    for digest, age in ((named, OLD), (orphan, OLD), (young, 60), (copied, OLD)):
        put(tmp_path, f"{digest[:2]}/{digest[2:]}", age)
    put(tmp_path, ".in-cut", OLD)
    put(tmp_path, ".in-running", 60)
    database = Database(make_engine(f"sqlite:///{tmp_path}/marketplace.db"))
    with database.unit_of_work() as session:
        for digest in (named, copied):
            session.add(
                StoredFile(
                    sha256=digest, name="依据.pdf", media_type="application/pdf", size=9,
                    purpose="quota_document", subject_type="quotas", subject_id=1,
                )
            )  # fmt: skip
    database.engine.dispose()
    return tmp_path


def put(folder: Path, name: str, age: float) -> None:
    path = folder / "files" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 2**20)
    os.utime(path, (time.time() - age,) * 2)


def lying(folder: Path) -> set[str]:
    return {path.name[:8] for path in (folder / "files").rglob("*") if path.is_file()}


def test_a_dry_run_only_counts(place: Path) -> None:
    before = lying(place)
    said = run(place, "storage", "sweep", "--dry-run")
    assert said == "过期草稿 0 个，无人引用的文件 2 个，2.0 MB\n"
    assert lying(place) == before


def test_the_sweep_spares_what_is_young_or_named(place: Path) -> None:
    assert run(place, "storage", "sweep").splitlines()[1] == "已清理 2 项"
    assert lying(place) == {"a" * 8, "c" * 8, "d" * 8, ".in-runn"}
    assert run(place, "storage", "sweep").splitlines() == [
        "过期草稿 0 个，无人引用的文件 0 个，0.0 MB", "已清理 0 项",
    ]  # fmt: skip


def test_the_guard_can_be_set_but_not_taken_away(place: Path) -> None:
    with pytest.raises(RuntimeError, match="0 is not in the range"):
        run(place, "storage", "sweep", "--hours", "0")
    assert run(place, "storage", "sweep", "--hours", "26").splitlines()[1] == "已清理 0 项"


def test_a_command_closes_its_database(
    postgres: Cluster, postgres_template: str, tmp_path: Path
) -> None:
    """Left open, the driver complains about each connection when the process ends."""
    with postgres.database(postgres_template) as url:
        done = subprocess.run(
            command("audit", "verify"), cwd=ROOT, check=False, capture_output=True, text=True,
            env=environment(tmp_path, DATABASE_URL=url),
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
