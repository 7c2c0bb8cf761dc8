"""Enquiries and demands through the pages, as forms without JavaScript."""

import io
import secrets
from dataclasses import dataclass
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import (
    DemandAnswer,
    Inquiry,
    InquiryMessage,
    InquiryParty,
    Membership,
    StoredFile,
)
from marketplace.phases import Role, StandingPhase
from marketplace.services.demands import demands
from marketplace.services.demands.demands import Content
from marketplace.services.inquiries import inquiry_clock
from marketplace.services.upkeep import seeding
from tests import factories
from tests.support import sample_files
from tests.support import world_inquiries as world
from tests.support.browser_like import BrowserLike
from tests.support.pages import Page, find, text

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = "甲企业的机密价格七万三"


@dataclass
class People:
    """Signed-in people, and numbers of what they act on."""

    me: BrowserLike
    other: BrowserLike
    one: BrowserLike
    two: BrowserLike
    staff: BrowserLike
    providers: list[int]
    product: int


@pytest.fixture
def people(app, database, login_as) -> People:
    with database.unit_of_work() as session:
        world.calendar(session)
        seeding.seed_vocabulary(session)
        round_ = factories.make_round(session)
        firm = factories.make_organisation(session, kind="enterprise", name="青岛提问测试有限公司")
        stranger = factories.make_organisation(session, kind="enterprise", name="青岛旁观有限公司")
        providers = [factories.make_provider(session) for _ in range(4)]
        for provider in providers:
            factories.make_membership(session, round_, provider)
        product = factories.make_product(session, providers[0], category="mes").id
        ids = [item.id for item in providers]
        homes = [item.organisation for item in providers]
    rebuild_index(app.extensions["search"], database)
    return People(
        login_as(Role.ENTERPRISE, organisation=firm),
        login_as(Role.ENTERPRISE, organisation=stranger),
        login_as(Role.PROVIDER_OWNER, organisation=homes[0]),
        login_as(Role.PROVIDER_EDITOR, organisation=homes[1]),
        login_as(Role.CITY_OFFICER), ids, product,
    )  # fmt: skip


def send(client, path, data, status=303):
    answer = client.post(path, data={"form_key": secrets.token_urlsafe(18), **data})
    assert answer.status_code == status, (answer.status_code, Page(answer).main)
    return client.get(answer.location) if status == 303 else answer


def ask(people, *places, **given):
    """An enquiry of ``people.me`` to these of the providers; the thread's number for each."""
    ids = [people.providers[place] for place in places]
    items = "&".join(f"item=provider:{id_}" for id_ in ids)
    words = {"title": "注塑 MES 询价", "text": SECRET, **given}
    send(people.me, f"/me/inquiries/new?{items}", {"providers": ids, **words})


def threads(database):
    with database.reading() as session:
        return list(session.scalars(select(InquiryParty.id).order_by(InquiryParty.id)))


def test_from_the_public_pages_to_the_form(people, client, database):
    number = people.providers[0]
    for path, key in (
        (f"/providers/{number}", f"provider:{number}"),
        (f"/products/{people.product}", f"product:{people.product}"),
    ):
        link = f"/me/inquiries/new?item={key}"
        assert Page(client.get(path)).all("a", href=link)
        assert client.get(link).location.startswith("/login?next=/me/inquiries/new")
        assert Page(people.me.get(path)).all("a", href=link)
        assert not Page(people.one.get(path)).all("a", href=link)
        page = Page(people.me.get(link))
        (tick,) = page.all("input", name="providers")
        assert (tick.get("value"), tick.get("checked")) == (str(number), "")
    everybody = "&".join(f"item=provider:{id_}" for id_ in people.providers)
    page = Page(people.me.get(f"/me/inquiries/new?{everybody}"))
    ticks = page.all("input", name="providers")
    assert [tick.get("checked") for tick in ticks] == ["", "", "", None]  # three at most
    with database.unit_of_work() as session:
        place = session.scalars(select(Membership).where(Membership.provider_id == number)).one()
        place.phase = place.state = StandingPhase.RECTIFYING.value
    page = Page(people.me.get(f"/me/inquiries/new?item=provider:{number}"))
    (tick,) = page.all("input", name="providers")
    assert (tick.get("disabled"), tick.get("checked")) == ("", None)
    assert "不能接收新咨询" in page.main
    assert not Page(people.me.get(f"/providers/{number}")).all(
        "a", href=f"/me/inquiries/new?item=provider:{number}"
    )


