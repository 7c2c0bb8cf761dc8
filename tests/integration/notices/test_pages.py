"""Notices and objections by their pages: what may be changed, who sees what, what is refused."""

import io
import re

import pytest
from sqlalchemy import delete, select

from marketplace.models import (
    Event,
    Membership,
    Message,
    Objection,
    Provider,
    PublicNotice,
    Round,
    StoredFile,
)
from marketplace.phases import EntryPhase, NoticePhase, ObjectionPhase, Role, SelectionPhase
from marketplace.services.files import files_upkeep
from tests import factories
from tests.integration.notices.conftest import NAME, PHONE, Bureau
from tests.support import sample_files
from tests.support.statements import asked
from tests.support.world_notices import make_entry, make_notice, make_objection

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_draft_is_written_again_and_given_up(bureau: Bureau) -> None:
    client = bureau.officer()
    assert bureau.draft(client, document_no="", lines=[]).status_code == 303
    notice = bureau.notice()
    refused = bureau.step(client, "publish")
    assert refused.status_code == 409
    assert "还没有填写：文号、公示条目" in refused.text
    assert bureau.visitor.get(f"/notices/{notice.id}").status_code == 404
    keys = [f"candidacies:{row.id}" for row in bureau.candidates]
    paper = (io.BytesIO(sample_files.pdf()), "名单.pdf")
    saved = bureau.step(
        client, "edit", title="公示二", document_no="7号", text="正文", lines=keys[:2],
        notice_attachment=paper,
    )  # fmt: skip
    assert saved.status_code == 303, saved.text
    page = client.get(f"/work/notices/{notice.id}").text
    assert "名单.pdf" in page
    assert "今天发布的话：公示到 <strong>2024-02-21 24:00</strong>" in page
    form = client.get(f"/work/notices/{notice.id}/edit").text
    assert form.count('name="lines"') == 3
    # What stands on a notice cannot stand on another one until it is free again.
    with bureau.database.reading() as session:
        file = session.scalars(select(StoredFile)).one()
    assert bureau.visitor.get(f"/files/{file.id}").status_code == 404
    other = bureau.draft(client, lines=keys[:1])
    assert other.status_code == 422
    assert "已不能列入公示" in other.text
    assert bureau.step(client, "discard").status_code == 303
    assert bureau.notice().phase == NoticePhase.DISCARDED
    assert bureau.draft(client, lines=keys).status_code == 303
    assert len(bureau.entries()) == 3


def test_a_running_notice_is_corrected_in_sight(bureau: Bureau) -> None:
    notice, client = bureau.published(), bureau.officer()
    public = f"/notices/{notice.id}"
    assert bureau.step(client, "correct", title="新标题", text="正文一").status_code == 422
    fixed = bureau.step(client, "correct", title="新标题", text="正文一", reason="笔误")
    assert fixed.status_code == 303, fixed.text
    longer = bureau.step(client, "extend", days="2", reason="系统维护")
    assert longer.status_code == 303, longer.text
    gone = bureau.entries()[0]
    dropped = bureau.post(
        client, f"/work{public}/entries/{gone.id}/drop", reason="企业放弃",
        version=str(gone.version),
    )  # fmt: skip
    assert dropped.status_code == 303, dropped.text
    page = bureau.visitor.get(public).text
    for words in (
        "标题由“关于拟入池服务商名单的公示”改为“新标题”", "笔误", "系统维护", "企业放弃",
        "延长2个工作日：公示截止日由2024-02-21改为2024-02-23", f"撤下“{gone.name}”",
        "2024年2月9日至2024年2月23日 24:00（7个工作日）",
    ):  # fmt: skip
        assert words in page
    with bureau.database.reading() as session:
        rows = session.scalars(select(Message.title).where(Message.kind == "public_notice"))
        assert list(rows) == []  # nobody of these firms has an account yet
    back = bureau.step(client, "withdraw", reason="依据有误", document_no="8号")
    assert back.status_code == 303, back.text
    assert "名单不再办理" in bureau.visitor.get(public).text
    assert "已经撤回，不再受理异议" in bureau.visitor.get(f"{public}/objection").text
    with bureau.database.reading() as session:
        rows = [session.get_one(type(row), row.id) for row in bureau.candidates]
    assert [row.phase for row in rows] == [SelectionPhase.CLOSED] + [SelectionPhase.DECISION] * 2
    stale = bureau.post(client, f"/work{public}/extend", version="1", days="1", reason="再延")
    assert stale.status_code == 409


