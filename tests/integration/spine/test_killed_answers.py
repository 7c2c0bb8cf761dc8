"""E09: a process killed around the commit of a form; the form again gives the first result."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from marketplace.db import Database
from marketplace.models import Event, Membership
from marketplace.phases import Role
from marketplace.settings import Settings
from tests import factories
from tests.integration.conftest import LoginAs
from tests.integration.pool.test_pages import key_of
from tests.support.browser_like import BrowserLike
from tests.support.source import ROOT

SETTINGS = {
    "DATABASE_URL": "database_url", "SEARCH_URL": "search_url", "STORAGE_URL": "storage_url",
    "MAIL_URL": "mail_url", "BASE_URL": "base_url", "MARKETPLACE_DATA": "data_dir",
}  # fmt: skip


@dataclass
class Form:
    """A form that warns a member, filled in but not sent."""

    client: BrowserLike
    membership: int
    path: str
    data: dict[str, Any]
    settings: Settings

    def send(self, **changes: Any) -> Any:
        return self.client.post(self.path, data={**self.data, **changes})

    def send_and_be_killed(self, moment: str) -> None:
        """Let another process handle it, and kill that at ``moment``."""
        env = {name: str(getattr(self.settings, field)) for name, field in SETTINGS.items()}
        told = {
            "settings": {"MARKETPLACE_MODE": "test", **env}, "token": self.client.sid,
            "moment": moment, "path": self.path, "data": self.data,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.dying_request"], cwd=ROOT, check=False,
            input=json.dumps(told), capture_output=True, text=True,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr


@pytest.fixture
def form(login_as: LoginAs, database: Database, settings: Settings) -> Form:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        membership = factories.make_membership(session, round_, factories.make_provider(session)).id
    client = login_as(Role.CITY_OFFICER)
    path = f"/work/memberships/{membership}/warn/warn"
    data = {"form_key": key_of(client.get(path).text), "version": 1, "reason": "资料更新不及时"}
    return Form(client, membership, path, data, settings)


def standing(database: Database, form: Form) -> tuple[str, int]:
    """The phase of the member, and how many warnings the history has."""
    with database.reading() as session:
        phase = session.scalars(select(Membership.phase).where(Membership.id == form.membership))
        events = select(func.count()).select_from(Event).where(Event.action == "warn")
        return phase.one(), session.scalar(events) or 0


def test_killed_after_the_commit_the_repeat_gives_the_first_result(
    form: Form, database: Database
) -> None:
    form.send_and_be_killed("after_commit")
    assert standing(database, form) == ("warned", 1)

    for _ in range(2):
        answer = form.send()
        assert (answer.status_code, answer.location) == (
            303,
            f"/work/memberships/{form.membership}",
        )
    assert standing(database, form) == ("warned", 1)

    other = form.send(reason="另一个理由")  # the same key for something else
    assert other.status_code == 422
    # The control: a form that cannot be known again is refused, it is not taken for the first.
    fresh = form.send(form_key="k" * 24)
    assert fresh.status_code == 409
    assert standing(database, form) == ("warned", 1)


def test_killed_before_the_commit_the_repeat_does_it(form: Form, database: Database) -> None:
    form.send_and_be_killed("before_commit")
    assert standing(database, form) == ("listed", 0)
    assert form.send().status_code == 303
    assert form.send().status_code == 303
    assert standing(database, form) == ("warned", 1)
