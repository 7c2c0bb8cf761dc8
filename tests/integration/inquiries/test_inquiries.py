"""Enquiries: who may be asked, the clock, the private thread, and what each side learns."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import (
    Event,
    Inquiry,
    InquiryMessage,
    InquiryParty,
    Message,
    StoredFile,
    User,
)
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import InquiryPhase, Role, StandingPhase
from marketplace.services.files import files
from marketplace.services.inbox import tasks
from marketplace.services.inquiries import (
    inquiries,
    inquiry_clock,
    inquiry_contacts,
    inquiry_tasks,
    inquiry_threads,
    inquiry_watch,
    response_rates,
)
from marketplace.services.inquiries.inquiries import Question
from marketplace.services.inquiries.inquiry_rules import rules
from tests import factories
from tests.support import world_inquiries as world

assert inquiry_tasks  # tasks register themselves

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(session, kind="inquiry"):
    rows = session.execute(
        select(Message.user_id, Message.title, Message.url).where(Message.kind == kind)
        .order_by(Message.id)
    )  # fmt: skip
    return [tuple(row) for row in rows]


def todo(session, actor):
    return [task for task in tasks.of(session, actor) if task.kind == "咨询"]


def at(monkeypatch, *parts):
    """Beijing's wall clock stands there."""
    moment = datetime(*parts, tzinfo=clock.BEIJING).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    return moment


@SQLITE
def test_each_provider_gets_the_question_and_five_working_days(market, monkeypatch):
    now = at(monkeypatch, 2026, 11, 20, 16, 0)  # a Friday
    session, firm, one, two = market.session, market.firm, market.one, market.two
    inquiry = world.send(session, firm, one, two)
    assert [(p.provider_id, p.phase, p.sent_at) for p in inquiry.parties] == [
        (one.provider.id, InquiryPhase.WAITING, now), (two.provider.id, InquiryPhase.WAITING, now)
    ]  # fmt: skip
    due = {p.reply_by for p in inquiry.parties}
    assert due == {clock.end_of_day(date(2026, 11, 27))}  # day 0 is not counted
    name = firm.organisation.name
    mine = world.party(session, one, inquiry)
    assert told(session) == [
        (side.actor.user_id, f"{name}咨询：注塑车间 MES 询价",
         f"/p/inquiries/{world.party(session, side, inquiry).id}")
        for side in (one, two)
    ]  # fmt: skip
    assert [(t.title, t.due, t.text, t.url) for t in todo(session, one.actor)] == [
        ("答复咨询：注塑车间 MES 询价", date(2026, 11, 27), name,
         f"/p/inquiries/{mine.id}")
    ]  # fmt: skip


