"""J5: a notice with objections, through the pages, for Qingdao (vector 2024-02-08 + 5)."""

import io
import re

import pytest
from sqlalchemy import select

from marketplace.models import Candidacy, Event, Membership, Quota, StoredFile
from marketplace.phases import SelectionPhase
from tests.integration.notices.conftest import ENDED, FACTS, LAST_SECOND, NAME, PHONE, Bureau
from tests.support import sample_files
from tests.support.browser_like import BrowserLike
from tests.support.pages import Page, text

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PUBLIC = "/notices/1"
WINDOW = "2024年2月9日至2024年2月21日 24:00（5个工作日）"


def places(bureau: Bureau) -> tuple[int, int]:
    with bureau.database.reading() as session:
        quota = session.get_one(Quota, bureau.candidates[0].quota_id)
        return quota.used, quota.held


def test_from_decisions_to_the_list(bureau: Bureau) -> None:
    officer, notice = bureau.officer(), bureau.published()
    assert f"/notices/{notice.id}" == PUBLIC
    shown_to_everybody(bureau)
    assert "发布名单（还剩13天7小时）" in officer.get(f"/work{PUBLIC}").text
    assert f'action="/work{PUBLIC}/finish"' not in officer.get(f"/work{PUBLIC}").text
    bureau.clock.to("2024-02-19 09:00:00+08:00")
    receipt = objected_with_a_name(bureau)
    officer = bureau.officer()
    asked_and_answered(bureau, officer)
    upheld(bureau, officer, receipt)
    pending = until_the_last_second(bureau)
    the_rest_is_listed(bureau, pending)


def shown_to_everybody(bureau: Bureau) -> None:
    """Window, count day by day, list, feed, site map."""
    page = Page(bureau.visitor.get(PUBLIC))
    assert f"公示期 {WINDOW}" in page.main
    days = [[text(cell) for cell in row] for row in page.all("tr")]
    assert ["2024-02-17（周六）", "春节", "不计"] in days
    assert ["2024-02-18（周日）", "调休上班（春节）", "第2个工作日"] in days
    assert ["2024-02-21（周三）", "工作日", "第5个工作日"] in days
    assert "监督方式" in page.texts("h3")
    assert WINDOW in bureau.visitor.get("/notices").text
    assert f"http://localhost{PUBLIC}" in bureau.visitor.get("/notices.rss").text
    assert f"http://localhost{PUBLIC}<" in bureau.visitor.get("/sitemap.xml").text


def objected_with_a_name(bureau: Bureau) -> str:
    """A visitor objects with a name and a file, and holds a receipt."""
    objected = bureau.entries()[0]
    proof = (io.BytesIO(sample_files.pdf()), "证明.pdf")
    filed = bureau.file(objected, objection_evidence=proof)
    assert filed.status_code == 303, filed.text
    receipt = filed.location.partition("?")[0]
    state = bureau.visitor.get(receipt)
    assert "已收到，待受理" in state.text
    assert "证明.pdf" in state.text
    assert state.headers["Cache-Control"] == "no-store"
    code = receipt.rpartition("/")[2]
    found = bureau.visitor.post("/objections", data={"code": code.lower().replace("-", " ")})
    assert found.status_code == 303
    assert bureau.visitor.post("/objections", data={"code": "0000"}).status_code == 404
    row = bureau.objection()
    assert row.receipt_hash not in code
    assert PHONE.encode() not in (row.contact_encrypted or b"")
    with bureau.database.reading() as session:
        evidence = session.scalars(select(StoredFile)).one()
    assert (evidence.subject_type, evidence.uploaded_by) == ("objections", None)
    return receipt


def asked_and_answered(bureau: Bureau, officer: BrowserLike) -> None:
    """The provider is asked and sees neither name nor phone nor the facts."""
    row = bureau.objection()
    desk = officer.get(f"/work/objections/{row.id}").text
    assert "王** 138****1234" in desk
    assert PHONE not in desk
    assert bureau.desk(officer, "steps/objection_accept").status_code == 303
    assert [one.phase for one in bureau.entries()] == ["held", "noticed", "noticed"]
    assert "异议核查中" in bureau.visitor.get(PUBLIC).text
    owner = bureau.owner()
    assert owner.get(f"/p/objections/{row.id}").status_code == 404
    asked = bureau.desk(officer, "ask", question="请说明两个案例的验收情况。", days="2")
    assert asked.status_code == 303, asked.text
    shown = owner.get(f"/p/objections/{row.id}").text
    assert "请说明两个案例的验收情况。" in shown
    assert "2024-02-21 24:00" in shown
    for secret in (NAME, PHONE, "王**", FACTS, "证明.pdf"):
        assert secret not in shown
    with bureau.database.reading() as session:
        evidence = session.scalars(select(StoredFile)).one()
    assert owner.get(f"/files/{evidence.id}").status_code == 404
    with officer.get(f"/files/{evidence.id}") as download:
        assert download.status_code == 200
    version = str(bureau.objection().version)
    answered = bureau.post(
        owner, f"/p/objections/{row.id}/reply", version=version, reply="两个案例已于一月验收。"
    )
    assert answered.status_code == 303
    assert "两个案例已于一月验收。" in officer.get(f"/work/objections/{row.id}").text


