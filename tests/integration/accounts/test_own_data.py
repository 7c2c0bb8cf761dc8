"""One's own data goes out as a file or is erased; the history stays, by number (S84)."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from marketplace import clock
from marketplace.models import (
    AccessRequest,
    Event,
    FormDraft,
    Message,
    PeriodicReport,
    Rating,
    RatingVersion,
    ReportVersion,
    RoleGrant,
    StoredFile,
    User,
    UserSession,
)
from marketplace.phases import ProjectPhase, Role
from marketplace.services.audit import seals
from marketplace.services.inbox import inbox
from marketplace.services.upkeep import retention
from marketplace.storage import Kept
from tests import factories
from tests.support import world_access
from tests.support.world_access import PHONE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SECRET_NAME = "欧阳可识别"
LOGIN = "ouyang@private.example"


@pytest.fixture
def provider(database):
    with database.unit_of_work() as session:
        return factories.make_provider(session).organisation


@pytest.fixture
def someone(app, database, provider) -> RoleGrant:
    """An editor with a message, a draft, requests and a letter that led to nothing."""
    cipher = app.extensions["cipher"]
    with database.unit_of_work() as session:
        world_access.lead(session, provider)
        user = factories.make_user(session, name=SECRET_NAME, login=LOGIN)
        asked = world_access.ask(
            session, cipher, factories.uscc(), user=user, contact_name=SECRET_NAME
        )
        kept = Kept("a" * 64, "授权书.pdf", "application/pdf", 100)
        session.add(
            StoredFile(
                sha256=kept.sha256, name=kept.name, media_type=kept.media_type, size=kept.size,
                purpose="access_letter", subject_type="access_requests", subject_id=asked.id,
                uploaded_by=user.id,
            )
        )  # fmt: skip
        return factories.make_grant(session, user, Role.PROVIDER_EDITOR, provider)


def everything(database) -> str:
    """The whole database in words, but for what is sealed."""
    with database.engine.connect() as connection:
        return "\n".join(connection.connection.dbapi_connection.iterdump())


def fill(enter, database, grant):
    """The person at work: signed in, told something, typing."""
    client = enter(grant)
    with database.unit_of_work() as session:
        reader = [inbox.Reader(grant.user_id, grant.organisation_id)]
        facts = {"title": "通知", "text": f"{SECRET_NAME}，您好"}
        inbox.notify(session, "letter", reader, cause="test:1", voice="reader", facts=facts)
    client.post("/drafts", data={
        "draft_key": "case:new", "draft_version": "0", "draft_window": "w", "title": "打到一半",
    })  # fmt: skip
    return client


def test_the_file_holds_everything_and_nothing_of_others(enter, someone, database):
    client = fill(enter, database, someone)
    page = client.get("/account/data")
    assert all(word in page.text for word in ("站内消息", "开通申请", "导出我的个人信息"))
    answer = client.post("/account/data/export")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert set(archive.namelist()) == {"说明.txt", "data.json"}
        parts = json.loads(archive.read("data.json"))["parts"]
    assert (parts["account"]["rows"][0]["login"], parts["account"]["label"]) == (LOGIN, "账号")
    assert parts["access_requests"]["rows"][0]["contact_phone"] == PHONE
    assert parts["messages"]["rows"][0]["text"] == f"{SECRET_NAME}，您好"
    assert parts["drafts"]["rows"][0]["texts"] == [{"title": ["打到一半"]}]
    assert [row["role"] for row in parts["roles"]["rows"]] == ["provider_editor"]
    assert [row["action"] for row in parts["events"]["rows"]] == ["access_file"]
    text = json.dumps(parts, ensure_ascii=False)
    assert "password_hash" not in text and "argon2" not in text and "token" not in text
    with database.reading() as session:
        done = session.scalars(select(Event.action).order_by(Event.id.desc())).first()
    assert done == "own_data_export"


def test_an_erased_person_is_nowhere_in_the_database(enter, someone, database):
    client = fill(enter, database, someone)
    with database.unit_of_work() as session:
        before = session.scalar(select(func.count()).select_from(Event))
        seals.seal(session)
    assert SECRET_NAME in everything(database) and LOGIN in everything(database)
    wrong = client.post("/account/data/erase", data={"login": "other@private.example"})
    assert (wrong.status_code, "与登录邮箱不一致" in wrong.text) == (422, True)
    done = client.post("/account/data/erase", data={"login": LOGIN})
    assert (done.status_code, done.location) == (303, "/login")
    assert done.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"'
    left = everything(database)
    assert [word for word in (SECRET_NAME, LOGIN, "打到一半") if word in left] == []
    with database.unit_of_work() as session:
        user = session.get_one(User, someone.user_id)
        assert (user.name, user.active, user.password_hash) == ("已注销用户", False, "")
        for model in (Message, FormDraft):
            assert session.scalar(select(func.count()).where(model.user_id == user.id)) == 0
        row = session.scalars(select(AccessRequest)).one()
        assert (row.state, row.contact_name) == ("called_off", "")
        assert row.contact_phone_encrypted is None
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
        ended = session.execute(select(UserSession.ended_at, UserSession.ip)).all()
        assert all(at is not None and ip == "" for at, ip in ended)
        # The history is whole, sealed as before, and names nobody.
        events = session.scalars(select(Event).order_by(Event.id)).all()
        assert len(events) > before
        assert {event.actor_name for event in events} == {f"用户{user.id}"}
        assert {event.who for event in events} == {"已注销用户"}
        assert seals.verify(session).broken_seq is None


def test_names_beside_what_was_written_go_as_well(enter, database):
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        membership = factories.make_membership(session, factories.make_round(session), provider)
        client = factories.make_organisation(session, kind="enterprise")
        project = factories.make_project(session, membership, client, phase=ProjectPhase.ACCEPTED)
        factories.make_project_parts(session, project)
        rating = session.scalars(select(Rating)).one()
        day = clock.today()
        report = PeriodicReport(
            membership_id=membership.id, provider_id=provider.id, duty="quarter", period="2026Q1",
            since=day, until=day, due_at=clock.now(), due_on=day, state="owed", phase="owed",
            state_since=clock.now(),
        )  # fmt: skip
        session.add(report)
        session.flush()
        session.add(RatingVersion(rating_id=rating.id, number=8, by_name=SECRET_NAME))
        session.add(RatingVersion(rating_id=rating.id, number=9, by_name="别人"))
        session.add(ReportVersion(report_id=report.id, number=1, by_name=SECRET_NAME))
        user = factories.make_user(session, name=SECRET_NAME, login=LOGIN)
        for organisation in (client, provider.organisation):
            world_access.lead(session, organisation)
        grant = factories.make_grant(session, user, Role.ENTERPRISE, client)
        factories.make_grant(session, user, Role.PROVIDER_VIEWER, provider.organisation)
    assert enter(grant).post("/account/data/erase", data={"login": LOGIN}).status_code == 303
    assert SECRET_NAME not in everything(database)
    with database.reading() as session:
        names = session.scalars(
            select(RatingVersion.by_name).where(RatingVersion.number > 7).order_by(RatingVersion.id)
        ).all()
        assert [*names, session.scalars(select(ReportVersion.by_name)).one()] == [
            "已注销用户", "别人", "已注销用户",
        ]  # fmt: skip


def test_the_last_owner_and_staff_are_refused_with_the_reason(enter, login_as, provider, database):
    with database.unit_of_work() as session:
        owner = world_access.lead(session, provider, login="chef@private.example")
    client = enter(owner)
    assert f"您是“{provider.name}”唯一的负责人" in client.get("/account/data").text
    refused = client.post("/account/data/erase", data={"login": "chef@private.example"})
    assert (refused.status_code, "移交给同事" in refused.text) == (409, True)
    with database.unit_of_work() as session:
        world_access.lead(session, provider)
    gone = client.post("/account/data/erase", data={"login": "chef@private.example"})
    assert gone.status_code == 303
    officer = login_as(Role.CITY_OFFICER)
    staff = officer.post("/account/data/erase", data={"login": officer.user.login})
    assert (staff.status_code, "工作人员账号" in staff.text) == (409, True)


def test_a_password_is_asked_again_and_the_form_is_kept(enter, someone, database):
    client = enter(someone)
    with database.unit_of_work() as session:
        session.execute(update(UserSession).values(confirmed_at=clock.now() - timedelta(hours=1)))
    asked = client.post("/account/data/erase", data={"login": LOGIN})
    assert asked.status_code == 303
    assert asked.location.startswith("/account/confirm?next=/resume/")
    with database.unit_of_work() as session:
        assert session.get_one(User, someone.user_id).active
        session.execute(update(UserSession).values(confirmed_at=clock.now()))
    kept = client.get(asked.location.partition("next=")[2])
    assert (kept.status_code, LOGIN in kept.text) == (200, True)
    assert 'action="/account/data/erase"' in kept.text


def test_old_requests_are_emptied(someone, database):
    with database.unit_of_work() as session:
        row = session.scalars(select(AccessRequest)).one()
        assert retention.run(session) == 0
        row.state, row.phase = "turned_down", "refused"
        row.state_since = clock.now() - timedelta(days=179)
        session.flush()
        assert retention.run(session) == 0
        row.state_since = clock.now() - timedelta(days=181)
        session.flush()
        assert retention.run(session) == 1
        assert (row.contact_name, row.contact_phone_encrypted) == ("", None)
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0
        assert retention.run(session) == 0
