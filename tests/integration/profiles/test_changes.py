"""F-P13: what changes at once, what is told, what waits; decided once, about what was read."""

import pytest
from sqlalchemy import func, select

from marketplace.models import ChangeRequest, Event, Message, Organisation, OutboxItem, Provider
from marketplace.permissions import Actor
from marketplace.phases import RequestPhase, Role
from marketplace.services.inbox import tasks
from marketplace.services.profiles import organisations
from tests import factories
from tests.integration.profiles.conftest import NEW, PHONE, VERSION
from tests.support.statements import asked

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(centre, kind: str) -> list[tuple[int, str]]:
    with centre.database.reading() as session:
        rows = session.execute(
            select(Message.user_id, Message.title)
            .where(Message.kind == kind)
            .order_by(Message.user_id)
        )
        return [(user, title) for user, title in rows]


def test_each_field_takes_effect_as_the_policy_says(centre):
    before = centre.public()
    name = centre.provider.organisation.name
    answer = centre.save(
        contact_phone="0532-00002222", headcount="120", name="青岛新名智造科技有限公司",
        process_links=["manufacturing", "quality"], note="工商变更登记，证照已换发。",
    )  # fmt: skip
    assert (answer.status_code, answer.location) == (303, "/p/profile")
    page = centre.owner.get("/p/profile").text
    assert "已公开：职工人数、联系电话。" in page
    assert "已提交审核：单位名称、关键环节。审核通过前，公开页不变。" in page
    after = centre.public()
    assert "0532-****2222" in after
    assert "120 人" in after
    assert "青岛新名智造" not in after
    assert "质量管理" not in after
    assert "0532-****1111" in before
    (request,) = centre.requests()
    assert request.fields == {
        "name": [name, "青岛新名智造科技有限公司"],
        "process_links": [["manufacturing"], ["manufacturing", "quality"]],
    }
    assert told(centre, "profile_edit") == [
        (centre.editor.user.id, "同事修改了职工人数"),
        (centre.officer.user.id, f"{name}修改了职工人数"),
    ]
    assert told(centre, "change_check") == [
        (centre.officer.user.id, f"{name}：修改单位名称、关键环节")
    ]
    with centre.database.reading() as session:
        diff = session.scalars(select(Event.diff).where(Event.action == "profile_edit")).one()
        edited = session.get_one(Provider, centre.provider.id).edited_fields
    # The number stands nowhere but sealed in its own row.
    assert diff == {"headcount": [80, 120], "contact_phone": "（不显示）"}
    assert set(edited) == {"contact_phone"}


def test_the_approver_sees_old_and_new_and_only_then_it_is_public(centre):
    old = centre.provider.organisation.name
    assert centre.save(name="青岛新名智造科技有限公司", note="已换证照").status_code == 303
    (request,) = centre.requests()
    assert request.title in centre.officer.get("/work/changes").text
    page = centre.officer.get(f"/work/changes/{request.id}").text
    for text in (old, "青岛新名智造科技有限公司", "已换证照", "修改前", "修改后"):
        assert text in page
    with centre.database.reading() as session:
        officer = Actor(role=Role.CITY_OFFICER, user_id=centre.officer.user.id)
        urls = [task.url for task in tasks.of(session, officer) if "/changes/" in task.url]
        assert urls == [f"/work/changes/{request.id}"]
    with centre.database.unit_of_work() as session:
        session.query(OutboxItem).delete()
    answer = centre.decide(request, "approve")
    assert (answer.status_code, answer.location) == (303, "/work/changes")
    assert "青岛新名智造科技有限公司" in centre.public()
    with centre.database.reading() as session:
        queued = set(session.scalars(select(OutboxItem.key).where(OutboxItem.kind == "index")))
        effect = session.scalars(select(Event).where(Event.action == "change_effect")).one()
    # The index follows; the history of the provider says what and who.
    assert f"organisation/{centre.provider.organisation_id}" in queued
    assert (effect.subject_type, effect.subject_id) == ("providers", centre.provider.id)
    assert effect.diff == {"name": [old, "青岛新名智造科技有限公司"]}
    assert told(centre, "change") == [
        (centre.owner.user.id, f"{old}的修改：审核通过"),
        (centre.editor.user.id, f"{old}的修改：审核通过"),
    ]
    again = centre.decide(request, "return", "晚了")
    assert again.status_code == 409
    assert "当前状态是“已通过”，不能退回修改" in again.text


def test_what_needs_approval_needs_a_reason_and_saves_nothing_without(centre):
    answer = centre.save(name="青岛新名智造科技有限公司", headcount="120")
    assert answer.status_code == 422
    assert "这次修改需要审核，请写明原因和依据" in answer.text
    assert 'value="青岛新名智造科技有限公司"' in answer.text
    assert "80 人" in centre.public()
    wrong = centre.save(website="javascript:alert(1)", headcount="很多", contact_phone="x")
    assert wrong.status_code == 422
    for text in ("请填写 http:// 或 https:// 开头的网址", "请填写整数", "请填写电话号码"):
        assert text in wrong.text
    assert centre.save(version_id="3").status_code == 422
    assert centre.requests() == []


