"""J10: an auditor reconstructs a removal, years of changes later."""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from marketplace import clock
from marketplace.history import Why, record
from marketplace.models import (
    Event,
    IssuedLetter,
    Membership,
    Organisation,
    Round,
    SecurityEvent,
    User,
)
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.programmes import library
from marketplace.services.audit import seals
from marketplace.services.pool import memberships, quotas, rounds
from marketplace.services.pool.memberships import Admission, Decision
from marketplace.workflow import locked
from tests import factories
from tests.support.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

OLD_NAME, NEW_NAME = "青岛旧名软件有限公司", "青岛新名软件有限公司"
PHONE = "13812345678"
NUMBER = "青民营〔2026〕12号"


@dataclass
class Removed:
    """What was done, and with which text."""

    provider: int
    membership: int
    remover: int
    first_hash: str
    events: list[int]


@pytest.fixture
def at(monkeypatch):
    """``at(2026, 3, 2)``: it is nine in the morning of that day in Beijing."""

    def set_(*day: int, hour: int = 9) -> datetime:
        moment = datetime(*day, hour, tzinfo=clock.BEIJING).astimezone(UTC)
        monkeypatch.setattr(clock, "now", lambda: moment)
        return moment

    return set_


def actor(session, role: Role) -> Actor:
    user = factories.make_user(session, name=f"{role.value}张")
    return Actor(role=role, user_id=user.id, name=user.name)


def act(database, who: Actor, membership_id: int, action: str, **given: Any) -> None:
    with database.unit_of_work() as session:
        subject = locked(session, Membership, membership_id)
        memberships.act(session, who, subject, action, Decision(**given))


@pytest.fixture
def removed(database, at, app) -> Removed:
    """Admitted 2024, rectifying and suspended 2026, removed; then everything else is changed."""
    at(2024, 3, 1)
    with database.unit_of_work() as session:
        factories.make_term(session, "exit_reason", "X05", "逾期不整改", short_name="整改逾期")
        round_ = factories.make_round(session, label="第一批")
        firm = factories.make_organisation(session, name=OLD_NAME)
        provider = factories.make_provider(session, firm, contact_role="市场部")
        sealed = app.extensions["cipher"].seal(PHONE, f"providers.contact_phone:{provider.id}")
        provider.contact_phone_encrypted = sealed
        officer, leader = actor(session, Role.CITY_OFFICER), actor(session, Role.CITY_LEADER)
        admission = Admission(
            round=round_, provider=provider, type="product", segment="home_appliance",
            listed_on=date(2024, 3, 1), document_no="青民营〔2024〕3号",
        )  # fmt: skip
        member = memberships.admit(session, officer, admission)
        first_hash, ids = round_.programme_hash, (round_.id, provider.id, member.id, firm.id)
    round_id, provider_id, member_id, firm_id = ids
    at(2026, 1, 12)
    grounds = Why(reason=f"评价58分，联系人{PHONE}")
    act(database, officer, member_id, "order_rectification", why=grounds,
        rectify_by=date(2026, 2, 11))  # fmt: skip
    at(2026, 2, 12)
    with database.unit_of_work() as session:
        # What a later service writes down for its step: clause, term and how it was counted.
        counted = {"from": "2026-02-12", "days": 5, "unit": "working", "until": "2026-02-25",
                   "off": [["2026-02-15", "春节"]], "official": True}  # fmt: skip
        record(session, officer, "restore", session.get_one(Membership, member_id), diff={
            "rule": "QD-X1", "due": "2026-02-26T00:00:00+08:00", "counted": counted,
            "public": "已通知企业在五个工作日内书面陈述。",
        })  # fmt: skip
    act(database, officer, member_id, "suspend", why=Why(reason="整改逾期"))
    at(2026, 3, 2)
    act(database, leader, member_id, "remove",
        why=Why(reason="三部门共同决定", reason_code="X05", document_no=NUMBER))  # fmt: skip
    with database.unit_of_work() as session:
        order = session.scalars(select(Event).where(Event.action == "remove")).one()
        session.add(IssuedLetter(
            subject_type="memberships", subject_id=member_id, provider_id=provider_id,
            kind="removal", title="移出资源池决定书", document_no=NUMBER, addressee=OLD_NAME,
            paragraphs=[f"联系电话{PHONE}"], sender="市级主管部门", day=date(2026, 3, 2),
            event_id=order.id,
        ))  # fmt: skip
    at(2026, 6, 1)
    with database.unit_of_work() as session:
        row = session.get_one(Organisation, firm_id)
        row.name = NEW_NAME
        record(session, officer, "organisation_edit", row, diff={"name": [OLD_NAME, NEW_NAME]})
        session.get_one(User, leader.user_id).active = False
        round_ = session.get_one(Round, round_id)
        old = round_.programme
        removal = replace(old.removal, quote="后来改写的条款")
        other = replace(old, removal=removal, file_sha256="")
        other = replace(other, file_sha256=library.digest(other))
        rounds.amend(session, officer, round_, other, expected_version=round_.version,
                     why=Why(reason="修订"))  # fmt: skip
        quota = factories.quota_of(session, round_, "product", "home_appliance")
        quotas.change(session, leader, quota, minimum=8, cap=30, expected_version=quota.version,
                      why=Why(reason="扩容", document_no="青民营〔2026〕40号"))  # fmt: skip
        while seals.seal(session):
            session.flush()
        session.flush()
        events = list(session.scalars(select(Event.id).order_by(Event.id)))
    return Removed(provider_id, member_id, leader.user_id or 0, first_hash, events)