def test_an_anonymous_objection_names_nobody(bureau: Bureau) -> None:
    bureau.published()
    entry = bureau.entries()[0]
    rival = bureau.login_as(Role.ENTERPRISE)
    page = rival.get(f"/notices/{bureau.notice().id}/objection").text
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    proof = (io.BytesIO(sample_files.pdf()), "证明.pdf")
    data = {
        "ticket": found[1], "entry_id": str(entry.id), "facts": "没有验收，请核实这一案例。",
        "how": "anonymous", "name": NAME, "phone": PHONE, "objection_evidence": proof,
    }  # fmt: skip
    first = rival.post(f"/notices/{bureau.notice().id}/objection", data=data)
    assert first.status_code == 303, first.text
    twice = rival.post(
        f"/notices/{bureau.notice().id}/objection",
        data={name: value for name, value in data.items() if name != "objection_evidence"},
    )
    assert twice.location == first.location
    with bureau.database.reading() as session:
        row = session.scalars(select(Objection)).one()
        file = session.scalars(select(StoredFile)).one()
        told = session.scalars(
            select(Event).where(Event.subject_type == "objections").order_by(Event.id)
        ).all()
    assert (row.anonymous, row.contact_encrypted, row.contact_masked) == (True, None, "")
    assert (file.uploaded_by, file.organisation_id) == (None, None)
    assert [(one.action, one.actor_id, one.ip, one.request_id) for one in told] == [
        ("objection_file", None, "", ""), ("lead_register", None, "", ""),
        ("files_change", None, "", ""),
    ]  # fmt: skip
    # The lead holds nothing until the bureau takes it up.
    assert bureau.entries()[0].phase == EntryPhase.NOTICED
    officer = bureau.officer()
    assert bureau.desk(officer, "steps/lead_take_up").status_code == 422
    taken = bureau.desk(officer, "steps/lead_take_up", reason="经初查属实")
    assert taken.status_code == 303, taken.text
    assert bureau.entries()[0].phase == EntryPhase.HELD
    contact = f"/work/objections/{bureau.objection().id}/contact"
    assert bureau.post(officer, contact, contact_reason="核查联系").status_code == 404


def test_what_is_wrong_with_an_objection_is_said_and_the_file_stays(bureau: Bureau) -> None:
    bureau.published()
    entry = bureau.entries()[0]
    proof = (io.BytesIO(sample_files.pdf()), "证明.pdf")
    wrong = bureau.file(entry, facts="短", phone="12", objection_evidence=proof)
    assert wrong.status_code == 422
    for words in ("请填写手机号", "证明.pdf", 'name="objection_evidence-kept"'):
        assert words in wrong.text
    kept = re.search(r'name="objection_evidence-kept" value="([^"]+)"', wrong.text)
    assert kept is not None
    right = bureau.file(entry, **{"objection_evidence-kept": kept[1]})
    assert right.status_code == 303, right.text
    assert "证明.pdf" in bureau.visitor.get(right.location).text
    bad = (io.BytesIO(b"MZ not a pdf"), "病毒.pdf")
    refused = bureau.file(entry, objection_evidence=bad)
    assert refused.status_code == 422
    assert bureau.file(entry, ticket="forged").status_code == 422
    assert bureau.file(entry, entry_id="99").status_code == 422
    assert bureau.visitor.post("/uploads/notice_attachment", data={}).status_code == 401


def test_what_a_visitor_never_sent_is_forgotten_after_a_day(bureau: Bureau) -> None:
    bureau.published()
    proof = (io.BytesIO(sample_files.pdf()), "证明.pdf")
    assert bureau.file(bureau.entries()[0], facts="短", objection_evidence=proof).status_code == 422

    def waiting() -> int:
        with bureau.database.unit_of_work() as session:
            session.execute(delete(StoredFile).where(files_upkeep._forgotten()))
            return len(session.scalars(select(StoredFile.id)).all())

    assert waiting() == 1
    bureau.clock.to("2024-02-09 17:00:01+08:00")
    assert waiting() == 0


