"""What a name is found by besides its text."""

import pytest

from search.analysis.names import brand, core, forms, heard, keys_of


@pytest.mark.parametrize(
    ("name", "inner", "short"),
    [
        ("青岛澜图智造科技有限公司", "澜图智造科技", "澜图"),
        ("上海拓方工软有限公司青岛分公司", "拓方工软", "拓方"),
        ("山东信匠工联网络股份有限公司", "信匠工联网络", "信匠工联"),
        ("海尔集团", "海尔", "海尔"),
        ("智造科技", "智造科技", "智造"),
        ("青岛", "青岛", "青岛"),
        ("青岛公司", "公司", "公司"),
        ("澜图mes", "澜图mes", "澜图mes"),
    ],
)
def test_core_and_brand(name: str, inner: str, short: str) -> None:
    assert (core(name), brand(name)) == (inner, short)


def test_forms_are_made_once() -> None:
    assert forms(("青岛澜图智造科技有限公司", "澜图智造", "X")) == (
        "青岛澜图智造科技有限公司", "澜图智造科技有限公司", "澜图智造科技", "澜图", "澜图智造",
    )  # fmt: skip


def test_keys_of_a_product() -> None:
    keys = keys_of(("澜图MES V3.0", "澜图MES"))
    assert keys["py"] == ("lantumes", "ltmes")
    assert keys["k"] == (
        "l", "la", "lan", "lant", "lantu", "lantum", "lantume", "lantumes",
        "lt", "ltm", "ltme", "ltmes", "澜", "澜图", "澜图m", "澜图me", "澜图mes",
    )  # fmt: skip
    assert keys["s"] == ("lantumes", "~tumes", "~lanmes", "~lantu")


def test_keys_of_a_provider() -> None:
    keys = keys_of(("青岛海尔智造科技有限公司", "海尔智造"))
    assert {"haier", "haierzhizao", "hezz", "qingdaohaierzhizaokejiyouxiangongsi"} <= set(
        keys["py"]
    )
    assert {"h", "haier", "hai", "qdhezz", "海", "青岛海"} <= set(keys["k"])
    assert {"haier", "haierzizao", "~haizizao"} <= set(keys["s"])
    assert "he" not in keys["py"]  # two letters stand for too much
    assert max(map(len, keys["k"])) == 24


def test_a_short_name_beside_a_long_one_keeps_both() -> None:
    keys = keys_of(("海尔智家股份有限公司", "海尔智家"))
    assert "haierzhijiagufenyouxiangongsi" in keys["py"]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("青岛安思忻息技术有限公司", "安思忻息技术"),
        ("氰岛优思智造科技有限公司", "优思智造科技"),
        ("岛青朗亨信息技术有限公司", "朗亨信息技术"),
        ("乡岛达鼎云科技有限公司", "达鼎云科技"),
        ("青岛东宏数科有婴公司", "东宏数科"),
        ("上海器众工软有限公司青岛分公司", "器众工软"),
        ("打工码位包v3.3", "打工码位包"),
        ("澜图", "澜图"),
    ],
)
def test_what_is_heard_through_a_slip(typed: str, wanted: str) -> None:
    assert wanted in heard(typed)


def test_a_name_that_begins_like_no_city_is_left_whole() -> None:
    assert heard("溪塑注塑") == ("溪塑注塑",)