@pytest.fixture
def auditor(removed, login_as):
    return login_as(Role.AUDITOR)


def test_j10_the_story_of_a_removal_with_the_words_of_its_day(removed, auditor, database, client):
    listed = Page(auditor.get("/work/memberships?q=新名&phase=exited"))
    (row,) = [
        a for a in listed.all("a") if a.get("href") == f"/work/memberships/{removed.membership}"
    ]
    file = Page(auditor.get(row.get("href", "")))
    (link,) = [a for a in file.all("a") if (a.get("href") or "").endswith("/why")]
    page = Page(auditor.get(link.get("href", "")))
    exits = Page(auditor.get(link.get("href", "") + "?group=exit"))
    titles = [title.split(" ")[0] for title in exits.texts("p", "timeline-title")]
    assert titles == ["暂停限期整改", "移出暂停", "禁报：开始禁报期"]
    assert "city_leader张" in exits.main and "市级签发人" in exits.main  # though deactivated
    assert NUMBER in exits.main and "逾期不整改" in exits.main
    assert f"《移出资源池决定书》，{NUMBER}，致{OLD_NAME}" in exits.main
    told = page.main
    assert removed.first_hash[:12] in told
    assert "实行动态管理及退出机制" in exits.main and "后来改写的条款" not in exits.main
    # The clock that was used, and the day that did not count.
    assert "截止 2026-02-25 24:00" in told and "2026-02-15 春节" in told
    assert "整改期限2026-02-11" in told
    # Visitors read the same without people: three clicks from the page of the provider.
    left = Page(client.get(f"/providers/{removed.provider}"))
    (link,) = [a for a in left.all("a") if "/why/" in (a.get("href") or "")]
    public = Page(client.get(link.get("href", "")))
    assert "移出" in public.main and NUMBER in public.main and "整改逾期" not in public.main
    assert "已通知企业在五个工作日内书面陈述。" in public.main
    assert "city_leader张" not in public.main and PHONE not in public.main
    assert "三部门共同决定" not in public.main and "青岛新名" in public.main
    assert client.get(f"/providers/{removed.provider}/why/999").status_code == 404


def test_j10_the_day_before_as_it_was(removed, client):
    place = f"/providers/{removed.provider}/past"
    states = {
        day: [Page(client.get(f"{place}?day={day}")).texts("h1")[0],
              *Page(client.get(f"{place}?day={day}")).texts("span", "tag")]
        for day in ("2024-02-29", "2024-03-01", "2026-02-11", "2026-03-01", "2026-03-02")
    }  # fmt: skip
    assert states == {
        "2024-02-29": [OLD_NAME],
        "2024-03-01": [OLD_NAME, "在池"],
        "2026-02-11": [OLD_NAME, "在池（警告，限期整改）"],
        "2026-03-01": [OLD_NAME, "已暂停"],
        "2026-03-02": [OLD_NAME, "已退出（移出）"],
    }
    caps = {}
    for day, cap in (("2026-03-01", "/ 20"), ("2026-06-01", "/ 30")):
        page = Page(client.get(f"/pool/past?day={day}"))
        caps[cap] = sum(cap in text for text in page.texts("p", "quota-main"))
        assert ("已退出（移出）" in page.main) == (day == "2026-06-01")
    assert caps["/ 20"] > 1 and caps["/ 30"] == 1
    assert client.get("/pool/past?day=0001-01-01&page=-3").status_code == 200
    assert "请选择今天或以前的日期" in Page(client.get("/pool/past?day=2031-01-01")).main


def test_j10_the_chain_is_checked_and_a_changed_row_turns_the_page_red(removed, auditor, database):
    good = Page(auditor.get("/admin/audit"))
    assert "校验通过" in good.main and f"全部 {len(removed.events)} 条" in good.main
    bad = removed.events[3]
    with database.unit_of_work() as session:
        session.execute(text("DROP TRIGGER events_no_update"))
        session.execute(text("UPDATE events SET reason = '改过' WHERE id = :id"), {"id": bad})
    red = Page(auditor.get("/admin/audit"))
    assert "校验不通过" in red.main and f"第一条有问题的操作记录：{bad}" in red.main
    assert red.all("div", "notice-danger") or "danger" in auditor.get("/admin/audit").text


