"""A Chromium for the tests that need one."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.demo import Demo

# Without the windows of a desk, which take five times the processor time of a page.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
# Pages are open for a second: compiling their scripts for speed takes longer than it saves.
FLAGS = ("--no-sandbox", "--disable-gpu", "--js-flags=--no-opt,--no-maglev")


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """Debian's Chromium, headless; one for the whole run, each test opens its own context."""
    if CHROMIUM is None:
        missing = "Chromium is not installed: apt-get install chromium-headless-shell"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # other tests keep both cores busy
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str) -> Path:
    """The folder of a seeded demo, made once for all processes of the run: only to be copied."""
    from tests.browser.demo import seed

    root = tmp_path_factory.getbasetemp()
    shared = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    folder = shared / f"seeded-{testrun_uid}"
    with (shared / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = tmp_path_factory.mktemp("making")
            seed(making)
            making.rename(folder)
    return folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> "Iterator[Demo]":
    """The demo as `make run` starts it, once for the whole run; tests leave its data alone."""
    from tests.browser.demo import open_demo

    with open_demo(seeded, tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="session")
def written_demo(tmp_path_factory: pytest.TempPathFactory, seeded: Path) -> "Iterator[Demo]":
    """Another demo, for journeys that write; they share it, so each counts its own things."""
    from tests.browser.demo import open_demo

    with open_demo(seeded, tmp_path_factory.mktemp("written")) as found:
        yield found
