"""Pages of providers, products and cases: what they say, and what they keep to themselves."""

from datetime import date

import pytest

from marketplace.models import CaseStudy, Product, Provider, Round
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.profiles import texts
from marketplace.services.profiles.catalogue import masked
from tests import factories
from tests.support.market import open_market
from tests.support.pages import Page, find, text

OFFICER = Actor(role=Role.CITY_OFFICER, user_id=1, name="测试经办")


def facts(page: Page) -> dict[str, str]:
    """Label and value of every fact on the page."""
    return {
        text(find(pair, "dt")[0]): text(find(pair, "dd")[0])
        for facts in page.all("dl", "facts")
        for pair in find(facts, "div")
    }


def test_a_provider_s_page_tells_who_it_is_and_what_it_sells(visitor, market):
    number = market.providers[0]
    page = Page(visitor.get(f"/providers/{number}"))
    name = market.names[number]
    assert text(page.one("h1")) == f"{name} 小快轻准 在池"
    line = [text(fact) for fact in find(page.one("ul", "meta-line"), "li")]
    assert line[:3] == ["在池 2024-03-01 起", "有效期至 2027-02-28", "资料确认 2026-10-01"]
    said = facts(page)
    assert said.items() >= {
        "细分行业": "汽车零部件及配件制造", "所在地": "市南区", "成立": "2008年1月15日",
        "员工人数": "40 人", "本地团队": "12 人",
    }.items()  # fmt: skip
    products = find(page.one("section", id="products"), "tr")
    assert [[text(cell) for cell in row] for row in products[1:]] == [
        ["砚途车间执行 V3.0", "MES 制造执行系统", "4.00/ 年", "8.00", "云端订阅（SaaS）", "30 天"],
        ["砚途质量追溯 V5.0", "QMS 质量管理系统", "14.00/ 年", "28.00", "混合部署", "25 天"],
    ]
    assert len(page.all("article", "case-mini")) == 2


def test_a_provider_s_page_leads_to_its_products_cases_and_likes(visitor, market):
    page = Page(visitor.get(f"/providers/{market.providers[0]}"))
    links = [a.get("href", "") for a in find(page.one("main"), "a")]
    for start in ("/products/", "/cases/", "/providers/"):
        some = [link for link in links if link.startswith(start)]
        assert some
        for link in some:
            assert visitor.get(link).status_code == 200, link
    assert f"/providers/{market.providers[0]}" not in links


@pytest.mark.parametrize("name", ["warned", "rectifying"])
def test_a_warning_is_shown_with_its_public_reason(visitor, market, name):
    page = Page(visitor.get(f"/providers/{market.ids[name]}"))
    (notice,) = page.texts("div", "notice-body")
    reasons = {
        "warned": "注意：家用电器及配件制造 · 小快轻准：在池（警告）两次未按期报送季度档案。",
        "rectifying": "注意：家用电器及配件制造 · 小快轻准：在池（警告，限期整改）"
        "定期检查不合格，限期整改。整改期限 2027-01-31。",
    }
    assert notice == reasons[name]


def test_f_v16_an_exited_provider_keeps_its_page(visitor, market):
    page = Page(visitor.get(f"/providers/{market.ids['exited']}"))
    assert page.status == 200
    assert "青岛退出智造科技有限公司" in text(page.one("h1"))
    said = facts(page)
    assert said["生效日期"] == "2026年1月15日"
    assert said["公开的原因"] == "自愿退出。"
    assert said["依据文号"] == "示例〔2026〕3号"
    assert "已经签订的合同继续有效" in page.main
    assert page.all("input", data_compare="provider") == []
    others = [a.get("href", "") for a in find(page.one("section", id="alternatives"), "a")]
    numbers = {int(link.rpartition("/")[2]) for link in others if "/providers/" in link}
    assert len(numbers) == 4
    assert market.ids["rectifying"] not in numbers
    assert find(page.one("head"), "meta", name="robots")[0].get("content") == "noindex"


def test_f_v16_a_suspended_provider_too(visitor, market):
    page = Page(visitor.get(f"/providers/{market.ids['suspended']}"))
    assert page.status == 200
    assert "已暂停" in text(page.one("h1"))
    assert facts(page)["公开的原因"] == "整改逾期未完成。"
    assert "已签项目继续履行" in page.main


@pytest.mark.parametrize(
    ("path", "model", "name"),
    [("/products", Product, "suspended"), ("/cases", CaseStudy, "exited")],
)
def test_what_belongs_to_who_left_leads_to_the_page_that_explains(
    site, visitor, market, path, model, name
):
    provider = market.ids[name]
    with site.extensions["database"].reading() as session:
        ids = [
            row.id for row in session.query(model).filter_by(provider_id=provider, hidden_at=None)
        ]
    assert ids
    for number in ids:
        answer = visitor.get(f"{path}/{number}")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/providers/{provider}")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/providers", "hidden"), ("/products", "hidden_product"),
        ("/cases", "hidden_case"), ("/cases", "silent_case"),
    ],
)  # fmt: skip
def test_what_is_hidden_is_not_there(visitor, market, path, name):
    assert visitor.get(f"{path}/{market.ids[name]}").status_code == 404


@pytest.mark.parametrize("path", ["/providers", "/products", "/cases"])
@pytest.mark.parametrize("number", ["0", "99999", str(2**31), str(2**63), "-1", "1.0", "x"])
def test_s62_numbers_that_nothing_has(visitor, path, number):
    assert visitor.get(f"{path}/{number}").status_code == 404


