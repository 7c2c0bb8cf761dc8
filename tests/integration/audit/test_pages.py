"""Digests, badges, certificates and the registry behind the why page."""

import json
from datetime import date, timedelta

import pytest

from marketplace import clock
from marketplace.crypto import Signer, signed
from marketplace.db import Base
from marketplace.history import record
from marketplace.models import Membership, Provider
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role, StandingPhase
from marketplace.programmes import nouns
from marketplace.services.audit import audit_digests, seals
from marketplace.services.audit.why_sources import facts, registry
from marketplace.services.pool import certificates
from marketplace.web.admin.labels import ACTIONS, STATES
from tests import factories
from tests.support.pages import Page
from tests.support.statements import asked

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_digests_are_public_and_can_be_checked_by_anybody(database, settings, client):
    assert "还没有摘要" in Page(client.get("/audit/digests")).main
    signer = Signer(settings.encryption_keys)
    with database.unit_of_work() as session:
        factories.make_round(session)
        seals.seal(session)
        session.flush()
        for back in range(65, 0, -1):
            audit_digests.make(session, signer, clock.today() - timedelta(days=back))
    page = Page(client.get("/audit/digests"))
    assert len(page.all("tbody")[0]) == 60
    body = client.get("/audit/digests.json").get_json()
    older = client.get(body["older"]).get_json()
    assert [len(body["digests"]), len(older["digests"])] == [60, 5]
    first = body["digests"][0]
    assert signed(first["digest"], first["signature"], signer.public_keys[0])
    assert not signed(first["digest"], first["signature"], "0" * 64)
    kept = audit_digests.parse(json.dumps(body))
    with database.reading() as session:
        assert audit_digests.verify(session, signer.public_keys, kept).fault is None
    assert client.get("/audit/digests?before=gestern").status_code == 200


def test_a_badge_turns_by_itself_and_no_number_can_be_made_up(database, settings, client, login_as):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session, label="第一批")
        provider = factories.make_provider(session)
        member = factories.make_membership(session, round_, provider)
        path, name = f"/providers/{provider.id}", provider.organisation.name
        firm, member_id = provider.organisation, member.id
    picture = client.get(f"{path}/badge.svg")
    assert (picture.mimetype, "在池 · 2024 第一批" in picture.text) == ("image/svg+xml", True)
    assert picture.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert picture.headers["Cache-Control"] == "public, max-age=300"
    told = client.get(f"{path}/badge.json").get_json()
    assert (told["valid"], told["message"], told["name"]) == (True, "在池 · 2024 第一批", name)
    number = certificates.number(settings.secret_key, member_id)
    desk = Page(login_as(Role.PROVIDER_OWNER, organisation=firm).get("/p/badge"))
    assert number in desk.main and f"{path}/badge.svg" in desk.main
    page = Page(client.get("/certificates", query_string={"number": number.lower()}))
    assert "有效。" in page.main and name in page.main
    for wrong in (f"{member_id}-0000000000", f"{member_id + 1}{number[1:]}", "x", "<script>"):
        page = Page(client.get("/certificates", query_string={"number": wrong}))
        assert "没有这个编号" in page.main and name not in page.main
    with database.unit_of_work() as session:
        row = session.get_one(Membership, member_id)
        row.state, row.phase, row.exited_on = "removed", "exited", date(2026, 3, 2)
    assert "已退出" in client.get(f"{path}/badge.svg").text
    told = client.get(f"{path}/badge.json").get_json()
    assert (told["valid"], told["message"]) == (False, "已退出")
    page = Page(client.get("/certificates", query_string={"number": number}))
    assert "不再有效" in page.main and "2026年3月2日" in page.main
    with database.unit_of_work() as session:
        session.get_one(Provider, row.provider_id).hidden_at = clock.now()
    for address in (f"{path}/badge.svg", f"{path}/badge.json", f"{path}/why/{member_id}",
                    f"{path}/past"):  # fmt: skip
        assert client.get(address).status_code == 404
    assert "没有这个编号" in Page(client.get("/certificates", query_string={"number": number})).main


