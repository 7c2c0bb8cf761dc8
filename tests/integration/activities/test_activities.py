"""Activities: signing up by the clock and the places there are, attendance that staff confirm."""

from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import Activity, Attendance, Award, Membership, Message
from marketplace.permissions import Actor
from marketplace.phases import AttendancePhase, Role
from marketplace.services.checks import activities
from tests import factories
from tests.support import world_upkeep as world
from tests.support.counts import count
from tests.support.statements import asked
from tests.support.together import together

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def town(database, login_as, monkeypatch):
    world.at(monkeypatch, 2026, 9, 21)
    return world.make_town(database, login_as)


@ON_SQLITE
def test_from_the_draft_to_confirmed_attendance(town, client, monkeypatch):
    city, owner = town.city(), town.owner()
    wrong = world.step(
        city, "/work/activities/new", kind="matching", title="对接会", day="2026-09-28",
        starts="25:00", ends="12:00", place="会议中心", sign_up="2026-09-28", text="面对面交流",
    )  # fmt: skip
    assert wrong.status_code == 422
    assert "请写成 09:00 的样子" in wrong.text and "要早于活动日期" in wrong.text
    made = world.step(
        city, "/work/activities/new", kind="matching", title="对接会", day="2026-09-28",
        starts="09:00", ends="12:00", place="会议中心", sign_up="2026-09-27", places="1",
        text="面对面交流",
    )  # fmt: skip
    assert made.status_code == 303
    id_ = int(made.location.rpartition("/")[2])
    path = f"/activities/{id_}"
    assert client.get(path).status_code == 404  # a draft
    assert world.step(city, f"/work{path}/steps/activity_announce").status_code == 303
    assert client.get(path).status_code == 200 and "对接会" in client.get("/activities").text
    assert "活动：对接会" in owner.get("/inbox").text

    # one place: who comes first has it; who signs off gives it back
    assert owner.post(f"{path}/sign-up", data={"people": "21"}).status_code == 422
    assert owner.post(f"{path}/sign-up", data={"people": "2"}).status_code == 303
    guest = town.enterprise()
    full = guest.post(f"{path}/sign-up", data={"people": "1"})
    assert full.status_code == 409 and "名额已满" in full.text
    assert owner.post(f"{path}/sign-off").status_code == 303
    assert guest.post(f"{path}/sign-up", data={"people": "1"}).status_code == 303
    assert town.city().post(f"{path}/sign-up", data={"people": "1"}).status_code == 403

    # its time over nobody signs up or off; before it was held nobody came
    monkeypatch.setattr(clock, "now", lambda: town.row(Activity, id_).sign_up_by)
    late = town.owner().post(f"{path}/sign-up", data={"people": "1"})
    assert late.status_code == 409 and "报名已截止" in late.text
    with town.database.reading() as session:
        there = session.scalars(
            select(Attendance.id).where(Attendance.phase == AttendancePhase.SIGNED_UP)
        ).one()
    form = {"form_key": "k" * 20, "came": str(there)}
    city = town.city()
    assert city.post(f"/work{path}/attendance", data=form).status_code == 409
    monkeypatch.setattr(clock, "now", lambda: town.row(Activity, id_).ends_at)
    city = town.city()
    assert world.step(city, f"/work{path}/steps/activity_hold").status_code == 303
    assert city.post(
        f"/work{path}/attendance", data={**form, "form_key": "m" * 20}
    ).status_code == 303  # fmt: skip
    with town.database.reading() as session:
        rows = dict(session.execute(select(Attendance.organisation_id, Attendance.phase)).all())
        told = session.scalars(select(Message.title).order_by(Message.id.desc())).first()
    assert rows == {town.client.id: "attended", town.firm.id: "cancelled"}
    assert told == "“对接会”的参加情况：已参加"
    *_, district = town.strangers()
    assert district.get(f"/work{path}").status_code == 404  # the city's own


def come_together(database: Database, firms: list[int], activity_id: int) -> tuple[list[str], int]:
    """What came of all of them at once, and how many places are taken afterwards."""

    def come(firm: int) -> str:
        actor = Actor(role=Role.PROVIDER_OWNER, user_id=None, organisation_id=firm)
        database.run(lambda session: activities.sign_up(session, actor, activity_id, people=1))
        return "in"

    found = together(*(partial(come, firm) for firm in firms))
    with database.reading() as session:
        taken = session.scalar(select(func.count()).where(Attendance.activity_id == activity_id))
    return sorted(found), taken or 0


