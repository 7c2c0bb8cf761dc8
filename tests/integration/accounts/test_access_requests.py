"""Asking for a role: an enterprise before its district, a provider before the bureau; nobody
joins people who were not asked."""

import io

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from marketplace.models import (
    AccessRequest,
    Event,
    FormDraft,
    Message,
    Organisation,
    Provider,
    RoleGrant,
    StoredFile,
    User,
)
from marketplace.phases import Role
from marketplace.services.access import access_tasks
from marketplace.services.inbox import tasks
from tests import factories
from tests.support import sample_files, world_access
from tests.support.world_access import DISTRICT, PHONE, register_form

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEY = {"form_key": "f" * 20}


@pytest.fixture
def words(database) -> None:
    with database.unit_of_work() as session:
        for code, name in ((DISTRICT, "市南区"), ("370212", "崂山区")):
            factories.make_term(session, "district", code, name)


@pytest.fixture
def desk(login_as, database):
    """``desk(district)``: a reviewer there."""

    def make(district: str):
        with database.unit_of_work() as session:
            office = factories.make_organisation(session, kind="district_office", district=district)
        return login_as(Role.DISTRICT_REVIEWER, organisation=office)

    return make


def only(database, model):
    with database.reading() as session:
        return session.scalars(select(model)).one()


def messages(database) -> list[tuple[int, str]]:
    with database.reading() as session:
        rows = session.execute(select(Message.user_id, Message.url).order_by(Message.id))
        return [tuple(row) for row in rows]


def test_an_enterprise_registers_and_its_district_opens_the_access(  # noqa: PLR0915  one story
    login_as, words, desk, database
):
    code = factories.uscc()
    here, elsewhere = desk(DISTRICT), desk("370212")
    client = login_as(None)
    refused = client.post("/register/enterprise", data={**register_form("9" * 18), "phone": "12"})
    assert refused.status_code == 422
    for text in ("请核对18位代码", "请填写正确的手机号", "王申请", "示例路1号"):
        assert text in refused.text  # what is wrong, and nothing typed is lost
    sent = client.post("/register/enterprise", data=register_form(code))
    row = only(database, AccessRequest)
    assert (sent.status_code, sent.location) == (303, f"/account/requests/{row.id}")
    assert PHONE.encode() not in row.contact_phone_encrypted
    assert (row.state, row.organisation_id, row.facts) == (
        "asked", None, {"address": "示例路1号", "headcount": 60},
    )  # fmt: skip
    assert messages(database) == [(here.user.id, f"/work/requests/{row.id}")]
    # A second one for the same code is refused; sent twice by mistake it counts once.
    assert client.post("/register/enterprise", data=register_form(code)).location == sent.location
    again = client.post("/register/enterprise", data=register_form(code, form_key="x" * 20))
    assert (again.status_code, "正在办理" in again.text) == (409, True)
    # Another district knows nothing of it; neither does another applicant.
    page = f"/work/requests/{row.id}"
    assert elsewhere.get(page).status_code == 404
    assert row.name not in elsewhere.get("/work/requests").text
    assert login_as(None).get(f"/account/requests/{row.id}").status_code == 404
    assert login_as(Role.CITY_OFFICER).get(page).status_code == 404
    shown = here.get(page).text
    assert row.name in here.get("/work/requests").text
    assert "138****5678" in shown and PHONE not in shown
    unmasked = here.post(f"{page}/phone", data={"why": "核实申请人"})
    assert (unmasked.status_code, PHONE in unmasked.text) == (200, True)
    assert here.post(f"{page}/phone", data={"why": "看"}).status_code == 422
    # Back for mending, with the reason; the form comes with what was typed.
    missing = here.post(f"{page}/return", data={**KEY, "version": row.version})
    assert (missing.status_code, "请填写理由" in missing.text) == (422, True)
    here.post(f"{page}/return", data={**KEY, "version": row.version, "reason": "名称与执照不符"})
    # Somebody without a role has an inbox as well, and opens the request from there.
    inbox = client.get("/inbox")
    assert (inbox.status_code, "退回补正" in inbox.text) == (200, True)
    mine = client.get(f"/account/requests/{row.id}").text
    assert "名称与执照不符" in mine and PHONE in mine
    assert "示例路1号" in client.get(f"/account/requests/{row.id}/edit").text
    form = register_form(code, name="青岛示例精密注塑有限公司", form_key="m" * 20)
    form.pop("uscc")
    assert client.post(f"/account/requests/{row.id}/edit", data=form).status_code == 303
    stale = here.post(
        f"{page}/approve", data={"form_key": "s" * 20, "version": row.version, "reason": ""}
    )
    assert (stale.status_code, "新的进展" in stale.text) == (409, True)
    version = only(database, AccessRequest).version
    done = here.post(f"{page}/approve", data={"form_key": "a" * 20, "version": version})
    assert (done.status_code, done.location) == (303, "/work/requests")
    with database.reading() as session:
        made = session.scalars(select(Organisation).where(Organisation.uscc == code)).one()
        grant = session.scalars(select(RoleGrant).where(RoleGrant.organisation == made)).one()
    assert (made.name, made.kind, made.district, made.headcount) == (
        "青岛示例精密注塑有限公司", "enterprise", DISTRICT, 60,
    )  # fmt: skip
    assert (grant.user_id, grant.role, grant.leads) == (client.user.id, "enterprise", True)
    # A new role starts with a new login.
    assert client.get("/account").status_code == 401
    assert client.user.id in {user for user, _ in messages(database)}
    # The button pressed twice: one approval.
    twice = here.post(f"{page}/approve", data={"form_key": "a" * 20, "version": version})
    assert (twice.status_code, twice.location) == (303, done.location)


