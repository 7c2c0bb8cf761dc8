"""The pages of an enterprise that looks around and chooses, as forms without JavaScript."""

import io
import re
from hashlib import sha256
from urllib.parse import unquote

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from marketplace import clock
from marketplace.indexing.upkeep import rebuild_index
from marketplace.models import (
    Favourite,
    Membership,
    Organisation,
    Provider,
    SavedSearch,
    Selection,
    Shortlist,
    ShortlistItem,
)
from marketplace.phases import ProjectPhase, Role, StandingPhase
from tests import factories
from tests.support.market import open_market
from tests.support.pages import Page
from tests.support.statements import asked

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SEARCH = "/me/searches/new?kind=provider&segment=home_appliance&type=product"


@pytest.fixture
def market(app):
    return open_market(app, 12)


@pytest.fixture
def me(app, market, login_as, database):
    """Somebody of an enterprise."""
    with database.unit_of_work() as session:
        firm = factories.make_organisation(session, kind="enterprise", name="青岛采购测试有限公司")
    return login_as(Role.ENTERPRISE, organisation=firm)


def said(answer) -> str:
    """What the page says where the last action is told."""
    page = Page(answer)
    return " ".join(page.texts("div", "flash"))


def posted(client, path, data, to=None):
    answer = client.post(path, data=data)
    assert answer.status_code == 303, (answer.status_code, Page(answer).main)
    assert to is None or answer.location == to
    return client.get(answer.location)


@on_sqlite
def test_a_mark_is_set_and_taken_away_where_one_stands(me, market, database):
    number = market.providers[0]
    for path in ("/providers", f"/providers/{number}"):
        key = f"provider:{number}"
        page = Page(me.get(path))
        (button,) = page.all("button", form="favourites", value=key)
        assert (button.get("name"), page.one("form", id="favourites").get("action")) == (
            "add", "/me/favourites",
        )  # fmt: skip
        answer = posted(me, "/me/favourites", {"add": key, "back": path}, to=path)
        assert "已收藏" in said(answer)
        (button,) = Page(me.get(path)).all("button", form="favourites", value=key)
        assert button.get("name") == "drop"
        posted(me, "/me/favourites", {"drop": key, "back": path})
    with database.reading() as session:
        assert session.scalars(select(Favourite)).all() == []


@on_sqlite
def test_favourites_by_kind_and_what_left_says_so(me, market, database):
    for key in ("provider:1", "product:1", "case:1", f"provider:{market.ids['warned']}"):
        posted(me, "/me/favourites", {"add": key})
    page = Page(me.get("/me/favourites"))
    assert "全部 4" in page.texts("a", href="/me/favourites")
    assert len(page.all("li", "kept-item")) == 4
    assert len(Page(me.get("/me/favourites?kind=case")).all("li", "kept-item")) == 1
    with database.unit_of_work() as session:
        place = session.scalars(
            select(Membership).where(Membership.provider_id == market.ids["warned"])
        ).one()
        place.phase = place.state = StandingPhase.SUSPENDED.value
        session.get_one(Provider, 1).hidden_at = place.created_at
    page = Page(me.get("/me/favourites"))
    titles = page.texts("h2", "kept-title")
    assert titles[0].endswith("警示智造科技有限公司")
    assert titles[1:] == ["（已不再公开）"] * 3
    assert "暂停" in page.texts("p", "kept-facts")[0]


@on_sqlite
def test_only_what_is_public_can_be_marked(me):
    strange = {"provider:999999": 404, "provider:0": 422, "firm:1": 422, "provider:9999999999": 422}
    assert {
        key: me.post("/me/favourites", data={"add": key}).status_code for key in strange
    } == strange


@on_sqlite
def test_hidden_and_withdrawn_things_cannot_be_kept(me, market):
    ids = market.ids
    keys = [f"provider:{ids['hidden']}", f"provider:{ids['exited']}"]
    keys += [f"product:{ids['hidden_product']}", f"case:{ids['silent_case']}"]
    for key in keys:
        assert me.post("/me/favourites", data={"add": key}).status_code == 404
        assert me.get(f"/me/shortlists/add?item={key}").status_code == 404
        assert "泄密标记" not in me.get(f"/me/shortlists/new?item={key}").text