def test_others_know_of_nothing(bureau: Bureau) -> None:
    bureau.published()
    bureau.file(bureau.entries()[0])
    row, officer = bureau.objection(), bureau.officer()
    path = f"/work/objections/{row.id}"
    own, other = bureau.owner(0), bureau.owner(1)
    for client in (own, other):
        assert client.get(f"/p/objections/{row.id}").status_code == 404
        assert client.get(path).status_code == 403
    assert bureau.login_as(Role.DISTRICT_REVIEWER).get(path).status_code == 404
    auditor = bureau.login_as(Role.AUDITOR)
    assert "王** 138****1234" in auditor.get(path).text
    assert bureau.post(auditor, f"{path}/contact", contact_reason="想看看").status_code == 403
    assert bureau.post(officer, f"{path}/contact", contact_reason="看").status_code == 422
    shown = bureau.post(officer, f"{path}/contact", contact_reason="电话核实情况")
    assert (NAME in shown.text, PHONE in shown.text) == (True, True)
    with bureau.database.reading() as session:
        noted = session.scalars(select(Event).where(Event.action == "objection_unmask")).one()
    assert noted.reason == "电话核实情况"
    assert bureau.desk(officer, "steps/objection_accept").status_code == 303
    assert bureau.desk(officer, "ask", question="请说明。", days="3").status_code == 303
    assert own.get(f"/p/objections/{row.id}").status_code == 200
    assert other.get(f"/p/objections/{row.id}").status_code == 404
    assert "没有需要说明的异议" in other.get("/p/objections").text
    wrong = bureau.post(other, f"/p/objections/{row.id}/reply", version="1", reply="代答")
    assert wrong.status_code == 404
    go_on = bureau.desk(officer, "steps/objection_go_on", reason="逾期未说明")
    assert go_on.status_code == 303, go_on.text
    late = bureau.post(own, f"/p/objections/{row.id}/reply", version="9", reply="补充")
    assert late.status_code == 409
    for name in ("acceptance", "enquiry"):
        letter = officer.get(f"{path}/letters/{name}.pdf")
        assert letter.data.startswith(b"%PDF")
    assert officer.get(f"{path}/letters/decision.pdf").status_code == 404


def test_receipt_codes_cannot_be_tried_out(bureau: Bureau) -> None:
    answers = [bureau.visitor.get(f"/objections/{number:016}").status_code for number in range(31)]
    assert answers == [404] * 30 + [429]


def more(bureau: Bureau, number: int) -> None:
    """``number`` running notices, an entry and an objection of each."""
    with bureau.database.unit_of_work() as session:
        round_ = session.get_one(Round, bureau.round.id)
        factories.quota_of(session, round_, "product", "home_appliance").cap = 200
        provider = session.get_one(Provider, bureau.providers[0].id)
        for _ in range(number):
            notice = make_notice(session, round_)
            firm = factories.make_provider(session)
            candidacy = factories.make_candidacy(session, round_, firm)
            entry = make_entry(session, notice, candidacy, provider)
            make_objection(session, entry, provider, phase=ObjectionPhase.REPLYING)


def test_lists_ask_as_often_for_many_as_for_few(bureau: Bureau) -> None:
    officer, owner = bureau.officer(), bureau.owner()
    lists = [
        (bureau.visitor, "/notices", 6), (bureau.visitor, "/notices.rss", 6),
        (officer, "/work/notices", 6), (officer, "/work/objections?phase=replying", 6),
        (owner, "/p/objections", 6),
    ]  # fmt: skip

    def counts() -> dict[str, int]:
        return {path: asked(client, path) for client, path, _ in lists}

    more(bureau, 2)
    few = counts()
    more(bureau, 12)
    assert counts() == few
    assert {path: few[path] for _, path, most in lists if few[path] > most} == {}


def test_one_notice_asks_as_often_for_many_entries(bureau: Bureau) -> None:
    notice, client = bureau.published(), bureau.officer()
    counts = []
    for _ in range(2):
        with bureau.database.unit_of_work() as session:
            row = session.get_one(PublicNotice, notice.id)
            row.round = session.get_one(Round, bureau.round.id)
            for number in range(10):
                firm = factories.make_provider(session)
                candidacy = factories.make_candidacy(session, row.round, firm)
                entry = make_entry(session, row, candidacy, firm, seq=number + 10)
                make_objection(session, entry, firm)
        counts.append(
            (
                asked(bureau.visitor, f"/notices/{notice.id}"),
                asked(client, f"/work/notices/{notice.id}"),
            )
        )
    assert counts[0] == counts[1]
    assert counts[0][0] <= 10
    assert counts[0][1] <= 14


def test_no_other_page_lists_what_is_objected_to(bureau: Bureau) -> None:
    bureau.published()
    assert bureau.file(bureau.entries()[0]).status_code == 303
    bureau.clock.to("2024-02-22 09:00:00+08:00")
    client, by_hand = bureau.officer(), bureau.candidates[1]
    for row, status in ((bureau.candidates[0], 409), (by_hand, 303)):
        path = f"/work/candidacies/{row.id}"
        shut = bureau.post(client, f"{path}/close", reason="放弃")
        assert shut.status_code == 409
        with bureau.database.reading() as session:
            version = session.get_one(type(row), row.id).version
        listed = bureau.post(
            client, f"{path}/list", version=str(version), listed_on="2024-02-22",
            document_no="5号",
        )  # fmt: skip
        assert listed.status_code == status
        assert ("公示中的异议尚未办结" in listed.text) == (status == 409)
    # What was listed by hand is done; the rest is, and nobody is listed twice.
    assert bureau.step(client, "finish", document_no="5号").status_code == 303
    assert [one.phase for one in bureau.entries()] == ["noticed", "done", "done"]
    with bureau.database.reading() as session:
        assert len(session.scalars(select(Membership.id)).all()) == 2
