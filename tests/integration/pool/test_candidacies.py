"""Candidacies hold places, are listed from notice or reserve, and are checked again before."""

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.models import Candidacy, Event, Quota
from marketplace.permissions import SYSTEM
from marketplace.phases import SelectionPhase, StandingPhase
from marketplace.services.pool import candidacies, quotas
from marketplace.services.pool.candidacies import Entry, Listing
from tests import factories
from tests.integration.pool.conftest import LISTED_ON, Pool

CELL = {"type": "chain_leader", "segment": "auto_parts"}
AFTER = "2024-03-05 09:00:00+08:00"


def enter(pool: Pool, phase: SelectionPhase, **given: Any) -> Candidacy:
    values = {
        "round": pool.round, "provider": factories.make_provider(pool.session),
        "phase": phase.value, "day": LISTED_ON, **CELL, **given,
    }  # fmt: skip
    row = candidacies.enter(pool.session, SYSTEM, Entry(**values))
    return candidacies.get(pool.session, row.id)


def quota(pool: Pool) -> Quota:
    found = factories.quota_of(pool.session, pool.round, **_cell())
    pool.session.refresh(found)
    return found


def places(pool: Pool) -> tuple[int, int]:
    found = quota(pool)
    return found.used, found.held


def test_decided_places_are_held_and_reserve_places_are_not(pool: Pool) -> None:
    enter(pool, SelectionPhase.DECISION)
    enter(pool, SelectionPhase.PUBLICITY)
    enter(pool, SelectionPhase.RESERVE)
    assert places(pool) == (0, 2)


def test_no_more_is_decided_than_there_are_places(pool: Pool) -> None:
    for _ in range(3):
        enter(pool, SelectionPhase.DECISION)
    with pytest.raises(Conflict) as caught:
        enter(pool, SelectionPhase.PUBLICITY)
    assert caught.value.code == quotas.FULL


def test_words_the_round_does_not_know_are_invalid(pool: Pool) -> None:
    with pytest.raises(Invalid) as caught:
        enter(pool, SelectionPhase.CLOSED, type="x", segment="y", rank=0)
    assert sorted(caught.value.fields) == ["phase", "rank", "segment", "type"]


@time_machine.travel(AFTER, tick=False)
def test_notice_over_uses_the_held_place(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.PUBLICITY, publicity_until=date(2024, 3, 4))
    listing = Listing(listed_on=date(2024, 3, 5), document_no="青民发字〔2024〕3号")
    member = candidacies.list_candidacy(pool.session, pool.officer, row, listing)
    assert places(pool) == (1, 0)
    assert (member.phase, member.type, member.document_no) == (
        StandingPhase.LISTED, "chain_leader", "青民发字〔2024〕3号",
    )  # fmt: skip
    assert row.phase == SelectionPhase.CLOSED
    event = pool.session.scalars(select(Event).order_by(Event.id.desc())).first()
    assert event is not None
    assert (event.action, event.subject_type, event.subject_id) == (
        "list", "memberships", member.id,
    )  # fmt: skip
    with pytest.raises(Conflict) as caught:
        candidacies.list_candidacy(pool.session, pool.officer, row, listing)
    assert "这项候选已经办结" in caught.value.reasons


@time_machine.travel(AFTER, tick=False)
@pytest.mark.parametrize("until", [date(2024, 3, 5), date(2024, 3, 20)])
def test_notice_still_running_refuses_whatever_day_is_typed(pool: Pool, until: date) -> None:
    row = enter(pool, SelectionPhase.PUBLICITY, publicity_until=until)
    listing = Listing(listed_on=until + timedelta(days=30))
    with pytest.raises(Conflict) as caught:
        candidacies.list_candidacy(pool.session, pool.officer, row, listing)
    assert caught.value.code == "in_notice"
    assert places(pool) == (0, 1)


def test_a_decision_is_not_listed_without_notice(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.DECISION)
    with pytest.raises(Conflict) as caught:
        candidacies.list_candidacy(pool.session, pool.officer, row, Listing(listed_on=LISTED_ON))
    assert caught.value.code == "no_notice"


def test_the_reserve_takes_a_free_place_only(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.RESERVE, rank=1)
    for _ in range(3):
        member = pool.admit(factories.make_provider(pool.session), **_cell())
    with pytest.raises(Conflict) as caught, pool.session.begin_nested():
        candidacies.list_candidacy(pool.session, pool.officer, row, Listing(listed_on=LISTED_ON))
    assert caught.value.code == quotas.FULL
    quotas.give_back(pool.session, member.quota_id)
    row = candidacies.get(pool.session, row.id)
    candidacies.list_candidacy(pool.session, pool.officer, row, Listing(listed_on=LISTED_ON))
    assert places(pool) == (3, 0)


def _cell() -> dict[str, str]:
    return {"type_": CELL["type"], "segment": CELL["segment"]}


def test_what_happened_since_stands_against_a_listing(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.PUBLICITY)
    sister = factories.make_provider(pool.session)
    factories.make_affiliation(pool.session, row.provider.organisation, sister.organisation)
    factories.make_membership(pool.session, pool.round, sister)
    with pytest.raises(Conflict) as caught:
        candidacies.list_candidacy(pool.session, pool.officer, row, Listing(listed_on=LISTED_ON))
    assert caught.value.code == "one_per_affiliate_group"
    assert places(pool) == (0, 1)


def test_a_stale_page_lists_nothing(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.PUBLICITY)
    listing = Listing(listed_on=LISTED_ON, expected_version=row.version + 1)
    with pytest.raises(Conflict) as caught:
        candidacies.list_candidacy(pool.session, pool.officer, row, listing)
    assert caught.value.code == "stale_version"


def test_only_officers_list_and_close(pool: Pool) -> None:
    row = enter(pool, SelectionPhase.PUBLICITY)
    with pytest.raises(Forbidden):
        candidacies.list_candidacy(pool.session, pool.leader, row, Listing(listed_on=LISTED_ON))
    with pytest.raises(Forbidden):
        candidacies.close(pool.session, pool.leader, row, {"reason": "x"})


def test_closing_frees_a_held_place_once(pool: Pool) -> None:
    held, reserve = enter(pool, SelectionPhase.PUBLICITY), enter(pool, SelectionPhase.RESERVE)
    with pytest.raises(Invalid):
        candidacies.close(pool.session, pool.officer, held, {"reason": " "})
    candidacies.close(pool.session, pool.officer, held, {"reason": "异议成立"})
    candidacies.close(pool.session, pool.officer, reserve, {"reason": "放弃"})
    assert places(pool) == (0, 0)
    with pytest.raises(Conflict):
        candidacies.close(pool.session, pool.officer, held, {"reason": "再次"})


def test_the_next_of_the_reserve_is_the_best_rank_then_the_best_score(pool: Pool) -> None:
    assert candidacies.next_reserve(pool.session, quota(pool).id) is None
    enter(pool, SelectionPhase.RESERVE)
    low = enter(pool, SelectionPhase.RESERVE, rank=2, score=80)
    high = enter(pool, SelectionPhase.RESERVE, rank=2, score=90)
    best = enter(pool, SelectionPhase.RESERVE, rank=1, score=10)
    order = []
    for _ in range(3):
        found = candidacies.next_reserve(pool.session, quota(pool).id)
        assert found is not None
        order.append(found.id)
        candidacies.close(pool.session, pool.officer, found, {"reason": "下一位"})
    assert order == [best.id, high.id, low.id]
