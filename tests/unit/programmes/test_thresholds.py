"""The numbers of the notices, written down a second time from the notices themselves.

Each line: programme, type, rule, the metric, the last value that passes, the first that fails.
"""

from typing import Any

import pytest

from marketplace.programmes.assessment import Verdict, evaluate
from tests.unit.programmes.conftest import LIBRARY
from tests.unit.programmes.solving import Solver

ENTERPRISE = {"applicant_class": "enterprise", "outstanding_performance": True}
INSTITUTION = {"applicant_class": "institution", "outstanding_performance": True}
ASSOCIATION = {"applicant_class": "association", "outstanding_performance": True}
UNPROVEN = {"applicant_class": "institution", "outstanding_performance": False}
MAIN = {"region_tag": "other"}
WING = {"region_tag": "wing"}

LINES: list[tuple[str, str, str, dict[str, Any], str, Any, Any]] = [
    # Qingdao
    ("qd-2024", "product", "QD-B2", {}, "local_team_size", 1, 0),
    ("qd-2024", "product", "QD-B9", {}, "maturity_edition", 2022, 2021),
    ("qd-2024", "product", "QD-B10", {}, "local_cases", 1, 0),
    ("qd-2024", "product", "QD-B10", {}, "outside_cases", 1, 0),
    ("qd-2024", "integrator", "QD-B12a", {}, "segments_applied", 2, 3),
    ("qd-2024", "integrator", "QD-I1", {}, "segment_cases", 2, 1),
    ("qd-2024", "integrator", "QD-I2", {}, "hall_cases", 2, 1),
    ("qd-2024", "product", "QD-P3", {}, "segment_cases", 3, 2),
    ("qd-2024", "product", "QD-P3", {}, "hall_cases", 3, 2),
    ("qd-2024", "chain_leader", "QD-C2", {}, "linked_pilot_enterprises", 10, 9),
    ("qd-2024", "chain_leader", "QD-C3", {}, "main_revenue_cny", 1_000_000_000, 999_999_999),
    # Zaozhuang
    ("zz-2021", "platform", "ZZ-E1", {}, "prior_title_level", "city", "county"),
    ("zz-2021", "platform", "ZZ-E2", {}, "online_functions", 3, 2),
    ("zz-2021", "platform", "ZZ-E4", {}, "smes_served", 80, 79),
    ("zz-2021", "platform", "ZZ-E4", {}, "satisfaction_percent", 90, 89),
    ("zz-2021", "platform", "ZZ-E5", {}, "online_partners", 10, 9),
    ("zz-2021", "platform", "ZZ-E6", {}, "service_staff", 4, 3),
    ("zz-2021", "platform", "ZZ-E6", {}, "qualified_share_percent", 60, 59),
    # Zhejiang
    ("zj-2021", "platform", "ZJ-E1", {}, "years_registered", 2, 1),
    ("zj-2021", "platform", "ZJ-E2", {}, "total_assets_cny", 2_000_000, 1_999_999),
    ("zj-2021", "platform", "ZJ-E3", {}, "staff", 20, 19),
    ("zj-2021", "platform", "ZJ-E3", {}, "qualified_share_percent", 80, 79),
    ("zj-2021", "platform", "ZJ-E4", {}, "partners", 3, 2),
    ("zj-2021", "platform", "ZJ-E5", {}, "smes_served", 100, 99),
    ("zj-2021", "platform", "ZJ-E5", {}, "satisfaction_percent", 80, 79),
    ("zj-2021", "platform", "ZJ-E6", {}, "public_benefit_share_percent", 20, 19),
    # Liaocheng, and its relaxation for institutions and associations
    ("lc-2021", "platform", "LC-E1", ENTERPRISE, "years_operating", 2, 1),
    ("lc-2021", "platform", "LC-E1", ENTERPRISE, "total_assets_cny", 2_000_000, 1_999_999),
    ("lc-2021", "platform", "LC-E1", UNPROVEN, "total_assets_cny", 2_000_000, 1_999_999),
    ("lc-2021", "platform", "LC-E1", INSTITUTION, "total_assets_cny", 1_000_000, 999_999),
    ("lc-2021", "platform", "LC-E1", ASSOCIATION, "total_assets_cny", 1_000_000, 999_999),
    ("lc-2021", "platform", "LC-E2", ENTERPRISE, "smes_served", 80, 79),
    ("lc-2021", "platform", "LC-E2", ENTERPRISE, "special_clients", 5, 4),
    ("lc-2021", "platform", "LC-E2", ENTERPRISE, "satisfaction_percent", 90, 89),
    ("lc-2021", "platform", "LC-E3", ENTERPRISE, "partners", 3, 2),
    ("lc-2021", "platform", "LC-E4", ENTERPRISE, "public_benefit_share_percent", 10, 9),
    ("lc-2021", "platform", "LC-E5", ENTERPRISE, "service_staff", 10, 9),
    ("lc-2021", "platform", "LC-E5", INSTITUTION, "service_staff", 5, 4),
    ("lc-2021", "platform", "LC-E5", ENTERPRISE, "qualified_share_percent", 80, 79),
    ("lc-2021", "platform", "LC-E5", INSTITUTION, "qualified_share_percent", 80, 79),
    # Chongqing, and its relaxation for the two wings
    ("cq-2013", "platform", "CQ-E1", MAIN, "years_operating", 2, 1),
    ("cq-2013", "platform", "CQ-E1", MAIN, "total_assets_cny", 1_000_000, 999_999),
    ("cq-2013", "platform", "CQ-E1", WING, "total_assets_cny", 500_000, 499_999),
    ("cq-2013", "platform", "CQ-E3", MAIN, "staff", 20, 19),
    ("cq-2013", "platform", "CQ-E3", WING, "staff", 10, 9),
    ("cq-2013", "platform", "CQ-E3", MAIN, "qualified_share_percent", 60, 59),
    ("cq-2013", "platform", "CQ-E4", MAIN, "smes_served", 80, 79),
    ("cq-2013", "platform", "CQ-E4", WING, "smes_served", 30, 29),
    ("cq-2013", "platform", "CQ-E4", MAIN, "satisfaction_percent", 80, 79),
]


