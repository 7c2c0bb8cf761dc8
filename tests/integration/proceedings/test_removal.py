"""Removal under the Qingdao programme: hearing, three bureaus, notice, announcement, ban."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import Why
from marketplace.models import CaseStudy, Event, IssuedLetter, NoticeEntry, Replacement
from marketplace.phases import ProceedingKind, ProjectPhase, Role, StandingPhase
from marketplace.services.notices import public_notices_changes
from marketplace.services.proceedings import (
    exits_projects,
    proceedings,
    proceedings_tick,
    removals,
    removals_notice,
)
from tests import factories
from tests.support.world_proceedings import BUREAUS, SYSTEM, WHY, actor_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

REMOVAL = ProceedingKind.REMOVAL


def decided(qingdao):
    """A removal up to the joint decision."""
    case = qingdao.open(REMOVAL, "X03", by=qingdao.district, findings="连续两次不合格")
    qingdao.act(case, "open_hearing", qingdao.officer)
    qingdao.act(case, "reply", qingdao.owner, text="部分情况不属实")
    qingdao.act(case, "ask_bureaus", qingdao.officer)
    for bureau in (qingdao.leader, *qingdao.bureaus.values()):
        removals.opine(qingdao.session, bureau, case, agrees=True, text="同意")
    qingdao.act(case, "decide", qingdao.leader)
    return case


def test_a_removal_takes_every_step_of_its_programme(qingdao, time, session):
    other = factories.make_membership(
        session, qingdao.round, qingdao.provider, type="product", segment="auto_parts"
    )
    shown = factories.make_case(session, qingdao.provider)
    kept = factories.make_case(session, qingdao.provider, segment="auto_parts")
    case = qingdao.open(REMOVAL, "X03", by=qingdao.district, findings="连续两次不合格")
    assert (case.state, case.proposer, qingdao.place()) == ("proposed", "district", ("listed", 1))
    with pytest.raises(Conflict, match="下一步应为“告知陈述申辩”"):
        proceedings.act(session, qingdao.officer, case, "ask_bureaus", why=WHY)

    qingdao.act(case, "open_hearing", qingdao.officer)
    # Monday 2 March: the fifth working day is Monday 9 March.
    assert (case.state, case.due_at) == ("hearing", clock.end_of_day(date(2026, 3, 9)))
    assert qingdao.place() == ("suspended", 1)
    with pytest.raises(Conflict, match="当前状态"):
        proceedings.act(session, qingdao.officer, case, "ask_bureaus", why=WHY)
    time.set(case.due_at - timedelta(seconds=1))
    qingdao.act(case, "reply", qingdao.owner, text="部分情况不属实")
    assert (case.answer, case.due_at) == ("部分情况不属实", None)

    qingdao.act(case, "ask_bureaus", qingdao.officer)
    with pytest.raises(Conflict, match=f"还没有意见：{'、'.join(BUREAUS)}"):
        proceedings.act(session, qingdao.leader, case, "decide", why=WHY)
    gxj, finance = qingdao.bureaus.values()
    removals.opine(session, qingdao.leader, case, agrees=True, text="同意移出")
    removals.opine(session, gxj, case, agrees=False, text="再核实")
    removals.opine(session, finance, case, agrees=True, text="同意")
    with pytest.raises(Conflict, match="不同意移出：青岛市工业和信息化局"):
        proceedings.act(session, qingdao.leader, case, "decide", why=WHY)
    removals.opine(session, gxj, case, agrees=True, text="核实后同意")
    with pytest.raises(Forbidden, match="会签部门"):
        removals.opine(session, actor_of(session, Role.COSIGNER), case, agrees=True, text="同意")
    qingdao.act(case, "decide", qingdao.leader)
    assert [(row.bureau, row.agrees, row.text) for row in removals.opinions(session, case)] == [
        ("青岛市民营经济发展局", True, "同意移出"), ("青岛市工业和信息化局", True, "核实后同意"),
        ("青岛市财政局", True, "同意"),
    ]  # fmt: skip

    noticed(qingdao, time, case)
    assert case.state == "removed"
    today = clock.today()
    assert qingdao.place() == ("removed", 0)
    assert (qingdao.membership.reason_code, qingdao.membership.exited_on) == ("X03", today)
    assert qingdao.membership.public_reason == "定期检查不合格"
    assert qingdao.bans() == [("X03", today, today.replace(year=2027) - timedelta(days=1))]
    session.refresh(other)
    assert other.state == "listed"
    rows = {row.id: row.hidden_reason for row in session.scalars(select(CaseStudy))}
    assert rows == {shown.id: f"随席位移出，案例停止展示（案卷{case.id}）", kept.id: None}
    replacement = session.scalars(select(Replacement)).one()
    assert (replacement.vacated_id, replacement.trigger, replacement.phase) == (
        qingdao.membership.id, "removal", "open",
    )  # fmt: skip
    titles = session.scalars(select(IssuedLetter.title).order_by(IssuedLetter.id)).all()
    assert titles == ["陈述申辩告知书", "移出决定告知书", "移出决定书"]


def noticed(qingdao, time, case):
    """The notice of a removal, and its result."""
    qingdao.act(case, "open_notice", qingdao.officer)
    with pytest.raises(Conflict, match="公示页面"):
        proceedings.act(qingdao.session, qingdao.leader, case, "announce", why=WHY)
    notice = qingdao.publish(time)
    assert (notice.kind, notice.working_days) == ("removal", 5)
    report = qingdao.finish(notice, qingdao.leader)
    assert (report.done, report.failed) == ([qingdao.provider.organisation.name], {})
    qingdao.session.refresh(case)


def test_nobody_answers_or_a_hearing_is_asked_for(qingdao, time, session):
    case = qingdao.open(REMOVAL, "X13")
    qingdao.act(case, "open_hearing", qingdao.officer)
    qingdao.act(case, "ask_hearing", qingdao.owner, text="要求听证")
    qingdao.act(case, "hold_hearing", qingdao.officer)
    assert case.state == "heard"
    qingdao.act(case, "dismiss", qingdao.officer)
    assert (case.state, qingdao.place()) == ("dismissed", ("listed", 1))

    again = qingdao.open(REMOVAL, "X13")
    qingdao.act(again, "open_hearing", qingdao.officer)
    time.set(again.due_at)
    with pytest.raises(Conflict, match="期限已到"):
        proceedings.act(session, qingdao.owner, again, "reply", text="迟了")
    assert proceedings_tick.lapse(session, again.id) is True
    session.refresh(again)
    assert (again.state, again.due_at) == ("heard", None)


def test_the_programme_says_who_proposes_and_for_what(qingdao, session):
    with pytest.raises(Invalid) as refused:
        qingdao.open(REMOVAL, "X03")
    assert refused.value.fields == {"proposer": ["这项原因须由区市或第三方提出"]}
    with pytest.raises(Invalid) as unknown:
        qingdao.open(REMOVAL, "X04", by=SYSTEM, why=Why(reason="复核"))
    assert set(unknown.value.fields) == {"cause"}
    third = qingdao.open(REMOVAL, "X14", proposer="third_party", proposer_name="衡鉴评测")
    assert (third.proposer, third.proposer_name) == ("third_party", "衡鉴评测")
    with pytest.raises(Forbidden):
        proceedings.act(session, qingdao.district, third, "open_hearing", why=WHY)


def test_an_objection_upheld_or_a_notice_given_up_does_not_lose_the_case(qingdao, time, session):
    case = decided(qingdao)
    qingdao.act(case, "open_notice", qingdao.officer)
    with pytest.raises(Conflict, match="请先在公示中撤下"):
        proceedings.act(session, qingdao.officer, case, "dismiss", why=WHY)
    with pytest.raises(Conflict, match="已经列在一份公示中"):
        proceedings.act(session, qingdao.officer, case, "redraft_notice", why=WHY)
    entry = removals_notice.live_entry(session, case)
    notice = entry.notice_id
    opened = qingdao.publish(time)
    assert opened.id == notice
    time.set(opened.published_at + timedelta(hours=1))
    entry = session.get_one(NoticeEntry, entry.id)
    entry.notice = opened
    public_notices_changes.drop(session, qingdao.officer, entry, Why(reason="单位提交了新证据"))
    session.refresh(case)
    assert (case.state, qingdao.place()) == ("dismissed", ("listed", 1))
    assert session.scalars(
        select(Event.reason).where(Event.subject_type == "proceedings", Event.action == "dismiss")
    ).all() == ["单位提交了新证据"]


def test_running_projects_are_finished_or_handed_over_with_consent(qingdao, time, session):
    stays = factories.make_project(session, qingdao.membership)
    goes = factories.make_project(session, qingdao.membership)
    factories.make_project(session, qingdao.membership, phase=ProjectPhase.ACCEPTED)
    taker = factories.make_membership(session, qingdao.round, factories.make_provider(session))
    suspended = factories.make_membership(
        session,
        qingdao.round,
        factories.make_provider(session),
        phase=StandingPhase.SUSPENDED,
    )
    case = decided(qingdao)
    assert [item.project.id for item in exits_projects.running(session, case)] == [
        stays.id, goes.id,
    ]  # fmt: skip
    with pytest.raises(Invalid) as wrong:
        exits_projects.settle(session, qingdao.officer, case, goes.id, way="transfer",
                              to_membership_id=suspended.id, note="同意")  # fmt: skip
    assert set(wrong.value.fields) == {"to"}
    row = exits_projects.settle(
        session, qingdao.officer, case, goes.id, way="transfer", to_membership_id=taker.id,
        note="承接方已书面同意",
    )  # fmt: skip
    qingdao.act(case, "open_notice", qingdao.officer)
    notice = qingdao.publish(time)
    with pytest.raises(Conflict) as waiting:
        qingdao.finish(notice, qingdao.leader)
    assert "有项目转交还没有得到企业答复" in waiting.value.reasons[0]

    client = actor_of(session, Role.ENTERPRISE, organisation=goes.enterprise)
    stranger = actor_of(session, Role.ENTERPRISE)
    assert exits_projects.waiting(session, stranger) == []
    with pytest.raises(Exception, match="没有这项转交"):
        exits_projects.answer(session, stranger, row.id, agrees=True, reason="", expected_version=1)
    found = exits_projects.waiting(session, client)[0]
    exits_projects.answer(
        session, client, found.id, agrees=True, reason="", expected_version=found.version
    )
    qingdao.finish(notice, qingdao.leader)
    session.refresh(goes)
    session.refresh(stays)
    assert (goes.provider_id, goes.membership_id) == (taker.provider_id, taker.id)
    assert (stays.provider_id, stays.phase) == (qingdao.provider.id, "running")
