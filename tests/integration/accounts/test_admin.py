"""Administration: organisations, users, roles, records (S38, S43, S46, S50, S63, S78)."""

import pytest
from sqlalchemy import select

from marketplace.models import Event, Organisation, RoleGrant, SecurityEvent, User
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.accounts import accounts, roles, sessions
from tests import factories

ORGANISATION = {
    "name": "青岛测试一号有限公司", "short_name": "测试一号", "kind": "enterprise",
    "district": "370202", "registered_city": "青岛市", "address": "测试路1号",
}  # fmt: skip


@pytest.fixture
def admin(login_as):
    return login_as(Role.ADMIN_USERS)


def rows(database, statement):
    with database.reading() as session:
        return session.scalars(statement).all()


def events_of(database, kind: str) -> list[tuple]:
    found = rows(database, select(Event).where(Event.subject_type == kind).order_by(Event.id))
    return [(event.action, event.actor_id, event.reason, event.diff) for event in found]


def test_organisation_is_entered_and_corrected(admin, database):
    code = factories.uscc()
    made = admin.post("/admin/organisations/new", data={**ORGANISATION, "uscc": code.lower()})
    assert made.status_code == 303
    path = made.location
    page = admin.get(path).text
    assert code in page
    assert ORGANISATION["name"] in page
    edited = {**ORGANISATION, "name": "青岛测试二号有限公司", "district": "", "version": "1"}
    assert admin.post(f"{path}/edit", data=edited).location == path
    [row] = rows(database, select(Organisation).where(Organisation.uscc == code))
    assert (row.name, row.district, row.version) == ("青岛测试二号有限公司", None, 2)
    assert set(row.edited_fields) == {"name", "district"}
    assert events_of(database, "organisations")[-2:] == [
        (
            "organisation_create", admin.user.id, "",
            {**ORGANISATION, "uscc": code},
        ),
        (
            "organisation_edit", admin.user.id, "",
            {
                "name": ["青岛测试一号有限公司", "青岛测试二号有限公司"],
                "district": ["370202", None],
            },
        ),
    ]  # fmt: skip


def test_organisation_nothing_changed(admin, database):
    with database.unit_of_work() as session:
        firm = factories.make_organisation(session, **ORGANISATION)
    before = len(events_of(database, "organisations"))
    data = {**ORGANISATION, "version": "1"}
    admin.post(f"/admin/organisations/{firm.id}/edit", data=data)
    assert len(events_of(database, "organisations")) == before
    assert "没有改动" in admin.get(f"/admin/organisations/{firm.id}").text


def test_organisation_stale_page_shows_both_versions(admin, database):
    with database.unit_of_work() as session:
        firm = factories.make_organisation(session, **ORGANISATION)
    path = f"/admin/organisations/{firm.id}/edit"
    admin.post(path, data={**ORGANISATION, "address": "他人路2号", "version": "1"})
    late = admin.post(path, data={**ORGANISATION, "address": "本人路3号", "version": "1"})
    assert late.status_code == 409
    assert "他人路2号" in late.text
    assert 'value="本人路3号"' in late.text
    assert 'name="version" value="2"' in late.text
    [address] = rows(database, select(Organisation.address).where(Organisation.id == firm.id))
    assert address == "他人路2号"
    again = admin.post(path, data={**ORGANISATION, "address": "本人路3号", "version": "2"})
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"uscc": "91370200MA3C00000X"}, "uscc"),
        ({"uscc": "9137020"}, "uscc"),
        ({"name": ""}, "name"),
        ({"name": "长" * 121}, "name"),
        ({"name": "零\u200b宽"}, "name"),
        ({"name": "反\u202e向"}, "name"),
        ({"kind": "king"}, "kind"),
        ({"version": "7"}, "version"),
        ({"id": "7"}, "id"),
        ({"hidden_reason": "x"}, "hidden_reason"),
    ],
)
def test_organisation_mistakes(admin, database, changes, field):
    before = rows(database, select(Organisation.id))
    data = {**ORGANISATION, "uscc": factories.uscc(), **changes}
    answer = admin.post("/admin/organisations/new", data=data)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in answer.text
    assert rows(database, select(Organisation.id)) == before


def test_organisation_known_code(admin, database):
    with database.unit_of_work() as session:
        code = factories.make_organisation(session).uscc
    answer = admin.post("/admin/organisations/new", data={**ORGANISATION, "uscc": code})
    assert (answer.status_code, "已经登记" in answer.text) == (409, True)


def test_s50_wildcards_are_letters(admin, database):
    with database.unit_of_work() as session:
        for name in ("百分之100%有限公司", "下划_线有限公司", "普通有限公司"):
            factories.make_organisation(session, name=name)
            factories.make_user(session, name=name)

    def found(path: str, words: str) -> set[str]:
        page = admin.get(path, query_string={"q": words}).text
        return {name for name in ("百分之100%", "下划_线", "普通") if f"{name}有限公司</a>" in page}

    for path in ("/admin/organisations", "/admin/users"):
        assert found(path, "%") == {"百分之100%"}
        assert found(path, "_") == {"下划_线"}
        assert found(path, "\\") == set()
        assert found(path, "有限公司") == {"百分之100%", "下划_线", "普通"}


