"""Comparisons that cannot be made say why, and how to go on (J1 E)."""

import pytest

from tests.support.pages import Page, find, text


def of_type(market, visitor, kind: str, path: str = "/providers") -> list[str]:
    page = Page(visitor.get(f"{path}?type={kind}"))
    return [
        a.get("href", "").rpartition("/")[2]
        for a in page.all("a")
        if a.get("href", "").startswith(f"{path}/")
    ]


def compared(page: Page) -> list[str]:
    """Ids in the head of the table."""
    table = page.one("table", "compare-table")
    return [
        find(cell, "a")[0].get("href", "").rpartition("/")[2]
        for cell in find(table, "th", scope="col")[1:]
    ]


def notices(page: Page) -> list[str]:
    return [text(box) for box in page.all("div", "notice-body")]


def address(ids, path: str = "/compare") -> str:
    return f"{path}?{'&'.join(f'id={number}' for number in ids)}"


def test_a_fifth_is_refused_and_four_are_kept(visitor, market):
    five = of_type(market, visitor, "product")[:5]
    page = Page(visitor.get(address(five)))
    assert compared(page) == five[:4]
    assert notices(page) == ["注意：最多对比4家，已保留前4家；移出一家后可以再加。"]


def test_repeated_ids_count_once(visitor, market):
    one, two = of_type(market, visitor, "product")[:2]
    page = Page(visitor.get(address([one, two, one, two, one, one])))
    assert (compared(page), notices(page)) == ([one, two], [])


def test_different_types_are_refused_in_words(visitor, market):
    first = of_type(market, visitor, "product")[0]
    second = of_type(market, visitor, "chain_leader")[0]
    page = Page(visitor.get(address([first, second])))
    assert page.status == 422
    assert page.all("table") == []
    (refusal,) = notices(page)
    assert "只能对比同一类型的服务商，请先移出其他类型。" in refusal
    removes = [a.get("href") for a in page.all("a", "compare-remove")]
    assert removes == [f"/compare?id={second}", f"/compare?id={first}"]
    assert visitor.get(address([first, second], "/compare.xlsx")).status_code == 422


def test_one_of_two_types_may_stand_beside_either(visitor, market):
    two = str(market.ids["two"])
    for kind in ("product", "integrator"):
        other = next(number for number in of_type(market, visitor, kind) if number != two)
        page = Page(visitor.get(address([two, other])))
        assert (page.status, compared(page)) == (200, [two, other])


@pytest.mark.parametrize("path", ["/compare", "/products/compare"])
def test_nothing_or_one_is_told_how_to_choose(visitor, path):
    for query in ("", "?id=1"):
        page = Page(visitor.get(path + query))
        assert page.status == 200
        assert "才能对比" in page.main
        assert page.all("table") == []


@pytest.mark.parametrize("name", ["suspended", "exited"])
def test_who_left_the_pool_is_named_with_its_page(visitor, market, name):
    gone = market.ids[name]
    rest = of_type(market, visitor, "product")[:2]
    page = Page(visitor.get(address([rest[0], gone, rest[1]])))
    assert compared(page) == rest
    (notice,) = page.all("div", "notice-body")
    assert "已退出资源池或暂停，不再参与对比" in text(notice)
    assert [a.get("href") for a in find(notice, "a")] == [f"/providers/{gone}"]


def test_what_is_not_public_is_counted_but_not_named(visitor, market):
    rest = of_type(market, visitor, "product")[:2]
    strange = [market.ids["hidden"], 99999, "x", "-1", 2**40]
    page = Page(visitor.get(address([*rest, *strange])))
    assert compared(page) == rest
    assert notices(page) == ["注意：有 3 家服务商不存在或不再公开，已略去。"]


def test_products_of_one_category_compare(visitor):
    page = Page(visitor.get("/products?category=mes"))
    numbers = [box.get("value", "") for box in page.all("input", data_compare="product")][:4]
    compare = Page(visitor.get(address(numbers, "/products/compare")))
    assert compared(compare) == numbers
    labels = [text(cell) for cell in compare.all("th", scope="row")]
    assert labels[7:10] == ["试点价（万元）", "目录价（万元）", "计价方式"]


def test_products_of_different_categories_do_not(visitor):
    chosen = [
        Page(visitor.get(f"/products?category={code}"))
        .all("input", data_compare="product")[0]
        .get("value")
        for code in ("mes", "wms")
    ]
    page = Page(visitor.get(address(chosen, "/products/compare")))
    assert page.status == 422
    assert "只能对比同一类别的产品，请先移出其他类别。" in page.main


def test_a_hidden_product_is_left_out(visitor, market):
    page = Page(visitor.get(address([market.ids["hidden_product"]], "/products/compare")))
    assert notices(page) == ["注意：有 1 个产品不存在或不再公开，已略去。"]


def test_what_was_not_filled_in_says_so(visitor):
    numbers = [
        box.get("value", "")
        for box in Page(visitor.get("/products?category=mes")).all("input", data_compare="product")
    ][:2]
    page = Page(visitor.get(address(numbers, "/products/compare")))
    rows = {
        text(row[0]): [text(cell) for cell in row[1:]] for row in page.all("tr") if len(row) == 3
    }
    assert rows["年服务费（万元）"] == ["未填报", "未填报"]
