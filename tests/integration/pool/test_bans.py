"""Bans: imposed and lifted by a leader with grounds; while one holds nobody gets in."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import Why
from marketplace.models import Ban, Event, Provider
from marketplace.phases import Role
from marketplace.services.calendar import durations
from marketplace.services.pool import bans, memberships
from marketplace.services.pool.memberships import Decision
from tests import factories
from tests.integration.conftest import LoginAs
from tests.integration.pool.conftest import Pool

WHY = Why(reason_code="X02", reason="市场监管部门查实", document_no="青市监〔2026〕8号")
LIFTED = Why(reason="处罚决定已撤销", document_no="青民发字〔2026〕9号")


def impose(pool: Pool, provider: Provider, since: date | None = None, **why: str) -> Ban:
    since = since or clock.today()
    grounds: Why = {**WHY, **why}  # type: ignore[typeddict-item]
    return bans.impose(pool.session, pool.leader, provider, pool.round, since=since, why=grounds)


def refusals(pool: Pool, provider: Provider, day: date) -> list[str]:
    entry = pool.admission(provider, "product", "auto_parts", listed_on=day)
    found = memberships.preview(pool.session, pool.officer, entry).findings
    return [finding.code for finding in found if finding.stops]


def test_while_a_ban_holds_nobody_gets_in_and_after_lifting_one_does(pool: Pool) -> None:
    provider, today = factories.make_provider(pool.session), clock.today()
    ban = impose(pool, provider)
    assert (ban.since, ban.until) == (today, durations.last_day(today, 3))
    assert refusals(pool, provider, today) == ["banned"]
    with pytest.raises(Conflict) as caught:
        pool.admit(provider, listed_on=today)
    assert caught.value.code == "banned"

    bans.lift(pool.session, pool.leader, ban, LIFTED)

    assert refusals(pool, provider, today) == []
    pool.admit(provider, listed_on=today)
    events = pool.session.scalars(
        select(Event).where(Event.subject_type == "bans").order_by(Event.id)
    ).all()
    assert [(e.action, e.actor_role, e.reason_code, e.reason, e.document_no) for e in events] == [
        ("ban_impose", "city_leader", "X02", WHY["reason"], WHY["document_no"]),
        ("ban_lift", "city_leader", "", LIFTED["reason"], LIFTED["document_no"]),
    ]
    assert events[0].diff == {"since": today.isoformat(), "until": ban.until.isoformat()}
    assert events[1].diff == {"lifted_on": today.isoformat()}


def test_lifting_does_not_reach_back(pool: Pool) -> None:
    provider, today = factories.make_provider(pool.session), clock.today()
    ban = impose(pool, provider, today - timedelta(days=40))
    bans.lift(pool.session, pool.leader, ban, LIFTED)
    assert refusals(pool, provider, today - timedelta(days=1)) == ["banned"]
    assert refusals(pool, provider, today) == []


def test_only_leaders_impose_and_lift(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    with pytest.raises(Forbidden):
        bans.impose(pool.session, pool.officer, provider, pool.round, since=clock.today(), why=WHY)
    ban = impose(pool, provider)
    with pytest.raises(Forbidden):
        bans.lift(pool.session, pool.officer, ban, LIFTED)
    assert ban.lifted_on is None


def test_grounds_and_a_day_that_makes_sense_are_needed(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    cases: list[tuple[dict[str, str], date, list[str]]] = [
        ({"reason": " ", "document_no": ""}, clock.today(), ["document_no", "reason"]),
        ({"reason_code": "X10"}, clock.today(), ["reason_code"]),
        ({"reason_code": "X99"}, clock.today(), ["reason_code"]),
        ({}, clock.today() + timedelta(days=1), ["since"]),
        ({}, date(2020, 1, 1), ["since"]),
    ]
    for why, since, wrong in cases:
        with pytest.raises(Invalid) as caught:
            impose(pool, provider, since, **why)
        assert sorted(caught.value.fields) == wrong
    with pytest.raises(Invalid) as caught:
        bans.lift(pool.session, pool.leader, impose(pool, provider), Why(reason="撤销"))
    assert list(caught.value.fields) == ["document_no"]


def test_a_ban_is_imposed_once_and_lifted_once(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    ban = impose(pool, provider)
    with pytest.raises(Conflict):
        impose(pool, provider, reason_code="X03")
    bans.lift(pool.session, pool.leader, ban, LIFTED)
    with pytest.raises(Conflict):
        bans.lift(pool.session, pool.leader, ban, LIFTED)
    impose(pool, provider)


def test_a_ban_that_ran_out_cannot_be_lifted(pool: Pool) -> None:
    provider = factories.make_provider(pool.session)
    ban = impose(pool, provider)
    ban.since, ban.until = date(2020, 1, 1), date(2022, 12, 31)
    pool.session.flush()
    with pytest.raises(Conflict, match="届满"):
        bans.lift(pool.session, pool.leader, ban, LIFTED)


def test_an_exit_begins_its_ban_with_the_same_grounds(pool: Pool) -> None:
    membership = pool.admit(factories.make_provider(pool.session))
    memberships.act(pool.session, pool.leader, membership, "remove", Decision(why=WHY))
    ban = pool.session.scalars(select(Ban)).one()
    assert ban.membership_id == membership.id
    event = pool.session.scalars(select(Event).where(Event.subject_type == "bans")).one()
    assert (event.action, event.subject_id, event.reason, event.document_no) == (
        "ban_start", ban.id, WHY["reason"], WHY["document_no"],
    )  # fmt: skip


def key_of(page: str) -> str:
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found.group(1)


def test_pages_impose_show_and_lift(login_as: LoginAs, database: Database) -> None:
    with database.unit_of_work() as session:
        round_id = factories.make_round(session).id
        provider = factories.make_provider(session)
        provider_id, name = provider.id, provider.organisation.name
    leader = login_as(Role.CITY_LEADER)
    assert "没有符合条件的禁报期" in leader.get("/work/bans").text
    card = leader.get(f"/work/providers/{provider_id}").text
    assert f"/work/bans?provider={provider_id}#impose" in card

    form = leader.get(f"/work/bans?provider={provider_id}").text
    data = {"round": round_id, "provider": provider_id, "reason_code": "X07", "since": "2026-01-05",
            "reason": "列入失信联合惩戒对象"}  # fmt: skip
    refused = leader.post("/work/bans", data={"form_key": key_of(form), **data})
    assert refused.status_code == 422
    assert "依据文号：请填写依据文号" in refused.text
    data["document_no"] = "青信办〔2026〕1号"
    sent = {"form_key": key_of(refused.text), **data}
    answer = leader.post("/work/bans", data=sent)
    assert answer.status_code == 303
    assert leader.post("/work/bans", data=sent).location == answer.location  # once

    page = leader.get(answer.location).text
    shown = (name, "禁报中", "至问题消除并经复核", "登记禁报期", "青信办〔2026〕1号")
    assert [words for words in shown if words not in page] == []
    assert "禁报期内，不能入池" in leader.get(f"/work/providers/{provider_id}").text
    listed = leader.get("/work/bans?state=active").text
    assert name in listed
    assert name not in leader.get("/work/bans?state=lifted").text

    lifted = leader.post(
        f"{answer.location}/lift",
        data={"form_key": key_of(page), "reason": "已移出名单", "document_no": "青信办〔2026〕2号"},
    )
    assert lifted.status_code == 303
    page = leader.get(answer.location).text
    assert "已解除" in page
    assert "确认解除" not in page
    assert name in leader.get(f"/work/bans?state=lifted&q={name[:6]}").text
    assert "禁报期内，不能入池" not in leader.get(f"/work/providers/{provider_id}").text
    with database.reading() as session:
        assert session.scalars(select(Ban)).one().lifted_on == clock.today()


def test_a_district_sees_the_bans_of_its_own_firms_only(
    login_as: LoginAs, database: Database
) -> None:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        ids = []
        for district in ("370202", "370203"):
            firm = factories.make_organisation(session, district=district)
            ban = factories.make_ban(session, round_, factories.make_provider(session, firm))
            ids.append((ban.id, firm.name))
        office = factories.make_organisation(session, kind="district_office", district="370202")
    (own, own_name), (other, other_name) = ids
    district = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    page = district.get("/work/bans").text
    assert own_name in page
    assert "找到 <strong>1</strong> 项" in page
    assert other_name not in page
    assert district.get(f"/work/bans/{own}").status_code == 200
    assert "确认解除" not in district.get(f"/work/bans/{own}").text
    assert district.get(f"/work/bans/{other}").status_code == 404
    assert district.post(f"/work/bans/{own}/lift", data={}).status_code == 403