def test_returned_with_reasons_and_sent_again(centre):
    centre.save(name="青岛新名智造", note="改名")
    (first,) = centre.requests()
    silent = centre.decide(first, "return")
    assert silent.status_code == 422
    assert "请填写理由" in silent.text
    assert centre.decide(first, "return", "请写全称，并附证照日期").status_code == 303
    with centre.database.reading() as session:
        owner = Actor(
            role=Role.PROVIDER_OWNER, user_id=centre.owner.user.id,
            organisation_id=centre.provider.organisation_id,
        )  # fmt: skip
        found = [task for task in tasks.of(session, owner) if "退回" in task.title]
    assert [(task.url, task.text) for task in found] == [
        (f"/p/profile/changes/{first.id}", "请写全称，并附证照日期")
    ]
    page = centre.owner.get("/p/profile/edit").text
    assert "请写全称，并附证照日期" in page
    assert 'value="青岛新名智造"' in page
    # Another field alone does not send it again.
    assert centre.save(contact_role="业务部").status_code == 303
    assert [one.phase for one in centre.requests()] == [RequestPhase.RETURNED]
    assert "没有再次提交" in centre.owner.get("/p/profile").text
    assert centre.save(name="青岛新名智造有限公司", note="2026年9月换证").status_code == 303
    states = [(one.phase, one.fields["name"][1]) for one in centre.requests()]
    assert states == [
        (RequestPhase.REPLACED, "青岛新名智造"), (RequestPhase.PENDING, "青岛新名智造有限公司"),
    ]  # fmt: skip
    assert centre.decide(centre.requests()[1], "approve", "证照已核").status_code == 303
    shown = centre.owner.get(f"/p/profile/changes/{centre.requests()[1].id}").text
    assert "证照已核" in shown


def test_a_replaced_version_is_refused_and_both_are_shown(centre):
    centre.save(name="青岛甲有限公司", note="改名")
    (seen,) = centre.requests()
    centre.save(name="青岛乙有限公司", short_name="乙", note="又改")
    answer = centre.decide(seen, "approve")
    assert answer.status_code == 409
    for text in (
        "当前状态是“已被新的修改取代”，不能审核通过", "青岛甲有限公司", "青岛乙有限公司",
        f"/work/changes/{centre.requests()[1].id}",
    ):  # fmt: skip
        assert text in answer.text
    assert centre.public().count("青岛甲有限公司") == 0
    # The same form again, and one of which nothing is left: the request goes.
    assert centre.save().status_code == 303
    assert len(centre.requests()) == 2
    old = centre.provider.organisation
    centre.save(name=old.name, short_name=old.short_name)
    assert [one.phase for one in centre.requests()] == [
        RequestPhase.REPLACED, RequestPhase.WITHDRAWN,
    ]  # fmt: skip


def test_an_approval_of_what_changed_meanwhile_is_refused(centre):
    centre.save(name="青岛甲有限公司", note="改名")
    (request,) = centre.requests()
    with centre.database.unit_of_work() as session:
        firm = session.get_one(Organisation, centre.provider.organisation_id)
        admin = Actor(role=Role.ADMIN_USERS, user_id=centre.officer.user.id)
        organisations.edit(
            session, admin, firm, expected_version=firm.version, values={"name": "青岛丙有限公司"}
        )
    assert "青岛丙有限公司" in centre.officer.get(f"/work/changes/{request.id}").text
    answer = centre.decide(request, "approve")
    assert answer.status_code == 409
    assert "提出之后，“单位名称”又有改动，请退回，由服务商重新提出" in answer.text
    assert "青岛丙有限公司" in centre.public()
    assert centre.decide(request, "return", "名称已另行更正").status_code == 303
    # Other fields may change meanwhile: nothing that was read is different.
    centre.save(name="青岛丁有限公司", note="改名")
    centre.save(contact_role="业务咨询")
    assert centre.decide(centre.requests()[-1], "approve").status_code == 303
    assert "青岛丁有限公司" in centre.public()


def test_two_editors_get_the_conflict_page_with_both_versions(centre):
    mine, theirs = centre.profile(), centre.profile(centre.editor)
    theirs |= {"intro": "同事写的简介。", "contact_role": "商务部"}
    assert centre.editor.post("/p/profile/edit", data=theirs).status_code == 303
    mine["intro"] = "我写的简介。"
    answer = centre.owner.post("/p/profile/edit", data=mine)
    assert answer.status_code == 409
    for text in ("内容已被他人更新，没有保存", "我写的简介。", "同事写的简介。", "商务部"):
        assert text in answer.text
    assert "同事写的简介。" in centre.public()
    mine["version"] = VERSION.search(answer.text)[1]
    mine["form_key"] = "after-looking-at-both"
    assert centre.owner.post("/p/profile/edit", data=mine).status_code == 303
    assert "我写的简介。" in centre.public()
    # A request counts as well: whoever opened the form before it was sent is told.
    late = centre.profile(centre.editor)
    centre.save(short_name="新简称", note="换简称")
    assert centre.editor.post("/p/profile/edit", data=late).status_code == 409