@pytest.mark.parametrize(
    ("programme_id", "type_", "rule_id", "fixed", "metric", "passing", "failing"), LINES
)
def test_boundary(
    programme_id: str,
    type_: str,
    rule_id: str,
    fixed: dict[str, Any],
    metric: str,
    passing: Any,
    failing: Any,
) -> None:
    programme = LIBRARY.programmes[programme_id]
    rule = programme.rule(rule_id)
    facts = Solver(programme, {**fixed, "type": type_}).solve([(rule.test, True)])
    assert facts is not None
    found = {}
    for value in (passing, failing):
        known = {**facts, metric: value}
        outcomes = evaluate(programme, type_, programme.segments[0].id, known).outcomes
        found[value] = next(o.verdict for o in outcomes if o.rule.id == rule_id)
    assert found == {passing: Verdict.MET, failing: Verdict.NOT_MET}


def options(programme_id: str, rule_id: str, facts: dict[str, Any]) -> dict[str, Verdict]:
    programme = LIBRARY.programmes[programme_id]
    assessment = evaluate(programme, "platform", "general", facts)
    outcome = next(o for o in assessment.outcomes if o.rule.id == rule_id)
    flat = [p for top in outcome.parts for p in (top, *top.parts)]
    return {"all": outcome.verdict, **{p.id: p.verdict for p in flat if p.id}}