def test_lists_are_paged(admin, database):
    with database.unit_of_work() as session:
        for _ in range(60):
            factories.make_organisation(session, name="分页公司", kind="enterprise")
    pages = [
        admin.get("/admin/organisations", query_string={"q": "分页公司", "page": page}).text
        for page in (1, 2, 3)
    ]
    assert [page.count("分页公司</a>") for page in pages] == [50, 10, 0]
    assert (
        'href="/admin/organisations?q=%E5%88%86%E9%A1%B5%E5%85%AC%E5%8F%B8&amp;page=2"' in pages[0]
    )


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e3", "99999999999999999999", "1.5", "true"])
def test_s62_pages_are_small_numbers(admin, page):
    assert admin.get("/admin/users", query_string={"page": page}).status_code == 422


def test_district_sees_its_own_organisations(login_as, database):
    with database.unit_of_work() as session:
        office = factories.make_organisation(session, kind="district_office", district="370202")
        here = factories.make_organisation(session, district="370202", name="本区公司")
        there = factories.make_organisation(session, district="370203", name="外区公司")
    client = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    page = client.get("/admin/organisations").text
    assert ("本区公司" in page, "外区公司" in page) == (True, False)
    codes = [client.get(f"/admin/organisations/{row.id}").status_code for row in (here, there)]
    assert codes == [200, 404]


def test_s38_denied_access_is_recorded(login_as, database):
    with database.unit_of_work() as session:
        office = factories.make_organisation(session, kind="district_office", district="370202")
        there = factories.make_organisation(session, district="370203")
    client = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    client.get(f"/admin/organisations/{there.id}")
    client.post("/admin/organisations/new", data={})
    found = rows(database, select(SecurityEvent).order_by(SecurityEvent.id))
    assert [(row.kind, row.user_id, row.role, row.object, row.detail) for row in found] == [
        (
            "denied", client.user.id, "district_reviewer",
            "GET /admin/organisations/<int:organisation_id>",
            {"status": 404, "organisation_id": str(there.id)},
        ),
        (
            "denied", client.user.id, "district_reviewer", "POST /admin/organisations/new",
            {"status": 403},
        ),
    ]  # fmt: skip
    assert all(len(row.request_id) == 32 for row in found)


def test_user_is_switched_off_and_on(admin, person, database):
    user = person(Role.PROVIDER_OWNER)
    path = f"/admin/users/{user.id}"
    assert admin.post(f"{path}/deactivate", data={}).status_code == 422
    assert admin.post(f"{path}/deactivate", data={"reason": "离职"}).location == path
    assert "已停用" in admin.get(path).text
    assert admin.post(f"{path}/deactivate", data={"reason": "离职"}).status_code == 409
    assert admin.post(f"{path}/activate").location == path
    assert events_of(database, "users")[-2:] == [
        ("user_deactivate", admin.user.id, "离职", {}),
        ("user_activate", admin.user.id, "", {}),
    ]


def test_nobody_switches_himself_off(admin):
    own = f"/admin/users/{admin.user.id}/deactivate"
    assert admin.post(own, data={"reason": "x"}).status_code == 403


def test_name_is_corrected_once(admin, person, database):
    user = person()
    path = f"/admin/users/{user.id}"
    assert admin.post(f"{path}/rename", data={"name": "李雷", "version": "1"}).status_code == 303
    stale = admin.post(f"{path}/rename", data={"name": "韩梅", "version": "1"})
    assert stale.status_code == 409
    assert rows(database, select(User.name).where(User.id == user.id)) == ["李雷"]


def test_unlocking(admin, client, person, database):
    user = person(Role.PROVIDER_OWNER)
    for _ in range(5):
        client.post("/login", data={"login": user.login, "password": "wrong"})
    assert "账号锁定到" in admin.get(f"/admin/users/{user.id}").text
    assert admin.post(f"/admin/users/{user.id}/unlock").status_code == 303
    data = {"login": user.login, "password": factories.PASSWORD}
    assert client.post("/login", data=data).status_code == 303
    assert admin.post(f"/admin/users/{user.id}/unlock").status_code == 409
    assert events_of(database, "users")[-1][:2] == ("user_unlock", admin.user.id)


def body(session, kind: OrganisationKind = OrganisationKind.LEAD_BUREAU) -> Organisation:
    return factories.make_organisation(session, kind=kind.value)