@on_sqlite
def test_f_v8_what_a_visitor_chose_survives_the_login(client, me, market):
    """The button of a visitor and the address of a comparison lead over the login to the same."""
    number = market.providers[0]
    link = Page(client.get(f"/providers/{number}")).one(
        "a", href=f"/me/favourites/new?item=provider:{number}"
    )
    gone = client.get(link.get("href"))
    assert gone.status_code == 302
    assert gone.location == f"/login?next=/me/favourites/new?item%3Dprovider:{number}"
    there = Page(me.get(link.get("href")))
    assert market.names[number] in there.main
    posted(me, "/me/favourites", {"add": f"provider:{number}"})

    ids = [market.providers[0], market.providers[1]]
    compared = Page(client.get(f"/compare?id={ids[0]}&id={ids[1]}"))
    (keep,) = [a for a in compared.all("a") if a.get("href", "").startswith("/me/shortlists/new")]
    page = Page(me.get(keep.get("href")))
    kept = [item.get("value") for item in page.all("input", name="item")]
    assert kept == [f"provider:{id_}" for id_ in ids]
    answer = posted(me, "/me/shortlists/new", {"name": "注塑车间", "item": kept})
    assert len(Page(answer).all("li", "kept-item")) == 2


@on_sqlite
def test_staff_and_providers_are_offered_nothing(app, market, login_as):
    for role in (Role.CITY_OFFICER, Role.PROVIDER_OWNER):
        other = login_as(role)
        text = other.get("/providers").text
        assert "favourites" not in text
        assert "保存搜索" not in text
        assert other.get("/me/favourites").status_code == 403


def test_a_list_with_notes(me, market, database):
    page = me.get("/me/shortlists/add?item=provider:1")
    assert "还没有清单" in Page(page).main
    posted(me, "/me/shortlists/new", {"name": "一号车间", "item": "provider:1"})
    same = me.post("/me/shortlists/new", data={"name": "一号车间", "item": "product:1"})
    assert (same.status_code, Page(same).one("input", name="name").get("value")) == (
        422,
        "一号车间",
    )
    assert "已经有一个同名的清单" in Page(same).main
    assert [field.get("value") for field in Page(same).all("input", name="item")] == ["product:1"]
    with database.reading() as session:
        row = session.scalars(select(Shortlist)).one()
    twice = posted(me, "/me/shortlists/add", {"shortlist": row.id, "item": "provider:1"})
    assert "里已经有了" in said(twice)
    posted(me, "/me/shortlists/add", {"shortlist": row.id, "item": "product:1"})
    with database.reading() as session:
        first = session.scalars(select(ShortlistItem).order_by(ShortlistItem.id)).first()
    base = f"/me/shortlists/{row.id}"
    posted(me, f"{base}/items/{first.id}/note", {"note": "先看样板车间"})
    assert Page(me.get(base)).all("input", name="note")[0].get("value") == "先看样板车间"
    long = me.post(f"{base}/items/{first.id}/note", data={"note": "长" * 501})
    assert (long.status_code, "最多500个字" in Page(long).main) == (422, True)
    stale = me.post(base, data={"name": "改名", "version": 99})
    assert stale.status_code == 409
    with database.reading() as session:
        version = session.get_one(Shortlist, row.id).version
    posted(me, base, {"name": "改名", "note": "两行\n说明", "version": version})
    posted(me, f"{base}/items/{first.id}/take", {})
    assert len(Page(me.get(base)).all("li", "kept-item")) == 1
    posted(me, f"{base}/delete", {})
    assert me.get(base).status_code == 404