def test_a_refused_enquiry_keeps_words_and_files(people, database):
    one, two = people.providers[:2]
    where = f"/me/inquiries/new?item=provider:{one}&item=provider:{two}"
    data = {"title": "", "text": "请报价", "providers": [one]}
    paper = (io.BytesIO(sample_files.pdf()), "图纸.pdf")
    page = Page(send(people.me, where, {**data, "inquiry_file": paper}, 422))
    assert "标题：请填写" in page.main
    assert page.one("textarea", name="text").text == "请报价"
    (token,) = [item.get("value") for item in page.all("input", name="inquiry_file-kept")]
    with database.unit_of_work() as session:
        place = session.scalars(select(Membership).where(Membership.provider_id == one)).one()
        place.phase = place.state = StandingPhase.SUSPENDED.value
    data = {**data, "title": "询价", "inquiry_file-kept": token}
    page = Page(send(people.me, where, data, 409))
    assert "不能接收新咨询" in page.main
    assert page.one("textarea", name="text").text == "请报价"
    (token,) = [item.get("value") for item in page.all("input", name="inquiry_file-kept")]
    send(people.me, where, {**data, "providers": [two], "inquiry_file-kept": token})
    with database.reading() as session:
        row = session.scalars(select(Inquiry)).one()
        paper = session.scalars(select(StoredFile)).one()
        assert (row.title, paper.subject_type, paper.subject_id) == ("询价", "inquiries", row.id)


def test_a_conversation_and_nobody_else_reads_it(people, database, client):
    ask(people, 0, 1)
    first, second = threads(database)
    inbox = Page(people.one.get("/p/inquiries"))
    assert "青岛提问测试有限公司" in inbox.main
    page = Page(people.one.get(f"/p/inquiries/{first}"))
    assert SECRET in page.main
    key = secrets.token_urlsafe(18)
    paper = (io.BytesIO(sample_files.pdf()), "报价七万三.pdf")
    words = {"form_key": key, "text": "报价见附件，五万元起"}
    answer = people.one.post(f"/p/inquiries/{first}", data={**words, "inquiry_post_file": paper})
    assert answer.status_code == 303
    again = people.one.post(f"/p/inquiries/{first}", data=words)  # sent twice, counted once
    assert (again.status_code, again.location) == (303, answer.location)
    thread = Page(people.me.get(f"/me/inquiries/threads/{first}"))
    assert "报价见附件，五万元起" in thread.main
    assert "报价七万三.pdf" in thread.main
    with database.reading() as session:
        assert len(session.scalars(select(InquiryMessage)).all()) == 1
        paper_id = session.scalars(select(StoredFile.id)).one()
    # The other provider, another enterprise, staff, visitors: nothing, by any address (S38, S45).
    reading = [f"/files/{paper_id}", f"/files/{paper_id}/view", "/files/of/inquiry_messages/1.zip"]
    theirs = {
        people.two: ["/p/inquiries", "/p/demands", f"/p/inquiries/{second}"],
        people.other: ["/me/inquiries", "/me/demands"],
        people.staff: ["/work/inquiries?kind=all", f"/work/inquiries/{first}"],
        client: ["/demands", "/", f"/providers/{people.providers[0]}"],
    }
    for who, pages in theirs.items():
        for path in pages:
            found = who.get(path)
            assert found.status_code == 200, path
            for marker in ("五万元起", "报价七万三"):
                assert marker not in found.text, path
            if who is not people.two:
                assert SECRET not in found.text, path
        for path in (*reading, f"/me/inquiries/threads/{first}", f"/p/inquiries/{first}"):
            assert who.get(path).status_code in (302, 403, 404), path
    assert people.two.get(f"/p/inquiries/{first}").status_code == 404
    assert people.other.get(f"/me/inquiries/threads/{first}").status_code == 404
    saved = people.one.get(f"/files/{paper_id}")
    assert saved.status_code == 200
    saved.close()
    # Nor how many others were asked.
    names = Page(people.one.get(f"/p/inquiries/{first}")).main
    with database.reading() as session:
        second_name = session.get_one(InquiryParty, second).provider_id
    assert f"/providers/{second_name}" not in names