GROUPS = {"zj-2021": "ZJ-F", "lc-2021": "LC-F", "zz-2021": "ZZ-E7"}
NO_FINANCE = {"finance_activities": 0, "financing_cny": 0, "new_guarantee_cny": 0}
CLOUD = {"cloud_migration": True, "cloud_resources": True, "cloud_business_systems": False}
# Programme, option, what is just enough, and for each fact what is just short.
OPTIONS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "zj-2021",
        "ZJ-F1",
        {"offline_served": 100, "info_activities": 5},
        {"offline_served": 99, "info_activities": 4, "online_offline": False},
    ),
    ("zj-2021", "ZJ-F2-1", {"tech_activities": 5}, {"tech_activities": 4}),
    (
        "zj-2021",
        "ZJ-F2-2",
        {"matching_events": 4, "digital_clients": 10, "digital_cases": 1},
        {"matching_events": 3, "digital_clients": 9, "digital_cases": 0},
    ),
    ("zj-2021", "ZJ-F3", {"startup_activities": 8}, {"startup_activities": 7}),
    ("zj-2021", "ZJ-F4", {"trainees": 1500}, {"trainees": 1499, "training_qualified": False}),
    (
        "zj-2021",
        "ZJ-F5",
        NO_FINANCE | {"finance_activities": 10, "financing_cny": 500_000_000},
        {"finance_activities": 9, "financing_cny": 499_999_999},
    ),
    (
        "zj-2021",
        "ZJ-F5",
        NO_FINANCE | {"new_guarantee_cny": 2_000_000_000},
        {"new_guarantee_cny": 1_999_999_999},
    ),
    (
        "lc-2021",
        "LC-F1",
        {"offline_served": 80, "info_activities": 5},
        {"offline_served": 79, "info_activities": 4},
    ),
    ("lc-2021", "LC-F2", {"tech_activities": 5}, {"tech_activities": 4, "expert_pool": False}),
    ("lc-2021", "LC-F3", {"startup_activities": 5}, {"startup_activities": 4}),
    ("lc-2021", "LC-F4", {"trainees": 800}, {"trainees": 799}),
    (
        "lc-2021",
        "LC-F5",
        NO_FINANCE | {"finance_activities": 5, "financing_cny": 300_000_000},
        {"finance_activities": 4, "financing_cny": 299_999_999},
    ),
    (
        "lc-2021",
        "LC-F5",
        NO_FINANCE | {"new_guarantee_cny": 1_000_000_000},
        {"new_guarantee_cny": 999_999_999},
    ),
    ("lc-2021", "LC-F6", {"consulting_diagnoses": 4}, {"consulting_diagnoses": 3}),
    ("lc-2021", "LC-F7", {"legal_activities": 4}, {"legal_activities": 3}),
    ("zz-2021", "ZZ-E7-1", CLOUD, {"cloud_resources": False}),
    ("zz-2021", "ZZ-E7-2", {"data_sharing": True}, {"data_sharing": False}),
    ("zz-2021", "ZZ-E7-3", {"smes_served": 80}, {"smes_served": 79}),
    ("zz-2021", "ZZ-E7-4", {"benchmark_enterprises": 1}, {"benchmark_enterprises": 0}),
]


@pytest.mark.parametrize(("programme_id", "option", "enough", "short"), OPTIONS)
def test_option_boundary(
    programme_id: str, option: str, enough: dict[str, Any], short: dict[str, Any]
) -> None:
    # What is asked beside the numbers is answered with yes.
    yes = {
        name: True
        for name, question in LIBRARY.programmes[programme_id].questions.items()
        if question.type == "yes_no"
    }

    def verdict(facts: dict[str, Any]) -> Verdict:
        return options(programme_id, GROUPS[programme_id], {**yes, **facts})[option]

    assert verdict(enough) is Verdict.MET
    found = {name: verdict({**enough, name: value}) for name, value in short.items()}
    assert found == dict.fromkeys(short, Verdict.NOT_MET)


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ((1, True, False), Verdict.MET),
        ((1, False, True), Verdict.MET),
        ((0, True, True), Verdict.MET),
        ((1, False, False), Verdict.NOT_MET),
        ((0, True, False), Verdict.NOT_MET),
        ((1, None, False), Verdict.TO_VERIFY),
        ((1, True, None), Verdict.MET),
    ],
)
def test_zaozhuang_asks_for_two_of_three(answers: tuple[Any, ...], verdict: Verdict) -> None:
    names = ("empowerment_activities", "carrier_cooperation", "digital_infrastructure_support")
    facts = dict(zip(names, answers, strict=True))
    assert options("zz-2021", "ZZ-E3", facts)["all"] is verdict
