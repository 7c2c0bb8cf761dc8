"""The staff pages: they open, they show what the database holds, and they act."""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from marketplace import clock
from marketplace.db import Database
from marketplace.models import (
    Candidacy,
    CaseStudy,
    Event,
    Membership,
    Product,
    Quota,
    Round,
    StoredFile,
    Waiver,
)
from marketplace.phases import Role, SelectionPhase, StandingPhase
from marketplace.schemas import texts
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support import sample_files
from tests.support.browser_like import BrowserLike


@dataclass
class World:
    """Ids of a small pool that was committed."""

    round: int
    provider: int
    membership: int
    suspended: int
    candidacy: int
    reserve: int
    quota: int
    product: int
    case: int


@pytest.fixture
def world(database: Database) -> World:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        membership = factories.make_membership(session, round_, provider)
        suspended = factories.make_membership(
            session, round_, factories.make_provider(session), phase=StandingPhase.SUSPENDED
        )
        candidacy = factories.make_candidacy(
            session, round_, factories.make_provider(session), phase=SelectionPhase.PUBLICITY
        )
        reserve = factories.make_candidacy(
            session, round_, factories.make_provider(session), rank=1
        )
        return World(
            round_.id, provider.id, membership.id, suspended.id, candidacy.id, reserve.id,
            membership.quota_id, factories.make_product(session, provider).id,
            factories.make_case(session, provider).id,
        )  # fmt: skip


def key_of(page: str) -> str:
    """The hidden key of the (first) form of a page."""
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found.group(1)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


GET = (
    "/work", "/work/pool", "/work/memberships", "/work/memberships/{membership}",
    "/work/memberships/{suspended}", "/work/candidacies", "/work/candidacies/{candidacy}",
    "/work/candidacies/{reserve}", "/work/quotas/{quota}/change", "/work/waivers",
    "/work/providers", "/work/providers/{provider}", "/work/components", "/work/export.xlsx",
)  # fmt: skip
OFFICER = (
    "/work/memberships/admit", "/work/memberships/admit?q=测试",
    "/work/memberships/admit?provider={provider}&type=integrator&segment=auto_parts",
    "/work/memberships/{membership}/warn/warn",
    "/work/memberships/{membership}/rectify/order_rectification",
    "/work/memberships/{membership}/suspend/suspend",
    "/work/memberships/{suspended}/restore/restore",
    "/work/memberships/{membership}/withdraw/withdraw",
    "/work/providers/{provider}/edit", "/work/products/{product}/edit", "/work/cases/{case}/edit",
)  # fmt: skip
LEADER = ("/work/waivers?provider={provider}",)


@pytest.mark.parametrize(
    ("role", "paths"),
    [(Role.CITY_OFFICER, GET + OFFICER), (Role.CITY_LEADER, GET + LEADER), (Role.AUDITOR, GET)],
)
def test_every_page_opens(role: Role, paths: tuple[str, ...], world: World, login_as: LoginAs):
    client = login_as(role)
    for path in paths:
        response = client.get(path.format(**vars(world)))
        assert response.status_code == 200, path


def test_pages_open_on_an_empty_system(login_as: LoginAs) -> None:
    client = login_as(Role.CITY_OFFICER)
    for path in ("/work", "/work/pool", "/work/memberships", "/work/candidacies"):
        assert client.get(path).status_code == 200, path


def send(client: BrowserLike, form: str, target: str = "", **data: object) -> TestResponse:
    """Open a page and send a form with its key."""
    page = client.get(form)
    assert page.status_code == 200, page.text
    fields = {"form_key": key_of(page.text), **data}
    return client.post(target or form, data=fields)  # type: ignore[no-any-return]


def phase_of(database: Database, membership: int) -> str:
    with database.reading() as session:
        return session.scalars(select(Membership.phase).where(Membership.id == membership)).one()


def events_of(database: Database, action: str) -> int:
    with database.reading() as session:
        return len(session.scalars(select(Event.id).where(Event.action == action)).all())


