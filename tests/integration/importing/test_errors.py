"""Wrong rows: all named, in the same file, and nothing applied."""

from datetime import date
from decimal import Decimal

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from marketplace.errors import Conflict, Forbidden
from marketplace.models import (
    ImportRow,
    Organisation,
    Product,
    Provider,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role
from marketplace.services.importing import jobs, report
from tests import factories
from tests.integration.importing import books
from tests.integration.importing.books import ALPHA, BETA, GAMMA

OFFICER = Actor(role=Role.CITY_OFFICER, name="经办人")

PRODUCT = ["服务商统一社会信用代码", "产品名称", "版本", "产品类别", "部署方式", "试点价（元）",
           "典型实施天数", "价格有效期至"]  # fmt: skip

NO_CATEGORY = (
    "产品类别：“没有的类别”不在选项中，可填：计算机辅助设计、计算机辅助工程、"
    "电子设计自动化、产品数据管理、产品生命周期管理、计算机辅助工艺、计算机辅助制造、"
    "制造工艺管理等"
)


def messages(store, path, actor=SYSTEM):
    job = books.check(store, path, actor)
    return job.phase, books.errors(store, job)


def product_errors(store, tmp_path, *rows):
    """Messages of product rows, by row number, with the organisation in the same file."""
    organisation = ["统一社会信用代码", "单位名称", "单位类别"]
    path = books.raw(
        tmp_path / "错.xlsx",
        {"机构": organisation, "产品": PRODUCT},
        {"机构": [[ALPHA, "青岛甲衡软件有限公司", "服务商"]], "产品": list(rows)},
    )
    _, found = messages(store, path)
    return {number: text for (sheet, number), text in found.items() if sheet == "products"}


def test_every_kind_of_wrong_cell_is_named(store, tmp_path):
    good = [ALPHA, "甲", "V1", "MES", "本地部署", 1000, 10, date(2027, 1, 1).isoformat()]

    def but(**changes):
        places = {"code": 0, "name": 1, "release": 2, "category": 3, "deployment": 4,
                  "price": 5, "days": 6, "until": 7}  # fmt: skip
        row = list(good)
        for name, value in changes.items():
            row[places[name]] = value
        return row

    found = product_errors(
        store, tmp_path,
        good,
        but(release="V2", code=ALPHA[:-1] + ("0" if ALPHA[-1] != "0" else "1")),
        but(release="V3", code=910000000000000000),
        but(release=None),
        but(release="V5", category="没有的类别"),
        but(release="V6", deployment="本地部署、火星部署"),
        but(release="V7", price="一千"),
        but(release="V8", price=-1),
        but(release="V9", price="1e400000"),
        but(release="V10", price=12.345),
        but(release="V11", days=1.5),
        but(release="V12", days=0),
        but(release="V13", until="2027-02-30"),
        but(release="V14", name="甲\u200b衡"),
        but(release="V15", name="甲\u202e衡"),
        but(release="V1"),
        but(release="ｖ１"),
        but(release="V18", days=None, price=None, until="2027/1/1", deployment="SaaS；边缘部署"),
        but(release="V19" * 10),
    )  # fmt: skip
    wrong = ALPHA[:-1] + ("0" if ALPHA[-1] != "0" else "1")
    assert found == {
        3: f"服务商统一社会信用代码：“{wrong}”校验位不符，请核对",
        4: "服务商统一社会信用代码：是数字格式，末位可能已丢失；请把单元格设为文本格式后重新填写",
        5: "版本：必填",
        6: NO_CATEGORY,
        7: "部署方式：“火星部署”不在选项中，可填：云端订阅（SaaS）、私有云、本地部署、混合部署、"
        "边缘部署",
        8: "试点价（元）：“一千”不是数字",
        9: "试点价（元）：应在0至999,999,999,999.99之间",
        10: "试点价（元）：“1e400000”不是数字",
        11: "试点价（元）：“12.345”最多两位小数",
        12: "典型实施天数：“1.5”应为整数",
        13: "典型实施天数：不少于1天",
        14: "价格有效期至：“2027-02-30”不是日期，请写成 2024-01-31 的样子",
        15: "产品名称：含有看不见的字符，请删除后重新输入",
        16: "产品名称：含有看不见的字符，请删除后重新输入",
        17: "与第2行重复",
        18: "与第2行重复",
        20: "版本：不超过20个字，现在是30个字",
    }


def test_one_wrong_row_and_nothing_is_applied(store, tmp_path):
    rows = books.small()
    rows["products"][1]["category"] = "没有的类别"
    job = books.check(store, books.write(store, tmp_path / "错.xlsx", rows))

    assert (job.phase, job.total_rows, job.invalid_rows) == ("refused", 14, 1)
    with pytest.raises(Conflict):
        store.run(lambda session: jobs.approve(session, SYSTEM, job.id))
    with store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 0
        assert session.scalar(select(func.count()).select_from(ImportRow)) == 14


def test_the_file_comes_back_with_the_errors_and_can_be_corrected(store, tmp_path):
    rows = books.small()
    rows["products"][1]["category"] = "没有的类别"
    rows["cases"][0]["finish_on"] = date(2024, 1, 1)
    source = books.write(store, tmp_path / "错.xlsx", rows)
    job = books.check(store, source)
    target = tmp_path / "错-错误.xlsx"

    assert report.write(store, job.id, source, target) == 2

    with CalamineWorkbook.from_path(target) as book:
        assert book.sheet_names == ["机构", "关联关系", "产品", "案例", "人员", "入池", "候选"]
        sheet = book.get_sheet_by_name("产品").to_python()
        assert [row[0] for row in sheet] == [
            "错误", "",
            NO_CATEGORY,
            "",
        ]  # fmt: skip
        assert book.get_sheet_by_name("案例").to_python()[1][0] == "验收日期：不能早于开工日期"

    # People correct the report itself and hand it in again: its first column does not disturb.
    again = books.check(store, target)
    assert {place: text[:4] for place, text in books.errors(store, again).items()} == {
        ("products", 3): "产品类别", ("cases", 2): "验收日期",
    }  # fmt: skip


def test_rows_of_unknown_organisations_and_of_others_than_providers(store, tmp_path):
    stranger = factories.uscc(9100001)
    rows = books.small(
        products=[books.product(stranger, "甲"), books.product(GAMMA, "乙")],
        affiliates=[{"uscc": BETA, "affiliate_uscc": stranger, "relation": "parent"},
                    {"uscc": BETA, "affiliate_uscc": BETA, "relation": "parent"}],
    )  # fmt: skip
    assert messages(store, books.write(store, tmp_path / "错.xlsx", rows)) == (
        "refused",
        {
            ("affiliates", 2): f"单位 {stranger} 没有登记，请先在“机构”表中填写",
            ("affiliates", 3): "关联单位统一社会信用代码：不能与本单位相同",
            ("products", 2): f"单位 {stranger} 没有登记，请先在“机构”表中填写",
            ("products", 3): f"单位 {GAMMA} 不是服务商",
        },
    )


def test_rows_of_an_organisation_whose_own_row_is_wrong_are_not_blamed(store, tmp_path):
    rows = books.small()
    rows["organisations"][0]["district"] = "火星区"
    _, found = messages(store, books.write(store, tmp_path / "错.xlsx", rows))
    assert set(found) == {("organisations", 2)}


def test_organisations_known_to_the_database_need_no_row(store, book, tmp_path):
    books.load(store, book)
    only = {"products": [books.product(BETA, "乙辰 APS")]}
    job = books.load(store, books.write(store, tmp_path / "产品.xlsx", only))
    assert job.summary == {"products": {"applied": 1}}


def test_an_enterprise_may_become_a_provider_but_not_the_other_way(store, book, tmp_path):
    books.load(store, book)
    up = {"organisations": [books.provider(GAMMA, "青岛丙山机械有限公司")]}
    assert books.load(store, books.write(store, tmp_path / "升.xlsx", up)).summary == {
        "organisations": {"applied": 1}
    }
    with store.reading() as session:
        query = select(Provider).join(Organisation).where(Organisation.uscc == GAMMA)
        assert session.scalars(query).one().local_headcount == 40
    down = {"organisations": [books.enterprise(ALPHA, "青岛甲衡软件有限公司")]}
    assert messages(store, books.write(store, tmp_path / "降.xlsx", down)) == (
        "refused", {("organisations", 2): "单位类别：与已登记的不同，导入不能更改"},
    )  # fmt: skip


def test_only_providers_have_a_profile(store, tmp_path):
    rows = {
        "organisations": [books.enterprise(GAMMA, "青岛丙山机械有限公司", intro="x", website="y")]
    }
    assert messages(store, books.write(store, tmp_path / "错.xlsx", rows))[1] == {
        ("organisations", 2): "简介：只有服务商填写；网址：只有服务商填写"
    }


def test_a_script_address_is_no_website(store, tmp_path):
    rows = {
        "organisations": [books.provider(ALPHA, "青岛甲衡软件有限公司", website="javascript:x")]
    }
    assert messages(store, books.write(store, tmp_path / "错.xlsx", rows))[1] == {
        ("organisations", 2): "网址：应以 http:// 或 https:// 开头"
    }


def test_an_import_needs_the_permission(store, book):
    with pytest.raises(Forbidden):
        books.check(store, book, Actor(role=Role.DISTRICT_REVIEWER, name="区"))


def test_money_is_understood_in_ten_thousands(store, tmp_path):
    rows = [[ALPHA, "甲", "V1", "MES", "本地部署", "9.8万元", 10, None],
            [ALPHA, "甲", "V2", "MES", "本地部署", "1,200.50", 10, None]]  # fmt: skip
    path = books.raw(
        tmp_path / "价.xlsx",
        {"机构": ["统一社会信用代码", "单位名称", "单位类别"], "产品": PRODUCT},
        {"机构": [[ALPHA, "青岛甲衡软件有限公司", "服务商"]], "产品": rows},
    )
    books.load(store, path)
    with store.reading() as session:
        prices = session.scalars(select(Product.pilot_price_cny).order_by(Product.id)).all()
        assert prices == [Decimal("98000.00"), Decimal("1200.50")]