def test_contact_outcome_and_ends(people, database):
    ask(people, 0, 1)
    first, second = threads(database)
    here = f"/me/inquiries/threads/{first}"
    page = Page(send(people.me, f"{here}/contact", {"name": "张工", "phone": "不告诉你"}, 422))
    assert "请填写正确的电话号码" in page.main
    send(people.me, f"{here}/contact", {"name": "张工", "phone": "138 0000 0000"})
    assert "138 0000 0000" in Page(people.one.get(f"/p/inquiries/{first}")).main
    assert "138 0000 0000" not in people.two.get(f"/p/inquiries/{second}").text
    send(people.me, f"{here}/contact/hide", {})
    assert "138 0000 0000" not in people.one.get(f"/p/inquiries/{first}").text
    version = Page(people.one.get(f"/p/inquiries/{first}")).all("input", name="version")[0]
    given = {"version": version.get("value"), "reason": ""}
    page = Page(send(people.one, f"/p/inquiries/{first}/decline", given, 422))
    assert "请填写理由" in page.main
    send(people.one, f"/p/inquiries/{first}/decline", {**given, "reason": "排期已满"})
    assert "排期已满" in Page(people.me.get(here)).main
    page = Page(send(people.me, here, {"text": "打了很久的字"}, 409))
    assert "咨询已婉拒，不能再发消息" in page.main
    version = Page(people.one.get(f"/p/inquiries/{first}")).all("input", name="version")[0]
    given = {"version": version.get("value"), "outcome": "lost", "note": "机密备注"}
    send(people.one, f"/p/inquiries/{first}/outcome", given)
    assert "机密备注" in Page(people.one.get(f"/p/inquiries/{first}")).main
    assert "机密备注" not in people.me.get(here).text
    where = f"/me/inquiries/threads/{second}"
    version = Page(people.me.get(where)).all("input", name="version")[0]
    send(people.me, f"{where}/close", {"version": version.get("value")})
    assert "企业已结束" in Page(people.two.get(f"/p/inquiries/{second}")).main
    assert people.one.post(f"{here}/close", data={"form_key": "k" * 20}).status_code == 403


def test_an_enquiry_nobody_answers_is_seen_by_all_whom_it_concerns(people, database, client):
    """J1: the enterprise sees 超时, the bureau's queue grows, the public rate falls."""
    for _ in range(6):
        ask(people, 0)
    number, (*answered, last) = people.providers[0], threads(database)
    page = f"/providers/{number}"

    def age(id_, days, hours=None):
        with database.unit_of_work() as session:
            row = session.get_one(InquiryParty, id_)
            row.sent_at -= timedelta(days=days)
            row.reply_by = row.sent_at + timedelta(days=7)
            if hours is not None:
                row.answered_at, row.minutes = row.sent_at + timedelta(hours=hours), hours * 60
                row.state = row.phase = "answered"

    for id_ in answered[:4]:
        age(id_, 30, 2)
    assert "近一年到期的咨询不足5条，暂不显示" in Page(client.get(page)).main
    both = f"id={number}&id={people.providers[1]}"
    assert "咨询按期答复" not in Page(client.get(f"/compare?{both}")).main
    age(answered[4], 30, 2)
    assert "100%（n=5），平均 2.0 小时" in Page(client.get(page)).main
    age(last, 30)
    assert "83%（n=6），平均 2.0 小时" in Page(client.get(page)).main
    cells = ("咨询按期答复", "83%（n=6），平均 2.0 小时", "近一年到期的咨询不足5条")
    compared = Page(client.get(f"/compare?{both}&diff=1")).one("table", "compare-table")
    assert cells in [
        tuple(text(cell) for cell in (*find(row, "th"), *find(row, "td")))
        for row in find(compared, "tr")
    ]
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"/compare.xlsx?{both}").data))
    assert list(cells) in book.get_sheet_by_index(0).to_python()
    assert Page(people.staff.get("/work/inquiries")).total == 1
    assert inquiry_clock.run(database) == 1
    thread = Page(people.me.get(f"/me/inquiries/threads/{last}")).main
    assert "超时未答复" in thread
    assert "已转主管部门督办" in thread
    where = f"/work/inquiries/{last}"
    version = Page(people.staff.get(where)).all("input", name="version")[0].get("value")
    send(people.staff, f"{where}/urge", {"version": version, "reason": "请今天答复"})
    assert Page(people.staff.get("/work/inquiries")).total == 0
    assert Page(people.staff.get("/work/inquiries?kind=urged")).total == 1
    assert "主管部门已督办" in Page(people.me.get(f"/me/inquiries/threads/{last}")).main