def test_an_action_tells_its_effect_then_happens_once(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    address = f"/work/memberships/{world.membership}/suspend/suspend"
    page = client.get(address)
    assert "状态由“在池”变为“暂停”，公众看到“已暂停”" in text_of(page.text)
    data = {"form_key": key_of(page.text), "version": "1", "reason": "失信待核"}
    answers = [client.post(address, data=data) for _ in range(3)]
    assert {(a.status_code, a.location) for a in answers} == {
        (303, f"/work/memberships/{world.membership}")
    }
    assert phase_of(database, world.membership) == StandingPhase.SUSPENDED
    assert events_of(database, "suspend") == 1
    changed = client.post(address, data={**data, "reason": "另一个理由"})
    assert changed.status_code == 422
    assert events_of(database, "suspend") == 1


def test_a_form_without_key_or_with_a_stale_version_does_nothing(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    address = f"/work/memberships/{world.membership}/warn/warn"
    assert client.post(address, data={"version": "1", "reason": "x"}).status_code == 422
    assert send(client, address, version="7", reason="x").status_code == 409
    assert phase_of(database, world.membership) == StandingPhase.LISTED
    assert events_of(database, "warn") == 0


def test_missing_grounds_come_back_with_the_form(world: World, login_as: LoginAs) -> None:
    client = login_as(Role.CITY_OFFICER)
    response = send(
        client, f"/work/memberships/{world.membership}/withdraw/withdraw",
        version="1", reason="业务调整",
    )  # fmt: skip
    assert response.status_code == 422
    page = text_of(response.text)
    assert "原因：请选择一项原因" in page
    assert "业务调整" in response.text


def test_a_removal_is_refused_outside_its_procedure(world: World, login_as: LoginAs) -> None:
    client = login_as(Role.CITY_LEADER)
    address = f"/work/memberships/{world.membership}/remove/remove"
    data = {"form_key": "k" * 24, "version": "1", "reason": "多次违规", "reason_code": "X01",
            "document_no": "示例1号"}  # fmt: skip
    for answer in (client.get(address), client.post(address, data=data)):
        assert answer.status_code == 409
        assert "须按方案的退出程序办理" in answer.text


ACTIONS = (
    "warn/warn", "warn/clear_warning", "rectify/order_rectification",
    "rectify/close_rectification", "suspend/suspend", "restore/restore", "remove/remove",
    "withdraw/withdraw",
)  # fmt: skip
MAY = {
    Role.CITY_OFFICER: {action for action in ACTIONS if action != "remove/remove"},
    Role.CITY_LEADER: {"remove/remove"},
}


@pytest.mark.parametrize("role", list(Role))
def test_roles_without_permission_are_refused_and_nothing_changes(
    role: Role, world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(role)
    for action in ACTIONS:
        if action in MAY.get(role, set()):
            continue
        for membership in (world.membership, world.suspended):
            address = f"/work/memberships/{membership}/{action}"
            assert client.get(address).status_code in (403, 404), address
            response = client.post(
                address,
                data={"form_key": "k" * 24, "version": "1", "reason": "x", "document_no": "y",
                      "reason_code": "X01"},
            )  # fmt: skip
            assert response.status_code in (403, 404), address
    assert phase_of(database, world.membership) == StandingPhase.LISTED
    assert phase_of(database, world.suspended) == StandingPhase.SUSPENDED


def test_wrong_states_are_conflicts_and_wrong_verbs_do_not_exist(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    data = {"version": "1", "reason": "x", "rectify_by": "2099-01-01"}
    for action in ("warn/clear_warning", "rectify/close_rectification", "restore/restore"):
        address = f"/work/memberships/{world.membership}/{action}"
        response = client.post(address, data={**data, "form_key": "k" * 24})
        assert response.status_code == 409, action
    for action in ("warn/suspend", "suspend/remove", "warn/approve"):
        address = f"/work/memberships/{world.membership}/{action}"
        assert client.post(address, data={**data, "form_key": "k" * 24}).status_code == 404
    assert client.post(f"/work/memberships/{2**70}/warn/warn", data=data).status_code == 404
    assert phase_of(database, world.membership) == StandingPhase.LISTED


def test_an_admission_shows_findings_and_then_happens(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    place = f"provider={world.provider}&type=integrator&segment=auto_parts&listed_on=2024-03-01"
    page = client.get(f"/work/memberships/admit?{place}")
    assert "系统中本行业案例0项" in text_of(page.text)
    data = {
        "form_key": key_of(page.text), "round": world.round, "provider": world.provider,
        "type": "integrator", "segment": "auto_parts", "listed_on": "2024-03-01",
        "document_no": "青民发字〔2024〕3号",
    }  # fmt: skip
    first, again = (client.post("/work/memberships/admit", data=data) for _ in range(2))
    assert (first.status_code, first.location) == (again.status_code, again.location)
    assert events_of(database, "admit") == 1
    twice = client.post("/work/memberships/admit", data={**data, "form_key": "n" * 24})
    assert twice.status_code == 409
    assert "该服务商已在池" in text_of(twice.text)


def test_a_candidacy_in_notice_is_listed_with_its_held_place(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    response = send(
        client, f"/work/candidacies/{world.candidacy}",
        f"/work/candidacies/{world.candidacy}/list", version="1", listed_on="2024-03-01",
    )  # fmt: skip
    assert response.status_code == 303
    with database.reading() as session:
        quota = session.get_one(Quota, world.quota)
        assert (quota.used, quota.held) == (3, 0)
        assert session.get_one(Candidacy, world.candidacy).phase == SelectionPhase.CLOSED


def test_a_candidacy_may_be_closed_with_a_reason(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    address = f"/work/candidacies/{world.candidacy}"
    assert send(client, address, f"{address}/close").status_code == 422
    assert send(client, address, f"{address}/close", reason="放弃资格").status_code == 303
    with database.reading() as session:
        quota = session.get_one(Quota, world.quota)
        assert (quota.used, quota.held) == (2, 0)


def test_bulk_tells_what_happens_to_whom_and_reports_each(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    ids = [world.membership, world.suspended]
    page = client.post("/work/memberships/bulk/warn/warn/plan", data={"id": ids})
    assert page.status_code == 200
    shown = text_of(page.text)
    assert "共 2 项，可以办理 1 项" in shown
    assert "当前状态是“暂停”，不能办理这个操作" in shown
    assert events_of(database, "warn") == 0
    data = {
        "form_key": key_of(page.text), "reason": "抽查问题",
        "item": [f"{world.membership}:1", f"{world.suspended}:1"],
    }  # fmt: skip
    first = client.post("/work/memberships/bulk/warn/warn", data=data)
    again = client.post("/work/memberships/bulk/warn/warn", data=data)
    assert (first.status_code, first.location) == (303, again.location)
    report = text_of(client.get(first.location).text)
    assert "办成 1 项，没有办成 1 项" in report
    assert events_of(database, "warn") == 1
    assert phase_of(database, world.membership) == StandingPhase.WARNED
    assert login_as(Role.CITY_OFFICER).get(first.location).status_code == 404


def test_bulk_without_a_reason_does_nothing(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    data = {"form_key": "k" * 24, "item": [f"{world.membership}:1"]}
    response = client.post("/work/memberships/bulk/warn/warn", data=data)
    assert response.status_code == 422
    assert phase_of(database, world.membership) == StandingPhase.LISTED


PDF = sample_files.pdf()


def test_a_quota_changes_by_a_document_only(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_LEADER)
    address = f"/work/quotas/{world.quota}/change"
    look = f"{address}?look=1&minimum=12&cap=24"
    data = {"version": "1", "minimum": "12", "cap": "24", "reason": "增补", "document_no": "1号"}
    assert send(client, look, address, **data).status_code == 422
    fake = (io.BytesIO(b"<script>%PDF-1.4"), "批复.pdf")
    assert send(client, look, address, **data, file=fake).status_code == 422
    low = {**data, "minimum": "0", "cap": "1"}
    file = (io.BytesIO(PDF), "批复.pdf")
    refused = send(client, look, address, **low, file=file)
    assert refused.status_code == 409
    assert "上限不能低于已占用的3个名额" in text_of(refused.text)
    done = send(client, look, address, **data, file=(io.BytesIO(PDF), "批复.pdf"))
    assert done.status_code == 303
    with database.reading() as session:
        quota = session.get_one(Quota, world.quota)
        assert (quota.minimum, quota.cap, quota.version) == (12, 24, 2)
        stored = session.scalars(select(StoredFile)).one()
    download = client.get(f"/work/files/{stored.id}")
    assert download.data == PDF
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert "filename*=UTF-8''%E6%89%B9%E5%A4%8D.pdf" in download.headers["Content-Disposition"]
    assert download.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert download.headers["X-Content-Type-Options"] == "nosniff"
    download.close()
    assert login_as(Role.ENTERPRISE).get(f"/work/files/{stored.id}").status_code == 403
    assert client.get("/work/files/999").status_code == 404


def test_the_export_equals_the_page_and_holds_no_formula(
    world: World, login_as: LoginAs, database: Database
) -> None:
    with database.unit_of_work() as session:
        organisation = factories.make_organisation(session, name='=HYPERLINK("http://x")')
        provider = factories.make_provider(session, organisation)
        factories.make_membership(session, session.get_one(Round, world.round), provider)
    client = login_as(Role.CITY_OFFICER)
    response = client.get("/work/export.xlsx?phase=listed")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
    listed = rows.get_sheet_by_name("名单").to_python()
    assert listed[0][:2] == ["服务商", "统一社会信用代码"]
    assert {row[0] for row in listed[1:]} >= {'=HYPERLINK("http://x")'}
    assert len(listed) == 1 + 2
    content = zipfile.ZipFile(io.BytesIO(response.data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in content
    board = rows.get_sheet_by_name("看板").to_python()
    line = next(row for row in board if row[0].startswith("“小快轻准”") and "家用电器" in row[0])
    assert line[1:] == [10, 20, 2, 1, 1, 0, 1, 3, 1, "缺7"]


def test_a_text_is_edited_with_reason_and_version(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    address = f"/work/products/{world.product}/edit"
    new = {"summary": "注塑车间执行系统", "description": "新的说明", "segments": "home_appliance",
           "version": "1"}  # fmt: skip
    with database.unit_of_work() as session:
        factories.make_term(session, "segment", "home_appliance", "家用电器及配件制造")
    client.application.extensions["vocabulary"]._until = 0.0
    assert send(client, address, **new).status_code == 422
    assert send(client, address, **new, reason="改错字").status_code == 303
    with database.reading() as session:
        product = session.get_one(Product, world.product)
        assert (product.summary, product.description) == ("注塑车间执行系统", "新的说明")
        assert product.edited_fields["summary"]["by"] == "city_officer"
        assert product.version == 2
    stale = send(client, address, **{**new, "summary": "第三版"}, reason="又改")
    assert stale.status_code == 409
    shown = text_of(stale.text)
    assert "内容已被他人更新，没有保存" in shown
    assert "第三版" in shown
    assert "注塑车间执行系统" in shown
    assert 'name="version" value="2"' in stale.text


def test_hiding_takes_a_reason_and_can_be_undone(
    world: World, login_as: LoginAs, database: Database
) -> None:
    client = login_as(Role.CITY_OFFICER)
    for path, id_ in (("providers", world.provider), ("cases", world.case)):
        form = f"/work/{path}/{id_}/edit"
        assert send(client, form, f"/work/{path}/{id_}/hide", version="1").status_code == 422
        hidden = send(client, form, f"/work/{path}/{id_}/hide", version="1", reason="投诉核查")
        assert hidden.status_code == 303
        assert "已隐藏" in client.get(form).text
        again = send(client, form, f"/work/{path}/{id_}/hide", version="2", reason="再次")
        assert again.status_code == 409
        shown = send(client, form, f"/work/{path}/{id_}/show", version="2", reason="查无此事")
        assert shown.status_code == 303
    assert (events_of(database, "text_hide"), events_of(database, "text_show")) == (2, 2)


def test_columns_that_no_form_offers_are_refused(
    world: World, login_as: LoginAs, database: Database
) -> None:
    officer, leader = login_as(Role.CITY_OFFICER), login_as(Role.CITY_LEADER)
    forms: list[tuple[BrowserLike, str, str, dict[str, object], type[Any]]] = [
        (officer, f"/work/memberships/{world.membership}/warn/warn", "",
         {"version": "1", "reason": "x"}, Membership),
        (officer, "/work/memberships/admit?q=x", "/work/memberships/admit",
         {"round": world.round, "provider": world.provider, "type": "integrator",
          "segment": "auto_parts", "listed_on": "2024-03-01"}, Membership),
        (officer, f"/work/candidacies/{world.reserve}", f"/work/candidacies/{world.reserve}/list",
         {"version": "1", "listed_on": "2024-03-01"}, Candidacy),
        (officer, f"/work/cases/{world.case}/edit", "", {"version": "1", "reason": "x"}, CaseStudy),
        (officer, f"/work/products/{world.product}/edit", "", {"version": "1", "reason": "x"},
         Product),
        (leader, "/work/waivers?q=x", "/work/waivers",
         {"round": world.round, "provider": world.provider, "rule": "QD-B12a", "reason": "x"},
         Waiver),
    ]  # fmt: skip
    with database.reading() as session:
        before = dump(session)
    for client, form, target, data, model in forms:
        page = client.get(form)
        key = key_of(page.text) if "form_key" in page.text else "k" * 24
        for column in sorted(set(model.__table__.columns.keys()) - set(data) - OFFERED):
            response = client.post(
                target or form, data={**data, column: "1", "form_key": key + "x"}
            )
            assert response.status_code == 422, (form, column)
    with database.reading() as session:
        assert dump(session) == before


OFFERED = {
    "reason_code", "rectify_by", "public_reason", "document_no", "valid_until", "chain_mode",
    "reason", "segment", *(field.name for field in (*texts.PRODUCT, *texts.CASE)),
}  # fmt: skip
"""Columns that are fields of the forms."""


def dump(session: Session) -> list[Any]:
    """Every row of the tables that these forms may change."""
    tables = (Membership, Candidacy, Product, CaseStudy, Waiver, Quota, Event)
    return [session.execute(select(*model.__table__.columns)).all() for model in tables]


def test_district_reviewers_see_their_district_and_change_nothing(
    login_as: LoginAs, database: Database
) -> None:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        own, foreign = (
            factories.make_provider(session, factories.make_organisation(session, district=code))
            for code in ("370202", "370212")
        )
        mine = factories.make_membership(session, round_, own).id
        other = factories.make_membership(session, round_, foreign).id
        office = factories.make_organisation(session, kind="district_office", district="370202")
        names = own.organisation.name, foreign.organisation.name
        ids = own.id, foreign.id
    client = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    for page in ("/work/memberships", "/work/providers", "/work"):
        shown = client.get(page).text
        assert names[1] not in shown
    assert names[0] in client.get("/work/memberships").text
    assert client.get(f"/work/memberships/{mine}").status_code == 200
    assert client.get(f"/work/memberships/{other}").status_code == 404
    assert client.get(f"/work/providers/{ids[1]}").status_code == 404
    assert names[1].encode() not in client.get("/work/export.xlsx").data
    assert client.get(f"/work/memberships/{mine}/warn/warn").status_code == 403


def test_lists_filter_sort_and_page(login_as: LoginAs, database: Database) -> None:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        quota = factories.quota_of(session, round_, "product", "auto_parts")
        quota.cap = 100
        for number in range(25):
            organisation = factories.make_organisation(
                session, name=f"青岛{number:02}企业", district="370202" if number % 2 else None
            )
            factories.make_membership(
                session, round_, factories.make_provider(session, organisation),
                segment="auto_parts", listed_on=date(2024, 1, 1) + timedelta(days=number),
                valid_until=clock.today() + timedelta(days=number * 10),
            )  # fmt: skip
    client = login_as(Role.CITY_OFFICER)

    def names(query: str) -> list[str]:
        return re.findall(r"青岛\d\d企业(?=</a>)", client.get(f"/work/memberships?{query}").text)

    assert names("") == [f"青岛{n:02}企业" for n in range(20)]
    assert names("page=2") == [f"青岛{n:02}企业" for n in range(20, 25)]
    assert len(names("per_page=50")) == 25
    assert names("sort=-listed_on")[0] == "青岛24企业"
    assert names("q=青岛07") == ["青岛07企业"]
    assert names("q=%25") == []
    assert names("q=_") == []
    assert len(names("district=370202")) == 12
    assert len(names("district=outside")) == 13
    assert len(names("ending=1")) == 10
    assert names("segment=home_appliance") == []
    assert names("phase=suspended") == []
    for bad in ("sort=password", "page=0", "page=-1", "per_page=1000", "phase=all",
                "round=99999999999999999999", "page=NaN", "order_by=1"):  # fmt: skip
        assert client.get(f"/work/memberships?{bad}").status_code == 422, bad
