"""Rectification: plan, report, check, confirmation, more days, and what an overdue one becomes."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import Why
from marketplace.models import Event, IssuedLetter, Message, Proceeding
from marketplace.phases import ProceedingKind, Role
from marketplace.services.pool import memberships
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings, proceedings_tick, rectifications
from tests.support.world_proceedings import SYSTEM, WHY, actor_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RECTIFY = ProceedingKind.RECTIFICATION


def test_a_rectification_goes_from_order_to_the_pool_on_its_last_day(qingdao, time, session):
    case = qingdao.open(RECTIFY, "X03", findings="项目按期率不足")
    assert qingdao.place() == ("rectifying", 1)
    assert qingdao.membership.rectify_by == date(2026, 4, 1)
    assert case.due_at == clock.end_of_day(date(2026, 4, 1))
    assert case.plan_due_at == clock.end_of_day(date(2026, 3, 7))

    qingdao.act(case, "submit_plan", qingdao.owner, text="四月一日前补齐")
    time.set(case.due_at - timedelta(seconds=1))
    qingdao.act(case, "report_mended", qingdao.owner, text="已补齐")
    qingdao.act(case, "check_pass", qingdao.district)
    qingdao.act(case, "confirm_mended", qingdao.officer)

    assert (case.state, case.phase, case.plan, case.answer) == (
        "mended", "closed", "四月一日前补齐", "已补齐",
    )  # fmt: skip
    assert qingdao.place() == ("listed", 1)
    assert qingdao.membership.rectify_by is None
    events = session.scalars(
        select(Event.action).where(Event.subject_type == "proceedings").order_by(Event.id)
    ).all()
    assert events == [
        "open_rectification", "submit_plan", "report_mended", "check_pass", "confirm_mended",
    ]  # fmt: skip
    letters = session.scalars(select(IssuedLetter).order_by(IssuedLetter.id)).all()
    assert [row.title for row in letters] == ["限期整改通知书", "整改完成确认书"]
    assert letters[0].paragraphs[1] == (
        "事由：年度或定期检查不合格。请于2026年3月7日前提交整改方案，于2026年4月1日前完成整改并提交整改报告。"
        "整改期间不接受新的咨询和签约，已签项目继续履行。"
    )
    told = session.scalars(select(Message.title).where(Message.user_id == qingdao.owner.user_id))
    assert [title.rpartition("：")[2] for title in told] == [
        "限期整改立案", "核查通过", "确认整改完成",
    ]  # fmt: skip


def test_what_comes_at_the_end_is_late_and_becomes_a_removal(qingdao, time, session):
    case = qingdao.open(RECTIFY, "X03")
    qingdao.act(case, "submit_plan", qingdao.owner, text="方案")
    with pytest.raises(Conflict, match="期满后才能办理"):
        proceedings.act(session, SYSTEM, case, "lapse")
    time.set(case.due_at)
    with pytest.raises(Conflict, match="期限已到"):
        proceedings.act(session, qingdao.owner, case, "report_mended", text="迟了")

    assert proceedings_tick.due(session) == [case.id]
    assert proceedings_tick.lapse(session, case.id) is True
    session.refresh(case)
    following = proceedings.current(session, qingdao.membership.id)
    assert (case.state, following.kind, following.cause) == ("overdue", "removal", "X05")
    assert (following.proposer, following.predecessor_id) == ("rule", case.id)
    assert qingdao.place() == ("suspended", 1)
    assert proceedings_tick.due(session) == []


def test_more_days_within_the_bounds_of_the_programme(qingdao, session, time):
    case = qingdao.open(RECTIFY, "X03")
    with pytest.raises(Invalid, match="需要修改"):
        rectifications.ask_extension(session, qingdao.owner, case, days=16, reason="停产")
    rectifications.ask_extension(session, qingdao.owner, case, days=10, reason="停产检修")
    with pytest.raises(Conflict, match="等待答复"):
        rectifications.ask_extension(session, qingdao.owner, case, days=1, reason="又")
    with pytest.raises(Conflict, match="还可以延长15天"):
        proceedings.act(session, qingdao.officer, case, "extend", why=WHY, days=16)
    qingdao.act(case, "extend", qingdao.officer, days=10)
    assert case.due_at == clock.end_of_day(date(2026, 4, 11))
    qingdao.place()
    assert qingdao.membership.rectify_by == date(2026, 4, 11)
    granted = rectifications.requests(session, case)
    assert [(row.granted, row.days, row.due_after) for row in granted] == [(True, 10, case.due_at)]

    rectifications.ask_extension(session, qingdao.owner, case, days=5, reason="再延")
    rectifications.refuse_extension(session, qingdao.officer, case, reason="没有必要")
    assert rectifications.open_request(session, case) is None
    qingdao.act(case, "extend", qingdao.officer, days=5)
    with pytest.raises(Conflict, match="已经用完"):
        proceedings.act(session, qingdao.officer, case, "extend", why=WHY, days=1)
    time.set(case.due_at)
    with pytest.raises(Conflict, match="已到"):
        rectifications.ask_extension(session, qingdao.owner, case, days=1, reason="迟了")


def test_who_may_not_and_what_is_missing(qingdao, session):
    with pytest.raises(Forbidden):
        qingdao.open(RECTIFY, "X03", by=qingdao.district)
    with pytest.raises(Invalid) as refused:
        qingdao.open(RECTIFY, "", why=Why(reason=" "), due_on=clock.today())
    assert set(refused.value.fields) == {"reason", "cause", "due_on"}
    case = qingdao.open(RECTIFY, "X03", due_on=date(2026, 3, 20))
    assert case.due_at == clock.end_of_day(date(2026, 3, 20))
    stranger = actor_of(session, Role.PROVIDER_OWNER)
    elsewhere = actor_of(session, Role.DISTRICT_REVIEWER, district="370285")
    for other in (stranger, elsewhere):
        with pytest.raises(Exception, match="没有"):
            proceedings.get(session, other, case.id)
    with pytest.raises(Conflict, match="当前状态"):
        proceedings.act(session, qingdao.district, case, "check_pass", why=WHY)
    with pytest.raises(Forbidden):
        proceedings.act(session, qingdao.owner, case, "confirm_mended", why=WHY)


def test_nothing_is_decided_beside_an_open_case(qingdao, session):
    case = qingdao.open(RECTIFY, "X03")
    with pytest.raises(Conflict, match="请在案卷中办理"):
        memberships.act(
            session, qingdao.officer, qingdao.membership, "close_rectification",
            Decision(why=WHY),
        )  # fmt: skip
    with pytest.raises(Conflict, match="已有在办的限期整改案卷"):
        qingdao.open(RECTIFY, "X03")
    qingdao.act(case, "cancel_order", qingdao.officer)
    assert qingdao.place() == ("listed", 1)
    assert [row.state for row in session.scalars(select(Proceeding))] == ["cancelled"]