def test_a_search_is_kept_with_its_conditions(me, database):
    link = [
        a.get("href")
        for a in Page(me.get("/providers?segment=home_appliance&type=product")).all("a")
        if "保存搜索" in "".join(a.itertext())
    ]
    assert link == [SEARCH]
    page = Page(me.get(SEARCH))
    assert (
        page.one("input", name="name").get("value") == "家电 · “小快轻准”产品型"
        or "家" in page.main
    )
    answer = posted(me, SEARCH, {"name": "家电产品型", "alert": "1"})
    assert "有新结果时会提醒您" in said(answer)
    with database.reading() as session:
        row = session.scalars(select(SavedSearch)).one()
    assert row.params == [["segment", "home_appliance"], ["type", "product"]]
    assert row.wanted == {
        "q": "", "literal": False,
        "filters": {"segment": ["home_appliance"], "type": ["product"]},
    }  # fmt: skip
    again = Page(me.get("/me/searches")).one("a", "btn btn-primary").get("href")
    assert again == "/providers?segment=home_appliance&type=product"
    assert Page(me.get(again)).total > 0
    same = me.post(SEARCH, data={"name": "家电产品型"})
    assert (same.status_code, "已经有一个同名的搜索" in Page(same).main) == (422, True)
    base = f"/me/searches/{row.id}"
    posted(me, base, {"name": "改名", "version": row.version})
    assert "不提醒" in Page(me.get(base)).main
    posted(me, f"{base}/delete", {})
    assert me.get(base).status_code == 404
    assert me.get("/me/searches/new?kind=firm").status_code == 422
    assert me.get("/me/searches/new?kind=provider&sort=pay").status_code == 422


def started(me, database):
    posted(me, SEARCH, {"name": "家电产品型", "alert": "1"})
    with database.reading() as session:
        search = session.scalars(select(SavedSearch)).one()
    answer = me.post(
        "/me/selections/new", data={"search": search.id, "title": "车间选型", "need": "联网"}
    )
    return answer.location


def locked(me, database):
    base = started(me, database)
    page = Page(me.get(base))
    assert "现在符合条件的" in page.main
    posted(me, f"{base}/lock", {})
    with database.reading() as session:
        row = session.scalars(select(Selection)).one()
        ids = [item["id"] for item in row.snapshot["candidates"]]
    return base, row, ids


def decision(row, ids, version=None, **given):
    reasons = {f"reason_{id_}": "报价偏高" for id_ in ids}
    return {**reasons, "version": version or row.version, "step": "choose", **given}


def rows_of(answer):
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def squeezed(*texts) -> str:
    """Without blanks and ends of lines: a PDF breaks lines where they are full."""
    return "".join("".join(map(str, texts)).split())


def words(content: bytes) -> str:
    """What a PDF says, squeezed."""
    found = []
    with pypdfium2.PdfDocument(content) as document:
        for page in document:
            text = page.get_textpage()
            found.append(squeezed(text.get_text_range()))
            text.close()
            page.close()
    return "".join(found)


def told_on_paper(me, base, sheets) -> None:
    """The PDF says all that the workbook says."""
    assert f'href="{base}.pdf"' in me.get(base).text
    paper = me.get(f"{base}.pdf")
    assert (paper.mimetype, paper.status_code) == ("application/pdf", 200)
    (_, (_, title), *facts, (exported, _)), steps = sheets["选型档案"], sheets["办理经过"]
    assert exported == "导出时间（北京时间）"
    assert unquote(paper.headers["Content-Disposition"]).endswith(f"选型档案-{title}.pdf")
    heads, *rows = sheets["候选服务商"]
    kept = [pair for row in rows for pair in zip(heads[5:], row[5:], strict=True)]
    whole = words(paper.data)
    for line in (*facts, *steps, heads[:5], *(row[:5] for row in rows), *kept):
        assert squeezed(*line) in whole, line


