"""J7: written, agreed to by the client, checked, shown; taken back; claimed twice; two at once."""

import io
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.models import CaseConsent, CaseStudy, CaseVersion, Event, Message, StoredFile
from marketplace.permissions import Actor
from marketplace.phases import CasePhase, Role
from marketplace.services.cases import case_counts
from marketplace.services.inbox import tasks
from tests import factories
from tests.integration.cases.conftest import CLIENT_USCC, TEXT
from tests.support import sample_files
from tests.support.statements import asked


def counters(hall) -> list[tuple[int, int]]:
    with hall.database.reading() as session:
        found = case_counts.of(session, hall.provider.id)
    return [(item.shown, item.needed) for item in found]


def test_from_draft_to_hall(hall):
    version = hall.write()
    assert "还没有填写" not in hall.owner.get(f"/p/cases/{version.id}").text
    assert hall.visitor.get(f"/p/cases/{version.id}").status_code == 302
    assert hall.officer.get(f"/work/cases/versions/{version.id}").status_code == 404
    link = hall.ask(version)
    asked = hall.visitor.get(link)
    assert asked.status_code == 200
    assert "换模时间长。" in asked.text
    assert asked.headers["Referrer-Policy"] == "no-referrer"
    assert hall.agree(link).status_code == 303
    assert hall.row(version.id).phase == CasePhase.CHECK
    assert counters(hall) == [(0, 3)]
    page = hall.officer.get(f"/work/cases/versions/{version.id}").text
    assert "王经理（总经理）" in page
    assert version.title in hall.officer.get("/work/cases").text
    assert hall.post(
        hall.officer, f"/work/cases/versions/{version.id}/publish", version
    ).status_code == 303  # fmt: skip
    row = hall.row(version.id)
    shown = hall.visitor.get(f"/cases/{row.case_id}")
    assert shown.status_code == 200
    for text in ("38.50 万元", "换模时间", "分钟", "2024年对比2025年", "application/ld+json"):
        assert text in shown.text
    assert CLIENT_USCC not in shown.text
    assert counters(hall) == [(1, 3)]
    assert "1/3" in hall.owner.get("/p/cases").text


def test_a_picture_is_shown_with_its_text_and_without_its_place(hall):
    version = hall.write()
    photo = (io.BytesIO(sample_files.jpeg(orientation=6)), "现场.jpg")
    answer = hall.owner.post(
        f"/p/cases/{version.id}/edit",
        data={**TEXT, "version": "1", "case_picture": photo},
    )
    assert answer.status_code == 422
    assert "请给每张图片写一句说明" in answer.text
    with hall.database.reading() as session:
        draft = session.scalars(
            select(StoredFile).where(StoredFile.purpose == "case_picture")
        ).one()
    token = answer.text.split('name="case_picture-kept" value="')[1].split('"')[0]
    kept = {"case_picture-kept": token, f"case_picture-alt-{draft.id}": "注塑机旁的看板"}
    answer = hall.owner.post(f"/p/cases/{version.id}/edit", data={**TEXT, "version": "1", **kept})
    assert answer.status_code == 303
    link = hall.ask(version)
    seen = f"{link}/pictures/{draft.id}"
    assert 'alt="注塑机旁的看板"' in hall.visitor.get(link).text
    with hall.visitor.get(seen) as picture:
        assert picture.status_code == 200
        assert b"Exif" not in picture.data
    assert hall.visitor.get(f"/files/{draft.id}/picture").status_code == 404
    hall.agree(link)
    assert hall.post(
        hall.officer, f"/work/cases/versions/{version.id}/publish", version
    ).status_code == 303  # fmt: skip
    case_id = hall.row(version.id).case_id
    assert 'alt="注塑机旁的看板"' in hall.visitor.get(f"/cases/{case_id}").text
    with hall.visitor.get(f"/files/{draft.id}/picture") as public:
        assert public.status_code == 200


def test_an_incomplete_case_is_not_sent(hall):
    version = hall.write(pains="", m1_unit="")
    answer = hall.post(
        hall.owner, f"/p/cases/{version.id}/ask", version, email="boss@client.example"
    )
    assert answer.status_code == 409
    assert "还没有填写：改造前的问题、成效指标的单位和年份" in answer.text
    assert hall.row(version.id).phase == CasePhase.DRAFT


