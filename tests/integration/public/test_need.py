"""Describe your need: understood with reasons, the text kept nowhere, results one can pass on."""

import shutil
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.market import open_market
from tests.support.pages import Page, find, text

COMPLAINT = "张三丰厂长说订单多了排产全靠人脑，插单就乱，库里的料也对不上账，电话13812345678"


def post(client, said: str, **given):
    return client.post("/need", data={"text": said}, **given)


def offered(page: Page) -> dict[str, bool]:
    """Capabilities to tick, and whether they are."""
    boxes = page.all("input", name="c")
    return {box.get("value", ""): "checked" in box.attrib for box in boxes}


def totals(page: Page, code: str) -> dict[str, tuple[int, str]]:
    """Number and address of each list below a capability."""
    (group,) = page.all("section", id=f"for-{code}")
    found = {}
    for link in find(group, "a"):
        label, _, number = text(link).partition("（")
        if label.startswith("全部"):
            found[label[2:]] = (int(number.rstrip("）")), link.get("href", ""))
    return found


def test_the_form_asks_for_little(visitor):
    page = Page(visitor.get("/need"))
    box = page.one("textarea")
    assert (box.get("maxlength"), box.get("name")) == ("2000", "text")
    assert "不保存" in page.main


def test_the_complaint_stays_out_of_the_address(visitor):
    """Only words of the descriptions go on; names, numbers and the text itself do not."""
    answer = post(visitor, COMPLAINT)
    assert answer.status_code == 303
    asked = parse_qs(urlsplit(answer.location).query)
    assert asked.keys() == {"said", "offer", "c"}
    assert {"排产", "插单", "订单"} <= set(asked["said"])
    for private in ("张", "丰", "138", "人脑"):
        assert not any(private in word for word in asked["said"])
    assert asked["offer"][0] == asked["c"][0] == "aps"
    assert set(asked["c"]) <= set(asked["offer"])


def test_what_was_understood_is_shown_with_its_words(visitor):
    page = Page(visitor.get(post(visitor, COMPLAINT).location))
    cards = [text(card) for card in page.all("label", "option-card")]
    assert cards[0].startswith("APS 高级计划与排程")
    assert "业务场景：计划排程" in cards[0]
    assert "因为您说到：排产、插单" in cards[0]
    assert offered(page)["aps"]


def test_ticks_decide_and_lists_agree(visitor):
    """Numbers beside each capability are those of the ordinary lists they lead to."""
    ticked = Page(visitor.get("/need?offer=aps&offer=wms&offer=mes&c=aps&c=wms&segment=auto_parts"))
    assert offered(ticked) == {"aps": True, "wms": True, "mes": False}
    sections = [s.get("id") for s in ticked.all("section") if s.get("id", "").startswith("for-")]
    assert sections == ["for-aps", "for-wms"]
    for code in ("aps", "wms"):
        for number, address in totals(ticked, code).values():
            assert f"category={code}" in address
            assert "segment=auto_parts" in address
            assert Page(visitor.get(address)).total == number
    none = Page(visitor.get("/need?offer=aps&offer=wms"))
    assert offered(none) == {"aps": False, "wms": False}
    assert "还没有勾选产品类别" in none.main


def test_providers_that_can_do_more_come_first(visitor):
    page = Page(visitor.get("/need?offer=aps&offer=wms&offer=mes&c=aps&c=wms&c=mes"))
    section = page.one("section", id="providers")
    said = [text(why) for why in find(section, "p", "card-why")]
    shares = [int(why.rpartition("能做 ")[2].split()[0]) for why in said]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == 2  # in this market everybody has two products


def test_filters_hold_for_what_they_can(visitor):
    """A price narrows products and providers; cases have none."""
    wide = Page(visitor.get("/need?offer=aps&c=aps"))
    narrow = Page(visitor.get("/need?offer=aps&c=aps&price=lt5&district=370202"))
    assert totals(narrow, "aps")["产品"][0] < totals(wide, "aps")["产品"][0]
    assert "price=" not in totals(narrow, "aps")["案例"][1]
    for select in ("segment", "district", "price"):
        assert narrow.one("select", id=f"f-{select}") is not None


@pytest.mark.parametrize("said", ["", "   ", "我们厂有没有什么办法", "qqq zzz", "💥"])
def test_what_says_nothing_is_asked_again(visitor, said):
    answer = post(visitor, said)
    page = Page(answer)
    assert page.status == 422
    assert page.one("div", "error-summary") is not None
    assert text(page.one("textarea")).strip() == said.strip()


def test_hostile_texts_and_addresses(visitor):
    """Markup is text, unknown codes are left out, endless input is cut."""
    assert post(visitor, "<script>alert(1)</script>" + "排产插单" * 2000).status_code == 303
    page = visitor.get(
        "/need?offer=aps&offer=nonsense&c=aps&c=%00&c=mes&said=<b>x</b>&said=" + "长" * 50
        + "&segment=nowhere&price=%27"
    )  # fmt: skip
    assert page.status_code == 200
    html = page.get_data(as_text=True)
    assert "<b>x</b>" not in html
    assert [box.get("value") for box in Page(page).all("input", name="said")] == ["<b>x</b>"]
    assert offered(Page(page)) == {"aps": True, "mes": True}
    assert Page(visitor.get("/need?c=nonsense&offer=nonsense")).one("textarea") is not None


def test_the_text_needs_the_token_and_leaves_no_trace(visitor, capsys):
    """S15, S58: refused without the token; nothing of the text in the log."""
    assert post(visitor, COMPLAINT, csrf=False).status_code == 403
    assert post(visitor, COMPLAINT).status_code == 303
    logged = "".join(capsys.readouterr())
    assert "排产" not in logged
    assert "%E6%8E%92%E4%BA%A7" not in logged


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_engine_the_understanding_stays(app, client):
    open_market(app, 6)
    app.extensions["search"].close()
    shutil.rmtree(app.extensions["settings"].search_url.removeprefix("tantivy://"))
    page = Page(client.get(post(client, COMPLAINT).location))
    assert page.status == 200
    assert "搜索暂时不可用" in page.main
    assert offered(page)["aps"]
    assert "/products?category=aps" in [a.get("href") for a in page.all("a")]
