"""Rounds pin their programme; amending is explicit and shows its effect first."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Event, Quota, Round
from marketplace.permissions import NOBODY, SYSTEM
from marketplace.phases import Role, RoundPhase
from marketplace.programmes.schema import Programme
from marketplace.services.pool import rounds
from marketplace.services.pool.rounds import Opening
from tests import factories
from tests.integration.conftest import LoginAs
from tests.integration.pool.conftest import Pool
from tests.integration.pool.test_pages import key_of, text_of

QINGDAO = factories.programmes()[factories.QINGDAO]
WHY = {"reason": "通知有更正", "document_no": "更正1号"}


def cells(session: Session, round_: Round) -> dict[str, tuple[int | None, int | None]]:
    found = session.scalars(select(Quota).where(Quota.round_id == round_.id).order_by(Quota.id))
    return {quota.cell: (quota.minimum, quota.cap) for quota in found}


def hash_of(changes: dict[str, object]) -> str:
    """Another text has another hash: programmes are parsed once per hash and process."""
    return sha256(repr(sorted(changes.items())).encode()).hexdigest()


def other_text(**changes: Any) -> Programme:
    """The Qingdao programme in another edition."""
    return replace(QINGDAO, file_sha256=hash_of(changes), **changes)


def test_opening_pins_the_text_and_lays_out_the_cells(session: Session) -> None:
    round_ = rounds.open_round(session, SYSTEM, QINGDAO, Opening(key="qd-1", label="第一批", seq=1))
    session.expire_all()
    assert (round_.programme_id, round_.programme_hash) == (QINGDAO.id, QINGDAO.file_sha256)
    assert round_.programme == QINGDAO
    assert len(cells(session, round_)) == 12
    assert sorted(set(cells(session, round_).values())) == [(1, 3), (3, 6), (10, 20)]
    event = session.scalars(select(Event)).one()
    assert (event.action, event.diff["cells"]) == ("round_open", 12)


@pytest.mark.parametrize(
    ("programme", "given", "expected"),
    [
        ("zz-2021", {"year": 2024}, [(0, 6)]),
        ("zj-2021", {"cities": ("杭州市", "宁波市")}, [(0, 5), (0, 5)]),
        ("lc-2021", {}, [(0, None)]),
        ("cq-2013", {}, [(0, None)]),
    ],
)
def test_cells_are_what_the_programme_counts_by(
    session: Session, programme: str, given: dict[str, Any], expected: list[Any]
) -> None:
    round_ = factories.make_round(session, programme, **given)
    assert list(cells(session, round_).values()) == expected


def test_a_key_is_used_once_and_only_officers_open(session: Session) -> None:
    opening = Opening(key="qd-1", label="第一批")
    with pytest.raises(Forbidden):
        rounds.open_round(session, NOBODY, QINGDAO, opening)
    with pytest.raises(Invalid):
        rounds.open_round(session, SYSTEM, QINGDAO, replace(opening, label=" "))
    rounds.open_round(session, SYSTEM, QINGDAO, opening)
    with pytest.raises(Conflict) as caught:
        rounds.open_round(session, SYSTEM, QINGDAO, opening)
    assert caught.value.code == "round_exists"


def test_rounds_are_found_by_key_and_the_newest_is_current(session: Session) -> None:
    assert rounds.current(session, QINGDAO.id) is None
    old, new, draft = (
        rounds.open_round(
            session, SYSTEM, QINGDAO, Opening(key=f"qd-{n}", label=f"第{n}批", seq=n, phase=phase)
        )
        for n, phase in ((1, RoundPhase.CLOSED), (2, RoundPhase.LISTED), (3, RoundPhase.DRAFT))
    )
    assert rounds.current(session, QINGDAO.id) is new
    assert rounds.by_key(session, "qd-1") is old
    assert rounds.newest_first(session) == [draft, new, old]
    with pytest.raises(NotFound):
        rounds.by_key(session, "qd-9")


def test_the_effect_of_amending_names_every_difference(pool: Pool) -> None:
    rules = [
        replace(rule, advice="另行说明") if rule.id == "QD-B2" else rule for rule in QINGDAO.rules
    ]
    added = replace(QINGDAO.rules[0], id="QD-X1")
    text = other_text(
        rules=(*[rule for rule in rules if rule.id != "QD-B11"], added),
        quotas=tuple(
            replace(quota, cap=8) if quota.id == "QD-Q1" else quota for quota in QINGDAO.quotas
        ),
    )
    pool.admit(factories.make_provider(pool.session))
    change = rounds.amendment(pool.session, pool.round, text)
    assert (change.rules_added, change.rules_removed, change.rules_changed) == (
        ("QD-X1",), ("QD-B11",), ("QD-B2",),
    )  # fmt: skip
    assert len(change.ranges_differ) == 4
    assert change.ranges_differ[0].endswith("：现为3–6，文件为3–8")
    assert (change.members, change.cells_added, change.blocked) == (1, (), ())


def test_amending_pins_the_new_text_and_leaves_ranges_alone(pool: Pool) -> None:
    text = other_text(
        name="更正后的名称",
        quotas=tuple(replace(quota, cap=quota.cap + 2) for quota in QINGDAO.quotas),
    )
    before = cells(pool.session, pool.round)
    with pytest.raises(Invalid):
        rounds.amend(pool.session, pool.officer, pool.round, text, expected_version=1, why={})
    with pytest.raises(Forbidden):
        rounds.amend(pool.session, pool.leader, pool.round, text, expected_version=1, why=WHY)
    with pytest.raises(Conflict):
        rounds.amend(pool.session, pool.officer, pool.round, text, expected_version=9, why=WHY)
    rounds.amend(
        pool.session, pool.officer, pool.round, text,
        expected_version=pool.round.version, why=WHY,
    )  # fmt: skip
    pool.session.expire_all()
    assert (pool.round.programme_hash, pool.round.programme.name) == (
        text.file_sha256,
        "更正后的名称",
    )
    assert cells(pool.session, pool.round) == before
    event = pool.session.scalars(select(Event).where(Event.action == "round_amend")).one()
    assert event.diff["hash"] == [QINGDAO.file_sha256, text.file_sha256]
    assert (event.reason, event.document_no) == ("通知有更正", "更正1号")


def test_living_memberships_must_keep_their_state_type_and_segment(pool: Pool) -> None:
    pool.admit(factories.make_provider(pool.session))
    standing = QINGDAO.workflows["standing"]
    renamed = replace(
        standing,
        states=tuple(
            replace(state, id="in_pool") if state.id == "listed" else state
            for state in standing.states
        ),
    )
    text = other_text(
        workflows={**QINGDAO.workflows, "standing": renamed},
        segments=tuple(item for item in QINGDAO.segments if item.id != "home_appliance"),
    )
    change = rounds.amendment(pool.session, pool.round, text)
    assert len(change.blocked) == 2
    with pytest.raises(Conflict) as caught:
        rounds.amend(
            pool.session, pool.officer, pool.round, text,
            expected_version=pool.round.version, why=WHY,
        )  # fmt: skip
    assert caught.value.reasons == list(change.blocked)
    foreign = factories.programmes()["lc-2021"]
    assert len(rounds.amendment(pool.session, pool.round, foreign).blocked) == 1


def test_the_page_shows_the_effect_and_pins_the_file(login_as: LoginAs, database: Database) -> None:
    with database.unit_of_work() as session:
        round_id = factories.make_round(session, other_text(name="旧文本")).id
    client = login_as(Role.CITY_OFFICER)
    address = f"/work/rounds/{round_id}/amend"
    page = client.get(address)
    assert "改用新文本的影响" in text_of(page.text)
    data = {"form_key": key_of(page.text), "version": "1"}
    assert client.post(address, data=data).status_code == 422
    assert client.post(address, data={**data, "reason": "更正"}).status_code == 303
    assert "没有需要修订的内容" in text_of(client.get(address).text)
    assert login_as(Role.CITY_LEADER).post(address, data=data).status_code == 403