def test_the_team_does_not_answer_for_its_client(hall):
    version = hall.write()
    answer = hall.post(
        hall.owner, f"/p/cases/{version.id}/ask", version, email=hall.owner.user.login
    )
    assert answer.status_code == 422
    assert "请填写案例企业的邮箱" in answer.text


def test_a_link_takes_one_answer(hall):
    version, link = hall.checked()
    again = hall.agree(link, agrees="no", reason="反悔")
    assert again.status_code == 409
    assert "这个链接已经答复过" in again.text
    assert hall.row(version.id).phase == CasePhase.CHECK
    assert "链接只能答复一次" in hall.visitor.get(link).text
    wrong = hall.visitor.get(link + "x")
    assert wrong.status_code == 404
    assert "没有这个授权链接" in wrong.text


def test_a_link_that_is_late_or_replaced_says_so(hall):
    version = hall.write()
    first = hall.ask(version)
    second = hall.ask(version)
    assert first != second
    assert hall.agree(first).status_code == 410
    assert "重新发送了链接" in hall.visitor.get(first).text
    with hall.database.unit_of_work() as session:
        rows = session.scalars(select(CaseConsent).where(CaseConsent.ended_at.is_(None)))
        rows.one().expires_at = clock.now() - timedelta(seconds=1)
    late = hall.agree(second)
    assert late.status_code == 410
    assert "已经过了" in late.text
    assert TEXT["pains"] not in late.text
    assert hall.row(version.id).phase == CasePhase.CONSENT


def test_who_answers_must_know_the_code_of_the_client(hall):
    version = hall.write()
    link = hall.ask(version)
    answer = hall.agree(link, uscc=factories.uscc())
    assert answer.status_code == 422
    assert "与服务商填写的统一社会信用代码不一致" in answer.text
    assert hall.row(version.id).phase == CasePhase.CONSENT


def test_a_refusal_comes_back_with_its_reason(hall):
    version = hall.write()
    link = hall.ask(version)
    assert hall.agree(link, agrees="no").status_code == 422
    assert hall.agree(link, agrees="no", reason="数据不实").status_code == 303
    row = hall.row(version.id)
    assert (row.phase, row.note, row.sent_at) == (CasePhase.RETURNED, "数据不实", None)
    assert hall.officer.get(f"/work/cases/versions/{version.id}").status_code == 404
    with hall.database.reading() as session:
        titles = session.scalars(select(Message.title).where(Message.kind == "case")).all()
    assert titles == [f"案例“{version.title}”：企业不同意展示"]


def test_the_bureau_returns_with_reasons_and_the_text_needs_a_new_consent(hall):
    version, _ = hall.checked()
    path = f"/work/cases/versions/{version.id}/return"
    empty = hall.post(hall.officer, path, version)
    assert empty.status_code == 422
    assert hall.post(hall.officer, path, version, reason="缺少口径").status_code == 303
    assert "缺少口径" in hall.owner.get(f"/p/cases/{version.id}").text
    assert hall.post(
        hall.owner, f"/p/cases/{version.id}/rework", version
    ).status_code == 303  # fmt: skip
    fresh = hall.latest()
    assert (fresh.phase, fresh.previous_id) == (CasePhase.DRAFT, version.id)
    assert hall.row(version.id).phase == CasePhase.REPLACED
    with hall.database.reading() as session:
        letters = select(func.count()).where(
            StoredFile.purpose == "case_letter", StoredFile.subject_id == fresh.id
        )
        assert session.scalar(letters) == 1


def test_the_live_case_stays_until_its_new_version_is_checked(hall):
    old, _ = hall.published()
    assert hall.owner.post(f"/p/cases/of/{old.case_id}").status_code == 303
    fresh = hall.latest()
    assert (fresh.case_id, fresh.phase) == (old.case_id, CasePhase.DRAFT)
    changed = {**TEXT, "pains": "新写的问题。", "version": str(fresh.version)}
    assert hall.owner.post(f"/p/cases/{fresh.id}/edit", data=changed).status_code == 303
    hall.agree(hall.ask(fresh))
    public = hall.visitor.get(f"/cases/{old.case_id}").text
    assert "换模时间长。" in public
    assert "新写的问题。" not in public
    compared = hall.officer.get(f"/work/cases/versions/{fresh.id}").text
    assert "换模时间长。" in compared
    assert hall.post(
        hall.officer, f"/work/cases/versions/{fresh.id}/publish", fresh
    ).status_code == 303  # fmt: skip
    assert "新写的问题。" in hall.visitor.get(f"/cases/{old.case_id}").text
    assert hall.row(old.id).phase == CasePhase.REPLACED
    assert counters(hall) == [(1, 3)]


