"""The inbox and the tasks as pages: own ones only, few queries, one click to the place."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.models import ImportJob, Message
from marketplace.phases import ImportPhase, Role, SelectionPhase, StandingPhase
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader
from tests import factories
from tests.support.statements import asked


def text_of(page: str) -> str:
    """What the page says, without its tags and spaces."""
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", page)))


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def tell(database, client, number=1, url="", kind="letter"):
    with database.unit_of_work() as session:
        ids = [
            inbox.notify(
                session, kind, [Reader(client.user.id)], cause=f"test:{at}-{url}",
                voice="reader", url=url,
                facts={"title": f"第{at}件", "text": "请办理", "file": "x"},
            )
            for at in range(number)
        ]  # fmt: skip
    return [id_ for (id_,) in ids]


def test_a_message_is_opened_noted_and_leads_to_its_place(database, login_as):
    client = login_as(Role.PROVIDER_OWNER)
    (id_,) = tell(database, client, url="/cases")
    assert "消息1条未读" in text_of(client.get("/account").text)
    assert "请办理" in client.get("/inbox?unread=1").text
    opened = client.post(f"/inbox/{id_}/open")
    assert (opened.status_code, opened.location) == (303, "/cases")
    assert "请办理" not in client.get("/inbox?unread=1").text
    assert "条未读" not in client.get("/account").text
    with database.reading() as session:
        assert session.get_one(Message, id_).read_at is not None


def test_messages_are_their_readers_alone(database, login_as, client):
    owner, other = login_as(Role.PROVIDER_OWNER), login_as(Role.CITY_LEADER)
    (id_,) = tell(database, owner)
    for stranger in (other,):
        assert stranger.get(f"/inbox/{id_}").status_code == 404
        assert stranger.post(f"/inbox/{id_}/open").status_code == 404
        assert stranger.post("/inbox/read").status_code == 303
        assert "第0件" not in stranger.get("/inbox").text
    assert client.get(f"/inbox/{id_}").status_code == 302
    with database.reading() as session:
        assert session.get_one(Message, id_).read_at is None


def test_a_message_never_leads_off_the_site(database, login_as):
    client = login_as(Role.PROVIDER_OWNER)
    (id_,) = tell(database, client, url="//evil.example/x")
    assert client.post(f"/inbox/{id_}/open").location == f"/inbox/{id_}"


def test_kinds_and_pages(database, login_as):
    client = login_as(Role.PROVIDER_OWNER)
    tell(database, client, 35)
    tell(database, client, 1, kind="file_infected")
    first = client.get("/inbox").text
    assert "共 36 条" in first
    assert first.count('class="inbox-item') == 30
    assert client.get("/inbox?page=2").text.count('class="inbox-item') == 6
    assert client.get("/inbox?kind=file_infected").text.count('class="inbox-item') == 1
    for odd in ("page=x", "page=99999999", "page=-1", "kind=%00"):
        assert client.get(f"/inbox?{odd}").status_code == 200
    assert "99+" not in first
    tell(database, client, 90, url="/more")
    assert "99+" in client.get("/inbox").text
    assert client.post("/inbox/read").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Message.id).where(Message.read_at.is_(None))).all() == []


def test_choices_by_form(login_as):
    client = login_as(Role.PROVIDER_OWNER)
    page = client.get("/inbox/choices").text
    assert "重要消息，不能关闭邮件" in page
    assert client.post("/inbox/choices", data={"letter": "digest"}).status_code == 303
    assert 'name="letter" value="digest" checked' in client.get("/inbox/choices").text
    refused = client.post("/inbox/choices", data={"letter": "none"})
    assert (refused.status_code, "重要消息不能不发邮件" in refused.text) == (422, True)


@on_sqlite
def test_b10_the_list_and_the_count_cost_few_queries(database, login_as):
    client = login_as(Role.PROVIDER_OWNER)
    counts = []
    for number in (5, 30):
        tell(database, client, number, url=f"/{number}")
        counts.append(asked(client, "/inbox"))
    assert counts[0] == counts[1]
    assert max(counts) <= 6
    assert asked(client, "/tasks") <= 20  # one for each kind of thing to do


def test_each_role_has_its_own_tasks_with_a_deadline(database, login_as):
    today = clock.today()
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session, confirmed_on=today - timedelta(days=85))
        late = factories.make_membership(
            session, round_, provider, phase=StandingPhase.RECTIFYING,
            rectify_by=today - timedelta(days=1),
        )  # fmt: skip
        other = factories.make_provider(
            session, factories.make_organisation(session, district="370203")
        )
        factories.make_membership(
            session, round_, other, phase=StandingPhase.RECTIFYING,
            rectify_by=today + timedelta(days=3),
        )  # fmt: skip
        ended = factories.make_candidacy(
            session, round_, factories.make_provider(session), type="integrator",
            phase=SelectionPhase.PUBLICITY, publicity_from=today - timedelta(days=9),
            publicity_until=today - timedelta(days=1),
        )  # fmt: skip
        names = provider.organisation.name, other.organisation.name
        late_id, ended_id, firm = late.id, ended.id, provider.organisation
        office = factories.make_organisation(session, kind="district_office", district="370202")
    officer = login_as(Role.CITY_OFFICER)
    with database.unit_of_work() as session:
        job = ImportJob(
            file_name="名单.xlsx", sha256="0" * 64, phase=ImportPhase.STAGED.value,
            created_by=officer.user.id,
        )  # fmt: skip
        session.add(job)
        session.flush()
        job_id = job.id
    page = officer.get("/tasks").text
    places = [page.index(f'href="{url}"') for url in (
        f"/work/memberships/{late_id}", f"/work/candidacies/{ended_id}", f"/work/imports/{job_id}",
    )]  # fmt: skip
    assert places[0] == min(places)  # the overdue one comes first
    assert "已逾期" in page
    assert all(name in page for name in names)
    reviewer = login_as(Role.DISTRICT_REVIEWER, organisation=office)
    mine = reviewer.get("/tasks").text
    assert (names[0] in mine, names[1] in mine, "名单.xlsx" in mine) == (True, False, False)
    owner = login_as(Role.PROVIDER_OWNER, organisation=firm)
    own = text_of(owner.get("/p").text)
    assert "完成整改并报告" in own
    assert "核对并确认资料" in own
    assert "没有待办事项" in login_as(Role.ENTERPRISE).get("/me").text
    assert owner.get("/me").status_code == 403
    assert "没有待办事项" in login_as(Role.AUDITOR).get("/tasks").text
