"""Actions on memberships: what they change, and that nothing else can (S42)."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Ban, Event, Membership, OutboxItem
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission
from marketplace.phases import LIVE_PHASES, Role, StandingPhase
from marketplace.services.pool import bans, memberships
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.integration.pool.conftest import Pool, actor

DUE = date(2026, 12, 31)
TODAY = "2026-03-02 09:00:00+08:00"


def decision(transition: Any, round_: Any, **given: Any) -> Decision:
    """A complete decision for a transition."""
    after = round_.programme.workflows["standing"].state(transition.to)
    code = transition.reason_codes[0] if transition.reason_codes else ""
    values: dict[str, Any] = {
        "why": {"reason": "核查属实", "reason_code": code, "document_no": "青民发〔2026〕9号"},
        "rectify_by": DUE if after.phase == StandingPhase.RECTIFYING else None,
    }
    return Decision(**{**values, **given})


def act(pool: Pool, by: Actor, membership: Membership, action: str, **given: Any) -> Event:
    transition = next(
        item
        for item in membership.round.programme.workflows["standing"].transitions
        if item.action == action
    )
    wanted = decision(transition, membership.round, **given)
    return memberships.act(pool.session, by, membership, action, wanted)


def row_of(session: Session, membership: Membership) -> tuple[Any, ...]:
    """Every column of the row as it stands in the database, and of its cell."""
    session.flush()
    columns = inspect(Membership).columns
    row = session.execute(
        select(*columns).where(Membership.id == membership.id),
        execution_options={"populate_existing": True},
    ).one()
    session.refresh(membership.quota)
    return (*row, membership.quota.used, membership.quota.held)


@pytest.fixture
def member(pool: Pool) -> Membership:
    return factories.make_membership(
        pool.session, pool.round, factories.make_provider(pool.session)
    )


@time_machine.travel(TODAY, tick=False)
def test_warn_and_clear(pool: Pool, member: Membership) -> None:
    event = act(pool, pool.officer, member, "warn")
    assert (member.phase, event.action, event.from_state, event.to_state, event.reason) == (
        StandingPhase.WARNED, "warn", "listed", "warned", "核查属实",
    )  # fmt: skip
    assert member.state_since == clock.now()
    act(pool, pool.officer, member, "clear_warning")
    assert member.phase == StandingPhase.LISTED


@time_machine.travel(TODAY, tick=False)
def test_rectification_has_a_day_and_loses_it_when_closed(pool: Pool, member: Membership) -> None:
    event = act(pool, pool.officer, member, "order_rectification")
    assert (member.phase, member.rectify_by) == (StandingPhase.RECTIFYING, DUE)
    assert event.diff == {"rectify_by": "2026-12-31"}
    act(pool, pool.officer, member, "close_rectification")
    assert (member.phase, member.rectify_by) == (StandingPhase.LISTED, None)


@time_machine.travel(TODAY, tick=False)
@pytest.mark.parametrize("due", [None, date(2026, 3, 2), date(2026, 3, 1)])
def test_rectification_needs_a_later_day(pool: Pool, member: Membership, due: date | None) -> None:
    before = row_of(pool.session, member)
    with pytest.raises(Invalid) as caught:
        act(pool, pool.officer, member, "order_rectification", rectify_by=due)
    assert list(caught.value.fields) == ["rectify_by"]
    assert row_of(pool.session, member) == before


def test_only_rectification_takes_a_day(pool: Pool, member: Membership) -> None:
    with pytest.raises(Invalid):
        act(pool, pool.officer, member, "warn", rectify_by=DUE)


def test_an_import_may_record_a_past_day(pool: Pool, member: Membership) -> None:
    past = date(2024, 5, 1)
    act(pool, SYSTEM, member, "order_rectification", rectify_by=past, historical=True)
    assert member.rectify_by == past


@time_machine.travel(TODAY, tick=False)
def test_removal_frees_the_place_bans_and_tells_the_public(pool: Pool, member: Membership) -> None:
    factories.make_term(
        pool.session, "exit_reason", "X01", "申报材料弄虚作假", short_name="申报材料不实"
    )
    other = factories.make_membership(
        pool.session, pool.round, member.provider, type="integrator", segment="auto_parts"
    )
    pool.session.execute(OutboxItem.__table__.delete())
    act(pool, pool.leader, member, "remove")
    pool.session.refresh(member.quota)
    assert (member.phase, member.exited_on) == (StandingPhase.EXITED, date(2026, 3, 2))
    assert (member.reason_code, member.public_reason) == ("X01", "申报材料不实")
    assert member.quota.used == 0
    assert other.phase == StandingPhase.LISTED
    clause = bans.clause_for(pool.round.programme, "X01")
    assert clause is not None
    ban = pool.session.scalars(select(Ban)).one()
    assert (ban.organisation_id, ban.programme_id, ban.membership_id) == (
        member.provider.organisation_id, pool.round.programme_id, member.id,
    )  # fmt: skip
    assert (ban.since, ban.until) == (date(2026, 3, 2), bans.last_day(clause, date(2026, 3, 2)))
    keys = set(pool.session.scalars(select(OutboxItem.key).where(OutboxItem.kind == "index")))
    assert keys == {f"provider/{member.provider_id}"}


def test_withdrawal_frees_the_place_and_bans_nobody_for_long(
    pool: Pool, member: Membership
) -> None:
    act(pool, pool.officer, member, "withdraw", public_reason="企业业务调整")
    pool.session.refresh(member.quota)
    assert (member.phase, member.public_reason) == (StandingPhase.EXITED, "企业业务调整")
    assert member.quota.used == 0
    assert pool.session.scalar(select(func.count()).select_from(Ban)) == 0


def test_suspension_keeps_the_place(pool: Pool, member: Membership) -> None:
    act(pool, pool.officer, member, "suspend")
    pool.session.refresh(member.quota)
    assert (member.phase, member.quota.used) == (StandingPhase.SUSPENDED, 1)
    act(pool, pool.officer, member, "restore")
    assert (member.phase, member.public_reason) == (StandingPhase.LISTED, "")


def test_grounds_are_required_where_the_programme_says_so(pool: Pool, member: Membership) -> None:
    with pytest.raises(Invalid) as caught:
        act(pool, pool.leader, member, "remove", why={})
    assert sorted(caught.value.fields) == ["document_no", "reason", "reason_code"]
    with pytest.raises(Invalid) as caught:
        act(pool, pool.leader, member, "remove",
            why={"reason": "x", "document_no": "y", "reason_code": "X10"})  # fmt: skip
    assert sorted(caught.value.fields) == ["reason_code"]


def test_a_stale_page_changes_nothing(pool: Pool, member: Membership) -> None:
    shown = member.version
    act(pool, pool.officer, member, "warn", expected_version=shown)
    before = row_of(pool.session, member)
    with pytest.raises(Conflict) as caught:
        act(pool, pool.officer, member, "suspend", expected_version=shown)
    assert caught.value.code == "stale_version"
    assert row_of(pool.session, member) == before


def test_an_unknown_action_does_not_exist(pool: Pool, member: Membership) -> None:
    with pytest.raises(NotFound):
        memberships.act(pool.session, pool.officer, member, "approve", Decision(why={}))


@pytest.mark.parametrize("programme", sorted(factories.programmes()))
def test_every_action_from_every_wrong_state_is_refused(session: Session, programme: str) -> None:
    pool = Pool(
        session,
        factories.make_round(session, programme, year=2024, cities=("杭州市",)),
        SYSTEM,
        SYSTEM,
    )
    workflow = pool.round.programme.workflows["standing"]
    first = pool.round.programme
    for state in workflow.states:
        quota = factories.make_quota(session, pool.round)
        member = factories.make_membership(
            session, pool.round, factories.make_provider(session), quota=quota,
            phase=StandingPhase(state.phase), type=first.types[0].id, segment=first.segments[0].id,
        )  # fmt: skip
        member.state = state.id
        session.flush()
        for transition in workflow.transitions:
            if workflow.transition(state.id, transition.action) is not None:
                continue
            before = row_of(session, member)
            events = session.scalar(select(func.count()).select_from(Event))
            with pytest.raises(Conflict) as caught:
                memberships.act(
                    session, SYSTEM_OF(transition.by), member, transition.action,
                    decision(transition, pool.round),
                )  # fmt: skip
            assert caught.value.code == "wrong_state"
            assert row_of(session, member) == before
            assert session.scalar(select(func.count()).select_from(Event)) == events


def SYSTEM_OF(permission: str) -> Actor:
    """The system may everything that time-driven steps may; it stands for a permitted actor."""
    assert RULES[Permission(permission)].allows(SYSTEM, None)
    return SYSTEM


@pytest.mark.parametrize("role", [*Role, None])
def test_every_action_is_refused_to_every_role_without_its_permission(
    pool: Pool, member: Membership, role: Role | None
) -> None:
    session = pool.session
    by = NOBODY if role is None else actor(session, role, district="370202")
    for transition in pool.round.programme.workflows["standing"].transitions:
        if RULES[Permission(transition.by)].allows(by, member):
            continue
        before = row_of(session, member)
        events = session.scalar(select(func.count()).select_from(Event))
        with pytest.raises((Forbidden, NotFound)):
            memberships.act(
                session, by, member, transition.action, decision(transition, pool.round)
            )
        assert row_of(session, member) == before
        assert session.scalar(select(func.count()).select_from(Event)) == events


def test_live_places_equal_the_count_after_a_walk(pool: Pool) -> None:
    quota = factories.quota_of(pool.session, pool.round, "product", "home_appliance")
    members = [pool.admit(factories.make_provider(pool.session)) for _ in range(5)]
    act(pool, pool.leader, members[0], "remove")
    act(pool, pool.officer, members[1], "withdraw")
    act(pool, pool.officer, members[2], "suspend")
    live = pool.session.scalar(
        select(func.count()).where(
            Membership.quota_id == quota.id, Membership.phase.in_(LIVE_PHASES)
        )
    )
    pool.session.refresh(quota)
    assert (quota.used, live) == (3, 3)


def test_a_ban_of_years_ends_the_day_before_the_anniversary() -> None:
    from marketplace.services.calendar.durations import last_day, years_after

    assert last_day(date(2024, 3, 1), 3) == date(2027, 2, 28)
    assert years_after(date(2024, 2, 29), 1) == date(2025, 3, 1)
    assert last_day(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert last_day(date(2024, 2, 29), 4) == date(2028, 2, 28)
    assert timedelta(days=1) + last_day(date(2023, 3, 2), 1) == date(2024, 3, 2)
