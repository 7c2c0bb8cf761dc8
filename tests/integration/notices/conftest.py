"""A bureau with decided candidates, a calendar, and everybody of a notice, by their pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from marketplace.db import Database
from marketplace.models import (
    Candidacy,
    NoticeEntry,
    Objection,
    Organisation,
    Provider,
    PublicNotice,
    Round,
)
from marketplace.phases import Role, SelectionPhase
from marketplace.services.calendar import calendar
from marketplace.services.upkeep import seeding
from tests import factories
from tests.support.browser_like import BrowserLike

KEYS = count(1)
YEARS = (2024, 2026, 2027)
PUBLISHED = "2024-02-08 17:00:00+08:00"
LAST_SECOND = "2024-02-21 23:59:59+08:00"
ENDED = "2024-02-22 00:00:00+08:00"
FACTS = "申报材料中的两个案例没有验收，合同金额也与实际不符。"
NAME, PHONE = "王建国", "13800001234"


def seed_calendar(session: Session) -> None:
    """The years of the tests as they are shipped; 2027 is only 暂定."""
    for path in seeding.calendar_files():
        content = seeding.read_calendar(path)
        if content.year in YEARS:
            calendar.seed_year(session, content)


def make_decided(session: Session, round_: Round, number: int) -> list[Candidacy]:
    """Decided candidates of one cell, and one in reserve behind them."""
    rows = [
        factories.make_candidacy(
            session, round_, factories.make_provider(session), phase=SelectionPhase.DECISION,
            rank=rank,
        )
        for rank in range(1, number + 1)
    ]  # fmt: skip
    factories.make_candidacy(
        session, round_, factories.make_provider(session), phase=SelectionPhase.RESERVE,
        rank=number + 1,
    )  # fmt: skip
    return rows


@dataclass
class Bureau:
    """Everybody of one notice. Sessions are opened when they are asked for: time goes by."""

    app: Flask
    database: Database
    round: Round
    candidates: list[Candidacy]
    providers: list[Provider]
    login_as: Callable[..., BrowserLike]
    clock: "Clock"
    visitor: BrowserLike = field(init=False)

    def __post_init__(self) -> None:
        client = self.app.test_client()
        assert isinstance(client, BrowserLike)
        self.visitor = client

    def officer(self) -> BrowserLike:
        return self.login_as(Role.CITY_OFFICER)

    def owner(self, number: int = 0) -> BrowserLike:
        with self.database.reading() as session:
            organisation = session.get_one(Organisation, self.providers[number].organisation_id)
        return self.login_as(Role.PROVIDER_OWNER, organisation=organisation)

    def post(self, client: BrowserLike, path: str, **data: Any) -> TestResponse:
        """A form of staff or of a provider, with a key of its own."""
        return client.post(path, data={"form_key": f"notice-test-{next(KEYS):08}", **data})

    def notice(self, id_: int | None = None) -> PublicNotice:
        with self.database.reading() as session:
            query = select(PublicNotice).order_by(PublicNotice.id.desc()).limit(1)
            return session.get_one(PublicNotice, id_) if id_ else session.scalars(query).one()

    def entries(self) -> list[NoticeEntry]:
        with self.database.reading() as session:
            rows = select(NoticeEntry).where(NoticeEntry.notice_id == self.notice().id)
            return list(session.scalars(rows.order_by(NoticeEntry.seq)))

    def objection(self) -> Objection:
        with self.database.reading() as session:
            return session.scalars(select(Objection).order_by(Objection.id.desc()).limit(1)).one()

    def draft(self, client: BrowserLike | None = None, **given: Any) -> TestResponse:
        """The form of a new notice, with every candidate unless ``lines`` are given."""
        data = {
            "title": "关于拟入池服务商名单的公示", "document_no": "青民发字〔2024〕3号",
            "text": "现予公示。\n\n# 监督方式\n在线提出。",
            "lines": [f"candidacies:{row.id}" for row in self.candidates], **given,
        }  # fmt: skip
        path = f"/work/notices/new?round={self.round.id}&kind=selection"
        return self.post(client or self.officer(), path, **data)

    def published(self) -> PublicNotice:
        """A notice published at the present moment."""
        client = self.officer()
        assert self.draft(client).status_code == 303
        notice = self.notice()
        answer = self.step(client, "publish")
        assert answer.status_code == 303, answer.text
        return self.notice(notice.id)

    def step(self, client: BrowserLike, action: str, **data: Any) -> TestResponse:
        """A step of the newest notice, from its page as it stands."""
        notice = self.notice()
        path = f"/work/notices/{notice.id}/{action}"
        return self.post(client, path, version=str(notice.version), **data)

    def ticket(self) -> str:
        page = self.visitor.get(f"/notices/{self.notice().id}/objection").text
        found = re.search(r'name="ticket" value="([^"]+)"', page)
        assert found is not None, page
        return found[1]

    def file(self, entry: NoticeEntry, *, ticket: str = "", **given: Any) -> TestResponse:
        """A real-name objection by a visitor."""
        data = {
            "ticket": ticket or self.ticket(), "entry_id": str(entry.id), "facts": FACTS,
            "how": "named", "name": NAME, "phone": PHONE, "organisation": "", **given,
        }  # fmt: skip
        return self.visitor.post(f"/notices/{self.notice().id}/objection", data=data)

    def desk(self, client: BrowserLike, action: str, **data: Any) -> TestResponse:
        """A step of the bureau on the newest objection."""
        row = self.objection()
        path = f"/work/objections/{row.id}/{action}"
        return self.post(client, path, version=str(row.version), **data)


@dataclass
class Clock:
    """The wall clock of the test; it stands still."""

    traveller: Any

    def to(self, moment: str) -> None:
        self.traveller.move_to(datetime.fromisoformat(moment), tick=False)


@pytest.fixture
def bureau(app, database, login_as):
    """2024-02-08 17:00, three decided candidates of the first Qingdao round."""
    with time_machine.travel(PUBLISHED, tick=False) as traveller:
        with database.unit_of_work() as session:
            seed_calendar(session)
            for kind, code, name in (
                ("segment", "home_appliance", "家用电器及配件制造"),
                ("provider_type", "product", "产品型"), ("district", "370202", "市南区"),
            ):  # fmt: skip
                factories.make_term(session, kind, code, name)
            round_ = factories.make_round(session)
            rows = make_decided(session, round_, 3)
            providers = [row.provider for row in rows]
        yield Bureau(app, database, round_, rows, providers, login_as, Clock(traveller))
