"""Complaints: both sides heard by the clock, anonymous ones leads, people's names sealed."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.models import Complaint, Event, Message, SpotCheck
from marketplace.permissions import NOBODY
from marketplace.phases import ComplaintPhase
from marketplace.services.audit.receipts import digest_of
from marketplace.services.checks import complaints_hearing
from marketplace.services.checks.complaints import Filing, file_public
from tests.support import world_upkeep as world
from tests.support.forms import forms
from tests.support.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SAID = {"subject": "培训没有按合同进行", "text": "约定三次，只来了一次。"}


@pytest.fixture
def town(database, login_as, monkeypatch):
    world.at(monkeypatch, 2026, 9, 21)
    return world.make_town(database, login_as)


def latest(town):
    with town.database.reading() as session:
        return session.scalars(select(Complaint).order_by(Complaint.id.desc()).limit(1)).one()


def test_an_enterprise_complains_and_both_sides_are_heard(town, monkeypatch):
    sender = town.enterprise()
    sent = world.step(sender, "/me/complaints/new", provider=town.firm.name, **SAID)
    assert sent.status_code == 303
    row = latest(town)
    path = f"/complaints/{row.id}"
    # 2 and 15 working days from Monday 21 September: over mid-autumn and the National Day
    assert [clock.last_day(row.acknowledge_by), clock.last_day(row.conclude_by)] == [
        date(2026, 9, 23), date(2026, 10, 19),
    ]  # fmt: skip
    assert row.membership_id == town.membership.id  # its only place

    owner, city = town.owner(), town.city()
    assert owner.get(f"/p{path}").status_code == 404  # not asked yet: it knows of nothing
    assert f"/work{path}" in town.district().get("/tasks").text
    assert world.step(town.district(), f"/work{path}/steps/complaint_accept").status_code == 303
    row = town.row(Complaint, row.id)
    assert (row.phase, clock.last_day(row.reply_by)) == (ComplaintPhase.HEARING, date(2026, 9, 29))

    # nothing is decided before the provider was heard
    for action in ("complaint_uphold", "complaint_dismiss"):
        assert city.get(f"/work{path}/steps/{action}").status_code == 409
    assert city.get(f"/work{path}/steps/complaint_close_hearing").status_code == 200
    early = world.step(city, f"/work{path}/steps/complaint_close_hearing")
    assert early.status_code == 409 and "答复期限还没有到" in early.text
    assert f'href="/p{path}"' in owner.get("/p").text
    replied = world.step(owner, f"/p{path}/steps/complaint_reply", reason="已补训两次，附签到表。")
    assert replied.status_code == 303

    # upheld needs evidence of both sides; a district does not decide
    assert town.district().get(f"/work{path}/steps/complaint_uphold").status_code == 403
    one_sided = world.step(
        city, f"/work{path}/steps/complaint_uphold", reason="属实", evidence_of_sender="签到表",
        evidence_of_provider="",
    )  # fmt: skip
    assert one_sided.status_code == 422
    done = world.step(
        city, f"/work{path}/steps/complaint_uphold", reason="培训次数不足，责令补足。",
        evidence_of_sender="合同和签到表", evidence_of_provider="答复承认少训两次",
    )  # fmt: skip
    assert done.status_code == 303
    row = town.row(Complaint, row.id)
    assert (row.phase, row.conclusion) == (ComplaintPhase.UPHELD, "培训次数不足，责令补足。")
    assert row.concluded_at == clock.now()
    assert "培训次数不足，责令补足。" in sender.get(f"/me{path}").text
    with town.database.reading() as session:
        told = session.scalars(select(Message.title).order_by(Message.id)).all()
        events = session.scalars(
            select(Event.action).where(Event.subject_type == "complaints").order_by(Event.id)
        ).all()
    assert [title for title in told if "认定属实" in title] == [
        "投诉“培训没有按合同进行”：认定属实"
    ] * 2
    assert events == [
        "complaint_lodge", "complaint_accept", "complaint_reply", "complaint_uphold",
    ]  # fmt: skip

    # others know of nothing (S38)
    provider, enterprise, district = town.strangers()
    for client, address in (
        (provider, f"/p{path}"), (enterprise, f"/me{path}"), (district, f"/work{path}"),
        (provider, f"/p{path}/steps/complaint_reply"),
        (district, f"/work{path}/steps/complaint_settle"),
    ):  # fmt: skip
        assert client.get(address).status_code == 404, address


def test_a_provider_that_lets_its_time_pass_was_heard(town, monkeypatch):
    with town.database.unit_of_work() as session:
        row = world.make_complaint(session, town.membership, organisation_id=town.client.id)
        due = row.reply_by
    monkeypatch.setattr(clock, "now", lambda: due)
    assert complaints_hearing.run(town.database) == 1
    assert complaints_hearing.run(town.database) == 0
    assert town.row(Complaint, row.id).phase == ComplaintPhase.DECIDING
    late = world.step(town.owner(), f"/p/complaints/{row.id}/steps/complaint_reply", reason="晚了")
    assert late.status_code == 409


def test_anybody_complains_by_name_and_follows_it_by_a_receipt(town, client):
    path = f"/complaints/new?provider={town.provider.id}"
    assert Page(client.get(f"/providers/{town.provider.id}")).all("a", href=path)
    assert f'value="{town.firm.name}"' in client.get(path).text
    mine = town.enterprise()
    own = f"/me{path}"
    assert Page(mine.get(f"/providers/{town.provider.id}")).all("a", href=own)
    assert f'value="{town.firm.name}"' in mine.get(own).text
    path = "/complaints/new"
    (form,) = (f for f in forms(client.get(path).text, path) if "ticket" in f.fields)
    said = {**form.fields, **SAID, "provider": town.firm.uscc, "how": "named"}
    assert client.post(path, data=said).status_code == 422  # a name without a name
    said |= {"name": "王小明", "phone": "13800001234"}
    first = client.post(path, data=said)
    again = client.post(path, data=said)  # sent twice, it is the same complaint
    assert (first.status_code, first.location) == (303, again.location)
    assert first.headers["Referrer-Policy"] == "no-referrer"
    page = client.get(first.location)
    assert "回执编号" in page.text and page.headers["Cache-Control"] == "no-store"
    code = first.location.partition("?")[0].rpartition("/")[2]

    row = latest(town)
    with town.database.reading() as session:
        assert len(session.scalars(select(Complaint)).all()) == 1
        stored = session.execute(text("SELECT * FROM complaints")).one()._asdict()
    for secret in ("王小明", "13800001234", code):
        assert not any(secret.encode() in bytes(str(v), "utf-8") for v in stored.values()
                       if not isinstance(v, bytes))  # fmt: skip
        assert not any(secret.encode() in v for v in stored.values() if isinstance(v, bytes))

    # found by the code however it is typed; a wrong code is a plain refusal
    typed = client.post("/complaints", data={"code": code.lower().replace("0", "o")})
    assert typed.status_code == 303
    assert client.post("/complaints", data={"code": "0000-0000-0000-0000"}).status_code == 422
    assert client.get("/complaints/0000000000000000").status_code == 404

    # staff see the name for a reason that is kept; the provider never does
    city = town.city()
    page = city.get(f"/work/complaints/{row.id}").text
    assert "王小明" not in page and "13800001234" not in page
    contact = f"/work/complaints/{row.id}/contact"
    assert city.post(contact, data={"reason": "x"}).status_code == 422
    shown = city.post(contact, data={"reason": "核实培训次数"})
    assert "王小明" in shown.text and "13800001234" in shown.text
    assert world.step(city, f"/work/complaints/{row.id}/steps/complaint_accept").status_code == 303
    assert "王小明" not in town.owner().get(f"/p/complaints/{row.id}").text
    with town.database.reading() as session:
        seen = session.scalars(select(Event).where(Event.action == "complaint_unmask")).one()
    assert seen.reason == "核实培训次数"


def test_an_anonymous_complaint_is_a_lead_and_never_scored(app, town, client):
    path = "/complaints/new"
    (form,) = (f for f in forms(client.get(path).text, path) if "ticket" in f.fields)
    data = {**form.fields, **SAID, "provider": town.firm.name, "how": "anonymous",
            "name": "不应保存", "phone": "13900000000"}  # fmt: skip
    assert client.post(path, data=data).status_code == 303
    row = latest(town)
    assert (row.phase, row.anonymous, row.name_encrypted) == (ComplaintPhase.LEAD, True, None)
    city = town.city()
    assert "complaint_accept" not in city.get(f"/work/complaints/{row.id}").text
    assert city.get(f"/work/complaints/{row.id}/steps/complaint_accept").status_code == 409
    # it may lead to a spot check
    link = f"/work/spot-checks/new/{town.membership.id}?complaint={row.id}"
    planned = world.step(city, link, topic="服务成效", planned_on="2026-09-25")
    assert planned.status_code == 303
    with town.database.reading() as session:
        check = session.scalars(select(SpotCheck)).one()
    assert check.complaint_id == row.id
    closed = world.step(
        city, f"/work/complaints/{row.id}/steps/complaint_close", reason="核查无异常"
    )
    assert closed.status_code == 303
    # the database says so too
    cipher = app.extensions["cipher"]
    with pytest.raises(IntegrityError), town.database.unit_of_work() as session:
        made = file_public(
            session, NOBODY, cipher, session.merge(town.provider),
            Filing(**SAID), receipt_hash=digest_of("A" * 16), contact=None,
        )  # fmt: skip
        session.execute(
            text("UPDATE complaints SET phase='upheld', concluded_at=lodged_at,"
                 " acknowledged_at=lodged_at, reply_by=lodged_at, evidence_of_sender='a',"
                 " evidence_of_provider='b' WHERE id=:id"), {"id": made.id},
        )  # fmt: skip


def test_a_spot_check_comes_unannounced_and_names_what_it_found(town):
    city, owner = town.city(), town.owner()
    path = f"/work/spot-checks/new/{town.membership.id}"
    planned = world.step(city, path, topic="服务成效", planned_on="2026-09-25", plan="现场看")
    assert planned.status_code == 303
    check = planned.location.rpartition("/")[2]
    assert "没有抽查记录" in owner.get("/p/checks").text
    steps = f"/work/spot-checks/{check}/steps"
    tomorrow = world.step(city, f"{steps}/check_fail", checked_on="2026-09-22", reason="人员不在岗")
    assert tomorrow.status_code == 422 and "不能晚于今天" in tomorrow.text
    failed = world.step(
        city, f"{steps}/check_fail", checked_on="2026-09-21", reason="人员不在岗", cause="X13"
    )
    assert failed.status_code == 303
    row = town.row(SpotCheck, int(check))
    assert (row.phase, row.cause, row.checked_on) == ("failed", "X13", date(2026, 9, 21))
    assert "人员不在岗" in owner.get("/p/checks").text
    assert "抽查结果：不合格" in owner.get("/inbox").text
    *_, district = town.strangers()
    for address in (f"/work/spot-checks/{check}", path):
        assert district.get(address).status_code == 404


def test_deadlines_are_exclusive_instants(town, monkeypatch):
    """E46: until 24:00 of the last day in Beijing, whatever the server's zone."""
    assert (
        world.step(
            town.enterprise(), "/me/complaints/new", provider=town.firm.name, **SAID
        ).status_code
        == 303
    )
    row = latest(town)
    assert row.acknowledge_by == datetime(2026, 9, 23, 16, tzinfo=UTC)