def test_a_withdrawn_consent_takes_the_case_out(hall):
    version, link = hall.published()
    answer = hall.visitor.post(f"{link}/withdraw", data={"uscc": CLIENT_USCC, "reason": "换负责人"})
    assert answer.status_code == 303
    row = hall.row(version.id)
    assert (row.phase, row.note) == (CasePhase.WITHDRAWN, "换负责人")
    gone = hall.visitor.get(f"/cases/{row.case_id}")
    assert gone.status_code == 410
    assert "案例企业撤回了展示授权" in gone.text
    assert row.title not in gone.text
    assert TEXT["client_name"] not in gone.text
    assert counters(hall) == [(0, 3)]
    assert "授权已于" in hall.visitor.get(link).text
    owner = Actor(
        role=Role.PROVIDER_OWNER, user_id=hall.owner.user.id,
        organisation_id=hall.provider.organisation_id,
    )  # fmt: skip
    with hall.database.reading() as session:
        waiting = {task.title: task.text for task in tasks.of(session, owner)}
        readers = session.scalars(
            select(Message.user_id).where(Message.title.contains("撤回授权"))
        ).all()
        by = session.scalars(select(Event.actor_role).where(Event.action == "case_withdraw")).one()
    assert waiting["补充案例：家用电器及配件制造（“小快轻准”产品型服务商）"] == "展厅中 0/3"
    assert sorted(readers) == sorted([hall.owner.user.id, hall.officer.user.id])
    assert by == "system"


def test_the_same_project_claimed_twice_is_seen_side_by_side(hall, login_as):
    hall.published()
    with hall.database.unit_of_work() as session:
        rival = factories.make_provider(session)
        factories.make_membership(session, factories.make_round(session), rival)
        organisation = rival.organisation
    other = login_as(Role.PROVIDER_OWNER, organisation=organisation)
    claim = hall.write(other, title="另一家写的同一个项目", client_name="青岛测试塑胶公司")
    hall.agree(hall.ask(claim, other))
    page = hall.officer.get(f"/work/cases/versions/{claim.id}").text
    assert "疑似同一项目" in page
    assert "统一社会信用代码相同" in page
    assert TEXT["title"] in page
    path = f"/work/cases/versions/{claim.id}/publish"
    refused = hall.post(hall.officer, path, claim)
    assert refused.status_code == 409
    assert "请核对并写明结论" in refused.text
    data = {"version": str(hall.row(claim.id).version), "form_key": "another-key-for-this-1"}
    passed = hall.officer.post(path, data={**data, "reason": "两个不同车间的项目"})
    assert passed.status_code == 303
    far = hall.write(
        other, title="多年以后的另一个项目", start_on="2021-01-01", finish_on="2021-05-01"
    )
    hall.agree(hall.ask(far, other))
    assert "疑似同一项目" not in hall.officer.get(f"/work/cases/versions/{far.id}").text


def test_two_editors_see_both_texts(hall, login_as):
    version = hall.write()
    colleague = login_as(Role.PROVIDER_EDITOR, organisation=hall.provider.organisation)
    mine = {**TEXT, "version": "1", "pains": "同事先写好的。"}
    assert colleague.post(f"/p/cases/{version.id}/edit", data=mine).status_code == 303
    late = hall.owner.post(
        f"/p/cases/{version.id}/edit", data={**TEXT, "version": "1", "pains": "我后写的。"}
    )
    assert late.status_code == 409
    assert "同事先写好的。" in late.text
    assert "我后写的。" in late.text
    assert hall.row(version.id).content["pains"] == "同事先写好的。"


