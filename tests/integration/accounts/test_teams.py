"""A team of one's own: invitations, other places, hand-over, leaving; never without owner."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Forbidden
from marketplace.models import Event, Message, Organisation, RoleGrant, TeamInvitation, User
from marketplace.permissions import SYSTEM
from marketplace.phases import OrganisationKind, Role
from marketplace.services.access import teams
from marketplace.services.accounts import roles
from marketplace.services.upkeep import retention
from tests import factories
from tests.factories import PASSWORD
from tests.support import world_access
from tests.support.together import together

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LINK = re.compile(r"http://localhost(/join/[\w-]+)")
FORM = {"name": "新同事", "password": PASSWORD, "again": PASSWORD, "agree": "1"}


@pytest.fixture
def provider(database):
    with database.unit_of_work() as session:
        return factories.make_provider(session).organisation


@pytest.fixture
def owner(database, provider) -> RoleGrant:
    with database.unit_of_work() as session:
        return world_access.lead(session, provider, name="王负责")


def member(database, organisation, role=Role.PROVIDER_EDITOR, **given) -> RoleGrant:
    with database.unit_of_work() as session:
        user = factories.make_user(session, **given)
        return factories.make_grant(session, user, role, organisation)


def held(database, user_id) -> list[tuple[str, bool]]:
    with database.reading() as session:
        rows = session.scalars(
            select(RoleGrant)
            .where(RoleGrant.user_id == user_id, RoleGrant.revoked_at.is_(None))
            .order_by(RoleGrant.id)
        )
        return [(row.role, row.leads) for row in rows]


def paths(letters) -> list[str]:
    return [LINK.search(letter.body)[1] for letter in letters() if "/join/" in letter.body]


@on_sqlite
def test_an_invitation_leads_a_stranger_into_the_team(
    enter, owner, client, letters, database, provider
):
    chief = enter(owner)
    for data in ({"login": "keine"}, {"login": "neu@test.cn", "post": "boss"}):
        refused = chief.post("/p/team/invite", data={"post": "editor", **data})
        assert (refused.status_code, data["login"] in refused.text) == (422, True)
    chief.post("/p/team/invite", data={"login": "Neu@Test.CN", "post": "viewer"})
    first = paths(letters)[0]
    page = client.get(first)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert "王负责邀请您加入" in page.text and "neu@test.cn" in chief.get("/p/team").text
    # A second letter replaces the first, a recalled one leads nowhere.
    with database.reading() as session:
        number = session.scalars(select(TeamInvitation.id)).one()
    assert chief.post(f"/p/team/invitations/{number}/again").status_code == 303
    second = paths(letters)[1]
    assert (client.get(first).status_code, client.get(second).status_code) == (404, 200)
    short = client.post(second, data={**FORM, "password": "x", "again": "x"})
    assert (short.status_code, "新同事" in short.text) == (422, True)
    assert client.post(second, data=FORM).location == "/login"
    assert client.post(second, data=FORM).status_code == 404
    with database.reading() as session:
        user = session.scalars(select(User).where(User.login == "neu@test.cn")).one()
        told = session.scalars(select(Message).where(Message.kind == "team")).one()
        actions = session.scalars(
            select(Event.action).where(Event.subject_type == "organisations").order_by(Event.id)
        ).all()
        diffs = session.scalars(select(Event.diff).where(Event.action == "team_invite")).all()
    assert held(database, user.id) == [("provider_viewer", False)]
    assert (told.user_id, "新同事" in told.text) == (owner.user_id, False)
    assert actions == ["team_invite", "team_invite", "team_join"]
    assert "neu@test.cn" not in repr(diffs)
    again = chief.post("/p/team/invite", data={"login": "neu@test.cn", "post": "editor"})
    assert (again.status_code, "已在团队中" in again.text) == (422, True)


@on_sqlite
def test_an_invitation_counts_for_its_address_only(
    enter, owner, client, login_as, letters, database, provider
):
    chief, other = enter(owner), login_as(None)
    friend = member(database, factories_home(database), Role.ENTERPRISE, login="li@test.cn")
    for _ in range(2):
        chief.post("/p/team/invite", data={"login": "li@test.cn", "post": "editor"})
    path = paths(letters)[-1]
    # Signed in as nobody or as another: not taken up.
    assert "/login?next=/join/" in client.get(path).text
    assert client.post(path, data=FORM).status_code == 409
    assert "请先退出" in other.get(path).text
    assert other.post(path).status_code == 409
    own = enter(friend)
    joined = own.post(path)
    assert (joined.status_code, joined.location) == (303, "/p/team")
    # No new login is needed, and the page of the new team opens.
    assert provider.name in own.get("/p/team").text
    assert held(database, friend.user_id) == [("enterprise", False), ("provider_editor", False)]
    # S41: what an owner started does not outlive the place.
    chief.post("/p/team/invite", data={"login": "spaet@test.cn", "post": "editor"})
    late = paths(letters)[-1]
    with database.unit_of_work() as session:
        for row in session.scalars(select(RoleGrant).where(RoleGrant.id == owner.id)):
            row.revoked_at = clock.now()
    assert client.post(late, data=FORM).status_code == 409
    assert held(database, 10**6) == []


def factories_home(database):
    with database.unit_of_work() as session:
        return factories.make_organisation(session, kind="enterprise")


@on_sqlite
def test_places_are_changed_and_taken(enter, owner, login_as, database, provider):
    chief, row = enter(owner), member(database, provider, name="赵编辑")
    editor = enter(row)
    # Colleagues see the team and change nothing; strangers do not even see it.
    assert "赵编辑" in editor.get("/p/team").text
    path = f"/p/team/members/{row.id}"
    assert editor.get(path).status_code == 403
    assert editor.post(f"{path}/post", data={"post": "owner"}).status_code == 403
    stranger = login_as(Role.PROVIDER_OWNER)
    assert stranger.get(path).status_code == 404
    assert stranger.post(f"{path}/remove", data={"reason": "抢"}).status_code == 404
    assert chief.get("/me/team").status_code == 404
    assert chief.post(f"{path}/post", data={"post": "boss"}).status_code == 422
    assert chief.post(f"{path}/post", data={"post": "viewer"}).status_code == 303
    assert held(database, row.user_id) == [("provider_viewer", False)]
    assert editor.get("/p/team").status_code == 401  # a new role, a new login
    with database.reading() as session:
        fresh = session.scalars(
            select(RoleGrant).where(
                RoleGrant.user_id == row.user_id, RoleGrant.revoked_at.is_(None)
            )
        ).one()
    viewer, path = enter(fresh), f"/p/team/members/{fresh.id}"
    nothing = chief.post(f"{path}/remove", data={"reason": ""})
    assert nothing.status_code == 422
    assert chief.post(f"{path}/remove", data={"reason": "已离职"}).status_code == 303
    assert (held(database, row.user_id), viewer.get("/p").status_code) == ([], 401)
    assert chief.post(f"{path}/remove", data={"reason": "再来"}).status_code == 404
    with database.reading() as session:
        told = session.scalars(select(Message.text).where(Message.user_id == row.user_id)).all()
    assert any("已离职" in text for text in told)


@on_sqlite
def test_the_last_owner_hands_over_before_going(enter, owner, database, provider):
    chief, row = enter(owner), member(database, provider, name="赵接任")
    own = f"/p/team/members/{owner.id}"
    assert chief.post(f"{own}/post", data={"post": "viewer"}).status_code == 409
    assert chief.post(f"{own}/remove", data={"reason": "自己"}).status_code == 409
    refused = chief.post("/p/team/leave")
    assert (refused.status_code, "唯一的负责人" in refused.text) == (409, True)
    assert held(database, owner.user_id) == [("provider_owner", False)]
    done = chief.post(f"/p/team/members/{row.id}/hand-over", data={"stay_as": "viewer"})
    assert done.status_code == 303
    assert held(database, row.user_id) == [("provider_owner", False)]
    assert held(database, owner.user_id) == [("provider_viewer", False)]
    with database.reading() as session:
        fresh = session.scalars(
            select(RoleGrant).where(
                RoleGrant.user_id == owner.user_id, RoleGrant.revoked_at.is_(None)
            )
        ).one()
    assert enter(fresh).post("/p/team/leave").status_code == 303
    assert held(database, owner.user_id) == []


@on_sqlite
def test_an_enterprise_has_leads_and_members(enter, letters, database):
    place = factories_home(database)
    with database.unit_of_work() as session:
        lead = world_access.lead(session, place)
    row = member(database, place, Role.ENTERPRISE, name="孙成员")
    chief, colleague = enter(lead), enter(row)
    assert "孙成员" in colleague.get("/me/team").text
    forbidden = colleague.post("/me/team/invite", data={"login": "a@test.cn", "post": "member"})
    assert forbidden.status_code == 403
    as_lead = chief.post("/me/team/invite", data={"login": "a@test.cn", "post": "owner"})
    assert as_lead.status_code == 422
    chief.post("/me/team/invite", data={"login": "a@test.cn", "post": "member"})
    assert len(paths(letters)) == 1
    chief.post(f"/me/team/members/{row.id}/hand-over", data={"stay_as": ""})
    assert held(database, lead.user_id) == []
    assert held(database, row.user_id) == [("enterprise", True)]
    with database.unit_of_work() as session:
        # The invitation went with who sent it; its address goes after a while.
        invitation = session.scalars(select(TeamInvitation)).one()
        assert invitation.cancelled_at is not None
        invitation.expires_at = clock.now() - timedelta(days=31)
        session.flush()
        retention.run(session)
        session.refresh(invitation)
        assert invitation.login == ""


@on_sqlite
def test_an_administrator_fills_the_place_of_a_lead_who_is_gone(database):
    place = factories_home(database)
    with database.unit_of_work() as session:
        people = [factories.make_user(session) for _ in range(3)]
        given = [
            roles.grant(session, SYSTEM, user=user, role=Role.ENTERPRISE, organisation=place).leads
            for user in people[:2]
        ]
        people[0].active = False
        session.flush()
        last = roles.grant(
            session, SYSTEM, user=people[2], role=Role.ENTERPRISE, organisation=place
        )
        assert (given, last.leads) == ([True, False], True)


def dismissals(database, one: RoleGrant, other: RoleGrant) -> tuple[str, ...]:
    """Both dismiss each other at once."""

    def remove(who: RoleGrant, whom: RoleGrant):
        def inside(session) -> str:
            actor = world_access.acting(session, who)
            teams.remove(session, actor, whom.id, reason="撤换")
            return "done"

        def work() -> str:
            try:
                return database.run(inside)
            except Forbidden:
                return "forbidden"

        return work

    return together(remove(one, other), remove(other, one))


def left(database, organisation) -> int:
    with database.reading() as session:
        return len(teams.owners(session, organisation.id, OrganisationKind.PROVIDER))


def test_two_owners_never_dismiss_each_other(database, provider, owner):
    """Whoever is second finds himself out."""
    with database.unit_of_work() as session:
        other = world_access.lead(session, provider)
    found = dismissals(database, owner, other)
    assert (sorted(found), left(database, provider)) == (["done", "forbidden"], 1)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_the_lock_they_would(database, provider, owner, monkeypatch):
    """SQLite has one writer at a time in any case; PostgreSQL needs the organisation's row."""
    with database.unit_of_work() as session:
        other = world_access.lead(session, provider)
    both = threading.Barrier(2)

    def unlocked(session, actor):
        return session.get_one(Organisation, actor.organisation_id)

    def read_first(session, actor) -> None:
        checked(session, actor)
        both.wait(10)

    checked = teams.check_leads
    monkeypatch.setattr(teams, "own", unlocked)
    monkeypatch.setattr(teams, "check_leads", read_first)
    found = dismissals(database, owner, other)
    assert (found, left(database, provider)) == (("done", "done"), 0)
