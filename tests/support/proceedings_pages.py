"""Proceedings through the pages: each step by a person who has just signed in."""

import io
import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace.db import Database
from marketplace.models import Membership, Organisation, Proceeding, PublicNotice, Quota
from marketplace.phases import Role
from tests.integration.conftest import LoginAs
from tests.support import sample_files
from tests.support.browser_like import BrowserLike
from tests.support.forms import forms
from tests.support.world_proceedings import BUREAUS, Time, World, world

WORDS = "经核实情况属实"


def plain(answer: TestResponse) -> str:
    """What a page says, without its marks."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", answer.get_data(as_text=True), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


@dataclass
class Town:
    """One place, its people by organisation, and their browsers."""

    database: Database
    login_as: LoginAs
    time: Time
    membership: int
    provider: int
    homes: dict[str, Organisation]

    def who(self, name: str) -> BrowserLike:
        """A browser of somebody new in this post."""
        roles = {
            "officer": (Role.CITY_OFFICER, "lead"), "leader": (Role.CITY_LEADER, "lead"),
            "district": (Role.DISTRICT_REVIEWER, "district"),
            "owner": (Role.PROVIDER_OWNER, "own"), "auditor": (Role.AUDITOR, "lead"),
            BUREAUS[1]: (Role.COSIGNER, BUREAUS[1]), BUREAUS[2]: (Role.COSIGNER, BUREAUS[2]),
        }  # fmt: skip
        role, home = roles[name]
        return self.login_as(role, organisation=self.homes[home])

    def send(self, client: BrowserLike, path: str, **typed: Any) -> TestResponse:
        """Open a form, fill in what is given, send it."""
        page = client.get(path)
        assert page.status_code == 200, (path, page.status_code, plain(page)[:600])
        found = [one for one in forms(page.text, path) if "form_key" in one.fields]
        fields = {k: v for k, v in found[-1].fields.items() if k != "csrf_token"}
        uploads = [name for name in fields if name.startswith(("proceeding_", "appeal_evidence"))]
        for name in uploads:
            fields.pop(name)
        return client.post(found[-1].action or path, data={**fields, **typed})

    def ok(self, client: BrowserLike, path: str, **typed: Any) -> str:
        """The same; answers where it led to."""
        answer = self.send(client, path, **typed)
        assert answer.status_code == 303, (path, answer.status_code, plain(answer)[:900])
        return answer.location

    def step(self, name: str, case: int, step: str, **typed: Any) -> None:
        centre = "p" if name == "owner" else "work"
        values = typed if name == "owner" or "agrees" in typed else {"reason": WORDS, **typed}
        self.ok(self.who(name), f"/{centre}/proceedings/{case}/{step}", **values)

    def open(self, name: str, kind: str, cause: str, **typed: Any) -> int:
        path = f"/work/memberships/{self.membership}/proceedings/{kind}"
        values = {"cause": cause, "findings": WORDS, "reason": WORDS, **typed}
        if kind == "removal":
            values["proceeding_evidence"] = (io.BytesIO(sample_files.pdf()), "核查记录.pdf")
        return int(self.ok(self.who(name), path, **values).rpartition("/")[2])

    def case(self, id_: int) -> Proceeding:
        with self.database.reading() as session:
            return session.get_one(Proceeding, id_)

    def newest(self) -> Proceeding:
        with self.database.reading() as session:
            query = select(Proceeding).order_by(Proceeding.id.desc()).limit(1)
            return session.scalars(query).one()

    def place(self) -> tuple[str, int]:
        with self.database.reading() as session:
            row = session.get_one(Membership, self.membership)
            return row.state, session.get_one(Quota, row.quota_id).used

    def publish(self) -> PublicNotice:
        """Publish the newest notice; the clock then stands right at its end."""
        with self.database.reading() as session:
            query = select(PublicNotice.id).order_by(PublicNotice.id.desc()).limit(1)
            notice = session.scalars(query).one()
        officer = self.who("officer")
        edited = self.send(officer, f"/work/notices/{notice}/edit", document_no="测试公示1号")
        assert edited.status_code == 303, plain(edited)[:800]
        self._press(officer, notice, "publish")
        with self.database.reading() as session:
            row = session.get_one(PublicNotice, notice)
        assert row.ends_at is not None
        self.time.set(row.ends_at)
        return row

    def finish(self, notice: PublicNotice, by: str = "leader") -> None:
        """Publish the result of a notice."""
        self._press(self.who(by), notice.id, "finish", document_no="测试公告1号", reason="无异议")

    def _press(self, client: BrowserLike, notice: int, step: str, **typed: Any) -> None:
        page = client.get(f"/work/notices/{notice}")
        here = f"/work/notices/{notice}"
        found = [f for f in forms(page.text, here) if f.action.endswith(f"/{step}")]
        assert found, plain(page)[:900]
        fields = {k: v for k, v in found[0].fields.items() if k != "csrf_token"}
        answer = client.post(found[0].action, data={**fields, **typed})
        assert answer.status_code == 303, plain(answer)[:900]


def town(
    database: Database, login_as: LoginAs, time: Time, programme: Any, **given: Any
) -> tuple[Town, World]:
    """A committed place with its people."""
    with database.unit_of_work() as session:
        made = world(session, programme, **given)
        homes = {
            "lead": session.get_one(Organisation, made.officer.organisation_id),
            "own": made.provider.organisation,
            **{name: session.get_one(Organisation, one.organisation_id)
               for name, one in made.bureaus.items()},
        }  # fmt: skip
        district = session.get_one(Organisation, made.district.organisation_id)
        district.district = made.provider.organisation.district
        homes["district"] = district
        session.flush()
        ids = made.membership.id, made.provider.id
    return Town(database, login_as, time, *ids, homes), made