def test_j1_s7_from_a_search_to_a_contract(app, me, market, database):
    base, row, ids = locked(me, database)
    assert len(ids) > 3
    page = Page(me.get(base))
    assert row.snapshot_sha256 in page.main
    before = page.texts("h3", "kept-title")
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, ids[0])
        provider.strengths, provider.local_headcount = ["改过的优势"], 999
    rebuild_index(app.extensions["search"], database)
    assert "改过的优势" in me.get(f"/providers/{ids[0]}").text
    page = Page(me.get(base))
    assert page.texts("h3", "kept-title") == before
    assert "改过的优势" not in page.main
    assert row.snapshot_sha256 in page.main

    missing = me.post(
        f"{base}/decide",
        data={"step": "choose", "version": row.version, "provider": ids[0], "because": "价格合适"},
    )
    assert (missing.status_code, "还没有写不选的理由" in Page(missing).main) == (409, True)
    empty = me.post(f"{base}/decide", data=decision(row, ids, provider=ids[0]))
    assert empty.status_code == 422
    assert Page(empty).one("input", id=f"f-reason_{ids[1]}").get("value") == "报价偏高"
    posted(me, f"{base}/decide", decision(row, ids[1:], step="save"))
    page = Page(me.get(base))
    assert page.one("input", id=f"f-reason_{ids[1]}").get("value") == "报价偏高"
    version = page.one("input", name="version").get("value")
    data = decision(row, ids[1:], version, provider=ids[0], because="有同规模案例")
    posted(me, f"{base}/decide", data)
    told = posted(me, f"{base}/hand-over", {})
    assert "已通知服务商起草合同备案" in said(told)

    with database.unit_of_work() as session:
        place = session.scalars(select(Membership).where(Membership.provider_id == ids[0])).first()
        firm = session.get_one(Organisation, row.organisation_id)
        made = factories.make_project(
            session,
            place,
            firm,
            phase=ProjectPhase.CONFIRMING,
            contract_no="HT-2026-018",
            signed_on=clock.today(),
        )
        contract = made.title
    sheets = rows_of(me.get(f"{base}.xlsx"))
    facts = dict(line for line in sheets["选型档案"] if len(line) == 2)
    assert (facts["校验值（SHA-256）"], facts["选定的理由"]) == (
        row.snapshot_sha256,
        "有同规模案例",
    )
    assert facts["企业"] == "青岛采购测试有限公司"
    heads, *lines = sheets["候选服务商"]
    assert [line[heads.index("结果")] for line in lines] == ["选定"] + ["未选"] * (len(ids) - 1)
    assert [line[heads.index("理由")] for line in lines] == ["有同规模案例"] + ["报价偏高"] * (
        len(ids) - 1
    )
    text = "".join(line[0] for line in sheets["锁定的原文"][1:])
    assert sha256(text.encode()).hexdigest() == row.snapshot_sha256
    assert facts["锁定的内容与校验值"] == "一致"
    assert f"{contract}，合同编号HT-2026-018（" in facts["合同"]
    steps = [line[1:] for line in sheets["办理经过"][1:]]
    assert [step[0] for step in steps] == [
        "建立选型档案", "锁定结果", "填写不选的理由", "选定服务商", "转合同",
    ]  # fmt: skip
    assert {step[1].endswith("（企业用户）") for step in steps} == {True}
    assert [step[2] for step in steps if step[2]] == ["有同规模案例"]
    told_on_paper(me, base, sheets)


def test_who_left_meanwhile_is_refused_and_others_are_named(me, market, database):
    base, row, ids = locked(me, database)
    with database.unit_of_work() as session:
        for place in session.scalars(select(Membership).where(Membership.provider_id == ids[0])):
            place.phase = place.state = StandingPhase.SUSPENDED.value
    page = Page(me.get(base))
    name = row.snapshot["candidates"][0]["name"]
    assert f"{name} " in page.main
    assert "不能选定" in page.main
    (radio,) = page.all("input", type="radio", value=str(ids[0]))
    assert "disabled" in radio.attrib
    refused = me.post(
        f"{base}/decide", data=decision(row, ids[1:], provider=ids[0], because="熟悉")
    )
    answer = Page(refused)
    assert refused.status_code == 409
    assert f"{name}：服务商目前“暂停”，不能备案新合同" in answer.main
    assert answer.one("input", name="because").get("value") == "熟悉"
    assert answer.one("input", id=f"f-reason_{ids[1]}").get("value") == "报价偏高"
    with database.reading() as session:
        assert session.scalars(select(Selection)).one().phase == "locked"


