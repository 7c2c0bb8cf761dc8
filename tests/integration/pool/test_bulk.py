"""Bulk actions: the plan is what happens, one refusal leaves the others alone."""

import pytest
from sqlalchemy import func, select

from marketplace.errors import Invalid
from marketplace.models import Event, Membership
from marketplace.phases import Role, StandingPhase
from marketplace.services.pool import bulk
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.integration.pool.conftest import Pool, actor

WHY = Decision(why={"reason": "抽查", "reason_code": "", "document_no": ""})
EXIT = Decision(why={"reason": "申请退出", "reason_code": "X10", "document_no": ""})


def members(pool: Pool, *phases: StandingPhase) -> list[Membership]:
    return [
        factories.make_membership(
            pool.session, pool.round, factories.make_provider(pool.session), phase=phase
        )
        for phase in phases
    ]


def ids(rows: list[Membership]) -> list[int]:
    return [row.id for row in rows]


def test_the_plan_counts_what_the_earlier_ones_free(pool: Pool) -> None:
    rows = members(pool, *[StandingPhase.LISTED] * 3)
    plan = bulk.plan(pool.session, pool.officer, "withdraw", ids(rows))
    assert [(p.consequence.used_before, p.consequence.used_after) for p in plan] == [
        (3, 2), (2, 1), (1, 0),
    ]  # fmt: skip
    assert all(p.possible for p in plan)
    assert "家用电器及配件制造）：2/20 → 1/20" in plan[1].consequence.texts[2]


def test_the_report_is_per_item_and_refusals_change_nothing(pool: Pool) -> None:
    listed, warned, suspended = rows = members(
        pool, StandingPhase.LISTED, StandingPhase.WARNED, StandingPhase.SUSPENDED
    )
    plan = bulk.plan(pool.session, pool.officer, "warn", ids(rows))
    assert [p.possible for p in plan] == [True, False, False]
    versions = {row.id: row.version for row in rows}
    report = bulk.run(pool.session, pool.officer, "warn", versions, WHY)
    assert [(line["id"], line["done"]) for line in report] == [
        (listed.id, True), (warned.id, False), (suspended.id, False),
    ]  # fmt: skip
    assert report[1]["reasons"] == ["当前状态是“警告”，不能警告"]
    assert report[0]["name"] == listed.provider.organisation.name
    phases = [row.phase for row in rows]
    assert phases == [StandingPhase.WARNED, StandingPhase.WARNED, StandingPhase.SUSPENDED]
    assert pool.session.scalar(select(func.count()).select_from(Event).where(
        Event.action == "warn")) == 1  # fmt: skip


def test_a_stale_item_is_reported_and_the_rest_goes_on(pool: Pool) -> None:
    rows = members(pool, StandingPhase.LISTED, StandingPhase.LISTED)
    versions = {rows[0].id: rows[0].version + 1, rows[1].id: rows[1].version}
    report = bulk.run(pool.session, pool.officer, "withdraw", versions, EXIT)
    assert [line["done"] for line in report] == [False, True]
    assert report[0]["reasons"] == ["内容已被他人更新"]
    pool.session.refresh(rows[0].quota)
    assert rows[0].quota.used == 1


def test_an_incomplete_decision_does_nothing_at_all(pool: Pool) -> None:
    rows = members(pool, StandingPhase.LISTED, StandingPhase.LISTED)
    versions = {row.id: row.version for row in rows}
    with pytest.raises(Invalid):
        bulk.run(pool.session, pool.officer, "warn", versions, Decision(why={}))


def test_what_the_actor_may_not_see_is_left_out(pool: Pool) -> None:
    rows = members(pool, StandingPhase.LISTED)
    other = actor(pool.session, Role.DISTRICT_REVIEWER, district="370212")
    assert bulk.plan(pool.session, other, "warn", ids(rows)) == []
    assert bulk.run(pool.session, other, "warn", {rows[0].id: 1}, WHY) == []
    own = actor(pool.session, Role.DISTRICT_REVIEWER, district="370202")
    report = bulk.run(pool.session, own, "warn", {rows[0].id: 1}, WHY)
    assert [line["reasons"] for line in report] == [["您没有进行此操作的权限"]]
    assert rows[0].phase == StandingPhase.LISTED


def test_no_more_than_two_hundred_at_once(pool: Pool) -> None:
    with pytest.raises(Invalid):
        bulk.plan(pool.session, pool.officer, "warn", list(range(1, 202)))
