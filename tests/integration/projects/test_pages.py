"""The pages of projects: one contract from draft to rating by the forms people use."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.db import Database
from marketplace.models import Acceptance, Membership, Milestone, Organisation, Project, Rating
from marketplace.phases import ProjectPhase, Role
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support import sample_files
from tests.support.browser_like import BrowserLike
from tests.support.statements import asked

DISTRICT = "370212"
Step = Callable[..., None]


@dataclass
class Sides:
    """Browsers of everybody, and ids."""

    owner: BrowserLike
    client: BrowserLike
    district: BrowserLike
    city: BrowserLike
    membership: int
    enterprise: Organisation


@pytest.fixture
def sides(login_as: LoginAs, database: Database) -> Sides:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        membership = factories.make_membership(session, round_, provider)
        firm = provider.organisation
        enterprise = factories.make_organisation(session, kind="enterprise", district=DISTRICT)
        desk = factories.make_organisation(session, kind="district_office", district=DISTRICT)
    return Sides(
        login_as(Role.PROVIDER_OWNER, organisation=firm),
        login_as(Role.ENTERPRISE, organisation=enterprise),
        login_as(Role.DISTRICT_REVIEWER, organisation=desk),
        login_as(Role.CITY_OFFICER), membership.id, enterprise,
    )  # fmt: skip


def filled(sides: Sides, **changes: str) -> dict[str, str]:
    return {
        "title": "注塑车间数字化改造", "membership_id": str(sides.membership),
        "enterprise_uscc": sides.enterprise.uscc, "contract_no": "HT-1",
        "common_modules": "生产执行\n质量管理", "custom_modules": "模具管理",
        "list_price_cny": "50", "pilot_price_cny": "40", "contract_price_cny": "38.5",
        "signed_on": "2026-03-02", "starts_on": "2026-03-10", "ends_on": "2026-09-10",
        "milestones": "系统上线，2026-06-30", **changes,
    }  # fmt: skip


def pdf() -> tuple[io.BytesIO, str]:
    return io.BytesIO(sample_files.pdf()), "合同.pdf"


def send(browser: BrowserLike, path: str, **data: object):
    """Open the form and send it with what it carries hidden."""
    page = browser.get(path)
    assert page.status_code == 200, (path, page.status_code, page.text[:500])
    form = page.text[page.text.index('class="form-box"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return browser.post(path, data={**hidden, **data}, content_type="multipart/form-data")


def done(browser: BrowserLike, path: str, **data: object) -> str:
    answer = send(browser, path, **data)
    assert answer.status_code == 303, re.findall(r"form-error.*?</p>", answer.text)
    return answer.location


def test_one_contract_from_draft_to_rating(sides: Sides, database: Database) -> None:
    at = done(sides.owner, "/p/projects/new", **filled(sides), contract_scan=pdf())
    number = at.rpartition("/")[2]
    p, me, work = (f"/{centre}/projects/{number}" for centre in ("p", "me", "work"))
    for browser, path in ((sides.client, me), (sides.district, work)):
        assert browser.get(path).status_code == 404  # a draft is the provider's own
    done(sides.owner, f"{p}/steps/submit")
    assert "核对并确认合同：注塑车间数字化改造" in sides.client.get("/tasks").text
    page = sides.client.get(me).text
    assert "38.50" in page
    assert "23.0%" in page
    assert "合同.pdf" in page
    done(sides.client, f"{me}/steps/confirm")
    assert "办理合同备案" in sides.district.get("/tasks").text
    done(sides.district, f"{work}/steps/accept")
    with database.reading() as session:
        stage = session.scalars(select(Milestone)).one().id
    done(sides.owner, f"{p}/milestones/{stage}/finish", reason="已上线", milestone_evidence=pdf())
    done(sides.client, f"{me}/milestones/{stage}/confirm")
    done(
        sides.owner, f"{p}/new/change", common_modules="生产执行\n质量管理",
        contract_price_cny="39", custom_modules="模具管理", starts_on="2026-03-10",
        ends_on="2026-10-10", reason="停产检修",
    )  # fmt: skip
    page = sides.client.get(me).text
    assert "合同价：38.50万元 → 39.00万元" in page
    change = re.search(rf"{me}/changes/(\d+)/confirm", page)
    assert change is not None
    done(sides.client, change.group())
    done(
        sides.owner, f"{p}/steps/apply", metrics="换模时间，分钟，95，45", summary="全部完成",
    )  # fmt: skip
    with database.unit_of_work() as session:
        judge = factories.make_organisation(session, kind="third_party").uscc
        acceptance = session.scalars(select(Acceptance)).one().id
    done(sides.client, f"{me}/new/evaluator", uscc=judge)
    done(
        sides.client, f"{me}/acceptances/{acceptance}/enter", level_before="1", level_after="2",
        after_0="38", met_0="1", passed="1", summary="达到约定", evaluated_on="2026-10-01",
        acceptance_report=pdf(),
    )  # fmt: skip
    done(sides.district, f"{work}/acceptances/{acceptance}/seal_passed", reason="现场一致")
    assert "评价服务商" in sides.client.get("/tasks").text
    scores = {f"score_{n}": "4" for n in ("quality", "delivery", "service", "effect", "price")}
    done(sides.client, f"{me}/new/rating", **scores, text="按期交付")
    done(sides.owner, f"{p}/new/reply", reply="谢谢")
    done(sides.city, f"{work}/new/hide", reason="人身攻击")
    with database.reading() as session:
        project, rating = (
            session.scalars(select(Project)).one(),
            session.scalars(select(Rating)).one(),
        )
        assert (project.phase, rating.reply, rating.hidden_reason) == (
            ProjectPhase.ACCEPTED, "谢谢", "人身攻击",
        )  # fmt: skip
    for browser, path in ((sides.owner, p), (sides.client, me), (sides.city, work)):
        assert "人身攻击" in browser.get(path).text


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(sides: Sides) -> None:
    wrong = filled(
        sides, enterprise_uscc="123", milestones="上线，明天", contract_price_cny="很多",
        subcontractors="某公司",
    )  # fmt: skip
    answer = send(sides.owner, "/p/projects/new", **wrong, contract_scan=pdf())
    assert answer.status_code == 422
    for text in ("代码不正确", "“明天”请写成 2024-03-01 的样子", "请填写金额", "“某公司”请写成"):
        assert text in answer.text
    for kept in ("注塑车间数字化改造", "上线，明天", "很多", "合同.pdf"):
        assert kept in answer.text


def submitted(sides: Sides) -> str:
    """Number of a contract that waits for the enterprise."""
    path = done(sides.owner, "/p/projects/new", **filled(sides), contract_scan=pdf())
    number = path.rpartition("/")[2]
    done(sides.owner, f"/p/projects/{number}/steps/submit")
    return number


def test_what_stands_against_a_step_is_said_before_anybody_types(sides: Sides) -> None:
    number = done(sides.owner, "/p/projects/new", **filled(sides)).rpartition("/")[2]
    answer = sides.owner.get(f"/p/projects/{number}/steps/submit")
    assert answer.status_code == 409
    assert "还没有填写：合同扫描件" in answer.text


def test_a_step_refused_at_the_last_moment_keeps_what_was_typed(
    sides: Sides, database: Database
) -> None:
    number = submitted(sides)
    path = f"/me/projects/{number}/steps/confirm"
    page = sides.client.get(path).text
    with database.unit_of_work() as session:
        place = session.get_one(Membership, sides.membership)
        place.state = place.phase = "suspended"
    form = page[page.index('class="form-box"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    answer = sides.client.post(path, data={**hidden, "reason": "已经核对过每一条"})
    assert answer.status_code == 409
    assert "服务商目前“暂停”，不能备案新合同" in answer.text
    assert "已经核对过每一条" in answer.text
    with database.reading() as session:
        assert session.scalars(select(Project.phase)).all() == [ProjectPhase.CONFIRMING]


def test_before_a_filed_contract_nobody_rates(sides: Sides) -> None:
    number = submitted(sides)
    answer = sides.client.get(f"/me/projects/{number}/new/rating")
    assert answer.status_code == 403
    assert "合同要先备案" in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_contract_written_in_the_second_of_suspension_is_told_why(
    sides: Sides, database: Database
) -> None:
    with database.unit_of_work() as session:
        place = session.get_one(Membership, sides.membership)
        place.state = place.phase = "suspended"
    given = {**filled(sides), "form_key": "k" * 20}
    answer = sides.owner.post("/p/projects/new", data=given)
    assert answer.status_code == 409
    assert "服务商目前“暂停”，不能备案新合同" in answer.text
    assert f'value="{sides.membership}" selected' in answer.text and "HT-" in answer.text
    with database.reading() as session:
        assert session.scalars(select(Project.id)).all() == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_was_typed_stays_when_the_other_side_was_faster(
    sides: Sides, database: Database
) -> None:
    number = submitted(sides)
    running = f"/me/projects/{number}/new/dispute"
    with database.unit_of_work() as session:
        project = session.get_one(Project, int(number))
        project.state, project.phase, project.filed_on = "running", "running", date(2026, 3, 9)
    assert sides.client.get(running).status_code == 200
    with database.unit_of_work() as session:
        session.get_one(Project, int(number)).phase = "terminated"
        session.get_one(Project, int(number)).state = "terminated"
    early = sides.client.get(running)  # nothing was sent yet: the page says so
    assert (early.status_code, "没有改动任何内容" in early.text) == (409, True)
    words = "接口三个月没有打通，设备数据仍然靠人工抄录"
    answer = sides.client.post(
        running, data={"subject": words, "text": words, "form_key": "k" * 20}
    )
    assert (answer.status_code, answer.text.count(words) >= 2) == (409, True)
    assert "项目在实施或验收中，才能提出争议" in answer.text
    step = f"/me/projects/{number}/steps/refuse"
    late = sides.client.post(step, data={"reason": words, "form_key": "j" * 20})
    assert (late.status_code, words in late.text, "form-box" in late.text) == (409, True, True)


def test_two_editors_of_one_draft(sides: Sides) -> None:
    number = done(sides.owner, "/p/projects/new", **filled(sides)).rpartition("/")[2]
    path = f"/p/projects/{number}/edit"
    page = sides.owner.get(path).text
    form = page[page.index('class="form-box"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    done(sides.owner, path, **filled(sides, title="先到的"))
    late = filled(sides, title="后到的")
    answer = sides.owner.post(path, data={**hidden, **late}, content_type="multipart/form-data")
    assert answer.status_code == 409
    assert "内容已被他人更新" in answer.text
    assert "后到的" in answer.text
    assert "先到的" in sides.owner.get(path).text


def test_steps_that_follow_others_have_no_page(sides: Sides, database: Database) -> None:
    with database.unit_of_work() as session:
        place = session.get_one(Membership, sides.membership)
        project = factories.make_project(
            session, place, session.merge(sides.enterprise), phase=ProjectPhase.ACCEPTANCE
        ).id
    for step in ("pass", "fail", "terminate", "nothing"):
        assert sides.district.get(f"/work/projects/{project}/steps/{step}").status_code == 404
    assert sides.district.get(f"/work/projects/{project}/nothing/1/confirm").status_code == 404


def test_another_firm_sees_nothing(
    sides: Sides, login_as: LoginAs, database: Database, app: Flask
) -> None:
    number = submitted(sides)
    done(sides.client, f"/me/projects/{number}/steps/confirm")
    file_ = re.search(r"/files/\d+/view", sides.owner.get(f"/p/projects/{number}").text)
    assert file_ is not None
    with database.unit_of_work() as session:
        far = factories.make_organisation(session, kind="district_office", district="370283")
        rival = factories.make_provider(session).organisation
    others = [
        ("p", login_as(Role.PROVIDER_OWNER, organisation=rival)),
        ("me", login_as(Role.ENTERPRISE)),
        ("work", login_as(Role.DISTRICT_REVIEWER, organisation=far)),
    ]
    for centre, browser in others:
        assert "注塑车间数字化改造" not in browser.get(f"/{centre}/projects").text
        for path in ("", "/steps/submit", "/steps/confirm", "/new/dispute", "/new/rating"):
            assert browser.get(f"/{centre}/projects/{number}{path}").status_code == 404, path
        assert browser.get(file_.group()).status_code == 404
        assert "注塑" not in browser.get("/tasks").text
    assert sides.client.get(file_.group()).status_code == 200
    assert sides.district.get(file_.group()).status_code == 200


MOST = {"/p/projects": 6, "/me/projects": 6, "/work/projects": 6, "one": 10}


@pytest.mark.timeout(120)
def test_as_many_queries_for_many_rows_as_for_few(sides: Sides, database: Database) -> None:
    def counts(one: int) -> dict[str, int]:
        visits = {
            "/p/projects": (sides.owner, "/p/projects"),
            "/me/projects": (sides.client, "/me/projects"),
            "/work/projects": (sides.city, "/work/projects"),
            "one": (sides.owner, f"/p/projects/{one}"),
        }
        return {name: asked(browser, path) for name, (browser, path) in visits.items()}

    results = []
    for number in (3, 17):
        with database.unit_of_work() as session:
            place = session.get_one(Membership, sides.membership)
            enterprise = session.get_one(Organisation, sides.enterprise.id)
            for _ in range(number):
                project = factories.make_project(session, place, enterprise)
                factories.make_milestone(session, project)
            for _ in range(number):
                factories.make_milestone(session, project)
            factories.make_project_parts(session, project)
        results.append(counts(project.id))
    assert results[0] == results[1]
    assert {name: most for name, most in MOST.items() if results[0][name] > most} == {}, results[0]