def test_role_is_granted_and_revoked(admin, person, database):
    user = person()
    with database.unit_of_work() as session:
        bureau = body(session)
    data = {"role": "city_officer", "uscc": bureau.uscc, "valid_until": "2099-12-31"}
    assert admin.post(f"/admin/users/{user.id}/roles", data=data).status_code == 303
    page = admin.get(f"/admin/users/{user.id}").text
    assert ("市级经办人" in page, "2099年12月31日" in page) == (True, False)
    [grant] = rows(database, select(RoleGrant).where(RoleGrant.user_id == user.id))
    assert (grant.granted_by, grant.valid_until.isoformat()) == (
        admin.user.id, "2099-12-31T16:00:00+00:00",
    )  # fmt: skip
    again = admin.post(f"/admin/users/{user.id}/roles", data=data)
    assert (again.status_code, "已有这个身份" in again.text) == (409, True)
    path = f"/admin/grants/{grant.id}/revoke"
    assert admin.post(path, data={}).status_code == 422
    assert admin.post(path, data={"reason": "轮岗"}).status_code == 303
    assert admin.post(path, data={"reason": "轮岗"}).status_code == 409
    actions = [(action, actor, reason) for action, actor, reason, _ in events_of(database, "users")]
    assert actions[-2:] == [
        ("role_grant", admin.user.id, ""),
        ("role_revoke", admin.user.id, "轮岗"),
    ]


def test_s46_nobody_grants_to_himself(admin, database):
    with database.unit_of_work() as session:
        bureau = body(session)
    data = {"role": "city_officer", "uscc": bureau.uscc}
    answer = admin.post(f"/admin/users/{admin.user.id}/roles", data=data)
    assert (answer.status_code, "不能给自己授权" in answer.text) == (403, True)
    [own] = rows(database, select(RoleGrant).where(RoleGrant.user_id == admin.user.id))
    assert admin.post(f"/admin/grants/{own.id}/revoke", data={"reason": "x"}).status_code == 403


APART = (Role.ADMIN_USERS, Role.ADMIN_SECURITY, Role.AUDITOR)


@pytest.mark.parametrize("first", APART)
@pytest.mark.parametrize("second", APART)
def test_s46_three_administrators_are_three_people(admin, person, database, first, second):
    if first is second:
        return
    user = person(first)
    with database.unit_of_work() as session:
        bureau = body(session)
    data = {"role": second.value, "uscc": bureau.uscc}
    answer = admin.post(f"/admin/users/{user.id}/roles", data=data)
    assert (answer.status_code, "须由三人分任" in answer.text) == (409, True)


def test_s46_the_audit_administrator_only_reads(app, login_as):
    from marketplace.permissions import Permission, can

    auditor = Actor(role=Role.AUDITOR, user_id=1)
    writes = {
        permission
        for permission in Permission
        if can(auditor, permission) and not permission.endswith((":read", ":export"))
    }
    assert writes == set()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("kind", list(OrganisationKind))
def test_roles_have_their_home(database, role, kind):
    with database.unit_of_work() as session:
        user, place = factories.make_user(session), body(session, kind)
        allowed = kind in roles.HOMES[role]
        try:
            roles.grant(session, SYSTEM, user=user, role=role, organisation=place)
        except Exception as error:
            assert not allowed, error
        assert bool(sessions.live_grants(session, user.id)) is allowed


def test_events_are_filtered_and_paged(login_as, database):
    with database.unit_of_work() as session:
        for number in range(120):
            user = factories.make_user(session, name=f"第{number}号")
            accounts.deactivate(session, SYSTEM, user, reason=f"原因{number}")
    client = login_as(Role.AUDITOR)
    seen, path = [], "/admin/events?action=user_deactivate"
    while path:
        page = client.get(path)
        assert page.status_code == 200
        seen += [number for number in range(120) if f">原因{number}<" in page.text]
        more = page.text.partition('href="/admin/events?')[2].partition('"')[0]
        path = f"/admin/events?{more.replace('&amp;', '&')}" if "before=" in more else ""
    assert sorted(seen) == list(range(120))
    for query, expected in (
        ({"action": "role_grant"}, False),
        ({"subject": "users", "subject_id": "1"}, True),
        ({"subject": "providers"}, False),
        ({"actor": "系统"}, True),
        ({"actor": "%"}, False),
        ({"since": "2099-01-01"}, False),
        ({"until": "2000-01-01"}, False),
        ({"since": "2020-01-01", "until": "2099-12-31"}, True),
    ):
        page = client.get("/admin/events", query_string=query).text
        assert ('data-label="时间"' in page) is expected, query


@pytest.mark.parametrize(
    "query", [{"before": "x"}, {"since": "gestern"}, {"sort": "id"}, {"subject_id": "-1"}]
)
def test_s53_odd_filters(login_as, query):
    assert login_as(Role.AUDITOR).get("/admin/events", query_string=query).status_code == 422


def test_security_records_are_filtered(login_as, client, person):
    user = person(Role.PROVIDER_OWNER)
    client.post("/login", data={"login": user.login, "password": "wrong"})
    auditor = login_as(Role.AUDITOR)
    for query, shown in (
        ({}, True), ({"kind": "login", "result": "failed"}, True), ({"kind": "lock"}, False),
        ({"user": user.id}, True), ({"ip": "127.0.0.1"}, True), ({"ip": "192.0.2.1"}, False),
    ):  # fmt: skip
        page = auditor.get("/admin/security", query_string=query).text
        assert (user.name in page) is shown, query
