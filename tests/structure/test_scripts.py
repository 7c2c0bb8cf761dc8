"""The scripts that prepare a machine parse, and say what to install when they may not do it."""

import subprocess

import pytest

from tests.support.source import ROOT, sources

SCRIPTS = [
    source.path
    for source in sources()
    if source.path.startswith(("bin/", ".ci/")) and source.text.startswith("#")
]


def bash(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", SCRIPTS)
def test_parses(path):
    done = bash(f"bash -n {path}")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path != "bin/lib.sh"])
def test_stops_at_the_first_error(path):
    assert "set -euo pipefail" in (ROOT / path).read_text()
    assert (ROOT / path).stat().st_mode & 0o100


def test_without_a_package_manager_the_command_to_run_is_printed():
    done = bash("set -euo pipefail; . bin/lib.sh; PATH=/nowhere; debian_install wrk chromium; echo")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "!!   apt-get update && apt-get install -y --no-install-recommends wrk chromium"
    )


def test_a_set_of_dependencies_that_does_not_exist_is_refused():
    done = bash("bin/bootstrap.sh staging")
    assert done.returncode == 1
    assert (
        done.stderr == "!! No such set of dependencies: staging (runtime, semantic, dev or bench)\n"
    )