@SQLITE
def test_limits_of_asking(market):
    session, firm, one = market.session, market.firm, market.one
    for ids in ([], [1, 2, 3, 4]):
        with pytest.raises(Invalid, match="需要修改") as caught:
            inquiries.send(session, firm.actor, Question("问", "问", ids))
        assert caught.value.fields == {"providers": ["请选择1至3家服务商"]}
    for actor in (NOBODY, one.actor, Actor(role=Role.CITY_OFFICER, user_id=1)):
        with pytest.raises(Forbidden):
            inquiries.send(session, actor, Question("问", "问", [one.provider.id]))
    with pytest.raises(NotFound):
        inquiries.send(session, firm.actor, Question("问", "问", [10**6]))
    strange = factories.make_product(session, market.two.provider)
    with pytest.raises(Invalid) as caught:
        inquiries.send(
            session, firm.actor, Question("问", "问", [one.provider.id], product_id=strange.id)
        )
    assert caught.value.fields == {"providers": ["所咨询产品的服务商不在所选之中"]}
    for _ in range(rules().most_open // 3):
        world.send(session, firm, one, market.two, market.three)
    with pytest.raises(Conflict, match="12条咨询在等待答复") as refused:
        world.send(session, firm, one)
    assert refused.value.code == "too_many"
    world.send(session, market.other, one)  # others still may


@SQLITE
@pytest.mark.parametrize(
    "phase", [StandingPhase.RECTIFYING, StandingPhase.SUSPENDED, StandingPhase.EXITED]
)
def test_whoever_may_take_none_is_not_asked(market, phase):
    session = market.session
    fallen = world.asked(session, market.round, phase=phase)
    with pytest.raises(Conflict, match="不能接收新咨询") as caught:
        world.send(session, market.firm, market.one, fallen)
    assert caught.value.code == "not_taking"
    assert [reason.partition("：")[0] for reason in caught.value.reasons] == [
        fallen.organisation.name
    ]
    assert session.scalars(select(Inquiry)).all() == []


@SQLITE
def test_a_banned_provider_is_not_asked_and_a_warned_one_is(market):
    session = market.session
    warned = world.asked(session, market.round, phase=StandingPhase.WARNED)
    assert world.send(session, market.firm, warned).parties
    factories.make_ban(session, market.round, market.one.provider)
    with pytest.raises(Conflict, match="禁报期内”，不能接收新咨询"):
        world.send(session, market.firm, market.one)


@SQLITE
def test_a_thread_from_question_to_contact(market, cipher):
    session, firm, one = market.session, market.firm, market.one
    inquiry = world.send(session, firm, one, market.two)
    row = world.party(session, one, inquiry)
    inquiry_threads.post(session, firm.actor, row, "补充：预算二十万元。")
    assert row.phase == InquiryPhase.WAITING  # only an answer stops the clock
    inquiry_threads.post(session, one.actor, row, "可以，报价见附件。")
    assert (row.phase, row.last_side) == (InquiryPhase.ANSWERED, "provider")
    assert row.answered_at is not None
    assert row.minutes == 0
    assert inquiry_threads.contact(one.actor, cipher, row) is None
    inquiry_threads.show_contact(session, firm.actor, cipher, row, name="张工", phone="13800000000")
    assert b"13800000000" not in row.contact_encrypted
    assert inquiry_threads.contact(one.actor, cipher, row) == ("张工", "13800000000")
    other = world.party(session, market.two, inquiry)
    assert inquiry_threads.contact(market.two.actor, cipher, other) is None
    mine = inquiry_contacts.contacts(session, firm.actor.user_id, cipher)
    assert [item["text"] for item in mine] == ["张工\n13800000000"]
    assert inquiry_contacts.contacts(session, one.actor.user_id, cipher) == []
    inquiry_threads.hide_contact(session, firm.actor, row)
    assert (row.contact_encrypted, row.contact_shown_at) == (None, None)
    inquiry_threads.show_contact(session, firm.actor, cipher, row, name="张工", phone="110")
    inquiry_contacts.forget(session, session.get_one(User, firm.actor.user_id))
    assert (row.contact_encrypted, row.contact_shown_at) == (None, None)
    assert [m.text for m in inquiry_threads.earlier(session, one.actor)] == ["可以，报价见附件。"]
    assert inquiry_threads.earlier(session, market.two.actor) == []
    assert inquiry_threads.earlier(session, firm.actor) == []
    assert [(m.side, m.text) for m in session.scalars(inquiry_threads.messages(row))] == [
        ("enterprise", "补充：预算二十万元。"), ("provider", "可以，报价见附件。")
    ]  # fmt: skip
    assert inquiry_threads.number(session, other) == 0
    texts = "".join(str(event.diff) for event in session.scalars(select(Event)))
    assert "13800000000" not in texts
    assert "张工" not in texts
    said = [title for user, title, _ in told(session) if user == firm.actor.user_id]
    assert said == [f"{one.organisation.name}答复了咨询：注塑车间 MES 询价"]


@SQLITE
def test_ends_of_a_thread(market):
    session, firm, one, two = market.session, market.firm, market.one, market.two
    inquiry = world.send(session, firm, one, two, market.three)
    row = world.party(session, one, inquiry)
    with pytest.raises(Invalid) as caught:
        inquiries.decline(session, one.actor, row, reason=" ", expected_version=row.version)
    assert caught.value.fields == {"reason": ["请填写理由"]}
    with pytest.raises(Conflict, match="先答复"):
        inquiry_threads.note_outcome(
            session, one.actor, row, outcome="won", note="", expected_version=row.version
        )
    inquiries.decline(session, one.actor, row, reason="排期已满", expected_version=row.version)
    assert (row.phase, row.reason, row.answered_at is None) == ("declined", "排期已满", False)
    with pytest.raises(Conflict, match="已婉拒"):
        inquiry_threads.post(session, firm.actor, row, "再考虑一下")
    inquiry_threads.note_outcome(
        session, one.actor, row, outcome="lost", note="预算差距大", expected_version=row.version
    )
    assert (row.outcome, row.outcome_note) == ("lost", "预算差距大")
    second = world.party(session, two, inquiry)
    inquiries.close(session, firm.actor, second, expected_version=second.version)
    assert (second.phase, second.answered_at) == ("closed", None)
    with pytest.raises(Conflict):
        inquiry_threads.post(session, two.actor, second, "还在吗")
    third = world.party(session, market.three, inquiry)
    with pytest.raises(Conflict, match="他人更新"):
        inquiries.close(session, firm.actor, third, expected_version=third.version + 1)


@SQLITE
def test_strangers_know_nothing(market):
    """Another provider, another enterprise, staff: the thread does not exist for them (S38)."""
    session, firm, one = market.session, market.firm, market.one
    inquiry = world.send(session, firm, one)
    row = world.party(session, one, inquiry)
    message = inquiry_threads.post(session, firm.actor, row, "机密问题")
    papers = []
    for purpose, subject in (
        (inquiries.FILES, inquiry), (inquiry_threads.FILES, message)
    ):  # fmt: skip
        paper = StoredFile(
            sha256="0" * 64, name="机密.pdf", media_type="application/pdf", size=1,
            purpose=purpose, subject_type=subject.__tablename__, subject_id=subject.id,
        )  # fmt: skip
        session.add(paper)
        papers.append(paper)
    session.flush()
    viewer = Actor(role=Role.PROVIDER_VIEWER, user_id=3, organisation_id=one.organisation.id)
    strangers = [
        market.two.actor, market.other.actor, world.officer(session), NOBODY,
        Actor(role=Role.AUDITOR, user_id=2), Actor(role=Role.ENTERPRISE, user_id=2),
    ]  # fmt: skip
    for actor in strangers:
        with pytest.raises(NotFound):
            inquiries.party(session, actor, row.id)
        assert session.scalars(inquiries.parties(actor)).all() == []
        assert session.scalars(inquiries.listed(actor)).all() == []
        assert [files.may_read(session, actor, paper) for paper in papers] == [False, False]
        with pytest.raises((NotFound, Forbidden)):
            inquiry_threads.post(session, actor, row, "我来回答")
        with pytest.raises((NotFound, Forbidden)):
            inquiries.close(session, actor, row, expected_version=row.version)
    for actor in (firm.actor, one.actor, viewer):
        assert inquiries.party(session, actor, row.id).id == row.id
        assert [files.may_read(session, actor, paper) for paper in papers] == [True, True]
    with pytest.raises(Forbidden):
        inquiry_threads.post(session, viewer, row, "我来回答")
    with pytest.raises(NotFound):  # the provider knows its own part, never the whole enquiry
        inquiries.get(session, one.actor, inquiry.id)


@SQLITE
def test_the_clock_tells_both_sides_and_the_bureau_once(market, engine, monkeypatch):
    session, firm, one = market.session, market.firm, market.one
    officer = world.officer(session)
    at(monkeypatch, 2026, 11, 20, 16, 0)
    inquiry = world.send(session, firm, one, market.two)
    answered = world.party(session, market.two, inquiry)
    inquiry_threads.post(session, market.two.actor, answered, "可以做。")
    session.commit()
    database = Database(engine)
    at(monkeypatch, 2026, 11, 27, 23, 59, 59)
    assert inquiry_clock.run(database) == 0
    at(monkeypatch, 2026, 11, 28, 0, 0)
    (late,) = session.scalars(inquiry_watch.queue(officer)).all()  # before any worker came
    session.rollback()
    assert [inquiry_clock.run(database), inquiry_clock.run(database)] == [1, 0]
    session.expire_all()
    row = world.party(session, one, inquiry)
    assert (late.id, row.phase) == (row.id, InquiryPhase.OVERDUE)
    ends = {user: (title, url) for user, title, url in told(session)}
    assert ends[officer.user_id] == (
        f"咨询超时未答复：{one.organisation.name}", f"/work/inquiries/{row.id}"
    )  # fmt: skip
    assert ends[firm.actor.user_id][0] == f"{one.organisation.name}没有按期答复：注塑车间 MES 询价"
    assert ends[one.actor.user_id][0] == "咨询已超时：注塑车间 MES 询价"
    assert [task.url for task in todo(session, officer)] == [f"/work/inquiries/{row.id}"]
    found = inquiry_watch.get(session, officer, row.id)
    inquiry_watch.urge(session, officer, found, reason="请今天答复", expected_version=found.version)
    assert session.scalars(inquiry_watch.queue(officer)).all() == []
    assert [r.id for r in session.scalars(inquiry_watch.queue(officer, "urged"))] == [row.id]
    inquiry_threads.post(session, one.actor, row, "抱歉，报价如下。")
    assert row.phase == InquiryPhase.ANSWERED
    assert [r.id for r in session.scalars(inquiry_watch.queue(officer, "late"))] == [row.id]
    for actor in (firm.actor, one.actor, Actor(role=Role.DISTRICT_REVIEWER, user_id=1)):
        assert session.scalars(inquiry_watch.queue(actor, "all")).all() == []


def test_rates_need_enough_enquiries_and_count_them_right(market, monkeypatch):
    """On both engines: the numbers are SQL's."""
    session, one = market.session, market.one
    start = at(monkeypatch, 2026, 11, 2, 9, 0)
    due = start + timedelta(days=7)

    def row(answered=None, phase="answered", since=start, sent=start, by=due):
        inquiry = Inquiry(
            organisation_id=market.firm.organisation.id, title="问", text="问",
            created_by=market.firm.actor.user_id,
        )  # fmt: skip
        session.add(inquiry)
        session.flush()
        minutes = None if answered is None else int((answered - sent).total_seconds() // 60)
        session.add(
            InquiryParty(
                inquiry_id=inquiry.id, provider_id=one.provider.id, state=phase, phase=phase,
                state_since=since, sent_at=sent, last_at=sent, reply_by=by, answered_at=answered,
                minutes=minutes,
            )
        )  # fmt: skip
        session.flush()

    def rate():
        found = response_rates.of(session, one.provider.id)
        return found.n, found.on_time, found.percent, found.hours

    assert rate() == (0, 0, None, None)
    row(start + timedelta(hours=2))
    row(start + timedelta(hours=4), "declined")  # declining is an answer
    row(due)  # the end of the last day is too late
    row(phase="overdue")
    row(phase="waiting")  # its clock still runs
    row(phase="closed", since=due - timedelta(days=1))  # ended in time by the enterprise
    monkeypatch.setattr(clock, "now", lambda: due - timedelta(seconds=1))
    assert rate() == (3, 2, None, None)
    monkeypatch.setattr(clock, "now", lambda: due)
    assert rate() == (5, 2, 40.0, pytest.approx((2 + 4 + 168) / 3))
    old = start - rules().window
    row(old + timedelta(hours=1), sent=old - timedelta(days=9), by=old)
    assert rate()[0] == 5
    assert response_rates.of(session, market.two.provider.id).n == 0
    ids = [one.provider.id, market.two.provider.id]
    mine = response_rates.of(session, one.provider.id)
    assert response_rates.of_each(session, ids) == {one.provider.id: mine}


@pytest.mark.parametrize(
    "change",
    [
        {"phase": "answered"}, {"phase": "lost"}, {"outcome": "won"}, {"minutes": 3},
        {"contact_encrypted": b"x"}, {"reply_by": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_the_database_keeps_the_promises(market, change):
    row = world.send(market.session, market.firm, market.one).parties[0]
    for name, value in change.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError):
        market.session.flush()


@SQLITE
def test_messages_are_as_long_as_a_page_can_take(market):
    session, one = market.session, market.one
    row = world.party(session, one, world.send(session, market.firm, one))
    for text in ("", "  \n", "长" * (inquiry_threads.LONGEST + 1)):
        with pytest.raises(Invalid):
            inquiry_threads.post(session, one.actor, row, text)
    assert session.scalars(select(InquiryMessage)).all() == []
