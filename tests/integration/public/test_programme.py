"""Programme pages for visitors and staff, of every programme and of a sixth one from elsewhere."""

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from marketplace import clock
from marketplace.db import Database
from marketplace.phases import Role, RoundPhase
from marketplace.programmes import library
from marketplace.programmes.library import Library
from marketplace.services.upkeep import seeding
from marketplace.settings import ROOT
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support.browser_like import BrowserLike

SIXTH = "xm-2024"
EXTRA = ROOT / "tests" / "data"


@pytest.fixture(scope="module")
def six() -> Library:
    """The programmes of the configuration and a sixth one."""
    return library.load(ROOT / "config", extra=[EXTRA])


@pytest.fixture
def sixth(app: Flask, six: Library) -> str:
    """The application also reads the folder of the sixth programme; its id."""
    app.extensions["programmes"] = six
    return SIXTH


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def rows(page: str, caption: str) -> list[list[str]]:
    """The cells of the table with this caption, row by row."""
    table = next(t for t in re.findall(r"<table.*?</table>", page, re.S) if f">{caption}<" in t)
    body = re.search(r"<tbody>(.*)</tbody>", table, re.S)
    assert body
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", body.group(1), re.S)
    ]


def test_the_home_programme_is_told_from_its_file_before_the_first_round(client: BrowserLike):
    page = client.get("/programme").text
    assert "青民发字〔2024〕1号" in page
    told = set(re.findall(r'class="clause" id="([^"]+)"', page))
    assert told == {rule.id for rule in factories.programmes()["qd-2024"].rules}
    papers = set(re.findall(r'<li id="(QD-M[^"]+)"', page))
    assert papers == {item.id for item in factories.programmes()["qd-2024"].materials}


def test_deadlines_stand_as_written_with_24_00(
    client: BrowserLike, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(clock, "now", lambda: datetime(2024, 1, 31, 15, 59, 59, tzinfo=UTC))
    before = rows(client.get("/programme").text, "期限")
    monkeypatch.setattr(clock, "now", lambda: datetime(2024, 1, 31, 16, 0, tzinfo=UTC))
    after = rows(client.get("/programme").text, "期限")
    assert [row[1:] for row in before] == [
        ["申报单位", "2024年1月31日24:00前", "不足1天", "三(一)2"],
        ["区市初审", "2024年2月8日前", "剩8天", "三(二)"],
        ["在池单位", "每季度次月25日前", "下一次2024年4月25日", "三(四)"],
    ]
    assert [row[3] for row in after] == ["已截止", "剩8天", "下一次2024年4月25日"]


@pytest.mark.parametrize(
    ("programme", "expired"), [("zz-2021", True), ("zj-2021", True), ("qd-2024", False)]
)
def test_an_expired_notice_is_marked(client: BrowserLike, programme: str, expired: bool):
    page = client.get(f"/programme/{programme}").text
    assert ("这份文件已过有效期" in page) is expired


def test_a_round_tells_the_text_it_pinned(client: BrowserLike, database: Database, app: Flask):
    from dataclasses import replace

    file = factories.programmes()["qd-2024"]
    pinned = replace(file, name="固定时的名称", file_sha256="0" * 64)
    with database.unit_of_work() as session:
        factories.make_round(session, pinned, label="第一批")
        factories.make_round(session, file, phase=RoundPhase.DRAFT, label="筹备中的一批", seq=2)
    page = client.get("/programme").text
    assert "<h1>固定时的名称" in page
    assert "筹备中的一批" not in page


@pytest.mark.parametrize("where", ["file", "round"])
def test_a_sixth_programme_needs_no_python(
    client: BrowserLike, database: Database, sixth: str, six: Library, where: str
):
    if where == "round":
        with database.unit_of_work() as session:
            factories.make_round(session, six.programmes[sixth])
    page = client.get(f"/programme/{sixth}").text
    told = set(re.findall(r'class="clause" id="([^"]+)"', page))
    assert told == {"XM-E1", "XM-E2", "XM-E3", "XM-E4", "XM-E5"}
    assert rows(page, "期限")[0][2] == "每月最后一日前"
    assert "每个细分行业1–2家" in page
    assert f"/programme/{sixth}" in client.get("/programme").text


def test_unknown_programmes_and_rounds_are_not_found(client: BrowserLike, login_as: LoginAs):
    officer = login_as(Role.CITY_OFFICER)
    found = [
        client.get("/programme/nirgends").status_code,
        client.get("/programme/nirgends/precheck").status_code,
        officer.get("/work/programmes/4711").status_code,
    ]
    assert found == [404, 404, 404]


@pytest.mark.parametrize("programme", ["cq-2013", "lc-2021", "qd-2024", "zj-2021", "zz-2021"])
def test_staff_read_every_clause_with_article_and_states(
    login_as: LoginAs, database: Database, programme: str
):
    given: dict[str, Any] = {"year": 2022, "cities": ("杭州市",)}
    with database.unit_of_work() as session:
        seeding.seed_vocabulary(session)
        round_id = factories.make_round(session, programme, **given).id
    officer = login_as(Role.CITY_OFFICER)
    page = officer.get(f"/work/programmes/{round_id}").text
    file = factories.programmes()[programme]
    text = text_of(page)
    missing = [r.id for r in file.rules if r.id not in page or r.article not in text]
    missing += [d.id for d in file.deadlines if d.label not in text]
    missing += [gap.topic for gap in file.conflicts_in_source if gap.topic not in text]
    missing += [
        state.staff_label
        for flow in file.workflows.values()
        for state in flow.states
        if state.staff_label not in text
    ]
    assert missing == []
    assert f"/work/programmes/{round_id}" in officer.get("/work/programmes").text


def test_staff_see_that_the_file_moved_on(login_as: LoginAs, database: Database):
    from dataclasses import replace

    file = factories.programmes()["qd-2024"]
    older = replace(file, rules=file.rules[1:], file_sha256="1" * 64)
    with database.unit_of_work() as session:
        changed = factories.make_round(session, older).id
        same = factories.make_round(session, file).id
    officer = login_as(Role.CITY_OFFICER)
    page = officer.get(f"/work/programmes/{changed}").text
    assert "方案文件已有新文本" in page
    assert f"增加条件：{file.rules[0].id}" in page
    assert "方案文件已有新文本" not in officer.get(f"/work/programmes/{same}").text


def test_programmes_of_staff_are_not_for_visitors(client: BrowserLike, login_as: LoginAs):
    assert client.get("/work/programmes").status_code == 302
    assert login_as(Role.ENTERPRISE).get("/work/programmes").status_code == 403


def test_no_file_of_the_sixth_programme_is_in_the_configuration():
    assert not list(Path(ROOT / "config").rglob(f"*{SIXTH}*"))