def test_a_product_s_page(visitor, market):
    page = Page(visitor.get("/products/1"))
    assert text(page.one("h1")) == "砚途车间执行 V3.0 MES 制造执行系统"
    said = facts(page)
    assert said.items() >= {
        "目录价": "8.00 万元", "计价方式": "按年订阅", "部署方式": "云端订阅（SaaS）",
        "适用企业规模": "微型、小型", "接口": "OPC UA、Modbus",
    }.items()  # fmt: skip
    assert said["年服务费"] == "未填报"
    assert text(page.one("p", "price-main")) == "试点价4.00 万元 / 年"
    case = page.one("section", id="cases")
    assert len(find(case, "article")) == 1
    same = [a.get("href", "") for a in page.all("a") if a.get("href", "").startswith("/products/")]
    assert "/products/1" not in same
    assert len(same) == 3


def test_a_case_s_page_shows_figures_as_bars_and_as_a_table(visitor):
    page = Page(visitor.get("/cases/1"))
    table = page.one("section", id="results")
    rows = [[text(cell) for cell in row] for row in find(table, "tr")]
    assert rows == [
        ["指标", "改造前", "改造后", "变化", "口径 / 年份"],
        ["换型时间", "95 分钟", "38 分钟", "降低 60.0%", "车间班报，2025年"],
        ["订单准时交付率", "72 %", "94 %", "提高 22 个百分点", "销售发货记录，2025年"],
    ]
    widths = [
        bar.get("width") for bar in find(table, "rect") if "bar-after" in bar.get("class", "")
    ]
    assert widths == ["40.0%", "100.0%"]
    said = facts(page)
    assert said.items() >= {
        "企业规模": "小型", "工期": "88 天", "投入": "18.60 万元",
    }.items()  # fmt: skip
    assert text(page.one("p", "level")) == "数字化水平一级 →提升到 二级（规范级）"
    headings = [text(head) for head in find(page.one("section", id="story"), "h3")]
    assert headings == ["企业背景", "改造前的问题", "解决方案", "实施过程", "可复制性"]


def test_a_client_that_did_not_agree_to_be_named_is_not(visitor, market):
    page = Page(visitor.get(f"/cases/{market.ids['anonymous_case']}"))
    assert "（企业名称未公开）" in page.main
    assert "客户有限公司" not in page.main


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_staff_hide_leaves_all_pages_at_once(app, database, client):
    market = open_market(app, 4)
    number = market.providers[0]
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, number)
        version = provider.version
        texts.hide(session, OFFICER, provider, expected_version=version, reason="资料有误")
    for path in (f"/providers/{number}", f"/providers/{number}/website", "/products/1", "/cases/1"):
        assert client.get(path).status_code == 404, path
    assert "有 1 家服务商不存在" in Page(client.get(f"/compare?id={number}")).main


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_s81_phones_are_masked_and_websites_are_left_with_notice(app, database, client):
    market = open_market(app, 4)
    number = market.providers[0]
    cipher = app.extensions["cipher"]
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, number)
        place = f"providers.contact_phone:{number}"
        provider.contact_phone_encrypted = cipher.seal("13800001234", place)
        provider.website = "https://yantu.example/shop?a=1"
    page = Page(client.get(f"/providers/{number}"))
    assert facts(page)["电话"] == "138****1234"
    assert "13800001234" not in client.get(f"/providers/{number}").text
    assert "yantu.example" not in client.get(f"/providers/{number}").text
    leaving = Page(client.get(f"/providers/{number}/website"))
    (link,) = [a for a in leaving.all("a", "btn") if text(a) == "继续访问"]
    assert link.get("href") == "https://yantu.example/shop?a=1"
    assert set(link.get("rel", "").split()) == {"noopener", "noreferrer", "nofollow", "external"}


@pytest.mark.parametrize(
    "website", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_s17_only_web_addresses_are_linked(app, database, client, website):
    market = open_market(app, 1)
    with database.unit_of_work() as session:
        session.get_one(Provider, market.providers[0]).website = website
    assert "企业网站" not in Page(client.get(f"/providers/{market.providers[0]}")).main
    assert client.get(f"/providers/{market.providers[0]}/website").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_phone_sealed_elsewhere_is_left_out(app, database, client):
    market = open_market(app, 1)
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, market.providers[0])
        provider.contact_phone_encrypted = app.extensions["cipher"].seal("13800001234", "other:1")
    page = Page(client.get(f"/providers/{market.providers[0]}"))
    assert page.status == 200
    assert "电话" not in facts(page)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800001234", "138****1234"),
        ("138 0000 1234", "138****1234"),
        ("0532-88886666", "0532-****6666"),
        ("0532-88886666-801", "0532-****6666-801"),
        ("88886666", "****6666"),
        ("400-800-1234", "400-800-****"),
        ("96110", "****"),
    ],
)
def test_masked_numbers(phone, shown):
    assert masked(phone) == shown


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_bare_provider_s_page_says_what_is_missing(app, database, client):
    market = open_market(app, 1)
    with database.unit_of_work() as session:
        round_ = session.get_one(Round, market.round_id)
        organisation = factories.make_organisation(
            session,
            founded_on=None,
            headcount=None,
            district=None,
            registered_city="",
        )
        provider = factories.make_provider(
            session, organisation, intro="", strengths=[], service_areas=[], process_links=[]
        )
        factories.make_membership(session, round_, provider, listed_on=date(2026, 1, 5))
        number = provider.id
    page = Page(client.get(f"/providers/{number}"))
    assert page.status == 200
    for words in ("资料待完善：企业还没有填写简介。", "还没有登记产品。", "还没有公开的案例。"):
        assert words in page.main
    assert facts(page)["所在地"] == "未填报"
