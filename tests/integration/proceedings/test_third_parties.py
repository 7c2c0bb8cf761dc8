"""Enterprises with running projects: told what the public learns, and asked what they wish."""

from datetime import date

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Event, HandOver, Message
from marketplace.phases import ProceedingKind, ProjectPhase, Role
from marketplace.services.inbox import tasks
from marketplace.services.proceedings import exits, exits_projects, third_parties
from tests import factories
from tests.integration.proceedings.test_removal import decided
from tests.support.forms import forms
from tests.support.world_proceedings import actor_of, world

TASK = "服务商将退出，请选择项目怎么办：注塑车间MES"
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def told(session, actor) -> list[str]:
    """Titles of what reached somebody, oldest first."""
    session.flush()
    query = select(Message.title).where(Message.user_id == actor.user_id).order_by(Message.id)
    return list(session.scalars(query))


def asked(session, actor) -> list[tuple[str, str, object]]:
    """What somebody is asked about exits."""
    found = [task for task in tasks.of(session, actor) if task.kind == "项目交接"]
    return [(task.title, task.url, task.due) for task in found]


@pytest.fixture
def project(qingdao, session):
    """A running project of the place; another of the same firm is over."""
    row = factories.make_project(session, qingdao.membership, title="注塑车间MES")
    factories.make_project(session, qingdao.membership, row.enterprise, phase=ProjectPhase.ACCEPTED)
    return row


@pytest.fixture
def client(session, project):
    return actor_of(session, Role.ENTERPRISE, organisation=project.enterprise)


def test_a_suspension_and_its_end_reach_the_client_without_the_file(
    qingdao, session, project, client
):
    case = qingdao.open(ProceedingKind.SUSPENSION, "X09")
    (seen,) = third_parties.affected(session, client)
    assert (seen.project.id, seen.leaving, seen.asked) == (project.id, None, False)
    with pytest.raises(Conflict, match="现在不需要选择"):
        third_parties.wish(session, client, project.id, way="finish", reason="")
    qingdao.act(case, "lift", qingdao.officer)
    assert third_parties.affected(session, client) == []
    assert told(session, client) == ["服务商已暂停：注塑车间MES", "服务商已恢复：注塑车间MES"]
    words = session.scalars(select(Message.text).where(Message.user_id == client.user_id)).all()
    assert not any(case.findings in text or "关联" in text for text in words)


def test_a_removal_asks_once_it_is_public_and_the_wish_reaches_the_city(
    qingdao, session, time, project, client
):
    case = decided(qingdao)
    qingdao.act(case, "open_notice", qingdao.officer)
    (seen,) = third_parties.affected(session, client)
    assert seen.leaving is None  # the notice is drafted, and nobody outside may know
    notice = qingdao.publish(time)
    (seen,) = third_parties.affected(session, client)
    assert (seen.leaving.id, seen.asked) == (case.id, True)
    assert asked(session, client) == [(TASK, "/me/hand-overs", None)]
    stranger = actor_of(session, Role.ENTERPRISE)
    assert third_parties.affected(session, stranger) == []
    with pytest.raises(NotFound):
        third_parties.wish(session, stranger, project.id, way="finish", reason="")
    with pytest.raises(Invalid) as wrong:
        third_parties.wish(session, client, project.id, way="transfer", reason=" ")
    assert set(wrong.value.fields) == {"reason"}
    third_parties.wish(session, client, project.id, way="transfer", reason="担心售后")
    assert asked(session, client) == []
    with pytest.raises(Conflict):
        third_parties.wish(session, client, project.id, way="finish", reason="")
    assert "企业希望转交：注塑车间MES" in told(session, qingdao.officer)
    event = session.scalars(select(Event).where(Event.action == "hand_over_wish")).one()
    assert (event.subject_id, event.diff) == (case.id, {"project": project.id, "way": "transfer"})

    taker = factories.make_membership(session, qingdao.round, factories.make_provider(session))
    row = exits_projects.settle(
        session, qingdao.officer, case, project.id, way="transfer", to_membership_id=taker.id,
        note="承接方同意",
    )  # fmt: skip
    assert (row.wish, row.wish_reason) == ("transfer", "担心售后")
    exits_projects.answer(
        session, client, row.id, agrees=True, reason="", expected_version=row.version
    )
    qingdao.finish(notice, qingdao.leader)
    (moved,) = exits_projects.waiting(session, client)
    assert (moved.proceeding.provider_id, moved.project.provider_id) == (
        qingdao.provider.id, taker.provider_id,
    )  # fmt: skip
    assert told(session, client)[-2:] == [
        "是否同意转交项目“注塑车间MES”", "项目已转交：注塑车间MES",
    ]  # fmt: skip


def test_a_voluntary_exit_asks_with_its_day(qingdao, session, time, project, client):
    case = exits.request(session, qingdao.owner, qingdao.membership, reason="业务调整")
    assert third_parties.affected(session, client) == []
    qingdao.act(case, "accept_request", qingdao.officer)
    # Accepted on 2 March with 30 days of notice.
    assert asked(session, client) == [(TASK, "/me/hand-overs", date(2026, 4, 1))]
    third_parties.wish(session, client, project.id, way="finish", reason="")
    time.set(case.due_at)
    qingdao.act(case, "complete", qingdao.officer)
    assert told(session, client) == ["服务商将退出：注塑车间MES", "服务商已退出：注塑车间MES"]
    assert session.scalars(select(HandOver.way)).all() == ["finish"]
    (gone,) = third_parties.affected(session, client)
    assert (gone.place.phase, gone.leaving) == ("exited", None)


def test_the_page_of_the_enterprise(database, login_as, time):
    with database.unit_of_work() as session:
        town = world(session)
        project = factories.make_project(session, town.membership, title="注塑车间MES")
        case = exits.request(session, town.owner, town.membership, reason="内部原因不公开")
        town.act(case, "accept_request", town.officer)
    client = login_as(Role.ENTERPRISE, organisation=project.enterprise)
    path = f"/me/hand-overs/projects/{project.id}"
    page = client.get("/me/hand-overs").text
    assert "注塑车间MES" in page and f'href="{path}"' in page and "内部原因不公开" not in page
    assert login_as(Role.ENTERPRISE).get(path).status_code == 404
    form = next(f for f in forms(client.get(path).text, path) if "form_key" in f.fields).fields
    assert client.post(path, data={**form, "way": "transfer", "reason": ""}).status_code == 422
    sent = client.post(path, data={**form, "way": "transfer", "reason": "担心售后"})
    assert (sent.status_code, sent.location) == (303, "/me/hand-overs")
    assert "担心售后" in client.get("/me/hand-overs").text
    assert client.get(path).status_code == 409
    officer = login_as(Role.CITY_OFFICER)
    assert "企业希望转交：担心售后" in officer.get(f"/work/proceedings/{case.id}").text
