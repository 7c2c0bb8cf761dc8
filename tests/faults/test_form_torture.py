"""Random kills, expiries, lost answers and offline times: nothing typed or uploaded is lost."""

import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from marketplace import create_app
from marketplace.crypto import Cipher
from marketplace.db import Database, make_engine
from marketplace.models import MessageChoice, RateCounter, StoredFile, UserSession
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.accounts import sessions
from marketplace.services.accounts.sessions import Device
from marketplace.services.forms import drafts
from marketplace.settings import Settings
from tests import factories
from tests.support import sample_files
from tests.support.browser_like import BrowserLike
from tests.support.counts import count
from tests.support.forms import forms
from tests.support.source import ROOT

KILLS = count(test=3, soak=60)
TROUBLES = count(test=40, soak=200)
CHILD = Path(__file__).with_name("draft_child.py")


@pytest.mark.timeout(900)
def test_a_killed_process_has_kept_every_confirmed_save(database_url):
    database = Database(make_engine(database_url))
    with database.unit_of_work() as session:
        owner, firm = factories.make_user(session), factories.make_organisation(session)
        actor = Actor(user_id=owner.id, organisation_id=firm.id)
    chance, confirmed = random.Random(19), 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, str(CHILD), database_url, str(owner.id), str(firm.id),
             str(confirmed + 1)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        said = [first, *process.stdout.read().split(b"\n")]
        process.wait()
        process.stdout.close()
        confirmed = max(int(line) for line in said if line.strip().isdigit())
        with database.reading() as session:
            found = drafts.find(session, actor, Cipher(["k" * 32]), "story:1")
        assert found is not None
        # The one on its way may have arrived without its answer; nothing before it is missing.
        assert int(found.text.fields["n"][0]) in (confirmed, confirmed + 1)
        confirmed = int(found.text.fields["n"][0])
    database.engine.dispose()


class Person:
    """Somebody with one browser: a form being typed, files being added, and a lot of bad luck."""

    def __init__(self, app, database, user, chance):
        self.app, self.database, self.user, self.chance = app, database, user, chance
        self.client = app.test_client()
        self.version, self.typed, self.unsaved = 0, "", False
        self.tokens: list[str] = []
        self.sign_in()

    def sign_in(self):
        with self.database.unit_of_work() as session:
            grants = sessions.live_grants(session, self.user.id)
            opened = sessions.open_session(session, self.user, grants, Device("127.0.0.1", "t"))
        self.client.use_session(opened.token)

    def expire(self):
        with self.database.unit_of_work() as session:
            mine = update(UserSession).where(UserSession.user_id == self.user.id)
            session.execute(mine.values(expires_at=UserSession.created_at))

    def save(self, *, answer_lost=False):
        """What the page's script does: again after a new login when the session is over."""
        sent = {
            "draft_key": "story:1", "draft_version": self.version, "draft_window": "one",
            "story": self.typed,
        }  # fmt: skip
        answer = self.client.post("/drafts", data=sent)
        if answer.status_code == 401:
            self.sign_in()
            answer = self.client.post("/drafts", data=sent)
        assert answer.status_code == 200, answer.text
        if not answer_lost:
            self.version, self.unsaved = answer.json["version"], False

    def type(self, number):
        with self.database.unit_of_work() as session:
            session.execute(delete(RateCounter))  # people need minutes for what takes this a second
        self.typed += f"第{number}句。"
        self.unsaved = True
        trouble = self.chance.choice(["none", "offline", "lost answer", "expired"])
        if trouble == "expired":
            self.expire()
        if trouble != "offline":
            self.save(answer_lost=trouble == "lost answer")

    def upload(self, number):
        file = (io.BytesIO(sample_files.jpeg(8 + number, 8)), f"{number}.jpg")
        answer = self.client.post("/uploads/quota_document", data={"file": file})
        if answer.status_code == 401:
            self.sign_in()
            return
        self.tokens.append(answer.json["token"])

    def send(self, mail):
        """A form without scripts, its session over on the way: held, then sent after login."""
        self.expire()
        cut = self.client.post("/inbox/choices", data={"letter": mail})
        back = next(part for part in cut.text.split('"') if part.startswith("/login?next="))
        self.sign_in()
        path = back.partition("=")[2]
        form = next(f for f in forms(self.client.get(path).text, path) if "letter" in f.fields)
        assert self.client.post(form.action, data=form.fields).status_code == 303


@pytest.mark.timeout(900)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_is_lost_whatever_happens(database_url, tmp_path):
    settings = Settings.from_env(
        {
            "MARKETPLACE_MODE": "test", "MARKETPLACE_DATA": str(tmp_path / "data"),
            "DATABASE_URL": database_url, "SEARCH_URL": f"tantivy://{tmp_path}/index",
            "STORAGE_URL": f"file://{tmp_path}/files", "MAIL_URL": f"file://{tmp_path}/mail",
            "BASE_URL": "http://localhost",
        }
    )  # fmt: skip
    app = create_app(settings)
    app.test_client_class = BrowserLike
    database = app.extensions["database"]
    with database.unit_of_work() as session:
        user = factories.make_user(session)
        factories.make_grant(session, user, Role.PROVIDER_OWNER)
    person = Person(app, database, user, random.Random(5))
    lost = 0
    for number in range(TROUBLES):
        person.type(number)
        if number % 20 == 0:
            person.upload(number)
        if number % 10 == 0:
            mail = ("now", "digest")[number // 10 % 2]
            person.send(mail)
            with database.reading() as session:
                kept = session.scalars(select(MessageChoice.mail)).all()
            lost += kept != [mail]
    if person.unsaved:
        person.save()  # back online
    actor = Actor(user_id=user.id, organisation_id=_home(database, user))
    with database.reading() as session:
        draft = drafts.find(session, actor, app.extensions["cipher"], "story:1")
        lost += draft is None or draft.text.fields["story"] != [person.typed] or bool(draft.rivals)
        lost += len(session.scalars(select(StoredFile)).all()) != len(person.tokens)
    assert lost == 0
    assert person.tokens
    database.engine.dispose()


def _home(database, user):
    with database.reading() as session:
        return sessions.live_grants(session, user.id)[0].organisation_id