def test_a_provider_is_claimed_with_a_letter(login_as, words, database):
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        factories.make_membership(session, factories.make_round(session), provider)
        organisation = provider.organisation
        lead_user = factories.make_user(session)
    officer, client = login_as(Role.CITY_OFFICER), login_as(None, user=lead_user)
    found = client.get("/claim", query_string={"q": organisation.name[2:8]})
    assert f"认领：{organisation.name}" in found.text
    assert organisation.name in client.get(f"/claim?uscc={organisation.uscc}").text
    form = {"uscc": organisation.uscc, "contact_name": "李授权", "phone": PHONE}
    without = client.post("/claim", data={**form, **KEY})
    assert (without.status_code, "请上传授权书" in without.text) == (422, True)
    ghost = client.post("/claim", data={**form, **KEY, "uscc": factories.uscc()})
    assert (ghost.status_code, "资源池中没有这家服务商" in ghost.text) == (422, True)
    letter = (io.BytesIO(sample_files.pdf()), "授权书.pdf")
    wrong = client.post("/claim", data={**form, **KEY, "phone": "1", "access_letter": letter})
    # The letter is kept through the error.
    assert wrong.status_code == 422 and "授权书.pdf" in wrong.text
    kept = wrong.text.split('name="access_letter-kept" value="')[1].split('"')[0]
    sent = client.post("/claim", data={**form, **KEY, "access_letter-kept": kept})
    assert sent.status_code == 303
    row, file = only(database, AccessRequest), only(database, StoredFile)
    assert (row.kind, row.name, file.subject_id) == ("claim", organisation.name, row.id)
    with officer.get(f"/files/{file.id}") as opened:
        assert opened.status_code == 200
    assert login_as(Role.PROVIDER_OWNER).get(f"/files/{file.id}").status_code == 404
    assert login_as(None).get(f"/files/{file.id}").status_code == 404
    done = officer.post(f"/work/requests/{row.id}/approve", data={**KEY, "version": row.version})
    assert done.status_code == 303
    with database.reading() as session:
        grant = session.scalars(select(RoleGrant).where(RoleGrant.user_id == lead_user.id)).one()
        assert (grant.role, grant.organisation_id) == ("provider_owner", organisation.id)
        steps = session.scalars(
            select(Event.action).where(Event.subject_type == "access_requests").order_by(Event.id)
        ).all()
    assert steps == ["access_file", "files_change", "access_approve"]


def file_with_letter(client, path: str, code: str, **given: str):
    form = {"uscc": code, "contact_name": "赵新来", "phone": PHONE, **given, **KEY}
    letter = (io.BytesIO(sample_files.pdf()), "授权书.pdf")
    return client.post(path, data={**form, "access_letter": letter})


def approve(officer, row):
    path = f"/work/requests/{row.id}"
    data = {"form_key": f"approve-{row.id:012}", "version": row.version}
    return officer.post(f"{path}/approve", data=data)