def test_a_demand_is_nameless_until_the_invitation(people, database, client):
    words = {
        "title": "注塑车间报工和排产", "text": "插单就乱，报工还用纸，想上 MES 制造执行系统。",
        "segment": "home_appliance", "process_links": ["manufacturing"], "budget_high": "20",
        "until": world.CONTENT.until.isoformat(),
    }  # fmt: skip
    page = Page(send(people.me, "/me/demands/new", {**words, "until": "2020-01-01"}, 422))
    assert page.one("textarea", name="text").text == words["text"]
    page = Page(send(people.me, "/me/demands/new", {**words, "text": "我们是青岛提问测试有限公司"}))
    assert "文字中有本企业名称" in page.main
    here = "/me/demands/1"
    version = page.all("input", name="version")[0].get("value")
    page = Page(send(people.me, f"{here}/steps/publish", {"version": version}, 409))
    assert "会暴露企业身份" in page.main
    send(people.me, f"{here}/edit", {**words, "version": version})
    version = Page(people.me.get(here)).all("input", name="version")[0].get("value")
    send(people.me, f"{here}/steps/publish", {"version": version})
    for who, path in (
        (client, "/demands"), (client, "/demands/1"), (people.one, "/p/demands"),
        (people.one, "/p/demands/1"), (people.other, "/demands/1"),
    ):  # fmt: skip
        found = who.get(path)
        assert words["title"] in found.text, path
        assert "20.00 万元以内" in found.text, path
        assert "提问测试" not in found.text, path
    page = Page(people.me.get(here))
    assert "产品类别：MES 制造执行系统，对应您写的“" in page.main
    send(people.two, "/p/demands/1", {"text": "五万元可做，含培训", "price": "5", "days": "30"})
    for who, path in (
        (people.one, "/p/demands/1"), (people.one, "/p/demands?kind=own"), (client, "/demands/1"),
        (people.staff, "/work/demands/1"), (people.other, "/demands/1"),
    ):  # fmt: skip
        assert "五万元可做" not in who.get(path).text, path
    assert "五万元可做" in Page(people.me.get(here)).main
    page = Page(send(people.me, f"{here}/invite", {"provider": people.providers[1]}))
    assert "已邀请" in " ".join(page.texts("div", "flash"))
    (thread,) = threads(database)
    assert "青岛提问测试有限公司" in Page(people.two.get(f"/p/inquiries/{thread}")).main
    assert "提问测试" not in people.one.get("/p/demands/1").text
    page = Page(send(people.me, f"{here}/invite", {"provider": people.providers[1]}, 409))
    assert "已经邀请过这家服务商" in page.main
    with database.reading() as session:
        assert session.scalars(select(DemandAnswer.phase)).all() == ["invited"]


def test_what_is_being_mended_is_nobodys_to_read(people, database):
    with database.unit_of_work() as session:
        firm = world.enterprise(session)
        row = world.demand(session, firm)
        number = row.id
    send(people.one, f"/p/demands/{number}", {"text": "我们可以做"})
    assert world.CONTENT.text in people.one.get(f"/p/demands/{number}").text
    with database.unit_of_work() as session:
        row = demands.get(session, firm.actor, number)
        demands.act(session, firm.actor, row, "demand_end")
        demands.act(session, firm.actor, row, "demand_revise")
        new = Content(**{**world.CONTENT.__dict__, "title": "密改标题", "text": "密改内容"})
        demands.save(session, firm.actor, row, new, expected_version=row.version)
    for path in (f"/p/demands/{number}", "/p/demands?kind=own", f"/demands/{number}"):
        for who in (people.one, people.two):
            assert "密改" not in who.get(path).text, path
    assert "我们可以做" in people.one.get(f"/p/demands/{number}").text
    assert people.two.get(f"/p/demands/{number}").status_code == 404


def test_staff_take_a_demand_down(people, database, client):
    with database.unit_of_work() as session:
        row = world.demand(session, world.enterprise(session))
        number, title = row.id, row.title
    assert title in Page(people.staff.get("/work/demands")).main
    where = f"/work/demands/{number}/take-down"
    page = Page(people.staff.get(f"/work/demands/{number}"))
    version = page.all("input", name="version")[0].get("value")
    assert "请填写理由" in Page(send(people.staff, where, {"version": version}, 422)).main
    send(people.staff, where, {"version": version, "reason": "含有广告"})
    assert client.get(f"/demands/{number}").status_code == 404
    assert title not in client.get("/demands").text
    for who in (people.one, people.me):
        assert who.post(where, data={"form_key": "k" * 20}).status_code == 403