def test_a_form_sent_twice_has_one_effect(centre):
    data = {**centre.profile(), "name": "青岛甲有限公司", "note": "改名"}
    first = centre.owner.post("/p/profile/edit", data=data)
    second = centre.owner.post("/p/profile/edit", data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    (request,) = centre.requests()
    data = {"version": str(request.version), "reason": "", "form_key": "one-approval-only-00"}
    path = f"/work/changes/{request.id}/approve"
    assert [centre.officer.post(path, data=data).status_code for _ in range(2)] == [303, 303]
    with centre.database.reading() as session:
        approvals = select(func.count()).where(Event.action == "change_approve")
        assert session.scalar(approvals) == 1


def test_others_see_nothing_and_viewers_change_nothing(centre):
    secret = "青岛绝密新名有限公司"
    centre.save(name=secret, note="改名的秘密理由")
    (request,) = centre.requests()
    product = centre.product.id
    for path in (
        f"/p/profile/changes/{request.id}", f"/p/products/{product}",
        f"/p/products/{product}/edit", f"/p/products/new/{request.id}",
    ):  # fmt: skip
        assert centre.rival.get(path).status_code == 404, path
    for path in ("/p", "/p/profile", "/p/profile/changes", "/p/products", "/p/confirm"):
        page = centre.rival.get(path)
        assert page.status_code == 200, path
        assert secret not in page.text
        assert "胶州湾" not in page.text
    step = {"version": str(request.version), "form_key": "taken-back-by-a-rival"}
    assert (
        centre.rival.post(f"/p/profile/changes/{request.id}/take-back", data=step).status_code
        == 404
    )
    for path in (f"/providers/{centre.provider.id}", "/providers", f"/products/{product}"):
        assert secret not in centre.visitor.get(path).text
    assert centre.visitor.get(f"/work/changes/{request.id}").status_code == 302
    assert centre.owner.get(f"/work/changes/{request.id}").status_code == 403
    seen = centre.viewer.get(f"/p/profile/changes/{request.id}")
    assert seen.status_code == 200
    assert "放弃修改" not in seen.text
    assert centre.viewer.get("/p/profile/edit").status_code == 403
    assert centre.owner.post(
        f"/work/changes/{request.id}/approve", data={**step, "reason": ""}
    ).status_code == 403  # fmt: skip
    taken = centre.owner.post(f"/p/profile/changes/{request.id}/take-back", data=step)
    assert taken.status_code == 303
    assert [one.phase for one in centre.requests()] == [RequestPhase.WITHDRAWN]
    assert PHONE not in centre.officer.get(f"/work/changes/{request.id}").text


def test_a_district_reads_its_own_and_decides_nothing(centre, login_as):
    centre.save(name="青岛甲有限公司", note="改名")
    (request,) = centre.requests()
    with centre.database.unit_of_work() as session:
        here = factories.make_organisation(session, kind="district_office", district="370202")
        there = factories.make_organisation(session, kind="district_office", district="370203")
    path = f"/work/changes/{request.id}"
    near = login_as(Role.DISTRICT_REVIEWER, organisation=here)
    page = near.get(path)
    assert page.status_code == 200
    assert "审核通过，公开" not in page.text
    assert near.post(f"{path}/approve", data={"version": "1"}).status_code == 403
    far = login_as(Role.DISTRICT_REVIEWER, organisation=there)
    assert far.get(path).status_code == 404
    assert "青岛甲" not in far.get("/work/changes").text


def test_pages_ask_the_same_for_few_and_for_many(centre):
    def fill(number: int) -> None:
        with centre.database.unit_of_work() as session:
            provider = session.get_one(Provider, centre.provider.id)
            for _ in range(number):
                factories.make_product(session, provider, category="mes")
                session.add(
                    ChangeRequest(
                        provider_id=provider.id, subject_type="product", title="新产品 V1.0",
                        fields={name: [None, NEW.get(name, "")] for name in ("name", "release")},
                        note="登记", state="pending", phase="pending",
                        state_since=provider.created_at,
                    )
                )  # fmt: skip

    fill(5)
    first = centre.requests()[0].id
    pages = [
        (centre.owner, "/p/products"), (centre.owner, "/p/profile/changes"),
        (centre.owner, f"/p/products/{centre.product.id}"), (centre.owner, "/p/profile"),
        (centre.owner, "/p/confirm"), (centre.officer, "/work/changes"),
        (centre.officer, f"/work/changes/{first}"), (centre.owner, "/p"),
    ]  # fmt: skip
    few = [asked(client, path) for client, path in pages]
    fill(20)
    assert [asked(client, path) for client, path in pages] == few
    assert max(few[:-1]) <= 8, few
    assert few[-1] <= 12, few  # however many parts have something to do
