"""Filings of a queue taken together: looked at first, then done item by item."""

import re

import pytest
from sqlalchemy import select

from marketplace.models import Project
from marketplace.phases import ProjectPhase, Role
from tests import factories
from tests.support.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PLAN, RUN = "/work/batches/file-projects/plan", "/work/batches/file-projects"


@pytest.fixture
def queue(database, login_as):
    """A district desk with two filings that wait, one that runs, and one of another district."""
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        place = factories.make_membership(session, round_, provider)
        here, there = (
            factories.make_organisation(session, kind="enterprise", district=district)
            for district in ("370212", "370202")
        )
        desk = factories.make_organisation(session, kind="district_office", district="370212")
        phases = [ProjectPhase.FILING, ProjectPhase.FILING, ProjectPhase.RUNNING]
        rows = [factories.make_project(session, place, here, phase=phase) for phase in phases]
        rows.append(factories.make_project(session, place, there, phase=ProjectPhase.FILING))
        session.flush()
        ids = [row.id for row in rows]
    return login_as(Role.DISTRICT_REVIEWER, organisation=desk), ids


def phases(database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Project.phase).order_by(Project.id)))


def test_what_can_be_filed_is_filed_and_the_rest_says_why(queue, database):
    desk, ids = queue
    listed = desk.get("/work/projects?phase=filing")
    assert re.findall(r'name="id" value="(\d+)"', listed.text) == [str(i) for i in ids[1::-1]]
    plan = desk.post(PLAN, data={"id": [str(i) for i in ids]})
    assert "共 3 项，可以办理 2 项" in Page(plan).main
    assert "当前状态是“实施中”，不能办理这个操作" in Page(plan).main
    items = re.findall(r'name="item" value="(\d+:\d+)"', plan.text)
    key = re.search(r'name="form_key" value="([^"]+)"', plan.text)[1]
    assert [int(item.split(":")[0]) for item in items] == ids[:2]
    with database.unit_of_work() as session:
        session.get_one(Project, ids[1]).title = "改过的名称"  # after the officer looked
    form = {"form_key": key, "item": items}
    report = desk.get(desk.post(RUN, data=form).location)
    assert "办成 1 项，没有办成 1 项" in Page(report).main
    assert "内容已被他人更新" in Page(report).main
    assert phases(database) == ["running", "filing", "running", "filing"]
    again = desk.post(RUN, data=form)
    assert desk.get(again.location).text == report.text


def test_a_return_needs_a_reason_and_nothing_of_others_is_found(queue, database):
    desk, ids = queue
    assert desk.post(PLAN, data={"id": [str(ids[3])]}).status_code == 404
    path = "/work/batches/return-projects"
    plan = desk.post(f"{path}/plan", data={"id": [str(ids[0])]})
    items = re.findall(r'name="item" value="(\d+:\d+)"', plan.text)
    key = re.search(r'name="form_key" value="([^"]+)"', plan.text)[1]
    refused = desk.post(path, data={"form_key": key, "item": items, "reason": " "})
    assert (refused.status_code, "请填写理由" in Page(refused).main) == (422, True)
    assert phases(database) == ["filing", "filing", "running", "filing"]
    done = desk.post(path, data={"form_key": key, "item": items, "reason": "缺少扫描件"})
    assert "办成 1 项，没有办成 0 项" in Page(desk.get(done.location)).main
    assert phases(database) == ["returned", "filing", "running", "filing"]