@on_sqlite
def test_a_file_needs_a_search_within_bounds(app, me, market, database):
    answer = me.post("/me/selections/new", data={"search": 999, "title": "没有"})
    assert answer.status_code == 404
    me.post("/me/searches/new?kind=case", data={"name": "案例"})
    with database.reading() as session:
        search = session.scalars(select(SavedSearch)).one()
    refused = me.post("/me/selections/new", data={"search": search.id, "title": "案例"})
    assert (refused.status_code, "只能从服务商搜索建立" in Page(refused).main) == (422, True)


def test_nothing_of_it_shows_to_another_enterprise(me, market, database, login_as, client):
    """S38, S45: numbers of others are answered with 404 everywhere, and lists are empty."""
    base, row, ids = locked(me, database)
    posted(me, "/me/favourites", {"add": "provider:1"})
    posted(me, "/me/shortlists/new", {"name": "机密清单", "note": "机密", "item": "provider:1"})
    with database.reading() as session:
        item = session.scalars(select(ShortlistItem)).one()
        search = session.scalars(select(SavedSearch)).one()
    other = login_as(Role.ENTERPRISE)
    for path in (
        base,
        f"{base}.xlsx",
        f"{base}.pdf",
        f"/me/searches/{search.id}",
        f"/me/shortlists/{item.shortlist_id}",
    ):
        assert other.get(path).status_code == 404
    shortlist = f"/me/shortlists/{item.shortlist_id}"
    for path, data in (
        (f"{base}/lock", {}), (f"{base}/decide", decision(row, ids, step="save")),
        (f"{base}/hand-over", {}), (f"{base}/abandon", {"reason": "x"}),
        (f"{base}/reconsider", {"reason": "x"}),
        (shortlist, {"name": "x", "version": 1}), (f"{shortlist}/delete", {}),
        (f"{shortlist}/items/{item.id}/note", {"note": "x"}),
        (f"{shortlist}/items/{item.id}/take", {}),
        ("/me/shortlists/add", {"shortlist": item.shortlist_id, "item": "provider:2"}),
        (f"/me/searches/{search.id}", {"name": "x", "version": 1}),
        (f"/me/searches/{search.id}/delete", {}),
        ("/me/selections/new", {"search": search.id, "title": "x"}),
    ):  # fmt: skip
        assert other.post(path, data=data).status_code == 404, path
    for path in ("/me/favourites", "/me/shortlists", "/me/searches", "/me/selections", "/me",
                 "/me/selections/new", "/me/shortlists/add?item=provider:1"):  # fmt: skip
        text = other.get(path).text
        assert not re.search("机密|车间选型|家电产品型|kept-tools", text), path


@on_sqlite
def test_b10_lists_cost_the_same_for_five_and_fifty(app, me, market, database):
    base, _, _ = locked(me, database)
    paths = ("/me/favourites", "/me/shortlists", "/me/searches", "/me/selections", "/providers")

    def fill(first, last):
        with database.unit_of_work() as session:
            firm, user = me.organisation.id, me.user.id
            for at in range(first, last):
                session.add(
                    Favourite(organisation_id=firm, kind="product", item_id=at, created_by=user)
                )
                session.add(Shortlist(organisation_id=firm, name=f"清单{at}", created_by=user))
                session.add(
                    SavedSearch(
                        organisation_id=firm, name=f"搜索{at}", kind="provider", created_by=user
                    )
                )

    fill(1, 6)
    few = {path: asked(me, path) for path in (*paths, base)}
    fill(6, 20)
    many = {path: asked(me, path) for path in (*paths, base)}
    assert many == few
    most = {"/me/favourites": 12, base: 12}
    assert {path: n for path, n in many.items() if n > most.get(path, 8)} == {}