def test_a_provider_that_nobody_knows_enrols_and_stands_in_no_list(
    login_as, words, desk, database, client
):
    officer, mine, code = login_as(Role.CITY_OFFICER), login_as(None), factories.uscc()
    assert 'href="/claim/new"' in mine.get("/claim?q=没有的").text
    assert "开户不等于入池" in mine.get("/claim/new").text
    without = mine.post("/claim/new", data={"uscc": code, "contact_name": "赵", **KEY})
    assert without.status_code == 422
    assert "单位名称" in without.text.split('id="error-summary')[1].split("</div>")[0]
    known = {"name": "青岛新来软件有限公司", "address": "示例路2号"}
    assert file_with_letter(mine, "/claim/new", code, **known).status_code == 303
    row = only(database, AccessRequest)
    assert (row.kind, row.organisation_id, row.district) == ("enrol", None, "")
    assert desk(DISTRICT).get(f"/work/requests/{row.id}").status_code == 404
    page = officer.get(f"/work/requests/{row.id}").text
    for text in ("新服务商开户", "青岛新来软件有限公司", "只开户，不入池，不公开", "授权书.pdf"):
        assert text in page
    assert approve(officer, row).status_code == 303
    with database.reading() as session:
        provider = session.scalars(
            select(Provider).options(joinedload(Provider.organisation))
        ).one()
        place = provider.organisation
        assert (place.uscc, place.name, place.kind, place.district, place.address) == (
            code, "青岛新来软件有限公司", "provider", None, "示例路2号",
        )  # fmt: skip
        held = session.scalars(select(RoleGrant).where(RoleGrant.user_id == mine.user.id)).one()
        assert (held.role, held.organisation_id) == ("provider_owner", place.id)
        said = session.scalars(select(Event.action).where(Event.subject_type == "providers")).all()
    assert said == ["provider_enrol"]
    # It has a centre of its own, no page, and only who knows the code finds it.
    assert login_as(Role.PROVIDER_OWNER, organisation=place).get("/p").status_code == 200
    assert client.get(f"/providers/{provider.id}").status_code == 404
    other = login_as(None)
    assert place.name not in other.get("/claim", query_string={"q": "新来"}).text
    assert place.name in other.get("/claim", query_string={"q": code}).text
    again = file_with_letter(other, "/claim/new", code, **known)
    assert (again.status_code, "已经登记，请用“认领服务商”" in again.text) == (422, True)


def test_two_people_enrol_one_provider_and_the_second_is_its_owners_to_answer(
    login_as, words, database
):
    officer, code = login_as(Role.CITY_OFFICER), factories.uscc()
    for who in (login_as(None), login_as(None)):
        assert file_with_letter(who, "/claim/new", code, name="青岛新来软件").status_code == 303
    with database.reading() as session:
        first, second = session.scalars(select(AccessRequest).order_by(AccessRequest.id))
    assert approve(officer, first).status_code == 303
    late = approve(officer, second)
    assert (late.status_code, "该单位已有负责人" in late.text) == (409, True)
    only(database, Provider)


def test_people_of_an_evaluating_organisation_are_let_in_by_the_city(login_as, words, database):
    officer, code = login_as(Role.CITY_OFFICER), factories.uscc()
    lab = {"name": "青岛测评中心"}
    taken = code_of(database, "enterprise")
    wrong = file_with_letter(login_as(None), "/register/evaluator", taken, **lab)
    assert (wrong.status_code, "这个代码登记为中小企业" in wrong.text) == (422, True)
    people = [login_as(None), login_as(None)]
    for who in people:
        assert file_with_letter(who, "/register/evaluator", code, **lab).status_code == 303
    with database.reading() as session:
        rows = session.scalars(select(AccessRequest).order_by(AccessRequest.id)).all()
    # The second comes to the desk as well: such an organisation has no owners.
    for row in rows:
        assert row.kind == "evaluate"
        assert approve(officer, row).status_code == 303
    assert officer.get(f"/work/requests/{rows[1].id}").status_code == 200
    with database.reading() as session:
        found = session.execute(
            select(RoleGrant.user_id, RoleGrant.role, Organisation.kind, Organisation.uscc)
            .join(Organisation, Organisation.id == RoleGrant.organisation_id)
            .where(RoleGrant.user_id.in_([who.user.id for who in people]))
            .order_by(RoleGrant.user_id)
        ).all()
    assert [tuple(row) for row in found] == [
        (who.user.id, "third_party", "third_party", code) for who in people
    ]


def code_of(database, kind: str) -> str:
    with database.unit_of_work() as session:
        return factories.make_organisation(session, kind=kind).uscc


