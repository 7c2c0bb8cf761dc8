"""Products: checks with the reason at the field (F-P21), registration, prices and their history."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.models import OutboxItem, PricePoint, Product
from marketplace.permissions import SYSTEM
from marketplace.phases import RequestPhase
from marketplace.services.profiles import prices, product_checks
from tests import factories
from tests.integration.profiles.conftest import NEW
from tests.support import sample_files

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

GOOD = {
    "name": "胶州湾注塑排产系统", "release": "V1.0", "ip_name": "胶州湾注塑排产系统 V1.0",
    "ip_no": "示例2026SR9900001", "segments": ["home_appliance"],
    "list_price_cny": Decimal(200_000), "pilot_price_cny": Decimal(120_000),
}  # fmt: skip
REFUSED = [
    ({"name": "胶州湾最佳排产系统", "ip_name": "胶州湾最佳排产系统"}, "name", "绝对化用语"),
    ({"name": "排产系统 仅需9.8万元", "ip_name": "排产系统 仅需9.8万元"}, "name", "不能有价格"),
    ({"name": "排产系统特价版", "ip_name": "排产系统特价版"}, "name", "不能有价格"),
    ({"name": "排产 0532-00001111", "ip_name": "排产 0532-00001111"}, "name", "电话"),
    ({"name": "排产系统V2.0", "ip_name": "排产系统"}, "name", "名称不写版本"),
    ({"name": "排产V2.0标准版", "ip_name": "排产V2.0标准版"}, "name", "名称不写版本"),
    ({"name": "注塑排产", "ip_name": "胶州湾注塑排产系统"}, "name", "不一致"),
    ({"ip_name": ""}, "ip_name", "软件著作权名称"),
    ({"ip_no": ""}, "ip_no", "自主知识产权"),
    ({"release": "三点零"}, "release", "V3.0"),
    ({"release": "V1.0-beta"}, "release", "V3.0"),
    ({"segments": []}, "segments", "至少选择一项"),
    ({"pilot_price_cny": Decimal(200_001)}, "pilot_price_cny", "不能高于目录价"),
    ({"list_price_cny": None}, "list_price_cny", "也要填目录价"),
]
FINE = [
    {}, {"name": "工业4.0看板", "ip_name": "工业4.0看板"},
    {"name": "《胶州湾注塑排产系统》"}, {"ip_name": "胶州湾注塑排产系统（V1.0）"},
    {"name": "元件库管家", "ip_name": "元件库管家V2"}, {"release": "V12.3.4.5"},
    {"pilot_price_cny": None}, {"list_price_cny": Decimal(0), "pilot_price_cny": Decimal(0)},
]  # fmt: skip


def test_every_refusal_stands_at_its_field(database):
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        other = factories.make_provider(session)
        listed = factories.make_product(
            session, provider, name="胶州湾注塑排产系统", release="V0.9", ip_no="示例1"
        )
        factories.make_product(session, other, name=GOOD["name"], release="V1.0")

        def check(given, **rows):
            values = {**GOOD, **given}
            return product_checks.check(session, provider.id, values, list(values), **rows)

        for given, field, text in REFUSED:
            errors = check(given)
            assert list(errors) == [field], (given, errors)
            assert text in " ".join(errors[field])
        for given in FINE:
            assert check(given) == {}, given
        # One product, many versions: each once, under one name.
        assert list(check({"release": "V0.9"})) == ["release"]
        assert check({"release": "V0.9"}, product_id=listed.id) == {}
        assert list(check({"name": "别名", "ip_name": "别名", "ip_no": "示例1"})) == ["ip_no"]
        assert check({"ip_no": "示例1"}) == {}
        # What stood there before is left alone.
        old = {**GOOD, "name": "最佳", "release": "3.0", "ip_name": "", "ip_no": ""}
        assert product_checks.check(session, provider.id, old, ["summary"]) == {}


def test_a_new_product_is_nowhere_until_it_is_approved(centre):
    refused = centre.register(name="胶州湾第一排产系统", release="1", pilot_price_cny="30")
    assert refused.status_code == 422
    for text in ("广告法第九条", "V3.0", "不能高于目录价", "不一致"):
        assert text in refused.text
    assert 'value="胶州湾第一排产系统"' in refused.text
    answer = centre.register()
    assert (answer.status_code, answer.location) == (303, "/p/products")
    (request,) = centre.requests()
    assert "胶州湾注塑排产系统 V1.0" in centre.owner.get("/p/products").text
    with centre.database.reading() as session:
        assert session.scalars(select(Product.name)).all() == ["胶州湾制造执行系统"]
    assert "注塑排产" not in centre.public() + centre.visitor.get("/products").text
    assert centre.register().status_code == 422  # the same version waits already
    page = centre.officer.get(f"/work/changes/{request.id}").text
    for text in ("新产品", "20.00 万元", "12.00 万元", "制造执行系统", "首次登记。"):
        assert text in page
    assert centre.decide(request, "return", "请补充适用规模").status_code == 303
    again = centre.save(path=f"/p/products/new/{request.id}", suited_sizes=["small"], note="已补充")
    assert again.status_code == 303
    first, second = centre.requests()
    assert (first.phase, second.phase) == (RequestPhase.REPLACED, RequestPhase.PENDING)
    assert centre.owner.get(f"/p/products/new/{first.id}").status_code == 409
    replaced = centre.decide(first, "approve")
    assert replaced.status_code == 409
    assert f"/work/changes/{second.id}" in replaced.text
    assert centre.decide(second, "approve").status_code == 303
    with centre.database.reading() as session:
        made = session.scalars(select(Product).where(Product.name == NEW["name"])).one()
        keys = set(session.scalars(select(OutboxItem.key)))
        points = session.scalars(select(PricePoint).where(PricePoint.product_id == made.id)).all()
    assert centre.requests()[1].subject_id == made.id
    assert (made.list_price_cny, made.pilot_price_cny) == (Decimal(200_000), Decimal(120_000))
    assert (made.suited_sizes, made.typical_days) == (["small"], 30)
    assert f"product/{made.id}" in keys
    assert [point.by_role for point in points] == ["city_officer"]
    assert "40.0%" in centre.visitor.get(f"/products/{made.id}").text


def test_the_same_version_is_not_listed_twice(centre):
    centre.register()
    (request,) = centre.requests()
    with centre.database.unit_of_work() as session:
        factories.make_product(session, centre.provider, name=NEW["name"], release="V1.0")
    answer = centre.decide(request, "approve")
    assert answer.status_code == 409
    assert "产品“胶州湾注塑排产系统 V1.0”已经登记" in answer.text


def test_prices_change_at_once_and_keep_their_history(centre):
    product, path = centre.product.id, f"/p/products/{centre.product.id}/edit"
    with centre.database.unit_of_work() as session:
        prices.note(session, SYSTEM, session.get_one(Product, product), since=date(2025, 3, 1))
    assert centre.save(path=path, pilot_price_cny="25").status_code == 422
    answer = centre.save(path=path, pilot_price_cny="10.5", description="新的介绍。")
    assert (answer.status_code, answer.location) == (303, f"/p/products/{product}")
    page = centre.visitor.get(f"/products/{product}").text
    for text in ("价格记录", "2025年3月1日", "12.00", "40.0%", "10.50", "47.5%", "新的介绍。"):
        assert text in page
    assert centre.save(path=path, pilot_price_cny="9").status_code == 303
    with centre.database.reading() as session:
        found = prices.history(session, product)
        assert [(p.since.year, p.pilot_cny) for p in found][1] == (2025, Decimal(120_000))
        # Of one day the last price counts; every one is kept.
        assert [p.pilot_cny for p in found] == [Decimal(90_000), Decimal(120_000)]
        rows = session.scalars(select(PricePoint).order_by(PricePoint.id)).all()
        assert [row.pilot_price_cny for row in rows] == [120_000, 105_000, 90_000]
        assert prices.note(session, SYSTEM, session.get_one(Product, product)) is None
    assert centre.requests() == []
    # Scope waits for a check, beside a price that does not.
    centre.save(path=path, pilot_price_cny="8", name="胶州湾新系统", ip_name="胶州湾新系统",
                note="软著已变更")  # fmt: skip
    page = centre.visitor.get(f"/products/{product}").text
    assert "8.00" in page
    assert "胶州湾新系统" not in page
    (request,) = centre.requests()
    assert centre.decide(request, "approve").status_code == 303
    assert "胶州湾新系统" in centre.visitor.get(f"/products/{product}").text


def test_two_editors_of_a_product(centre):
    path = f"/p/products/{centre.product.id}/edit"
    mine, theirs = centre.form(centre.owner, path), centre.form(centre.editor, path)
    assert centre.editor.post(path, data={**theirs, "after_sales": "同事写的。"}).status_code == 303
    answer = centre.owner.post(path, data={**mine, "after_sales": "我写的。"})
    assert answer.status_code == 409
    assert "同事写的。" in answer.text
    assert "我写的。" in answer.text


def put_logo(centre, path: str, width: int, height: int, name: str = "标志.png", **more):
    picture = (io.BytesIO(sample_files.png(width, height)), name)
    data = {"form_key": f"logo-of-{name}-{width}-{height}-xx"[:40], "product_logo": picture, **more}
    data["form_key"] = re.sub(r"[^A-Za-z0-9_-]", "x", data["form_key"])
    return centre.owner.post(path, data=data)


def status(client, address: str) -> int:
    with client.get(address) as answer:
        return answer.status_code


def pictures(page: str, alt: str) -> list[str]:
    return re.findall(rf'src="(/files/\d+/picture)" alt="{alt}"', page)


def test_a_logo_is_square_and_public_when_approved(centre):
    path, public = f"/p/products/{centre.product.id}/logo", f"/products/{centre.product.id}"
    wide = put_logo(centre, path, 600, 200)
    assert wide.status_code == 422
    assert "标志应为正方形，边长不小于128像素，这张是512×171" in wide.text
    assert put_logo(centre, path, 100, 100).status_code == 422
    assert centre.requests() == []
    assert put_logo(centre, path, 256, 256).status_code == 303
    (first,) = centre.requests()
    assert (first.fields, first.logo[0]) == ({}, None)
    desk = centre.officer.get(f"/work/changes/{first.id}").text
    (address,) = pictures(desk, "新标志")
    # The team and the desk see it, nobody else; the page of the product stays as it was.
    assert [
        status(who, address) for who in (centre.officer, centre.owner, centre.rival, centre.visitor)
    ] == [200, 200, 404, 404]
    assert "的标志" not in centre.visitor.get(public).text
    assert centre.decide(first, "approve").status_code == 303
    said = "胶州湾制造执行系统的标志"
    assert pictures(centre.visitor.get(public).text, said) == [address]
    assert status(centre.visitor, address) == 200
    # A text and another logo wait together; what is public stays beside the new one.
    edit = f"/p/products/{centre.product.id}/edit"
    assert centre.save(path=edit, release="V9.0", note="升级").status_code == 303
    assert put_logo(centre, path, 300, 300, "新.png").status_code == 303
    both = centre.requests()[-1]
    assert (both.fields, both.logo[0] is not None) == ({"release": ["3.0", "V9.0"]}, True)
    desk = centre.officer.get(f"/work/changes/{both.id}").text
    assert pictures(desk, "现在公开的标志") == [address]
    (newer,) = pictures(desk, "新标志")
    assert centre.save(path=edit, release="V9.1", note="升级").status_code == 303
    last = centre.requests()[-1]
    assert (last.fields, last.logo) == ({"release": ["3.0", "V9.1"]}, both.logo)
    assert pictures(centre.visitor.get(public).text, said) == [address]
    assert centre.decide(last, "approve").status_code == 303
    assert pictures(centre.visitor.get(public).text, said) == [newer]
    assert centre.rival.get(path).status_code == 404
    assert centre.viewer.get(path).status_code == 403
    with centre.database.unit_of_work() as session:
        session.get_one(Product, centre.product.id).hidden_at = clock.now()
    assert [status(who, newer) for who in (centre.visitor, centre.owner)] == [404, 200]


def test_a_new_product_brings_its_logo_before_it_is_listed(centre):
    centre.register()
    (asked,) = centre.requests()
    path = f"/p/products/new/{asked.id}/logo"
    assert centre.rival.get(path).status_code == 404
    assert f'href="{path}"' in centre.owner.get(f"/p/profile/changes/{asked.id}").text
    assert put_logo(centre, path, 256, 256).status_code == 303
    first, second = centre.requests()
    assert (first.phase, second.fields, second.note) == ("replaced", asked.fields, asked.note)
    (address,) = pictures(centre.officer.get(f"/work/changes/{second.id}").text, "新标志")
    assert status(centre.visitor, address) == 404
    assert centre.owner.get(path).status_code == 409  # the form of a text that was replaced
    # Taken out again, and put in once more.
    path = f"/p/products/new/{second.id}/logo"
    number = re.search(r"\d+", address)[0]
    dropped = {"form_key": "takes-the-logo-out-again", "product_logo-drop": number}
    assert centre.owner.post(path, data=dropped).status_code == 303
    third = centre.requests()[-1]
    assert (third.logo, third.fields) == (None, asked.fields)
    put_logo(centre, f"/p/products/new/{third.id}/logo", 200, 200, "再.png")
    last = centre.requests()[-1]
    assert centre.decide(last, "approve").status_code == 303
    with centre.database.reading() as session:
        made = session.scalars(select(Product).where(Product.name == NEW["name"])).one()
    page = centre.visitor.get(f"/products/{made.id}").text
    (shown,) = pictures(page, f"{made.name}的标志")
    assert (status(centre.visitor, shown), status(centre.visitor, address)) == (200, 404)
