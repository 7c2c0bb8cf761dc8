"""Appeals: decided by others, within the window, with the original day; never over the quota."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.models import Ban, CaseStudy, Membership, Replacement
from marketplace.phases import ProceedingKind, Role
from marketplace.services.pool import quotas
from marketplace.services.proceedings import appeals, appeals_deciding, proceedings, removals_notice
from tests import factories
from tests.integration.proceedings.test_removal import decided
from tests.support.world_proceedings import WHY, actor_of

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def removed(qingdao, time):
    """A place that was removed, with its case."""
    case = decided(qingdao)
    qingdao.act(case, "open_notice", qingdao.officer)
    qingdao.finish(qingdao.publish(time), qingdao.leader)
    qingdao.session.refresh(case)
    return case


def test_who_decided_does_not_decide_again(qingdao, session):
    case = qingdao.open(ProceedingKind.SUSPENSION, "X17")
    appeal = qingdao.appeal(case)
    # Monday 2 March: 5 working days to file, 15 to answer.
    assert appeal.window_until == clock.end_of_day(date(2026, 3, 9))
    assert appeal.decide_by == clock.end_of_day(date(2026, 3, 23))
    names = {user.name for user in appeals_deciding.candidates(session, appeal)}
    assert qingdao.officer.name not in names
    assert qingdao.leader.name in names
    with pytest.raises(Conflict, match="参与过原决定") as refused:
        appeals_deciding.name_panel(
            session, qingdao.leader, appeal, [qingdao.officer.user_id], reason="组成"
        )
    assert refused.value.code == "decided_before"

    fresh = actor_of(session, Role.CITY_OFFICER)
    appeals_deciding.name_panel(session, qingdao.leader, appeal, [fresh.user_id], reason="组成")
    with pytest.raises(Conflict, match="只有申诉小组成员"):
        appeals_deciding.decide(session, qingdao.leader, appeal, upheld=True, why=WHY)
    # Whoever acts in the case after he was named has decided before as well.
    proceedings.act(session, fresh, case, "lift", why=WHY)
    with pytest.raises(Conflict, match="参与过原决定"):
        appeals_deciding.decide(session, fresh, appeal, upheld=True, why=WHY)


def test_upheld_against_a_suspension_lifts_it_and_rejected_leaves_it(qingdao, session):
    case = qingdao.open(ProceedingKind.SUSPENSION, "X17")
    appeal = qingdao.decide(qingdao.appeal(case), upheld=True)
    session.refresh(case)
    assert (appeal.state, case.state, qingdao.place()) == ("upheld", "lifted", ("listed", 1))

    again = qingdao.open(ProceedingKind.SUSPENSION, "X17")
    second = qingdao.decide(qingdao.appeal(again), upheld=False)
    assert (second.state, second.outcome, qingdao.place()) == (
        "rejected", "rejected", ("suspended", 1),
    )  # fmt: skip
    with pytest.raises(Conflict, match="已经申诉过"):
        qingdao.appeal(again)


def test_the_window_ends_with_its_last_working_day(qingdao, time, session):
    case = qingdao.open(ProceedingKind.SUSPENSION, "X17")
    with pytest.raises(Invalid):
        qingdao.appeal(case, text=" ")
    end = clock.end_of_day(date(2026, 3, 9))
    time.set(end)
    with pytest.raises(Conflict, match="5个工作日，到2026-03-09 24:00，已经结束"):
        qingdao.appeal(case)
    assert appeals.possible(session, "proceedings", case.id) is None
    time.set(end - timedelta(seconds=1))
    assert qingdao.appeal(case).filed_at == end - timedelta(seconds=1)


def test_a_removal_that_was_wrong_gives_the_place_back_with_its_day(qingdao, time, session):
    shown = factories.make_case(session, qingdao.provider)
    case = removed(qingdao, time)
    old = qingdao.membership
    assert qingdao.place() == ("removed", 0)
    appeal = qingdao.decide(qingdao.appeal(case), upheld=True)
    new = session.get_one(Membership, appeal.restored_id)
    assert (new.state, new.listed_on, new.provider_id) == ("listed", old.listed_on, old.provider_id)
    assert (new.id != old.id, qingdao.place()) == (True, ("removed", 1))
    assert session.scalars(select(Ban.lifted_on)).all() == [clock.today()]
    session.refresh(shown)
    assert session.scalars(select(CaseStudy.hidden_at)).all() == [None]
    assert session.scalars(select(Replacement.state)).all() == ["given_up"]


def test_a_place_that_was_taken_waits_for_a_quota_decision(qingdao, time, session):
    case = removed(qingdao, time)
    quota = factories.quota_of(session, qingdao.round, "product", "home_appliance")
    session.refresh(quota)
    quota.cap, quota.minimum = 1, 0
    factories.make_membership(session, qingdao.round, factories.make_provider(session))
    appeal = qingdao.decide(qingdao.appeal(case), upheld=True)
    session.refresh(quota)
    assert (appeal.state, appeal.outcome) == ("awaiting_quota", "upheld")
    assert (quota.used, quota.cap) == (1, 1)
    with pytest.raises(Conflict) as full:
        appeals_deciding.restore(session, qingdao.leader, appeal, why=WHY, expected_version=None)
    assert full.value.code == "quota_full"
    quotas.change(
        session, qingdao.leader, quota, minimum=0, cap=2, expected_version=quota.version, why=WHY
    )
    appeals_deciding.restore(session, qingdao.leader, appeal, why=WHY, expected_version=None)
    session.refresh(quota)
    assert (appeal.state, quota.used, quota.cap) == ("upheld", 2, 2)


def test_an_open_appeal_holds_the_announcement_and_upheld_ends_the_case(qingdao, time, session):
    case = decided(qingdao)
    appeal = qingdao.appeal(case)
    qingdao.act(case, "open_notice", qingdao.officer)
    notice = qingdao.publish(time)
    with pytest.raises(Conflict) as held:
        qingdao.finish(notice, qingdao.leader)
    assert "申诉还没有办结，暂缓公告" in held.value.reasons[0]
    qingdao.decide(appeal, upheld=True)
    session.refresh(case)
    assert (case.state, qingdao.place()) == ("dismissed", ("listed", 1))
    assert removals_notice.live_entry(session, case) is None