def places_for_two(database: Database) -> tuple[list[int], int]:
    with database.unit_of_work() as session:
        firms = [factories.make_organisation(session).id for _ in range(4)]
        return firms, world.make_activity(session, places=2).id


def test_the_last_place_is_taken_once(database: Database):
    """Rounds of four at once, on both engines."""
    for _ in range(count(test=2, soak=20)):
        found = come_together(database, *places_for_two(database))
        assert found == (["full", "full", "in", "in"], 2)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_control_without_the_lock_more_come_than_there_are_places(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    """All four count before one writes; SQLite has one writer at a time (E02 has its control)."""
    firms, activity_id = places_for_two(database)
    counted, everybody = activities._taken, Barrier(4, timeout=30)

    def count_with_the_others(session: Session, row: Activity) -> int:
        number = counted(session, row)
        everybody.wait()
        return number

    monkeypatch.setattr(activities, "_taken", count_with_the_others)
    monkeypatch.setattr(activities, "locked", lambda session, model, id_: session.get(model, id_))
    assert come_together(database, firms, activity_id) == (["in"] * 4, 4)


@ON_SQLITE
def test_an_award_is_announced_by_document_and_revoked(town, client):
    city = town.city()
    path = f"/work/awards/new/{town.membership.id}"
    given = {"kind": "provider", "grounds": "交付按期，企业评价好。", "year": "2026"}
    assert world.step(city, path, **{**given, "kind": "solution"}).status_code == 422
    made = world.step(city, path, **given)
    assert made.status_code == 303
    assert world.step(city, path, **given).status_code == 409  # once a year
    id_ = int(made.location.rpartition("/")[2])
    steps = f"/work/awards/{id_}/steps"
    assert town.firm.name not in client.get("/awards").text
    assert world.step(city, f"{steps}/award_announce", reason="按规定评选").status_code == 422
    announced = world.step(
        city, f"{steps}/award_announce", reason="按规定评选", document_no="青民发〔2026〕9号"
    )
    assert announced.status_code == 303
    page = client.get("/awards").text
    assert town.firm.name in page and "青民发〔2026〕9号" in page
    revoked = world.step(
        city, f"{steps}/award_revoke", reason="材料不实", document_no="青民发〔2026〕12号"
    )
    assert revoked.status_code == 303
    assert town.firm.name not in client.get("/awards").text
    assert town.row(Award, id_).announced_on is not None
    # who left the pool is not put forward
    with town.database.unit_of_work() as session:
        row = session.get_one(Membership, town.membership.id)
        row.phase, row.state = "suspended", "suspended"
    assert world.step(city, path, **{**given, "year": "2025"}).status_code == 409
    assert town.district().get(path).status_code == 403


@ON_SQLITE
def test_lists_ask_the_same_number_of_questions_for_few_and_many(town):
    """Queries of list pages are constant: five rows or fifty."""
    pages = {
        town.city(): ("/work/reports?show=all", "/work/complaints", "/work/spot-checks",
                      "/work/activities", "/work/awards"),
        town.owner(): ("/p/reports", "/p/complaints"),
    }  # fmt: skip

    def counted() -> dict[str, int]:
        return {path: asked(client, path) for client, paths in pages.items() for path in paths}

    fill(town, range(5))
    few = counted()
    fill(town, range(5, 25))
    assert counted() == few
    assert max(few.values()) <= 6, few
    details = [
        (town.city(), "/work/reports/rollup"), (town.city(), "/work/reports/1"),
        (town.city(), "/work/complaints/1"), (town.city(), "/work/spot-checks/1"),
        (town.city(), "/work/activities/1"), (town.city(), "/work/awards/1"),
        (town.owner(), "/p/reports/1"), (town.owner(), "/p/reports/1/edit"),
        (town.owner(), "/p/complaints/1"),
    ]  # fmt: skip
    for client, path in details:
        assert asked(client, path) <= 10, path


def fill(town, numbers):
    with town.database.unit_of_work() as session:
        place = session.get_one(Membership, town.membership.id)
        for number in numbers:
            world.make_report(session, place, period=f"{1990 + number}Q1")
            world.make_complaint(session, place, organisation_id=town.client.id)
            world.make_check(session, place)
            world.make_activity(session, starts_at=clock.now() + timedelta(days=number + 2))
            world.make_award(session, place, year=2001 + number)