def test_approval_of_a_version_taken_back_meanwhile_shows_both(hall):
    version, _ = hall.checked()
    shown = hall.row(version.id).version
    hall.post(hall.owner, f"/p/cases/{version.id}/rework", version)
    fresh = hall.latest()
    changed = {**TEXT, "pains": "改过的问题。", "version": str(fresh.version)}
    hall.owner.post(f"/p/cases/{fresh.id}/edit", data=changed)
    path = f"/work/cases/versions/{version.id}/publish"
    early = hall.post(hall.officer, path, shown)
    assert early.status_code == 409
    assert "改过的问题。" not in early.text  # a draft is its writer's own
    hall.agree(hall.ask(fresh))
    late = hall.officer.post(path, data={"version": str(shown), "form_key": "key-of-a-late-page"})
    assert late.status_code == 409
    assert "换模时间长。" in late.text
    assert "改过的问题。" in late.text
    with hall.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(CaseStudy)) == 0


def test_a_case_edited_in_the_hall_meanwhile_is_not_overwritten(hall):
    old, _ = hall.published()
    hall.owner.post(f"/p/cases/of/{old.case_id}")
    fresh = hall.latest()
    hall.agree(hall.ask(fresh))
    with hall.database.unit_of_work() as session:
        session.get_one(CaseStudy, old.case_id).pains = "市级更正的问题。"
    refused = hall.post(hall.officer, f"/work/cases/versions/{fresh.id}/publish", fresh)
    assert refused.status_code == 409
    assert "展厅中的案例在此期间已被修改" in refused.text
    assert "市级更正的问题。" in refused.text


@pytest.mark.parametrize("role", [Role.PROVIDER_OWNER, Role.ENTERPRISE, Role.DISTRICT_REVIEWER])
def test_others_never_see_drafts_letters_and_codes(hall, login_as, role):
    draft = hall.write(title="别人看不到的草稿")
    with hall.database.reading() as session:
        letter = session.scalars(
            select(StoredFile.id).where(StoredFile.subject_id == draft.id)
        ).one()
    other = login_as(role)
    for path in (
        f"/p/cases/{draft.id}", f"/p/cases/{draft.id}/edit", f"/work/cases/versions/{draft.id}",
        f"/files/{letter}", f"/files/{letter}/view",
    ):  # fmt: skip
        assert other.get(path).status_code in (403, 404), path
    assert hall.post(other, f"/p/cases/{draft.id}/discard", draft).status_code in (403, 404)
    assert hall.post(
        other, f"/p/cases/{draft.id}/ask", draft, email="a@b.example"
    ).status_code in (403, 404)  # fmt: skip
    for page in ("/work/cases", "/p/cases", "/cases?q=草稿"):
        assert draft.title not in other.get(page).text
    assert hall.row(draft.id).version == draft.version


def test_only_cases_of_the_segment_count(hall):
    with hall.database.unit_of_work() as session:
        provider = session.merge(hall.provider, load=False)
        factories.make_case(session, provider)
        factories.make_case(session, provider, segment="auto_parts")
        factories.make_case(session, provider, client_consent=False)
    assert counters(hall) == [(1, 3)]


def test_every_step_leaves_its_event(hall):
    version, _ = hall.published()
    with hall.database.reading() as session:
        steps = session.execute(
            select(Event.action, Event.from_state, Event.to_state, Event.actor_role)
            .where(Event.subject_type == CaseVersion.__tablename__, Event.subject_id == version.id)
            .order_by(Event.id)
        ).all()
    assert [tuple(step) for step in steps if step.action != "files_change"] == [
        ("case_write", "", "draft", "provider_owner"),
        ("case_ask", "draft", "consent", "provider_owner"),
        ("consent_give", "consent", "check", "system"),
        ("case_publish", "check", "published", "city_officer"),
    ]


def test_lists_ask_as_often_for_many_rows(hall):
    """B10: queues and lists cost the same for 5 rows and 45."""
    pages = ((hall.officer, "/work/cases"), (hall.owner, "/p/cases"))
    results = []
    for number in (5, 40):
        with hall.database.unit_of_work() as session:
            provider = session.merge(hall.provider, load=False)
            for _ in range(number):
                factories.make_case_version(
                    session, provider, state="check", phase="check", sent_at=clock.now()
                )
        results.append([asked(client, path) for client, path in pages])
    assert results[0] == results[1]
    assert results[0][0] <= 6
    assert results[0][1] <= 10  # the list, the counters, and the cases without a version
