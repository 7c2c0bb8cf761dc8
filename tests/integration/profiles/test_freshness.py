"""F-P14: one click a quarter; a task and a letter before, a badge after 90 days."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.models import Event, Message, Provider
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.inbox import tasks
from marketplace.services.profiles import freshness_reminders
from tests.integration.profiles.conftest import VERSION

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BADGE = "资料超期未确认"


def confirmed(centre, days_ago: int) -> None:
    with centre.database.unit_of_work() as session:
        provider = session.get_one(Provider, centre.provider.id)
        provider.confirmed_on = clock.today() - timedelta(days=days_ago)


def own_tasks(centre) -> list:
    actor = Actor(
        role=Role.PROVIDER_OWNER, user_id=centre.owner.user.id,
        organisation_id=centre.provider.organisation_id,
    )  # fmt: skip
    with centre.database.reading() as session:
        return [task for task in tasks.of(session, actor) if task.url == "/p/confirm"]


def letters(centre) -> list[tuple[int, str]]:
    with centre.database.reading() as session:
        rows = session.execute(
            select(Message.user_id, Message.title).where(Message.kind == "freshness")
            .order_by(Message.id)
        )  # fmt: skip
        return [(user, title) for user, title in rows]


def test_task_and_letter_before_badge_after(centre):
    today = clock.today()
    confirmed(centre, 75)
    assert own_tasks(centre) == []
    assert freshness_reminders.remind(centre.database) == 0
    confirmed(centre, 76)
    due = today + timedelta(days=13)
    assert [(task.due, task.overdue) for task in own_tasks(centre)] == [(due, False)]
    assert freshness_reminders.remind(centre.database) == 1
    assert freshness_reminders.remind(centre.database) == 0
    team = [centre.owner.user.id, centre.editor.user.id]
    assert letters(centre) == [(user, f"请在{due.isoformat()}前确认资料") for user in team]
    confirmed(centre, 89)
    assert BADGE not in centre.public()
    confirmed(centre, 90)
    day = (today - timedelta(days=90)).isoformat()
    for path in (f"/providers/{centre.provider.id}", f"/products/{centre.product.id}"):
        assert BADGE in centre.visitor.get(path).text
    assert f"资料确认 {day}" in centre.public()
    assert [task.overdue for task in own_tasks(centre)] == [True]
    assert freshness_reminders.remind(centre.database) == 1
    assert letters(centre)[2:] == [(user, "资料已超过90天没有确认") for user in team]


def test_never_confirmed_counts_from_the_entry(centre):
    assert [task.overdue for task in own_tasks(centre)] == [False]
    assert BADGE not in centre.public()
    with centre.database.unit_of_work() as session:
        provider = session.get_one(Provider, centre.provider.id)
        provider.created_at = clock.now() - timedelta(days=90)
    assert BADGE in centre.public()
    assert freshness_reminders.remind(centre.database) == 1


def test_one_click_confirms_what_was_shown(centre):
    confirmed(centre, 100)
    with centre.database.reading() as session:
        before = session.get_one(Provider, centre.provider.id).updated_at
    page = centre.owner.get("/p/confirm").text
    assert "0532-00001111" in page
    assert "胶州湾制造执行系统" in page
    version = VERSION.search(page)[1]
    path = f"/p/products/{centre.product.id}/edit"
    assert centre.save(centre.editor, path=path, after_sales="改了。").status_code == 303
    data = {"version": version, "form_key": "a-click-on-old-facts"}
    late = centre.owner.post("/p/confirm", data=data)
    assert late.status_code == 409
    assert "资料刚有改动，没有确认" in late.text
    assert BADGE in centre.public()
    data = {"version": VERSION.search(late.text)[1], "form_key": "a-click-on-new-facts"}
    done = centre.owner.post("/p/confirm", data=data)
    assert (done.status_code, done.location) == (303, "/p")
    assert BADGE not in centre.public()
    assert f"资料确认 {clock.today().isoformat()}" in centre.public()
    with centre.database.reading() as session:
        row = session.get_one(Provider, centre.provider.id)
        events = session.scalars(select(Event).where(Event.action == "profile_confirm")).all()
    # Nothing new for readers: the day of the last change stays.
    assert (row.updated_at, row.confirmed_on) == (before, clock.today())
    assert [event.actor_id for event in events] == [centre.owner.user.id]
    assert own_tasks(centre) == []
    assert centre.viewer.get("/p/confirm").status_code == 200
    assert centre.viewer.post("/p/confirm", data=data).status_code == 403


def test_the_first_page_of_the_centre(centre):
    confirmed(centre, 80)
    page = centre.owner.get("/p").text
    for text in ("资料完整度", "还没有填写", "官方网站", "家用电器", "核对并确认", "资料待确认"):
        assert text in page
    assert "产品价格" not in page
    with centre.database.unit_of_work() as session:
        session.get_one(Provider, centre.provider.id).website = "https://example.org"
    assert "官方网站" not in centre.owner.get("/p").text
