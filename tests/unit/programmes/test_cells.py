"""Quota cells: what each programme counts by."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from marketplace.programmes.cells import QuotaCell, cell_key, cells
from marketplace.programmes.kinds import QuotaDimension
from marketplace.programmes.schema import Programme

SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")


def test_qingdao_counts_by_type_and_segment(qingdao: Programme) -> None:
    ranges = {"integrator": (3, 6), "product": (10, 20), "chain_leader": (1, 3)}
    assert [(c.key, c.min, c.cap) for c in cells(qingdao)] == [
        (f"{type_}.{segment}", *range_) for type_, range_ in ranges.items() for segment in SEGMENTS
    ]
    assert cells(qingdao)[0] == QuotaCell(
        key="integrator.auto_parts",
        label="综合集成型服务商 · 汽车零部件及配件制造",
        dims={"type": "integrator", "segment": "auto_parts"},
        min=3,
        cap=6,
        quota_id="QD-Q1",
    )
    # 56 to 116 memberships, and 144 to 288 mandatory cases in the hall (domain research 2.1)
    assert (sum(c.min for c in cells(qingdao)), sum(c.cap or 0 for c in cells(qingdao))) == (
        56,
        116,
    )
    hall = {type_.id: type_.hall_min for type_ in qingdao.types}
    least = sum(c.min * hall[c.dims["type"]] for c in cells(qingdao))
    most = sum((c.cap or 0) * hall[c.dims["type"]] for c in cells(qingdao))
    assert (least, most) == (144, 288)


def test_the_others_count_by_year_city_or_not_at_all(programmes: Mapping[str, Programme]) -> None:
    assert cells(programmes["zz-2021"], year=2024) == [
        QuotaCell("2024", "2024年度", {"year": "2024"}, 0, 6, "ZZ-Q1")
    ]
    assert cells(programmes["zj-2021"], cities=["杭州市", "宁波市"]) == [
        QuotaCell("杭州市", "杭州市", {"city": "杭州市"}, 0, 5, "ZJ-Q1"),
        QuotaCell("宁波市", "宁波市", {"city": "宁波市"}, 0, 5, "ZJ-Q1"),
    ]
    for id_ in ("lc-2021", "cq-2013"):
        assert cells(programmes[id_]) == [QuotaCell("all", "全部（不限名额）", {}, 0, None)]


def test_types_without_a_quota_share_one_uncapped_cell(programmes: Mapping[str, Programme]) -> None:
    xiamen = programmes["xm-2024"]
    found = cells(xiamen)
    assert [(c.key, c.cap) for c in found] == [
        ("integrator.electronic_devices", 2),
        ("integrator.power_distribution", 2),
        ("integrator.medical_devices", 2),
        ("all", None),
    ]
    assert cell_key(xiamen, type="product", segment="medical_devices") == "all"


def test_every_membership_falls_into_a_cell(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        keys = {c.key for c in cells(programme, year=2024, cities=["宁波市"])}
        for type_ in programme.types:
            for segment in programme.segments:
                key = cell_key(
                    programme, type=type_.id, segment=segment.id, city="宁波市", year=2024
                )
                assert key in keys


def test_missing_dimensions_are_refused(programmes: Mapping[str, Programme]) -> None:
    with pytest.raises(ValueError, match="counts by city"):
        cells(programmes["zj-2021"])
    with pytest.raises(ValueError, match="counts by year"):
        cell_key(programmes["zz-2021"], type="platform", segment="general")


def test_a_quota_without_dimensions_is_one_cell(qingdao: Programme) -> None:
    whole = replace(qingdao.quotas[0], types=(), by=(), min=0, cap=9)
    programme = replace(qingdao, quotas=(whole,))
    assert cells(programme) == [QuotaCell("total", "全部", {}, 0, 9, "QD-Q1")]
    assert cell_key(programme, type="product", segment="auto_parts") == "total"
    by_segment = replace(whole, by=(QuotaDimension.SEGMENT,))
    programme = replace(qingdao, quotas=(by_segment,))
    assert [c.key for c in cells(programme)] == list(SEGMENTS)