def test_the_registry_names_tables_columns_and_groups_that_exist(app, database):
    found, tables = registry(), Base.metadata.tables
    flows = [nouns.workflow(noun) for noun in nouns.PHASES]
    flows += [p.workflows["standing"] for p in factories.programmes().values()]
    steps = set(ACTIONS) | {item.action for flow in flows for item in flow.transitions}
    states = set(STATES) | {state.id for flow in flows for state in flow.states}
    for noun in found.nouns.values():
        assert noun.group in found.groups, noun.name
        assert set(noun.public_states) <= states and set(noun.only) <= steps, noun.name
        named = {column for option in noun.where for column in option} | set(noun.under.values())
        assert named <= set(tables[noun.name].c.keys()), noun.name
        assert set(noun.under) | set(noun.over) <= set(found.nouns), noun.name
        for child, column in noun.over.items():
            assert column in tables[child].c, noun.name
        assert noun.where or noun.under or noun.over, noun.name
        for pattern in filter(None, (noun.page, noun.public_page)):
            assert app.url_map.bind("").match(pattern.format(id=7)), noun.name
    for name, action in found.actions.items():
        noun, _, step = name.partition(".")
        assert noun in found.nouns and step in steps, name
        assert not action.group or action.group in found.groups, name
    # Whatever has a place is told, unless the file says why not.
    places = {table.name for table in tables.values() if "membership_id" in table.c}
    assert places - set(found.nouns) <= {"projects", "issued_letters"}
    with database.reading() as session:
        fact_names = set(facts(session, Membership(id=1, provider=Provider())))
    assert {f for n in found.nouns.values() for o in n.where for f in o.values()} <= fact_names


def test_steps_of_others_stay_out_and_what_is_not_public_stays_inside(database, client, login_as):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        mine = factories.make_provider(session)
        places = [
            factories.make_membership(session, round_, mine),
            factories.make_membership(
                session, round_, factories.make_provider(session), segment="auto_parts",
                phase=StandingPhase.WARNED,
            ),
        ]  # fmt: skip
        for place, reason in zip(places, ("自己的", "别人的"), strict=True):
            record(session, SYSTEM, "warn", place, states=("listed", "warned"),
                   why={"reason": reason})  # fmt: skip
            ban = factories.make_ban(session, round_, place.provider, membership_id=place.id)
            record(session, SYSTEM, "ban_start", ban, diff={"since": "2026-01-01"})
        record(session, SYSTEM, "text_edit", mine, diff={"intro": ["旧", "新"]})
        expert = Actor(role=Role.EXPERT, user_id=9, name="专家李")
        record(session, expert, "indicator_judge", places[0], diff={"points": 8})
        number = places[0].id
    officer = Page(login_as(Role.CITY_OFFICER).get(f"/work/memberships/{number}/why"))
    assert officer.texts("p", "timeline-title").count("服务商：修改资料") == 1
    assert "自己的" in officer.main and "别人的" not in officer.main
    assert "专家李" not in officer.main and "评审专家" in officer.main
    auditor = Page(login_as(Role.AUDITOR).get(f"/work/memberships/{number}/why"))
    assert "专家李" in auditor.main
    public = Page(client.get(f"/providers/{mine.id}/why/{number}"))
    assert "服务商：修改资料" not in public.main and "自己的" not in public.main
    assert "禁报：开始禁报期" in public.main
    with database.unit_of_work() as session:
        office = factories.make_organisation(session, kind="district_office", district="370203")
    elsewhere = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    assert elsewhere.get(f"/work/memberships/{number}/why").status_code == 404
    assert login_as(Role.CITY_OFFICER).get("/work/memberships/77777/why").status_code == 404
    assert login_as(Role.COSIGNER).get(f"/work/memberships/{number}/evidence").status_code == 403


def test_the_story_takes_as_many_queries_for_five_steps_as_for_fifty(database, login_as, client):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        place = factories.make_membership(session, round_, provider)
        ids = provider.id, place.id
    officer = login_as(Role.CITY_OFFICER)
    addresses = {
        officer: f"/work/memberships/{ids[1]}/why",
        client: f"/providers/{ids[0]}/why/{ids[1]}",
    }
    counts: list[list[int]] = []
    for steps in (5, 45):
        with database.unit_of_work() as session:
            row = session.get_one(Membership, ids[1])
            for _ in range(steps):
                record(session, SYSTEM, "warn", row, states=("listed", "warned"))
        counts.append([asked(who, address) for who, address in addresses.items()])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10
