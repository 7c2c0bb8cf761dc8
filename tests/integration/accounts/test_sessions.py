"""Sessions end when they should, at once and everywhere (S26-S29, S32, S39)."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from marketplace import clock
from marketplace.models import Event, RoleGrant, SecurityEvent, UserSession
from marketplace.permissions import SYSTEM
from marketplace.phases import OrganisationKind, Role
from marketplace.services.accounts import accounts, roles, sessions
from tests import factories
from tests.factories import PASSWORD
from tests.integration.accounts.conftest import sign_in

START = "2026-03-02T01:00:00Z"


def ended(client, path: str = "/account"):
    """The answer to an ended session, which must be 401 with a reason."""
    answer = client.get(path)
    assert answer.status_code == 401, answer.status_code
    return answer.text


def test_s27_signing_out_ends_the_session_on_the_server(app, login_as):
    client = login_as(Role.CITY_OFFICER)
    thief = app.test_client()
    thief.use_session(client.sid)
    assert thief.get("/account").status_code == 200
    client.post("/logout")
    assert "您已退出登录" in ended(thief)
    assert client.get("/account").location == "/login?next=/account"


def test_s27_programs_get_401_too(login_as):
    client = login_as(Role.CITY_OFFICER)
    thief = client.application.test_client()
    thief.use_session(client.sid)
    client.post("/logout")
    answer = thief.get("/account", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["status"]) == (401, 401)
    assert "WWW-Authenticate" in answer.headers


def test_s27_password_change_ends_other_sessions(client, person):
    user = person(Role.PROVIDER_OWNER)
    other = client.application.test_client()
    sign_in(client, user)
    sign_in(other, user)
    before = client.sid
    fresh = "ein ganz neuer Satz 7"
    answer = client.post(
        "/account/password",
        data={"current_password": PASSWORD, "password": fresh, "again": fresh},
    )
    assert answer.location == "/account"
    assert client.sid != before
    assert client.get("/account").status_code == 200
    assert "口令已修改" in ended(other)
    assert sign_in(other, user).status_code == 422
    assert sign_in(other, user, fresh).status_code == 303


def test_s27_switched_off_user_is_out_at_once(login_as, database):
    client = login_as(Role.CITY_OFFICER)
    with database.unit_of_work() as session:
        user = accounts.get(session, client.user.id)
        accounts.deactivate(session, SYSTEM, user, reason="调离")
    assert "账号已停用" in ended(client)


def test_s39_revoked_role_is_out_at_once(login_as, database):
    client = login_as(Role.CITY_OFFICER)
    with database.unit_of_work() as session:
        grant = session.scalars(select(RoleGrant)).one()
        roles.revoke(session, SYSTEM, roles.get(session, grant.id), reason="轮岗")
    assert "身份或权限有变化" in ended(client, "/work")


def test_s39_expired_role_is_out_at_once(login_as, database):
    client = login_as(Role.CITY_OFFICER)
    with database.unit_of_work() as session:
        session.execute(update(RoleGrant).values(valid_until=clock.now() - timedelta(seconds=1)))
    assert "身份或权限有变化" in ended(client, "/work")


def test_s39_district_moves_with_the_organisation(login_as, database):
    with database.unit_of_work() as session:
        office = factories.make_organisation(
            session, kind=OrganisationKind.DISTRICT_OFFICE.value, district="370202"
        )
        firm = factories.make_organisation(session, district="370202")
        path = f"/admin/organisations/{firm.id}"
    client = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    assert client.get(path).status_code == 200
    with database.unit_of_work() as session:
        session.merge(office).district = "370203"
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(("role", "minutes"), [(Role.PROVIDER_OWNER, 30), (Role.CITY_OFFICER, 15)])
def test_s28_idle_sessions_end(login_as, role, minutes):
    with time_machine.travel(START, tick=False) as now:
        client = login_as(role)
        for _ in range(3):  # used, it lives on
            now.shift(timedelta(minutes=minutes, seconds=-1))
            assert client.get("/account").status_code == 200
        now.shift(timedelta(minutes=minutes))
        assert "长时间没有操作" in ended(client)


def test_s28_twelve_hours_is_the_end_even_in_use(login_as):
    with time_machine.travel(START, tick=False) as now:
        client = login_as(Role.CITY_OFFICER)
        for _ in range(71):
            now.shift(timedelta(minutes=10))
            assert client.get("/account").status_code == 200
        now.shift(timedelta(minutes=10))
        assert "12小时" in ended(client)


def test_s28_use_is_noted_once_a_minute(login_as, database):
    def seen():
        with database.reading() as session:
            return session.scalars(select(UserSession.seen_at)).one()

    with time_machine.travel(START, tick=False) as now:
        client = login_as(Role.CITY_OFFICER)
        first = seen()
        now.shift(59)
        client.get("/account")
        assert seen() == first
        now.shift(1)
        client.get("/account")
        assert seen() == first + timedelta(seconds=60)


def test_s28_own_sessions_are_listed_and_can_be_ended(app, person, database):
    user = person(Role.PROVIDER_OWNER)
    laptop, phone, stranger = (app.test_client() for _ in range(3))
    sign_in(laptop, user)
    sign_in(phone, user)
    sign_in(stranger, person(Role.PROVIDER_OWNER))
    with database.reading() as session:
        own = session.scalars(
            select(UserSession.id).where(UserSession.user_id == user.id).order_by(UserSession.id)
        ).all()
    page = laptop.get("/account").text
    assert [f"/account/sessions/{row}/end" in page for row in own] == [False, True]
    assert stranger.post(f"/account/sessions/{own[1]}/end").status_code == 404  # S38
    assert phone.get("/account").status_code == 200
    assert laptop.post(f"/account/sessions/{own[1]}/end").status_code == 303
    assert "已被本人或管理员结束" in ended(phone)


def test_s28_all_other_sessions_can_be_ended(app, person):
    user = person(Role.PROVIDER_OWNER)
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        sign_in(client, user)
    assert clients[0].post("/account/sessions/end-others").status_code == 303
    assert [client.get("/account").status_code for client in clients] == [200, 401, 401]


def test_s28_administrator_ends_sessions(login_as, person, app, database):
    user = person(Role.PROVIDER_OWNER)
    client = app.test_client()
    sign_in(client, user)
    security = login_as(Role.ADMIN_SECURITY)
    assert security.post(f"/admin/users/{user.id}/end-sessions").status_code == 303
    assert "已被本人或管理员结束" in ended(client)
    with database.reading() as session:
        event = session.scalars(select(Event).where(Event.action == "sessions_end")).one()
        assert (event.subject_id, event.actor_id, event.diff) == (
            user.id, security.user.id, {"ended": 1},
        )  # fmt: skip


def test_s29_the_fourth_staff_session_ends_the_oldest(login_as, database):
    first = login_as(Role.CITY_OFFICER)
    user = first.user
    with database.unit_of_work() as session:
        grants = sessions.live_grants(session, user.id)
        tokens = [
            sessions.open_session(session, user, grants, sessions.Device()).token for _ in range(3)
        ]
    assert "超过3处" in ended(first)
    for token in tokens:
        client = first.application.test_client()
        client.use_session(token)
        assert client.get("/account").status_code == 200


def test_s29_providers_may_have_more(app, person):
    user = person(Role.PROVIDER_OWNER)
    clients = [app.test_client() for _ in range(5)]
    for client in clients:
        sign_in(client, user)
    assert {client.get("/account").status_code for client in clients} == {200}


def test_s29_login_that_ended_another_says_so(app, person, settings):
    demo = app.extensions["settings"]
    object.__setattr__(demo, "mode", "demo")  # no second factor
    user = person(Role.CITY_OFFICER)
    clients = [app.test_client() for _ in range(4)]
    for client in clients:
        sign_in(client, user)
    assert "最早的一处已自动退出" in clients[3].get("/account").text
    assert clients[0].get("/account").status_code == 401


def test_switching_roles_changes_secret_and_rights(login_as, database):
    client = login_as(Role.CITY_OFFICER)
    with database.unit_of_work() as session:
        home = factories.make_organisation(session, kind="lead_bureau", name="测试主管部门")
        other = factories.make_grant(session, client.user, Role.AUDITOR, home)
    old = client.sid
    page = client.get("/account").text
    assert "市级经办人" in page
    assert "审计员 · 测试主管部门" in page
    assert client.get("/admin/security").status_code == 403
    answer = client.post("/account/switch", data={"grant": other.id})
    assert (answer.status_code, answer.location) == (303, "/work")
    assert client.sid != old  # S26
    assert client.get("/admin/security").status_code == 200
    thief = client.application.test_client()
    thief.use_session(old)
    assert thief.get("/account").status_code == 302
    with database.reading() as session:
        row = session.scalars(
            select(SecurityEvent).where(SecurityEvent.kind == "role_switch")
        ).one()
        assert (row.user_id, row.detail) == (client.user.id, {"role": "auditor"})


def test_only_own_live_roles_can_be_switched_to(login_as, database):
    client, other = login_as(Role.CITY_OFFICER), login_as(Role.CITY_LEADER)
    with database.reading() as session:
        foreign = session.scalars(
            select(RoleGrant.id).where(RoleGrant.user_id == other.user.id)
        ).one()
    for wanted in (foreign, 999_999, "x", "", -1, True):
        assert client.post("/account/switch", data={"grant": wanted}).status_code == 422
    assert "市级经办人" in client.get("/account").text


def test_the_last_role_is_remembered(app, person, database):
    user = person(Role.PROVIDER_OWNER, Role.ENTERPRISE)
    client = app.test_client()
    sign_in(client, user)
    with database.reading() as session:
        enterprise = session.scalars(
            select(RoleGrant.id).where(RoleGrant.role == Role.ENTERPRISE.value)
        ).one()
    client.post("/account/switch", data={"grant": enterprise})
    client.post("/logout")
    sign_in(client, user)
    page = client.get("/account").text
    assert "当前身份</span><strong>企业用户" in page


def test_s32_sensitive_actions_ask_the_password_again(login_as, person, database):
    target = person(Role.PROVIDER_OWNER)
    with time_machine.travel(START, tick=False) as now:
        admin = login_as(Role.ADMIN_USERS, user=person())
        path = f"/admin/users/{target.id}/deactivate"
        now.shift(timedelta(minutes=14))
        admin.get("/account")
        now.shift(timedelta(minutes=2))
        asked = admin.post(path, data={"reason": "调离"})
        # What was typed waits behind the password.
        assert asked.location.startswith("/account/confirm?next=/resume/")
        assert "调离" in admin.get(asked.location.partition("next=")[2]).text
        assert admin.get("/admin/users/new").location == "/account/confirm?next=/admin/users/new"
        wrong = admin.post("/account/confirm", data={"password": "wrong", "next": "/admin/users"})
        assert wrong.status_code == 422
        old = admin.sid
        right = admin.post("/account/confirm", data={"password": PASSWORD, "next": "/admin/users"})
        assert right.location == "/admin/users"
        assert admin.sid != old  # S26
        assert admin.post(path, data={"reason": "调离"}).status_code == 303
    with database.reading() as session:
        assert not accounts.get(session, target.id).active


def test_s32_what_counts_as_sensitive(app, login_as, person):
    target = person(Role.PROVIDER_OWNER)
    with time_machine.travel(START, tick=False) as now:
        admin = login_as(Role.ADMIN_USERS)
        now.shift(timedelta(minutes=14, seconds=59))
        admin.get("/account")
        now.shift(timedelta(minutes=1))
        asked = {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
            if rule.endpoint.startswith(("admin.", "auth."))
            and rule.endpoint != "auth.sign_out"
            and set(rule.arguments) <= {"user_id", "grant_id"}
            and (
                admin.open(
                    rule.build(dict.fromkeys(rule.arguments, target.id))[1], method=method
                ).location
                or ""
            ).startswith("/account/confirm")
        }
    assert asked == {
        "admin.invite", "admin.send_invitation", "admin.send_invitation_again",
        "admin.deactivate_user", "admin.activate_user", "admin.reset_second_factor",
        "admin.grant_role", "admin.revoke_role",
        "auth.email", "auth.change_email", "auth.begin_factor", "auth.factor", "auth.finish_factor",
        "auth.export_own_data", "auth.erase_account",
    }  # fmt: skip


def test_s32_five_tries(login_as, person):
    client = login_as(Role.ADMIN_USERS, user=person())
    data = {"password": "wrong", "next": "/account"}
    codes = [client.post("/account/confirm", data=data).status_code for _ in range(6)]
    assert codes == [422] * 5 + [429]