def test_who_is_there_is_asked_first(login_as, enter, words, desk, database):
    with database.unit_of_work() as session:
        place = factories.make_organisation(session, kind="enterprise", district=DISTRICT)
        grant = world_access.lead(session, place)
        chief = session.get_one(User, grant.user_id)
    here, client = desk(DISTRICT), login_as(None)
    form = register_form(place.uscc)
    client.post("/register/enterprise", data=form)
    row = only(database, AccessRequest)
    assert row.state == "with_owner"
    assert messages(database) == [(chief.id, "/me/team")]
    # The desk cannot decide over the owner's head, only take it over with a reason.
    page = f"/work/requests/{row.id}"
    past = here.post(f"{page}/approve", data={**KEY, "version": row.version})
    assert (past.status_code, "不能同意开通" in past.text) == (409, True)
    owner = enter(grant)
    colleague = login_as(Role.ENTERPRISE, organisation=place)
    assert "王申请" in owner.get("/me/team").text
    assert "王申请" not in colleague.get("/me/team").text
    answer = {"version": row.version, "post": "member", "reason": ""}
    assert colleague.post(f"/me/team/requests/{row.id}/admit", data=answer).status_code == 409
    with database.reading() as session:
        actor = world_access.acting(session, grant)
        listed = [task.title for task in tasks.of(session, actor)]
    assert "答复加入申请：王申请" in listed
    to_lead = owner.post(f"/me/team/requests/{row.id}/admit", data={**answer, "post": "owner"})
    assert to_lead.status_code == 422
    assert owner.post(f"/me/team/requests/{row.id}/admit", data=answer).status_code == 303
    with database.reading() as session:
        joined = session.scalars(select(RoleGrant).where(RoleGrant.user_id == client.user.id)).one()
        assert (joined.role, joined.leads, joined.organisation_id) == (
            "enterprise", False, place.id,
        )  # fmt: skip
    # Another one: the owner does not answer, the desk takes over and opens the access.
    second = login_as(None)
    second.post("/register/enterprise", data=form)
    with database.reading() as session:
        late = session.scalars(
            select(AccessRequest).where(AccessRequest.user_id == second.user.id)
        ).one()
    page = f"/work/requests/{late.id}"
    assert here.post(f"{page}/take-over", data={**KEY, "version": late.version}).status_code == 422
    data = {"form_key": "t" * 20, "version": late.version, "reason": "负责人已离职"}
    assert here.post(f"{page}/take-over", data=data).status_code == 303
    with database.reading() as session:
        version = session.get_one(AccessRequest, late.id).version
    done = here.post(f"{page}/approve", data={"form_key": "u" * 20, "version": version})
    assert done.status_code == 303
    with database.reading() as session:
        chiefs = session.scalar(
            select(func.count()).where(RoleGrant.organisation_id == place.id, RoleGrant.leads)
        )
    assert chiefs == 2


def test_the_wrong_kind_of_place_and_staff_are_refused(login_as, words, database):
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        office = factories.make_organisation(session, kind="lead_bureau")
    client = login_as(None)
    for place, text in ((provider.organisation, "请用“认领服务商”"), (office, "市级主管部门")):
        answer = client.post("/register/enterprise", data=register_form(place.uscc))
        assert (answer.status_code, text in answer.text) == (422, True)
    auditor = login_as(Role.AUDITOR)
    assert auditor.get("/register/enterprise").status_code == 403
    form = register_form(factories.uscc())
    assert auditor.post("/register/enterprise", data=form).status_code == 403
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AccessRequest)) == 0


def test_a_form_of_somebody_without_a_role_is_kept(login_as, words, database, client):
    one = login_as(None)
    draft = {
        "draft_key": "access:register", "draft_version": "0", "draft_window": "w1",
        "draft_path": "/register/enterprise", "contact_name": "只填了一半",
    }  # fmt: skip
    saved = one.post("/drafts", data=draft)
    assert (saved.status_code, saved.json["version"]) == (200, 1)
    assert "只填了一半" in one.get("/register/enterprise").text
    assert "只填了一半" not in login_as(None).get("/register/enterprise").text
    one.post("/register/enterprise", data=register_form(factories.uscc()))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FormDraft)) == 0


def test_taken_back(login_as, words, database):
    one = login_as(None)
    one.post("/register/enterprise", data=register_form(factories.uscc()))
    row = only(database, AccessRequest)
    assert one.post(f"/account/requests/{row.id}/withdraw").status_code == 303
    assert only(database, AccessRequest).state == "called_off"
    assert one.post(f"/account/requests/{row.id}/withdraw").status_code == 409
    assert access_tasks.KIND == "开通"
