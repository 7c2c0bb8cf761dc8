"""Selection files: a locked list stays, every other candidate has a reason, the fit are chosen."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Event, Membership, Message, Organisation, Round, Selection
from marketplace.permissions import NOBODY, Actor
from marketplace.phases import ChoicePhase, ProjectPhase, Role, StandingPhase
from marketplace.services.choosing import selection_rules, selections
from marketplace.services.choosing.selection_tasks import NEXT
from marketplace.services.inbox import tasks
from marketplace.services.projects import filings
from tests import factories
from tests.integration.choosing.conftest import make_firm, make_listed, save


def events(session, row):
    query = select(Event.action, Event.from_state, Event.to_state).where(
        Event.subject_type == "selections", Event.subject_id == row.id
    )
    return [tuple(item) for item in session.execute(query.order_by(Event.id))]


def reasoned(session, firm, row, but):
    """A reason for everybody but ``but``."""
    reasons = {e.provider_id: f"{e.name}报价偏高" for e in row.entries if e.provider_id != but}
    return selections.give_reasons(session, firm.actor, row, reasons)


def test_from_search_to_contract(session, firm, locked):
    one, two, three = make_listed(session, 3)
    owner = factories.make_user(session)
    factories.make_grant(session, owner, Role.PROVIDER_OWNER, two.organisation)
    row = locked([one, two, three])
    assert [(entry.seq, entry.provider_id, entry.reason) for entry in row.entries] == [
        (1, one.id, ""), (2, two.id, ""), (3, three.id, "")
    ]  # fmt: skip
    assert reasoned(session, firm, row, two.id) == 2
    row = selections.choose(session, firm.actor, row, two.id, reason="有同规模案例")
    assert (row.phase, row.chosen_provider_id, row.chosen_because) == (
        ChoicePhase.CHOSEN, two.id, "有同规模案例"
    )  # fmt: skip
    row = selections.hand_over(session, firm.actor, row)
    assert row.phase == ChoicePhase.HANDED_OVER
    told = session.execute(select(Message.user_id, Message.kind, Message.title)).all()
    assert [tuple(item) for item in told] == [
        (owner.id, "selection", f"{firm.organisation.name}选定了贵公司，请起草合同备案")
    ]
    assert events(session, row) == [
        ("selection_start", "", "unlocked"),
        ("lock", "unlocked", "locked"),
        ("selection_reasons", "", ""),
        ("choose", "locked", "chosen"),
        ("hand_over", "chosen", "handed_over"),
    ]


def test_a_locked_list_does_not_change_with_the_provider(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    before = json.loads(json.dumps(row.snapshot))
    text = json.dumps(before, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert row.snapshot_sha256 == sha256(text.encode()).hexdigest()
    one.strengths, one.organisation.name = ["新写的优势"], "改名后的公司"
    session.flush()
    session.expire_all()
    row = selections.get(session, firm.actor, row.id)
    assert row.snapshot == before
    assert [entry.name for entry in row.entries] == [before["candidates"][0]["name"]]
    with pytest.raises(Conflict, match="不能锁定结果"):
        selections.lock(session, firm.actor, row, [one.id])
    assert selections.get(session, firm.actor, row.id).snapshot == before


def test_a_list_is_locked_within_its_bounds(session, firm):
    providers = make_listed(session, 31)
    ids = [item.id for item in providers]
    row = selections.start(session, firm.actor, save(session, firm), title="太宽")
    with pytest.raises(Invalid, match="结果有31家，最多锁定30家"):
        selections.lock(session, firm.actor, row, ids)
    with pytest.raises(Invalid, match="没有可以锁定的结果"):
        selections.lock(session, firm.actor, row, [])
    assert (row.phase, row.snapshot) == (ChoicePhase.OPEN, None)
    row = selections.lock(session, firm.actor, row, ids[:30])
    assert len(row.entries) == 30


def test_every_other_candidate_needs_a_reason(session, firm, locked):
    one, two, three = make_listed(session, 3)
    row = locked([one, two, three])
    selections.give_reasons(session, firm.actor, row, {two.id: "工期太长"})
    with pytest.raises(Conflict) as refused:
        selections.choose(session, firm.actor, row, one.id, reason="价格合适")
    assert refused.value.reasons == [f"还没有写不选的理由：{three.organisation.name}"]
    with pytest.raises(Invalid) as empty:
        selections.choose(session, firm.actor, row, one.id, reason=" ")
    assert empty.value.fields == {"reason": ["请填写理由"]}
    (stranger,) = make_listed(session, 1, round_=session.scalars(select(Round)).one())
    with pytest.raises(Conflict, match="不在锁定的名单里"):
        selections.choose(session, firm.actor, row, stranger.id, reason="价格合适")


@pytest.mark.parametrize("phase", list(StandingPhase))
def test_only_who_may_take_contracts_is_chosen(session, firm, locked, phase):
    one, two = make_listed(session, 2)
    row = locked([one, two])
    selections.give_reasons(session, firm.actor, row, {two.id: "工期太长"})
    place = session.scalars(select(Membership).where(Membership.provider_id == one.id)).one()
    place.phase = place.state = phase.value
    place.exited_on = clock.today() if phase is StandingPhase.EXITED else None
    session.flush()
    fit = phase in (StandingPhase.LISTED, StandingPhase.WARNED)
    shown = selection_rules.standing(session, [one.id, two.id])
    assert (shown[one.id] == "", shown[two.id]) == (fit, "")
    assert (shown[one.id] or None) == selection_rules.why_not(session, one.id)
    if fit:
        assert filings.unfit(session, place.id) is None
        chosen = selections.choose(session, firm.actor, row, one.id, reason="价格合适")
        assert chosen.chosen_provider_id == one.id
        return
    with pytest.raises(Conflict) as refused:
        selections.choose(session, firm.actor, row, one.id, reason="价格合适")
    assert refused.value.reasons == [f"{one.organisation.name}：{shown[one.id]}"]
    assert selections.get(session, firm.actor, row.id).phase == ChoicePhase.LOCKED


def test_a_ban_and_hiding_forbid_as_well(session, firm, locked):
    one, two, three = make_listed(session, 3)
    round_ = session.scalars(select(Round)).one()
    row = locked([one, two, three])
    factories.make_ban(session, round_, one)
    two.hidden_at = clock.now()
    session.flush()
    shown = selection_rules.standing(session, [one.id, two.id, three.id])
    assert shown == {
        one.id: "服务商目前“禁报期内”，不能备案新合同", two.id: selection_rules.LEFT, three.id: "",
    }  # fmt: skip
    for provider in (one, two):
        reasoned(session, firm, row, provider.id)
        with pytest.raises(Conflict):
            selections.choose(session, firm.actor, row, provider.id, reason="价格合适")


def test_a_choice_is_taken_back_with_a_reason_and_the_provider_hears_of_it(session, firm, locked):
    one, two = make_listed(session, 2)
    owner = factories.make_user(session)
    factories.make_grant(session, owner, Role.PROVIDER_OWNER, one.organisation)
    row = locked([one, two])
    reasoned(session, firm, row, one.id)
    row = selections.choose(session, firm.actor, row, one.id, reason="价格合适")
    row = selections.hand_over(session, firm.actor, row)
    team = Actor(role=Role.PROVIDER_OWNER, user_id=owner.id, organisation_id=one.organisation_id)
    waiting = [task.title for task in tasks.of(session, team)]
    assert f"起草合同备案：{firm.organisation.name}" in waiting
    with pytest.raises(Invalid):
        selections.reconsider(session, firm.actor, row, reason="")
    row = selections.reconsider(session, firm.actor, row, reason="对方提出涨价")
    assert (row.phase, row.chosen_provider_id, row.chosen_because) == (ChoicePhase.LOCKED, None, "")
    titles = session.scalars(select(Message.title).order_by(Message.id)).all()
    assert titles[-1] == f"{firm.organisation.name}重新选择服务商"
    assert f"起草合同备案：{firm.organisation.name}" not in [
        task.title for task in tasks.of(session, team)
    ]
    own = [task.title for task in tasks.of(session, firm.actor)]
    assert own == [f"{NEXT[ChoicePhase.LOCKED]}：{row.title}"]


def test_standing_is_asked_again_when_the_contract_is_begun(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    row = selections.choose(session, firm.actor, row, one.id, reason="只有一家")
    place = session.scalars(select(Membership).where(Membership.provider_id == one.id)).one()
    place.phase = place.state = "suspended"
    session.flush()
    with pytest.raises(Conflict, match="暂停"):
        selections.hand_over(session, firm.actor, row)
    assert session.scalar(select(func.count()).select_from(Message)) == 0


def test_an_ended_file_stays_readable(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    row = selections.abandon(session, firm.actor, row, reason="改造推迟到明年")
    assert (row.phase, len(row.entries)) == (ChoicePhase.ABANDONED, 1)
    for step in (
        lambda: selections.give_reasons(session, firm.actor, row, {one.id: "x"}),
        lambda: selections.choose(session, firm.actor, row, one.id, reason="x"),
        lambda: selections.hand_over(session, firm.actor, row),
    ):
        with pytest.raises(Conflict):
            step()


def test_nobody_else_knows_of_it(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    other = make_firm(session, uscc=factories.uscc())
    chosen = Actor(role=Role.PROVIDER_OWNER, user_id=1, organisation_id=one.organisation_id)
    city = Actor(role=Role.CITY_LEADER, user_id=1, organisation_id=1)
    for actor in (other.actor, chosen, city, NOBODY):
        with pytest.raises(NotFound):
            selections.get(session, actor, row.id)
        for step in (
            lambda a=actor: selections.lock(session, a, row, [one.id]),
            lambda a=actor: selections.give_reasons(session, a, row, {one.id: "x"}),
            lambda a=actor: selections.choose(session, a, row, one.id, reason="x"),
            lambda a=actor: selections.hand_over(session, a, row),
            lambda a=actor: selections.abandon(session, a, row, reason="x"),
        ):
            with pytest.raises((NotFound, Forbidden)):
                step()
    search = save(session, other, name="别家的搜索")
    with pytest.raises(NotFound):
        selections.start(session, firm.actor, search, title="借用")


def test_a_stale_page_chooses_nothing(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    with pytest.raises(Conflict) as stale:
        selections.choose(
            session, firm.actor, row, one.id, reason="x", expected_version=row.version - 1
        )
    assert stale.value.code == "stale_version"


@pytest.mark.parametrize(
    "values",
    [
        {"snapshot_sha256": ""},
        {"phase": "chosen", "state": "chosen"},
        {"locked_at": None},
        {"phase": "lost"},
    ],
)
def test_the_database_keeps_the_promises_too(session, firm, locked, values):
    (one,) = make_listed(session, 1)
    row = locked([one])
    for name, value in values.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError):
        session.flush()


def test_the_contract_that_came_of_it_is_shown_once_it_is_submitted(session, firm, locked):
    (one,) = make_listed(session, 1)
    row = locked([one])
    row = selections.choose(session, firm.actor, row, one.id, reason="只有一家")
    assert selections.contracts(session, firm.actor, row) == []
    row = selections.hand_over(session, firm.actor, row)
    place = session.scalars(select(Membership).where(Membership.provider_id == one.id)).one()
    enterprise = session.get_one(Organisation, firm.organisation.id)
    factories.make_project(session, place, enterprise, phase=ProjectPhase.DRAFT)
    other = make_firm(session, uscc=factories.uscc())
    factories.make_project(session, place, other.organisation, phase=ProjectPhase.CONFIRMING)
    assert selections.contracts(session, firm.actor, row) == []
    theirs = factories.make_project(
        session, place, enterprise, phase=ProjectPhase.CONFIRMING, signed_on=clock.today()
    )
    old = factories.make_project(session, place, enterprise, phase=ProjectPhase.CONFIRMING)
    old.created_at = row.state_since - timedelta(days=30)
    older = factories.make_project(session, place, enterprise, phase=ProjectPhase.CONFIRMING)
    older.signed_on = clock.beijing(row.locked_at).date() - timedelta(days=1)  # filed late
    session.flush()
    assert [item.id for item in selections.contracts(session, firm.actor, row)] == [theirs.id]
    assert session.scalar(select(func.count()).select_from(Selection)) == 1


def test_a_contract_belongs_to_the_last_choice_before_it(session, firm, locked):
    (one,) = make_listed(session, 1)
    place = session.scalars(select(Membership).where(Membership.provider_id == one.id)).one()
    rows, found = [], []
    for month in (2, 1):
        row = selections.choose(
            session, firm.actor, locked([one], f"第{month}份"), one.id, reason="只有一家"
        )
        row = selections.hand_over(session, firm.actor, row)
        row.state_since = clock.now() - timedelta(days=30 * month)
        project = factories.make_project(
            session, place, firm.organisation, phase=ProjectPhase.CONFIRMING,
            signed_on=clock.today(),
        )  # fmt: skip
        project.created_at = row.state_since + timedelta(days=1)
        session.flush()
        rows.append(row)
        found.append([project.id])
    shown = [[p.id for p in selections.contracts(session, firm.actor, row)] for row in rows]
    assert shown == found


def test_who_evaluates_the_enterprise_cannot_be_chosen(session, firm, locked):
    """The clause is quoted (QD 基本条件 7, J1)."""
    one, builder = make_listed(session, 2)
    place = session.scalars(select(Membership).where(Membership.provider_id == builder.id)).one()
    factories.make_project(session, place, firm.organisation, evaluator_id=one.organisation_id)
    row = locked([one])
    with pytest.raises(Conflict) as refused:
        selections.choose(session, firm.actor, row, one.id, reason="只有一家")
    assert "已承担贵企业的验收评估，不能再承担改造。基本条件第7条：“" in refused.value.message
