"""One cycle by the forms people use: from opening to grades that everybody can read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    Event,
    Organisation,
    Provider,
    Quota,
)
from marketplace.phases import Role
from marketplace.services.upkeep import seeding
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support.browser_like import BrowserLike
from tests.support.forms import forms
from tests.support.statements import asked
from tests.support.world_evaluations import Panel, make_example

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
DISTRICT = "370202"


@dataclass
class Cast:
    """Browsers of everybody who takes part, and the places."""

    city: BrowserLike
    leader: BrowserLike
    experts: list[BrowserLike]
    third: BrowserLike
    district: BrowserLike
    owners: dict[str, BrowserLike]
    places: dict[str, int]
    providers: dict[str, int]


@pytest.fixture
def cast(login_as: LoginAs, database: Database) -> Iterator[Cast]:
    with database.unit_of_work() as session:
        seeding.seed_calendar(session)
        round_ = factories.make_round(session)
        found = {
            "whole": make_example(session, round_).membership,
            "twin": make_example(session, round_, twin=True).membership,
            "new": factories.make_membership(session, round_, factories.make_provider(session)),
        }
        firms = {name: place.provider.organisation for name, place in found.items()}
        desk = factories.make_organisation(session, kind="district_office", district=DISTRICT)
        places = {name: place.id for name, place in found.items()}
        providers = {name: place.provider_id for name, place in found.items()}
    yield Cast(
        login_as(Role.CITY_OFFICER), login_as(Role.CITY_LEADER),
        [login_as(Role.EXPERT) for _ in range(3)], login_as(Role.THIRD_PARTY),
        login_as(Role.DISTRICT_REVIEWER, organisation=desk),
        {n: login_as(Role.PROVIDER_OWNER, organisation=firm) for n, firm in firms.items()},
        places, providers,
    )  # fmt: skip


def send(browser: BrowserLike, page: str, action: str, **typed: Any):
    """Fill in the form of ``page`` that goes to an address ending in ``action``, and send it."""
    answer = browser.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    form = next(f for f in forms(answer.text, page) if f.action.endswith(action))
    return browser.post(form.action, data={**form.fields, **typed})


def done(browser: BrowserLike, page: str, action: str, **typed: Any) -> str:
    answer = send(browser, page, action, **typed)
    assert answer.status_code == 303, re.findall(
        r"form-error.*?</p>|notice-body.*?</div>", answer.text
    )
    return answer.location


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def judge(cast: Cast, sheet: str) -> None:
    """Everybody declares and enters what the worked example says."""
    entries: list[tuple[BrowserLike, dict[str, str]]] = [
        *((expert, {"points_D3-1": "6", "why_D3-1": "覆盖主要场景"}) for expert in cast.experts),
        (cast.third, {"good_D2-3": "6", "of_D2-3": "8", "why_D2-3": "核对验收材料"}),
        (cast.district, {
            "good_D3-2": "4", "of_D3-2": "5", "why_D3-2": "现场点名",
            "points_D4-3": "2", "why_D4-3": "参加两次",
        }),
    ]  # fmt: skip
    for browser, typed in entries:
        done(browser, sheet, "/declare", interest="none", note="")
        done(browser, sheet, "/score", **typed)


def test_a_cycle_through_the_pages(cast: Cast, database: Database, client: BrowserLike) -> None:
    cycle = done(
        cast.city, "/work/evaluations/new", "/new",
        label="2026年上半年评价", period_from="2026-01-01", period_until="2026-06-30",
        types="", segments="",
    )  # fmt: skip
    assert "冻结数据" in cast.city.get(cycle).text
    done(cast.city, cycle, "/freeze")
    with database.reading() as session:
        sheets = dict(
            session.execute(select(EvaluationSheet.membership_id, EvaluationSheet.id)).all()
        )
    url = {name: f"/work/evaluations/sheets/{sheets[place]}" for name, place in cast.places.items()}
    mine = {name: f"/p/evaluations/{sheets[place]}" for name, place in cast.places.items()}
    # Before the drafts are shown the provider knows of nothing, and nobody is graded.
    assert cast.owners["whole"].get(mine["whole"]).status_code == 404
    refused = send(cast.city, cycle, "/show", incomplete="")
    assert (refused.status_code, "还没有评分的指标" in refused.text) == (409, True)
    assert send(cast.experts[0], url["whole"], "/declare", interest="").status_code == 422
    for name in ("whole", "twin"):
        judge(cast, url[name])
    assert "符合" in cast.experts[0].get(url["whole"]).text
    assert "覆盖主要场景" not in cast.third.get(url["whole"]).text
    done(cast.city, cycle, "/show")

    draft = text_of(cast.owners["whole"].get(mine["whole"]))
    assert "总分（四舍五入到一位小数） 83.3 分" in draft and "良好" in draft
    assert "9 ÷ 10 = 90.0%" in draft and "没有答复" in draft
    twin = text_of(cast.owners["twin"].get(mine["twin"]))
    assert "总分（四舍五入到一位小数） 79.3 分" in twin and "合格" in twin
    assert "暂不评级" in text_of(cast.owners["new"].get(mine["new"]))
    assert cast.owners["twin"].get(mine["whole"]).status_code == 404
    # One objection is right (the twin's contracts count 10 points), one is taken back.
    done(cast.owners["twin"], mine["twin"], "/object", indicator="D1-1", text="少计一份合同")
    done(cast.owners["whole"], mine["whole"], "/object", indicator="", text="再看看")
    done(cast.owners["whole"], mine["whole"], "/take-back")
    assert "还有1件异议没有答复" in cast.leader.get(f"{cycle}/publish").text
    wrong = send(cast.city, url["twin"], "/uphold", reason="属实", indicator="D1-1", points="11")
    assert (wrong.status_code, "请填写0至10分" in wrong.text) == (422, True)
    done(cast.city, url["twin"], "/uphold", reason="属实", indicator="D1-1", points="10")
    twin = text_of(cast.owners["twin"].get(mine["twin"]))
    assert "81.3 分" in twin and "异议成立，已更正" in twin
    publish(cast, database, client, cycle, mine)
    assert "按固定的办法和数据复算，结果一致" in cast.city.get(url["whole"]).text


def publish(
    cast: Cast, database: Database, client: BrowserLike, cycle: str, mine: dict[str, str]
) -> None:
    """After the window the leader publishes; everybody reads the grades, no place moved."""
    with database.reading() as session:
        quotas = session.execute(select(Quota.id, Quota.used, Quota.held)).all()
    before = cast.leader.get(f"{cycle}/publish")
    assert "异议期到" in before.text and f'action="{cycle}/publish"' not in before.text
    with database.unit_of_work() as session:
        row = session.scalars(select(EvaluationCycle)).one()
        row.objections_until = clock.now() - timedelta(seconds=1)
    assert "异议期已于" in cast.owners["whole"].post(
        f"{mine['whole']}/object",
        data={"text": "晚了", "indicator": "", "form_key": "late-late-late-late-late"},
    ).text  # fmt: skip
    assert send(cast.leader, f"{cycle}/publish", "/publish").status_code == 422
    done(cast.leader, f"{cycle}/publish", "/publish", document_no="青民评〔2026〕3号")
    appeal = re.search(r'href="(/p/appeals/new/[^"]+)"', cast.owners["twin"].get(mine["twin"]).text)
    assert appeal is not None and cast.owners["twin"].get(appeal[1]).status_code == 200
    page = client.get(f"/providers/{cast.providers['whole']}")
    assert "良好" in page.text and "83.3" in page.text
    assert "暂不评级" in client.get(f"/providers/{cast.providers['new']}").text
    with database.reading() as session:
        assert session.execute(select(Quota.id, Quota.used, Quota.held)).all() == quotas
        grades = dict(
            session.execute(select(EvaluationSheet.membership_id, EvaluationSheet.grade)).all()
        )
        graded = session.scalars(select(Event).where(Event.action == "evaluation_graded")).all()
        assert [row.diff["grade"] for row in graded] == ["良好", "良好", "暂不评级"]
    assert [grades[place] for place in cast.places.values()] == ["good", "good", "not_rated"]
    again = cast.leader.post(
        f"{cycle}/publish",
        data={"version": "9", "document_no": "x", "form_key": "another-key-another-key"},
    )
    assert again.status_code == 409 and "当前状态是“已公布”" in again.text


def test_pages_cost_the_same_for_few_and_many(database: Database, login_as: LoginAs) -> None:
    def cost(places: int, label: str) -> dict[str, int]:
        with database.unit_of_work() as session:
            for number in range(places):
                segment = ("auto_parts", "home_appliance")[number % 2]
                factories.make_membership(session, round_, provider(session), segment=segment)
            panel = Panel(session)
            cycle = panel.frozen(session.merge(round_), label=label)
            panel.published(cycle)
            firm = session.get_one(EvaluationSheet, first(session, cycle.id)).provider_id
            home = session.get_one(Provider, firm).organisation_id
            pages = [f"/work/evaluations/{cycle.id}", f"/work/evaluations/{cycle.id}/publish",
                     f"/work/what-if?cycle={cycle.id}&try=1", "/work/evaluations"]  # fmt: skip
            sheet = first(session, cycle.id)
            owner = session.get_one(Organisation, home)
        city = login_as(Role.CITY_OFFICER)
        mine = login_as(Role.PROVIDER_OWNER, organisation=owner)
        visits = [(city, page) for page in pages]
        visits += [(city, f"/work/evaluations/sheets/{sheet}")]
        visits += [(mine, "/p/evaluations"), (mine, f"/p/evaluations/{sheet}")]
        return {path: asked(browser, path) for browser, path in visits}

    def provider(session: Session) -> Provider:
        return factories.make_provider(session)

    def first(session: Session, cycle_id: int) -> int:
        return (
            session.scalars(
                select(EvaluationSheet.id)
                .where(EvaluationSheet.cycle_id == cycle_id)
                .order_by(EvaluationSheet.id)
            ).first()
            or 0
        )

    with database.unit_of_work() as session:
        seeding.seed_calendar(session)
        round_ = factories.make_round(session)
        for quota in session.query(Quota):
            quota.cap = None
    few, many = cost(3, "少"), cost(20, "多")
    assert list(few.values()) == list(many.values())
    limits = [6 + 2, 10, 10, 6, 10, 6, 10]  # a cycle's page is both a detail and a list
    assert all(number <= limit for number, limit in zip(many.values(), limits, strict=True)), [
        *many.values()
    ]
