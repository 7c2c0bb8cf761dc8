"""A veto from outside suspends at once and waits for a human; a list of them comes in as a file."""

import io
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from xlsxwriter import Workbook

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Invalid
from marketplace.models import (
    CreditFinding,
    Event,
    Membership,
    Message,
    Organisation,
    Proceeding,
    SpotCheck,
    StoredFile,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import ProceedingKind, Role
from marketplace.services.checks import (
    credit_checks,
    credit_findings,
    credit_lists,
    spot_checks,
)
from marketplace.services.checks.credit_findings import Given
from marketplace.services.checks.spot_checks import Plan
from marketplace.services.inbox import tasks
from marketplace.services.proceedings import proceedings
from tests import factories
from tests.support.forms import forms
from tests.support.world_proceedings import actor_of, world
from tests.support.world_upkeep import make_check, make_complaint

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SOURCE = "信用中国公示"
HEAD = list(credit_lists.COLUMNS)


def given(firm: Organisation, cause: str = "X07", **more) -> Given:
    values = {"name": firm.name, "found_on": date(2026, 2, 27), "source": SOURCE, **more}
    return Given(uscc=firm.uscc, cause=cause, **values)


def test_every_live_place_is_suspended_and_a_human_confirms_or_lifts(qingdao, session):
    firm = qingdao.provider.organisation
    sister = factories.make_membership(
        session, qingdao.round, qingdao.provider, type="product", segment="auto_parts"
    )
    mending = qingdao.open(ProceedingKind.RECTIFICATION, "X03")
    row = credit_findings.enter(
        session, qingdao.officer, given(firm, detail="列入失信联合惩戒名单")
    )
    assert credit_checks.check(session, row.id)
    assert not credit_checks.check(session, row.id)  # nobody is suspended twice
    first, second = proceedings.opened_by(session, row)
    words = "2026-02-27 信用中国公示：列入失信联合惩戒名单"
    # Monday 2 March: three working days to confirm, until the end of Thursday 5 March.
    due = clock.end_of_day(date(2026, 3, 5))
    for case in (first, second):
        assert (case.kind, case.state, case.cause, case.proposer, case.findings, case.due_at) == (
            "suspension", "found", "X07", "rule", words, due,
        )  # fmt: skip
    session.refresh(mending)
    session.refresh(sister)
    assert (mending.state, qingdao.place(), sister.state) == (
        "superseded", ("suspended", 1), "suspended",
    )  # fmt: skip
    assert (row.state, row.outcome.count("已暂停，等待确认")) == ("suspended", 2)
    waiting = [t for t in tasks.of(session, qingdao.officer) if t.url.startswith("/work/proceed")]
    assert [(t.due, t.text) for t in waiting] == [(date(2026, 3, 5), "已暂停，待人工确认")] * 2
    told = session.scalars(select(Message.user_id).where(Message.url.like("/p/proceedings/%")))
    assert set(told) == {qingdao.owner.user_id}

    qingdao.act(first, "confirm_suspension", qingdao.officer)
    assert (first.state, first.due_at) == ("held_back", None)
    qingdao.act(first, "open_removal", qingdao.officer)
    # A finding that was entered by mistake: what has gone on is not touched.
    credit_findings.step(session, qingdao.officer, row, "credit_withdraw", reason="同名单位")
    session.refresh(second)
    session.refresh(sister)
    assert (row.state, second.state, sister.state) == ("withdrawn", "lifted", "listed")
    assert qingdao.place() == ("suspended", 1)
    lifted = session.scalars(select(Event.reason).where(Event.action == "lift")).all()
    assert lifted == ["信用信息撤回：同名单位"]


def test_what_no_rule_follows_up_is_a_task(qingdao, session):
    firm, officer = qingdao.provider.organisation, qingdao.officer
    town = world(session, "lc-2021")
    rows = [
        credit_findings.enter(session, officer, one)
        for one in (
            given(firm, "X17"),  # no veto of the scheme
            given(town.provider.organisation, "X02"),  # a programme without a scheme
            given(factories.make_organisation(session), "X07"),  # nobody of the pool
        )
    ]
    for row in rows:
        credit_checks.check(session, row.id)
    assert [row.state for row in rows] == ["by_hand", "by_hand", "no_place"]
    assert "方案没有把这项原因列为否决事由" in rows[0].outcome
    assert session.scalars(select(Proceeding.id)).all() == []
    open_ = [t.url for t in tasks.of(session, officer) if t.kind == "信用信息"]
    assert sorted(open_) == [f"/work/credit-findings/{row.id}" for row in rows[:2]]
    credit_findings.step(session, officer, rows[0], "credit_settle", reason="已约谈")
    # A place whose removal is under way is not suspended beside it.
    qingdao.open(ProceedingKind.REMOVAL, "X02")
    graver = credit_findings.enter(session, officer, given(firm, "X01"))
    credit_checks.check(session, graver.id)
    assert (graver.state, rows[0].state) == ("by_hand", "dealt_with")
    assert "已有在办的退出程序案卷" in graver.outcome


def test_the_same_finding_once_and_only_by_the_city(qingdao, session):
    firm = qingdao.provider.organisation
    row = credit_findings.enter(session, qingdao.officer, given(firm))
    with pytest.raises(Conflict) as known:
        credit_findings.enter(session, qingdao.officer, given(firm))
    assert known.value.code == "known"
    with pytest.raises(Invalid) as wrong:
        credit_findings.enter(
            session, qingdao.officer,
            given(firm, "X10", found_on=clock.today() + timedelta(days=1), source=" "),
        )  # fmt: skip
    assert set(wrong.value.fields) == {"cause", "found_on", "source"}
    credit_findings.step(session, qingdao.officer, row, "credit_withdraw", reason="登记有误")
    assert credit_findings.enter(session, qingdao.officer, given(firm)).id != row.id
    for role in (Role.DISTRICT_REVIEWER, Role.PROVIDER_OWNER):
        actor = actor_of(session, role)
        assert session.scalars(credit_findings.listed(actor)).all() == []
    assert len(session.scalars(credit_findings.listed(actor_of(session, Role.AUDITOR))).all()) == 2


def csv_of(*rows: list[str]) -> io.BytesIO:
    text = "\n".join(",".join(row) for row in (HEAD, *rows))
    return io.BytesIO(text.encode("gb18030"))


def xlsx_of(*rows: list[object]) -> io.BytesIO:
    file = io.BytesIO()
    with Workbook(file, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("信用信息")
        for number, row in enumerate((HEAD, *rows)):
            sheet.write_row(number, 0, row)
    file.seek(0)
    return file


def test_a_file_is_read_whole_or_not_at_all(qingdao, session):
    code = qingdao.provider.organisation.uscc
    plain = [code, "某公司", "x07", "2026/2/27", SOURCE, "失信"]
    expected = Given(
        uscc=code, name="某公司", cause="X07", found_on=date(2026, 2, 27), source=SOURCE,
        detail="失信",
    )  # fmt: skip
    assert credit_lists.read(csv_of(plain)) == [(2, expected)]
    assert credit_lists.read(xlsx_of([*plain[:3], date(2026, 2, 27), *plain[4:]])) == [
        (2, expected)
    ]
    bad = {
        "第2行：“统一社会信用代码”应为18位，现在是3位；“认定日期”没有填写": csv_of(
            ["123", "", "X07", "", SOURCE, ""]
        ),
        "缺少的列：统一社会信用代码": io.BytesIO("单位名称\n某公司".encode()),
        "不是 Excel 或 CSV 文件": io.BytesIO(b"\xff\xfe\x00\x01"),
        "没有内容": csv_of(),
        "最多500行": csv_of(*[plain] * 501),
    }
    for text, file in bad.items():
        with pytest.raises(Invalid) as refused:
            credit_lists.read(file)
        assert text in refused.value.fields["file"][0]
    late = Given(uscc=code, cause="X10", found_on=date(2026, 2, 27), source=SOURCE)
    with pytest.raises(Invalid) as wrong:
        credit_findings.enter_all(session, qingdao.officer, [(2, expected), (3, late)])
    assert wrong.value.fields == {"file": ["第3行：请从列表中选择"]}
    assert session.scalars(select(CreditFinding.id)).all() == []
    rows = [(2, expected), (3, expected)]
    assert credit_findings.enter_all(session, qingdao.officer, rows) == (1, 1)


def test_through_the_pages_and_the_worker(database: Database, login_as, time):
    with database.unit_of_work() as session:
        place = world(session).membership
        code = place.provider.organisation.uscc
    officer = login_as(Role.CITY_OFFICER)
    path = "/work/credit-findings/import"
    form = next(f for f in forms(officer.get(path).text, path) if "form_key" in f.fields).fields
    form.pop("file", None)
    empty = officer.post(path, data=form)
    assert (empty.status_code, "请选择文件" in empty.text) == (422, True)
    sent = officer.post(
        path, content_type="multipart/form-data",
        data={**form, "file": (csv_of([code, "", "X07", "2026-02-27", SOURCE, ""]), "名单.csv")},
    )  # fmt: skip
    assert (sent.status_code, sent.location) == (303, "/work/credit-findings")
    assert credit_checks.run(database) == 1
    assert credit_checks.run(database) == 0
    shown = officer.get("/work/credit-findings?phase=suspended").text
    assert "已暂停席位" in shown
    with database.reading() as session:
        case = proceedings.current(session, place.id)
        row = session.scalars(select(CreditFinding)).one()
    assert case is not None
    page = officer.get(f"/work/credit-findings/{row.id}").text
    assert f'href="/work/proceedings/{case.id}"' in page
    assert SYSTEM.name in page
    assert f'href="/work/credit-findings/{row.id}"' in officer.get(
        f"/work/proceedings/{case.id}"
    ).text  # fmt: skip
    with database.unit_of_work() as session:
        firm = session.get_one(Membership, place.id)
        check, complaint = make_check(session, firm), make_complaint(
            session, firm, organisation_id=factories.make_organisation(session).id
        )  # fmt: skip
        for subject, slot in (
            (row, "credit_evidence"), (check, "spot_check_evidence"),
            (complaint, "complaint_evidence"),
        ):  # fmt: skip
            session.add(StoredFile(
                sha256="c" * 64, name="材料.pdf", size=2048, media_type="application/pdf",
                purpose=slot, subject_type=subject.__tablename__, subject_id=subject.id,
            ))  # fmt: skip
    for address in (
        f"credit-findings/{row.id}", f"spot-checks/{check.id}", f"complaints/{complaint.id}",
    ):  # fmt: skip
        assert "材料.pdf" in officer.get(f"/work/{address}").text, address


def failed(world_, session, cause: str) -> SpotCheck:
    """A spot check of the place that failed today."""
    topic = spot_checks.topics(world_.round.programme)[0]
    what = Plan(topic=topic, planned_on=clock.today())
    row = spot_checks.plan(session, world_.officer, world_.membership, what)
    spot_checks.step(
        session, world_.officer, row, spot_checks.FAIL, reason="人员不在岗", cause=cause,
        checked_on=clock.today(),
    )  # fmt: skip
    return row


def test_a_failed_spot_check_is_followed_as_the_programme_orders(qingdao, session):
    minor = failed(qingdao, session, "")
    assert (qingdao.place(), proceedings.opened_by(session, minor)) == (("warned", 1), [])
    lesser = failed(qingdao, session, "X13")
    (case,) = proceedings.opened_by(session, lesser)
    assert (case.kind, case.cause, case.proposer, case.findings, qingdao.place()) == (
        "rectification", "X13", "rule", "人员不在岗", ("rectifying", 1),
    )  # fmt: skip
    # A second one beside the open case is written down, its result stands.
    again = failed(qingdao, session, "X13")
    note = session.scalars(
        select(Event.reason).where(
            Event.action == "check_not_followed", Event.subject_id == again.id
        )
    ).one()
    assert (again.state, proceedings.opened_by(session, again)) == ("failed", [])
    assert note.startswith("限期整改没有办成：这个席位已有在办的限期整改案卷")
    veto = failed(qingdao, session, "X08")
    (graver,) = proceedings.opened_by(session, veto)
    assert (graver.kind, graver.state, qingdao.place()) == (
        "suspension", "found", ("suspended", 1),
    )  # fmt: skip
    session.refresh(case)
    assert case.state == "superseded"
    town = world(session, "lc-2021")  # its notice orders nothing by itself
    row = failed(town, session, "X02")
    assert (town.place()[0], proceedings.opened_by(session, row)) == (
        town.round.programme.workflows["standing"].initial, [],
    )  # fmt: skip
