"""Figures agree with each other: dates, money, levels, metrics, headcounts."""

import re
from collections import defaultdict
from datetime import date
from itertools import pairwise

from marketplace.demo.source import read
from tests.unit.demo.conftest import Rows

PERIOD = re.compile(r"(\d{4}年\d{1,2}(?:—\d{1,2})?月(?:—\d{4}年\d{1,2}月)?)")


def test_days_lie_between_the_dates(data: dict[str, Rows]) -> None:
    founded = {row["uscc"]: row["founded_on"] for row in data["organisations"]}
    for row in data["cases"]:
        assert row["days"] == (row["finish_on"] - row["start_on"]).days > 0
        assert row["year"] == row["finish_on"].year
        assert founded[row["uscc"]] < row["start_on"] < row["finish_on"] < date(2026, 10, 1)


def test_projects_begin_and_end_on_working_days(data: dict[str, Rows]) -> None:
    source = read()
    days = {day for row in data["cases"] for day in (row["start_on"], row["finish_on"])}
    assert {day for day in days if source.workday(day) != day} == set()
    assert source.workday(date(2024, 2, 4)) == date(2024, 2, 4)  # Sunday, make-up day
    assert source.workday(date(2024, 2, 10)) == date(2024, 2, 18)  # the Spring Festival


def test_investments_fit_the_prices(data: dict[str, Rows]) -> None:
    prices = {
        (row["uscc"], row["name"]): (row["pilot_price_cny"], row["list_price_cny"])
        for row in data["products"]
    }
    for row in data["cases"]:
        used = [prices[row["uscc"], name] for name in row["product_names"]]
        pilot, listed = (sum(price[place] for price in used) for place in (0, 1))
        assert pilot <= row["investment_cny"] <= listed * 2
        assert row["investment_cny"] % 1000 == 0


def test_cases_name_the_categories_and_scenes_of_their_products(data: dict[str, Rows]) -> None:
    products = {(row["uscc"], row["name"]): row for row in data["products"]}
    for row in data["cases"]:
        used = [products[row["uscc"], name] for name in row["product_names"]]
        assert row["categories"] == list(dict.fromkeys(item["category"] for item in used))
        assert row["scenes"] == list(dict.fromkeys(s for item in used for s in item["scenes"]))
        assert all(row["segment"] in item["segments"] for item in used)


def test_prices_are_those_of_small_and_quick_products(data: dict[str, Rows]) -> None:
    for row in data["products"]:
        assert 10_000 < row["pilot_price_cny"] < row["list_price_cny"] <= 600_000
        assert row["list_price_cny"] >= 30_000
        assert 0 < row["on_site_days"] <= row["typical_days"] <= 120
        if row["annual_fee_cny"] is not None:
            assert row["annual_fee_cny"] <= row["pilot_price_cny"] / 5
    assert len({row["ip_no"] for row in data["products"]}) == len(data["products"])


def test_levels_go_up_project_by_project(data: dict[str, Rows]) -> None:
    start = {row["name"]: row["maturity_level"] for row in data["organisations"]}
    by_client = defaultdict(list)
    for row in sorted(data["cases"], key=lambda row: (row["start_on"], row["title"])):
        assert row["level_before"] <= row["level_after"] <= row["level_before"] + 1 <= 4
        if row["district"] and not row["client_anonymous"]:
            by_client[row["client_name"]].append(row)
    for name, rows in by_client.items():
        assert rows[0]["level_before"] >= start[name]
        for first, second in pairwise(rows):
            assert second["level_before"] >= first["level_after"]


def test_pilot_enterprises_start_at_level_0_to_2(data: dict[str, Rows]) -> None:
    pilots = [row for row in data["organisations"] if row["kind"] == "enterprise"]
    assert {row["maturity_level"] for row in pilots} == {0, 1, 2}
    assert {row["segment"] for row in pilots} == {
        "auto_parts", "rail_equipment", "home_appliance", "general_parts",
    }  # fmt: skip


def test_metrics_get_better(data: dict[str, Rows]) -> None:
    known = {metric["name"]: metric["better"] for metric in read().metrics.values()}
    worse = []
    for row in data["cases"]:
        assert 2 <= len(row["metrics"]) <= 5
        assert len({metric["metric"] for metric in row["metrics"]}) == len(row["metrics"])
        for metric in row["metrics"]:
            up = metric["after"] > metric["before"]
            if metric["metric"] in known and up != (known[metric["metric"]] == "up"):
                worse.append((row["title"], metric["metric"]))
            assert metric["after"] != metric["before"]
            if metric["unit"] == "%":
                assert 0 <= metric["before"] <= 100 >= metric["after"] >= 0
            assert PERIOD.sub("", metric["period"]) == "对比"
    assert worse == []


def test_teams_fit_the_headcount(data: dict[str, Rows]) -> None:
    local = defaultdict(int)
    team = defaultdict(int)
    for row in data["people"]:
        team[row["uscc"]] += 1
        local[row["uscc"]] += row["is_local"]
    for row in data["organisations"]:
        if row["kind"] == "provider":
            assert 4 <= team[row["uscc"]] <= row["headcount"]
            assert 1 <= local[row["uscc"]] <= row["local_headcount"] <= row["headcount"]