def upheld(bureau: Bureau, officer: BrowserLike, receipt: str) -> None:
    """That entry goes, the others stay; the place is free, the reserve is proposed."""
    row, (objected, other, _) = bureau.objection(), bureau.entries()
    assert (
        bureau.desk(officer, "steps/objection_uphold", reason="案例没有验收。").status_code == 422
    )
    assert places(bureau) == (0, 3)
    done = bureau.desk(
        officer, "steps/objection_uphold", reason="案例没有验收。",
        document_no="青民发字〔2024〕4号",
    )  # fmt: skip
    assert done.status_code == 303, done.text
    assert [one.phase for one in bureau.entries()] == ["struck", "noticed", "noticed"]
    assert places(bureau) == (0, 2)
    seen = Page(bureau.visitor.get(PUBLIC))
    assert objected.name not in seen.texts("th")
    assert other.name in seen.texts("th")
    assert f"名单更正：撤下“{objected.name}”：异议经核查成立（青民发字〔2024〕4号）" in seen.main
    decided = officer.get(f"/work/objections/{row.id}").text
    assert "候补第 4 名" in decided
    assert "替补须另行公示" in decided
    told = bureau.visitor.get(receipt).text
    assert "异议成立" in told
    assert "案例没有验收。" in told
    for kind, start in (("pdf", b"%PDF"), ("docx", b"PK")):
        letter = bureau.visitor.get(f"{receipt}/decision.{kind}")
        assert letter.data.startswith(start)
        assert NAME.encode() not in letter.data


def until_the_last_second(bureau: Bureau) -> str:
    """An anonymous one is a lead; the last second counts, the next does not."""
    _, other, third = bureau.entries()
    bureau.clock.to(LAST_SECOND)
    late_ticket = bureau.ticket()
    lead = bureau.file(other, how="anonymous", name="", phone="")
    assert lead.status_code == 303, lead.text
    assert "已作为线索登记" in bureau.visitor.get(lead.location).text
    pending = bureau.file(third)
    assert pending.status_code == 303
    early = bureau.step(bureau.officer(), "finish", document_no="青民发字〔2024〕5号")
    assert early.status_code == 409
    assert "期满后才能办理" in early.text
    bureau.clock.to(ENDED)
    refused = bureau.file(other, ticket=late_ticket)
    assert refused.status_code == 409
    assert "公示已于2024-02-21 24:00截止，不再受理异议" in refused.text
    assert "不再受理异议" in bureau.visitor.get(f"{PUBLIC}/objection").text
    return pending.location.partition("?")[0]


def the_rest_is_listed(bureau: Bureau, pending_receipt: str) -> None:
    """What has an open objection waits, the rest is listed; then the rest of the rest."""
    _, other, third = bureau.entries()
    bureau.clock.to("2024-02-22 00:00:01+08:00")
    officer = bureau.officer()
    gate = officer.get(f"/work{PUBLIC}").text
    assert "其中 1 项可以办理，1 项异议未办结，暂缓" in gate
    done = bureau.step(officer, "finish", document_no="青民发字〔2024〕5号")
    assert done.status_code == 303, done.text
    assert places(bureau) == (1, 1)
    assert bureau.notice().phase == "partly"
    assert [one.phase for one in bureau.entries()] == ["struck", "done", "noticed"]
    again = bureau.step(officer, "finish", document_no="青民发字〔2024〕5号")
    assert again.status_code == 409
    assert f"{third.name}：异议尚未办结" in again.text
    assert bureau.desk(officer, "steps/objection_accept").status_code == 303
    rejected = bureau.desk(officer, "steps/objection_reject", reason="材料齐全。")
    assert rejected.status_code == 303, rejected.text
    assert "异议不成立" in bureau.visitor.get(pending_receipt).text
    assert bureau.step(officer, "finish", document_no="青民发字〔2024〕6号").status_code == 303
    assert bureau.notice().phase == "finished"
    assert places(bureau) == (2, 0)
    with bureau.database.reading() as session:
        members = session.scalars(select(Membership).order_by(Membership.id)).all()
        closed = session.scalars(select(Candidacy.phase)).all()
        event = session.scalars(select(Event).where(Event.action == "notice_publish")).one()
    assert [(row.provider_id, row.document_no) for row in members] == [
        (other.provider_id, "青民发字〔2024〕5号"), (third.provider_id, "青民发字〔2024〕6号"),
    ]  # fmt: skip
    assert sorted(closed) == [SelectionPhase.CLOSED] * 3 + [SelectionPhase.RESERVE]
    assert [one.membership_id for one in bureau.entries()] == [None, members[0].id, members[1].id]
    assert event.diff["rule"] == "QD-F7"
    assert event.diff["due"] == "2024-02-22T00:00:00+08:00"
    assert event.diff["counted"]["until"] == "2024-02-21"
    assert re.search("公示结束，结果已公布", bureau.visitor.get(PUBLIC).text)
