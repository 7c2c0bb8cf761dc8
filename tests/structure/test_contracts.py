"""The import contracts of pyproject.toml can fail; `make check` runs them on the real tree."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.source import ROOT

# Every module that a contract names; the tree of a project that keeps them all.
MODULES = {
    "search": "import tantivy",
    "marketplace": "import flask, marketplace.web, marketplace.indexing.wiring",
    "marketplace.cli": "import flask, search",
    "marketplace.db": "import flask",
    "marketplace.indexing": "import search, marketplace.services",
    "marketplace.indexing.wiring": "import marketplace.indexing",
    "marketplace.models": "import sqlalchemy, marketplace.db",
    "marketplace.outbox": "import marketplace.models",
    "marketplace.services": "import marketplace.workflow",
    "marketplace.web": "import flask, marketplace.services",
    "marketplace.web.public": "import search",
    "marketplace.workflow": "import marketplace.models",
}

BREACHES = {
    "layers": ("marketplace.models", "import marketplace.services"),
    "search-is-a-leaf": ("search", "import sqlalchemy"),
    "search-users": ("marketplace.web.admin", "import search"),
    "no-search-in-transactions": ("marketplace.services", "import search"),
    "flask-at-the-edge": ("marketplace.services", "import flask"),
}


def lint(folder: Path, modules: dict[str, str], contract: str) -> subprocess.CompletedProcess[str]:
    for name, text in modules.items():
        package = folder.joinpath(*name.split("."))
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").write_text(text)
    return subprocess.run(
        [
            Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache",
            "--config", ROOT / "pyproject.toml", "--contract", contract,
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("contract", BREACHES)
def test_a_contract_is_kept_and_can_break(contract, tmp_path):
    kept = lint(tmp_path, MODULES, contract)
    assert kept.returncode == 0, kept.stdout + kept.stderr
    module, text = BREACHES[contract]
    broken = lint(tmp_path, {module: f"{MODULES.get(module, '')}\n{text}\n"}, contract)
    assert broken.returncode == 1
    assert "Contracts: 0 kept, 1 broken." in broken.stdout, broken.stdout + broken.stderr


def test_every_contract_is_tried():
    text = (ROOT / "pyproject.toml").read_text()
    assert all(f'id = "{contract}"' in text for contract in BREACHES)
    assert text.count("[[tool.importlinter.contracts]]") == len(BREACHES)
