"""A provider in the pool, a bureau, a client without an account, and their pages."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace import outbox
from marketplace.db import Database
from marketplace.mail import Mailer
from marketplace.models import CaseVersion, Provider, StoredFile
from marketplace.phases import CasePhase, Role
from marketplace.services.cases import case_studies
from tests import factories
from tests.support.browser_like import BrowserLike

CLIENT_USCC = factories.uscc(4_400_001)
NUMBERS = count(1)
LINK = re.compile(r"http://localhost(/consents/[\w-]+)")
TEXT = {
    "title": "注塑车间生产执行改造", "segment": "home_appliance",
    "client_name": "青岛测试塑胶有限公司", "client_uscc": CLIENT_USCC, "client_size": "small",
    "district": "370212", "start_on": "2025-03-01", "finish_on": "2025-08-01",
    "investment": "38.5", "process_links": ["manufacturing"], "background": "做家电注塑件。",
    "pains": "换模时间长。", "solution": "上线生产执行系统。", "m1_metric": "换模时间",
    "m1_before": "95", "m1_after": "38", "m1_unit": "分钟", "m1_period": "2024年对比2025年",
}  # fmt: skip


@dataclass
class Hall:
    """Everybody of one case, by their pages."""

    app: Flask
    database: Database
    provider: Provider
    owner: BrowserLike
    officer: BrowserLike
    visitor: BrowserLike

    def row(self, version_id: int) -> CaseVersion:
        with self.database.reading() as session:
            return session.get_one(CaseVersion, version_id)

    def latest(self) -> CaseVersion:
        with self.database.reading() as session:
            query = select(CaseVersion).order_by(CaseVersion.id.desc()).limit(1)
            return session.scalars(query).one()

    def write(self, client: BrowserLike | None = None, **given: Any) -> CaseVersion:
        """A new draft through the form, and its letter as if it had been uploaded."""
        data = {**TEXT, "form_key": f"a-new-case-no-{next(NUMBERS):06}", **given}
        answer = (client or self.owner).post("/p/cases/new", data=data)
        assert answer.status_code == 303, answer.text
        version = self.latest()
        with self.database.unit_of_work() as session:
            session.add(
                StoredFile(
                    sha256="ab" * 32, name="授权书.pdf", media_type="application/pdf", size=10,
                    purpose=case_studies.LETTER, subject_type="case_versions",
                    subject_id=version.id,
                )
            )  # fmt: skip
        return version

    def post(self, client: BrowserLike, path: str, version: CaseVersion | int, **data: Any) -> Any:
        """One step, from the page as it stands now."""
        if isinstance(version, CaseVersion):
            version = self.row(version.id).version
        key = f"step-{path}-{version}".replace("/", "-").ljust(20, "x")[:40]
        extra = {"form_key": key} if path.startswith("/work") else {}
        return client.post(path, data={"version": str(version), **extra, **data})

    def ask(self, version: CaseVersion, client: BrowserLike | None = None) -> str:
        """The client's link, as its letter brings it."""
        answer = self.post(
            client or self.owner, f"/p/cases/{version.id}/ask", version, email="boss@client.example"
        )
        assert answer.status_code == 303, answer.text
        return self.link()

    def link(self) -> str:
        """The link in the newest letter."""
        settings = self.app.extensions["settings"]
        outbox.drain(self.database, outbox.MAIL, Mailer(settings).handle)
        folder = Path(settings.mail_url.removeprefix("file://"))
        letters = [
            message_from_bytes(path.read_bytes(), policy=policy.default).get_content()
            for path in sorted(folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
        ]
        found = [match[1] for text in letters for match in LINK.finditer(text)]
        return found[-1]

    def agree(self, link: str, **given: Any) -> Any:
        """The client's answer."""
        data = {
            "agrees": "yes", "uscc": CLIENT_USCC, "signer": "王经理", "signer_post": "总经理",
            **given,
        }  # fmt: skip
        return self.visitor.post(link, data=data)

    def checked(self, **given: Any) -> tuple[CaseVersion, str]:
        """A version before the bureau, and the client's link."""
        version = self.write(**given)
        link = self.ask(version)
        assert self.agree(link).status_code == 303
        return self.row(version.id), link

    def published(self, **given: Any) -> tuple[CaseVersion, str]:
        """A version in the hall."""
        version, link = self.checked(**given)
        answer = self.post(self.officer, f"/work/cases/versions/{version.id}/publish", version)
        assert answer.status_code == 303, answer.text
        row = self.row(version.id)
        assert row.phase == CasePhase.PUBLISHED
        return row, link


@pytest.fixture
def hall(app, database, login_as, client) -> Hall:
    with database.unit_of_work() as session:
        for kind, code, name in (
            ("segment", "home_appliance", "家用电器及配件制造"), ("district", "370212", "崂山区"),
            ("process_link", "manufacturing", "生产制造"),
        ):  # fmt: skip
            factories.make_term(session, kind, code, name)
        provider = factories.make_provider(session)
        factories.make_membership(session, factories.make_round(session), provider)
        organisation = provider.organisation
    return Hall(
        app, database, provider, login_as(Role.PROVIDER_OWNER, organisation=organisation),
        login_as(Role.CITY_OFFICER), client,
    )  # fmt: skip
