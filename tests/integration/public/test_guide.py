"""The guided selector (F-V13): state in the address, a filtered and explained list, ways out."""

import re
import shutil
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from tests.support.market import open_market
from tests.support.pages import Page, find, text
from tests.unit.search.needs_sets import seeded

FIVE = ("segment", "pain", "budget", "size", "system")
ANSWERS = {
    "segment": "home_appliance", "pain": "schedule", "budget": "20to50", "size": "small",
    "system": "erp",
}  # fmt: skip


def result(**answers: object) -> str:
    return f"/guide?{urlencode({**answers, 'step': 'result'}, doseq=True)}"


def ids(page: Page) -> list[str]:
    return [link.get("href", "") for card in page.all("article") for link in find(card, "a")[:1]]


def total(page: Page) -> int:
    return int(text(find(page.one("p", id="result-sentence"), "strong")[0]))


def ways(page: Page) -> list[tuple[str, int, str]]:
    """Label, promised number and address of each way out."""
    links = [link for box in page.all("div", "zero-help") for link in find(box, "a")]
    return [
        (
            text(link).partition("得")[0],
            int(re.findall(r"得 (\d+) 个", text(link))[0]),
            link.get("href", ""),
        )
        for link in links
    ]


def test_five_questions_back_and_forth_lose_nothing(visitor):
    """What the form of each step would send, on and back again, keeps every answer."""
    kept: dict[str, str] = {}
    for number, name in enumerate(FIVE, start=1):
        page = Page(visitor.get(f"/guide?{urlencode({**kept, 'step': number})}"))
        form = page.one("form", "panel")
        hidden = {i.get("name"): i.get("value") for i in find(form, "input", type="hidden")}
        assert hidden == kept
        inputs = [i for i in find(form, "input") if i.get("name") == name]
        assert ANSWERS[name] in {i.get("value") for i in inputs}
        steps = [b.get("value") for b in find(form, "button", name="step")]
        on = "result" if number == 5 else str(number + 1)
        assert steps[:2] == ([on] if number == 1 else [on, str(number - 1)]) + (
            ["result"] if number == 1 else []
        )
        kept[name] = ANSWERS[name]
    back = Page(visitor.get(f"/guide?{urlencode({**ANSWERS, 'step': 2})}"))
    (chosen,) = [i for i in back.all("input", name="pain") if "checked" in i.attrib]
    assert chosen.get("value") == "schedule"


def test_the_result_is_the_list_with_the_same_filters(visitor):
    page = Page(visitor.get(result(**ANSWERS)))
    same = Page(
        visitor.get(
            "/products?segment=home_appliance&category=aps&category=mrp"
            "&price=lt5&price=5to10&price=10to20&price=20to50"
        )
    )
    assert ids(page) == ids(same) != []
    assert total(page) == len(ids(page))
    (link,) = [a for a in page.all("a") if text(a) == "在产品列表中继续筛选"]
    assert ids(Page(visitor.get(link.get("href", "")))) == ids(page)


def test_each_card_says_which_answers_it_meets(visitor):
    page = Page(visitor.get(result(**ANSWERS)))
    for why in page.all("p", "card-why"):
        said = text(why)
        assert "行业 家用电器（符合）" in said
        assert "痛点 排产与交期（用APS 高级计划与排程解决）" in said
        assert re.search(r"预算 \d+ 万元（在预算内）", said)
        assert "规模 小型（符合）" in said
        assert "现有系统 ERP（说明可以对接）" in said
    other = Page(visitor.get(result(**{**ANSWERS, "system": ["crm", "chat"]})))
    assert "现有系统 CRM、企业微信/钉钉（没有说明，请咨询）" in text(other.all("p", "card-why")[0])
    own = Page(visitor.get(result(pain="shopfloor", system="mes")))
    assert "您已有同类系统" in text(own.all("p", "card-why")[0])


def test_when_nothing_fits_each_way_out_gives_what_it_promises(visitor):
    """No product suits large firms here: leaving out the size is the only single way."""
    page = Page(visitor.get(result(**{**ANSWERS, "size": "large"})))
    assert total(page) == 0
    (way,) = ways(page)
    assert way[0].strip() == "不限“规模：大型”"
    assert way[1] == total(Page(visitor.get(way[2]))) > 0


def test_when_two_answers_stand_in_the_way_both_are_named(visitor):
    page = Page(visitor.get(result(**{**ANSWERS, "size": "large", "pain": "people"})))
    found = ways(page)
    assert [label.strip() for label, _, _ in found] == ["不限“痛点：人事；规模：大型”"]
    assert found[0][1] == total(Page(visitor.get(found[0][2]))) > 0


def test_a_budget_is_raised_only_as_far_as_needed(visitor):
    """Few results: the next band that gives more is offered, with its number."""
    narrow = {"segment": "home_appliance", "pain": "schedule", "budget": "lt5"}
    page = Page(visitor.get(result(**narrow)))
    assert total(page) <= 3
    (raised,) = [way for way in ways(page) if way[0].strip().startswith("放宽")]
    follow = Page(visitor.get(raised[2]))
    assert total(follow) == raised[1] > total(page)
    answered = dict(parse_qsl(urlsplit(raised[2]).query))
    bands = [word.code for word in seeded().options("price_band")]
    between = bands[1 : bands.index(answered["budget"])]
    for band in between:
        assert total(Page(visitor.get(result(**{**narrow, "budget": band})))) == total(page)


def test_without_answers_there_is_everything(visitor):
    page = Page(visitor.get("/guide?step=result"))
    every = Page(visitor.get("/products"))
    assert total(page) == int(text(find(every.one("p", id="result-sentence"), "strong")[0]))
    assert "您还没有回答问题" in page.main
    second = Page(visitor.get("/guide?step=result&page=2"))
    assert len(ids(page)) == 20
    assert not set(ids(page)) & set(ids(second))
    assert "没有第 400 页" in Page(visitor.get("/guide?step=result&page=400")).main


@pytest.mark.parametrize(
    "query",
    [
        "segment=nowhere", "pain=%00", "step=0", "step=7", "step=-1", "step=x", "step=１",
        "step=result&page=0", "step=result&page=999999999999", "budget=10to20&size=tiny",
    ],
)  # fmt: skip
def test_an_address_that_no_form_makes_is_refused(visitor, query):
    assert visitor.get(f"/guide?{query}").status_code == 422


def test_more_answers_than_asked_for_are_cut(visitor):
    pains = ["schedule", "shopfloor", "machines", "stock"]
    page = Page(visitor.get(result(pain=pains)))
    assert "排产与交期、车间进度、设备联网" in page.main
    assert "仓库 修改" not in page.main


def test_questions_and_options_are_consistent_data():
    """Every option leads somewhere, every category is reached, bands are in order."""
    words = seeded()
    questions = words.options("guide_question")
    assert tuple(word.code for word in questions) == FIVE
    assert {word.data["how"] for word in questions} == {"same", "categories", "upto", "mentions"}
    reached = {code for word in words.options("pain") for code in word.data["categories"]}
    assert reached == {word.code for word in words.options("category")}
    most = [word.data.get("max", float("inf")) for word in words.options("price_band")]
    assert most == sorted(most)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_without_the_engine_products_of_the_segment_are_listed(app, client):
    open_market(app, 12)
    before = ids(Page(client.get(result(segment="home_appliance"))))
    app.extensions["search"].close()
    shutil.rmtree(app.extensions["settings"].search_url.removeprefix("tantivy://"))
    page = Page(client.get(result(**ANSWERS)))
    assert page.status == 200
    assert "搜索暂时不可用" in page.main
    assert ids(page) == before != []
