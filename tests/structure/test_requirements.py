"""Dependencies are locked by hash, used, and known by name only (quality.md S89)."""

import itertools
import re
from importlib.metadata import packages_distributions

import pytest

from tests.support.source import ROOT, imports, python

FOLDER = ROOT / "requirements"
CHAIN = ("runtime", "dev", "bench")

PINNED = re.compile(
    r"^([\w.-]+)==(\S+?)(?: ;.*?)? \\\n((?: +--hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+)"
)

NOT_IMPORTED = {
    "psycopg": "SQLAlchemy loads it for a postgresql address",
    "gunicorn": "may be started as a command",
}


def entries(text: str) -> list[str]:
    """The lock cut at each package."""
    body = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    return re.split(r"\n(?=\S)", body)


def unlocked(text: str) -> list[str]:
    """Entries that are not `name==version` with hashes."""
    return [entry for entry in entries(text) if not PINNED.fullmatch(entry.rstrip() + "\n")]


def versions(text: str) -> set[tuple[str, str]]:
    return {match.group(1, 2) for entry in entries(text) if (match := PINNED.match(entry + "\n"))}


def wanted(name: str) -> set[str]:
    lines = (FOLDER / f"{name}.in").read_text().splitlines()
    return {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in lines if line}


def read(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", [*CHAIN, "tools"])
def test_every_entry_has_a_version_and_hashes(name):
    assert unlocked(read(name)) == []
    assert wanted(name) <= {package for package, _ in versions(read(name))}


def test_an_entry_without_hashes_would_be_found():
    good = "a==1 \\\n    --hash=sha256:" + "0" * 64
    assert unlocked(f"{good}\nb==2\nc>=1 \\\n    --hash=sha256:{'0' * 64}") == [
        "b==2",
        "c>=1 \\\n    --hash=sha256:" + "0" * 64,
    ]


@pytest.mark.parametrize(("smaller", "larger"), [*itertools.pairwise(CHAIN)])
def test_the_larger_lock_holds_the_smaller(smaller, larger):
    assert versions(read(smaller)) - versions(read(larger)) == set()


def test_every_dependency_is_used():
    imported = {
        name.partition(".")[0]
        for source in python("marketplace/", "search/", "migrations/")
        for _, name in imports(source)
    }
    provided = packages_distributions()
    used = {
        distribution.lower().replace("_", "-")
        for name in imported
        for distribution in provided.get(name, [])
    }
    assert wanted("runtime") - used - set(NOT_IMPORTED) == set()
