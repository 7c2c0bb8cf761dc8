"""Demands: nameless until an invitation, answered in private, moderated, over in time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Message, StoredFile
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import AnswerPhase, DemandPhase, InquiryPhase, Role, StandingPhase
from marketplace.services.demands import demands, demands_answers, demands_rules
from marketplace.services.demands.demands import Content
from marketplace.services.demands.demands_answers import Offer
from marketplace.services.files import files
from marketplace.services.inbox import tasks
from marketplace.services.inquiries import inquiries, inquiry_clock, inquiry_tasks
from marketplace.services.inquiries.inquiry_rules import rules
from tests.support import world_inquiries as world

assert inquiry_tasks  # tasks register themselves

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
OFFER = Offer("可以做，先看现场。", Decimal(150_000), 60)


def told(session, user_id):
    query = select(Message.title).where(Message.kind == "demand", Message.user_id == user_id)
    return list(session.scalars(query.order_by(Message.id)))


def test_from_draft_to_invitation(market):
    session, firm, one, two = market.session, market.firm, market.one, market.two
    row = world.demand(session, firm, publish=False)
    assert session.scalars(demands.public()).all() == []
    with pytest.raises(NotFound):
        demands.shown(session, row.id)
    demands.act(session, firm.actor, row, "demand_publish", expected_version=row.version)
    assert [item.id for item in session.scalars(demands.public("home_appliance"))] == [row.id]
    assert session.scalars(demands.public("auto_parts")).all() == []
    given = demands_answers.answer(session, one.actor, row.id, OFFER)
    demands_answers.answer(session, two.actor, row.id, Offer("我们也可以"))
    with pytest.raises(Conflict, match="已经答复过"):
        demands_answers.answer(session, one.actor, row.id, OFFER)
    names = [one.organisation.name, two.organisation.name]
    assert told(session, firm.actor.user_id) == [f"{name}答复了需求：{row.title}" for name in names]
    todo = [task for task in tasks.of(session, firm.actor) if task.kind == "需求"]
    assert [(task.url, task.text) for task in todo] == [(f"/me/demands/{row.id}", "2 家")]
    assert [a.provider_id for a in demands_answers.of_demand(session, firm.actor, row)] == [
        one.provider.id, two.provider.id
    ]  # fmt: skip
    thread = demands_answers.invite(session, firm.actor, row, one.provider.id)
    assert (thread.provider_id, thread.phase, thread.demand_id) == (
        one.provider.id, InquiryPhase.WAITING, row.id
    )  # fmt: skip
    assert given.phase == AnswerPhase.INVITED
    assert inquiries.party(session, one.actor, thread.id).inquiry.title == row.title
    with pytest.raises(Conflict, match="已经邀请过"):
        demands_answers.invite(session, firm.actor, row, one.provider.id)
    # Somebody who only was suggested may be invited too.
    other = demands_answers.invite(session, firm.actor, row, market.three.provider.id)
    assert demands_answers.invited(session, row) == {
        one.provider.id: thread.id, market.three.provider.id: other.id
    }  # fmt: skip


def test_answers_are_known_to_their_two_sides(market):
    session, firm, one, two = market.session, market.firm, market.one, market.two
    row = world.demand(session, firm)
    given = demands_answers.answer(session, one.actor, row.id, OFFER)
    paper = StoredFile(
        sha256="0" * 64, name="方案.pdf", media_type="application/pdf", size=1,
        purpose=demands_answers.FILES, subject_type="demand_answers", subject_id=given.id,
    )  # fmt: skip
    session.add(paper)
    session.flush()
    officer = world.officer(session)
    for actor in (two.actor, market.other.actor, officer, NOBODY, Actor(role=Role.AUDITOR)):
        with pytest.raises(NotFound):
            demands_answers.get(session, actor, given.id)
        assert demands_answers.of_demand(session, actor, row) == []
        assert not files.may_read(session, actor, paper)
    for actor in (firm.actor, one.actor):
        assert demands_answers.get(session, actor, given.id).text == OFFER.text
        assert files.may_read(session, actor, paper)
    for actor in (one.actor, two.actor, market.other.actor):  # with its name: the firm and staff
        with pytest.raises(NotFound):
            demands.get(session, actor, row.id)
        with pytest.raises((Forbidden, NotFound)):
            demands_answers.invite(session, actor, row, one.provider.id)
    assert demands.get(session, officer, row.id).organisation.id == firm.organisation.id
    draft = world.demand(session, firm, publish=False)
    with pytest.raises(NotFound):
        demands.get(session, officer, draft.id)


def test_an_answer_is_mended_taken_back_given_again_and_not_chosen(market):
    session, firm, one = market.session, market.firm, market.one
    row = world.demand(session, firm)
    given = demands_answers.answer(session, one.actor, row.id, OFFER)
    new = Offer("改为分两期", None, 90)
    given = demands_answers.edit(session, one.actor, given, new, expected_version=given.version)
    assert (given.text, given.price_cny, given.days) == ("改为分两期", None, 90)
    with pytest.raises(Conflict, match="同事更新"):
        demands_answers.edit(session, one.actor, given, OFFER, expected_version=1)
    demands_answers.withdraw(session, one.actor, given, expected_version=given.version)
    assert demands.answer_numbers(session, [row.id]) == {}
    given = demands_answers.edit(session, one.actor, given, OFFER, expected_version=given.version)
    assert given.phase == AnswerPhase.SENT
    demands_answers.refuse(
        session, firm.actor, given, reason="超出预算", expected_version=given.version
    )
    assert (given.phase, given.note) == (AnswerPhase.REFUSED, "超出预算")
    assert told(session, one.actor.user_id) == [f"需求答复未选中：{row.title}"]
    with pytest.raises(Conflict, match="不能再修改"):
        demands_answers.edit(session, one.actor, given, OFFER, expected_version=given.version)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("请联系 138-0000 0000", "电话"), ("电话０５３２－８５９１２３４５", "电话"),
        ("邮箱 a.b@firm.example", "邮箱"), ("我们{core}有两台注塑机", "名称"),
        ("代码{uscc}", "信用代码"),
    ],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_words_that_give_the_enterprise_away_are_not_published(market, words, why):
    session, firm = market.session, market.firm
    core = firm.organisation.name.removesuffix("有限公司")
    text = words.format(core=core, uscc=firm.organisation.uscc.lower())
    row = world.demand(session, firm, publish=False, text=text)
    with pytest.raises(Conflict, match=f"暴露企业身份.*{why}"):
        demands.act(session, firm.actor, row, "demand_publish")
    assert row.phase == DemandPhase.DRAFT


def test_ordinary_numbers_may_be_published(market):
    row = world.demand(market.session, market.firm, text="12台设备，2024年产值3000万元，精度0.05mm")
    assert demands_rules.telling(row, market.firm.organisation) == []
    assert row.phase == DemandPhase.PUBLISHED


def test_days_budgets_and_numbers_have_limits(market):
    session, firm = market.session, market.firm
    today = clock.today()
    for until, why in (
        (today - timedelta(days=1), "已过"), (today + timedelta(days=181), "最晚到")
    ):  # fmt: skip
        row = world.demand(session, firm, publish=False, until=until)
        with pytest.raises(Conflict, match=why):
            demands.act(session, firm.actor, row, "demand_publish")
    with pytest.raises(Invalid) as caught:
        world.demand(session, firm, budget_low_cny=Decimal(2), budget_high_cny=Decimal(1))
    assert caught.value.fields == {"budget_high": ["预算上限不能小于下限"]}
    for _ in range(rules().demands_open):
        world.demand(session, firm)
    with pytest.raises(Conflict, match="最多10条"):
        world.demand(session, firm)
    world.demand(session, market.other)


def test_a_published_demand_cannot_be_rewritten(market):
    session, firm = market.session, market.firm
    row = world.demand(session, firm)
    content = Content(**{**world.CONTENT.__dict__, "title": "换个标题"})
    with pytest.raises(Conflict, match="不能再修改"):
        demands.save(session, firm.actor, row, content, expected_version=row.version)
    with pytest.raises(NotFound):
        demands.save(session, market.other.actor, row, content, expected_version=row.version)


def test_taken_down_with_a_reason_mended_and_published_again(market):
    session, firm, one = market.session, market.firm, market.one
    officer = world.officer(session)
    row = world.demand(session, firm)
    given = demands_answers.answer(session, one.actor, row.id, OFFER)
    with pytest.raises(Invalid):
        demands.act(session, officer, row, "demand_take_down")
    with pytest.raises((Forbidden, NotFound)):
        demands.act(session, one.actor, row, "demand_take_down", reason="竞争对手")
    demands.act(session, officer, row, "demand_take_down", reason="含有广告")
    assert (row.phase, row.note) == (DemandPhase.TAKEN_DOWN, "含有广告")
    with pytest.raises(NotFound):
        demands.shown(session, row.id)
    with pytest.raises(NotFound):
        demands_answers.answer(session, market.two.actor, row.id, OFFER)
    assert told(session, firm.actor.user_id)[-1] == f"需求被撤下：{row.title}"
    assert told(session, one.actor.user_id) == [f"需求已结束征集：{row.title}"]
    with pytest.raises(Conflict, match="没有公开"):
        demands_answers.invite(session, firm.actor, row, one.provider.id)
    demands.act(session, firm.actor, row, "demand_revise")
    demands.act(session, firm.actor, row, "demand_publish")
    assert (row.phase, row.note, given.phase) == (DemandPhase.PUBLISHED, "", AnswerPhase.SENT)


def test_it_is_over_in_time(market, engine, monkeypatch):
    session, firm, one = market.session, market.firm, market.one
    row = world.demand(session, firm, until=clock.today() + timedelta(days=1))
    given = demands_answers.answer(session, one.actor, row.id, OFFER)
    session.commit()
    end, number = row.closes_at, row.id
    monkeypatch.setattr(clock, "now", lambda: end)
    with pytest.raises(Conflict, match="不再接受答复"):  # before any worker came
        demands_answers.answer(session, market.two.actor, number, OFFER)
    session.rollback()
    assert session.scalars(demands.public()).all() == []
    assert demands.shown(session, number).id == number
    session.rollback()
    assert [inquiry_clock.run(Database(engine)) for _ in range(2)] == [1, 0]
    session.expire_all()
    assert demands.get(session, firm.actor, number).phase == DemandPhase.CLOSED
    assert told(session, firm.actor.user_id)[-1] == f"需求已到期：{world.CONTENT.title}"
    given = demands_answers.get(session, one.actor, given.id)
    with pytest.raises(Conflict, match="不再接受"):
        demands_answers.edit(session, one.actor, given, OFFER, expected_version=given.version)
    # The enterprise may still go on with those who answered.
    row = demands.get(session, firm.actor, number)
    assert demands_answers.invite(session, firm.actor, row, one.provider.id).demand_id == number


@pytest.mark.parametrize("phase", [StandingPhase.RECTIFYING, StandingPhase.SUSPENDED])
def test_whoever_may_take_none_neither_answers_nor_is_invited(market, phase):
    session = market.session
    fallen = world.asked(session, market.round, phase=phase)
    row = world.demand(session, market.firm)
    with pytest.raises(Conflict, match="不能接收新咨询"):
        demands_answers.answer(session, fallen.actor, row.id, OFFER)
    with pytest.raises(Conflict, match="不能接收新咨询"):
        demands_answers.invite(session, market.firm.actor, row, fallen.provider.id)