def opened(answer) -> tuple[dict[str, Any], dict[str, bytes]]:
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    files = {name: archive.read(name) for name in archive.namelist()}
    answer.close()
    return json.loads(files.pop("manifest.json")), files


def test_j10_the_evidence_package_and_its_manifest(removed, auditor, database):
    base = f"/work/memberships/{removed.membership}"
    answer = auditor.get(f"{base}/evidence.zip")
    manifest, files = opened(answer)
    assert {item["name"]: item["sha256"] for item in manifest["files"]} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert {"timeline.json", "timeline.html", "rows/memberships.json", "digests.json",
            "letters/1.json",
            f"programme-{removed.first_hash[:12]}.json"} <= files.keys()  # fmt: skip
    everything = b"".join(files.values()).decode()
    assert PHONE not in everything and "138****5678" in everything
    steps = json.loads(files["timeline.json"])
    gone = next(step for step in steps if step["event"]["action"] == "remove")
    assert gone["event"]["at"] == "2026-03-02T09:00:00+08:00"
    assert gone["event"]["actor_name"] == "city_leader张"
    assert (gone["event"]["from_state"], gone["event"]["to_state"]) == ("suspended", "removed")
    assert gone["programme_version"] == removed.first_hash
    assert gone["seal"]["hash"] and gone["rules"][0]["id"] == "QD-X1"
    # Full numbers only for a reason, which stays.
    refused = auditor.post(f"{base}/evidence", data={"reason": "看"})
    assert refused.status_code == 422
    _, full = opened(auditor.post(f"{base}/evidence", data={"reason": "核对投诉电话"}))
    assert json.loads(full["contact.json"]) == {"role": "市场部", "phone": PHONE}
    with database.reading() as session:
        (event,) = session.scalars(select(Event).where(Event.action == "evidence_unmask"))
        kinds = session.execute(
            select(SecurityEvent.kind, SecurityEvent.object)
            .where(SecurityEvent.kind.in_(("view", "export", "unmask")))
            .order_by(SecurityEvent.id)
        ).all()
    assert (event.reason, event.subject_id) == ("核对投诉电话", removed.membership)
    assert [tuple(row) for row in kinds] == [
        ("export", f"evidence of memberships/{removed.membership}"),
        ("view", f"GET {base}/evidence.zip"),
        ("unmask", f"evidence of memberships/{removed.membership}"),
    ]


def test_j10_an_auditor_reads_for_a_time_and_never_writes(removed, auditor, database, login_as, at):
    assert auditor.get("/work/memberships?q=旧名").status_code == 200
    writing = auditor.post(f"/work/memberships/{removed.membership}/warn", data={"reason": "试试"})
    assert writing.status_code in (403, 404, 405)
    denied_post = auditor.post("/work/bans", data={})
    assert denied_post.status_code in (403, 404, 405)
    with database.reading() as session:
        rows = session.scalars(
            select(SecurityEvent)
            .where(SecurityEvent.user_id == auditor.user.id)
            .order_by(SecurityEvent.id)
        ).all()
    assert (rows[0].kind, rows[0].object) == ("view", "GET /work/memberships")
    assert rows[0].detail == {"query": "q=%E6%97%A7%E5%90%8D"}
    assert {row.kind for row in rows[1:]} == {"denied"}
    # Nobody else's reading is kept.
    login_as(Role.CITY_OFFICER).get("/work")
    with database.reading() as session:
        assert len(session.scalars(select(SecurityEvent.id)).all()) == len(rows)
    log = Page(auditor.get("/admin/events?action=remove&actor=city_leader"))
    assert "city_leader张" in log.main and re.search(r"2026-03-02 09:00", log.main)
    sheet = auditor.get("/admin/events.xlsx?action=remove")
    assert sheet.status_code == 200 and sheet.data[:2] == b"PK"


def test_j10_an_auditor_whose_time_is_over_is_refused(removed, auditor, database, monkeypatch):
    from marketplace.models import RoleGrant

    with database.unit_of_work() as session:
        grant = session.scalars(select(RoleGrant).where(RoleGrant.user_id == auditor.user.id)).one()
        grant.valid_until = clock.now() + timedelta(hours=1)
    assert auditor.get("/admin/events").status_code == 200
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = auditor.get("/admin/events")
    assert answer.status_code in (302, 401)
    assert "/login" in (answer.location or "/login")


def test_an_auditor_is_made_for_a_time_only(database, login_as):
    admin = login_as(Role.ADMIN_USERS)
    with database.unit_of_work() as session:
        user = factories.make_user(session)
        bureau = factories.make_organisation(session, kind="lead_bureau")
    data = {"role": "auditor", "uscc": bureau.uscc}
    answers = {
        until: admin.post(f"/admin/users/{user.id}/roles", data=data | {"valid_until": until})
        for until in ("", "2031-01-01", (clock.today() + timedelta(days=30)).isoformat())
    }
    assert [answer.status_code for answer in answers.values()] == [422, 422, 303]
    assert "审计员须填写有效期" in answers[""].text
