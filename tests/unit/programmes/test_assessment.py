"""The pre-check: conclusion, clause and the value given for each rule (journey J2, step 1)."""

from collections.abc import Mapping
from typing import Any

import pytest

from marketplace.programmes.assessment import (
    Given,
    Outcome,
    Result,
    Verdict,
    evaluate,
    precheck_questions,
)
from marketplace.programmes.schema import Programme
from tests.unit.programmes.solving import Solver


def outcomes(programme: Programme, type_: str, facts: dict[str, Any]) -> dict[str, Outcome]:
    segment = programme.segments[0].id
    return {o.rule.id: o for o in evaluate(programme, type_, segment, facts).outcomes}


def all_met(programme: Programme, type_: str) -> dict[str, Any]:
    solver = Solver(programme, {"type": type_})
    facts = solver.solve([(rule.test, True) for rule in programme.rules_for(type_)])
    assert facts is not None
    return facts


def test_a_chain_leader_below_a_soft_threshold(qingdao: Programme) -> None:
    facts = {"main_revenue_cny": 800_000_000, "linked_pilot_enterprises": 12}
    found = outcomes(qingdao, "chain_leader", facts)
    revenue = found["QD-C3"]
    assert revenue.verdict is Verdict.NOT_MET
    assert revenue.verdict.label == "不满足"
    assert revenue.needs_waiver
    assert (revenue.rule.article, revenue.rule.quote) == (
        "二(四)1",
        "上一年度主营业务收入原则上不低于10亿元",
    )
    assert revenue.required == "上一年度主营业务收入不少于10亿元"
    assert revenue.given == (Given("main_revenue_cny", "上一年度主营业务收入", "8亿元"),)
    assert revenue.note.startswith("可以申报。")
    assert found["QD-C2"].verdict is Verdict.MET
    assert found["QD-C2"].given[0].text == "12家"
    assert found["QD-B1"].verdict is Verdict.TO_VERIFY
    assert found["QD-B1"].given[0].text == "未填写"


def test_an_integrator_with_two_cases(qingdao: Programme) -> None:
    facts = {"segment_cases": 2, "hall_cases": 2}
    found = outcomes(qingdao, "integrator", facts)
    assert found["QD-I1"].verdict is Verdict.MET
    assert found["QD-I2"].verdict is Verdict.MET
    # What binds chain leaders only is not shown to others.
    assert not any(id_.startswith(("QD-C", "QD-P")) for id_ in found)


@pytest.mark.parametrize(
    ("type_", "change", "result"),
    [
        ("chain_leader", {}, Result.MET),
        ("chain_leader", {"main_revenue_cny": 999_999_999}, Result.WAIVER_NEEDED),
        ("chain_leader", {"national_innovation": ()}, Result.MET),
        ("chain_leader", {"national_innovation": None}, Result.MET),
        ("chain_leader", {"tax_compliant": None}, Result.TO_VERIFY),
        ("chain_leader", {"tax_compliant": None, "main_revenue_cny": 1}, Result.WAIVER_NEEDED),
        ("chain_leader", {"tax_compliant": False, "main_revenue_cny": 1}, Result.NOT_MET),
        ("product", {"segments_applied": 3}, Result.WAIVER_NEEDED),
        ("product", {"same_subject_applied": True}, Result.NOT_MET),
        ("product", {"types_applied": ("integrator", "product")}, Result.MET),
        ("product", {"types_applied": ("product", "chain_leader")}, Result.WAIVER_NEEDED),
        ("chain_leader", {"types_applied": ("product", "chain_leader")}, Result.WAIVER_NEEDED),
    ],
)
def test_the_worst_that_counts_decides(
    qingdao: Programme, type_: str, change: dict[str, Any], result: Result
) -> None:
    facts = {**all_met(qingdao, type_), **change}
    assert evaluate(qingdao, type_, "rail_equipment", facts).result is result


def test_a_segment_outside_the_notice(qingdao: Programme) -> None:
    facts = all_met(qingdao, "product")
    assessment = evaluate(qingdao, "product", "textiles", facts)
    assert assessment.result is Result.NOT_MET
    assert assessment.count(Verdict.NOT_MET) == 1


def test_parts_tell_which_option_is_met(programmes: Mapping[str, Programme]) -> None:
    facts = {
        "new_guarantee_cny": 1_000_000_000,
        "finance_activities": 5,
        "financing_cny": 1,
        "trainees": 799,
        "training_evaluation": True,
    }
    group = outcomes(programmes["lc-2021"], "platform", facts)["LC-F"]
    assert group.verdict is Verdict.MET
    by_id = {part.id: part for part in group.parts}
    assert {id_: part.verdict.value for id_, part in by_id.items()} == {
        "LC-F1": "to_verify",
        "LC-F2": "to_verify",
        "LC-F3": "to_verify",
        "LC-F4": "not_met",
        "LC-F5": "met",
        "LC-F6": "to_verify",
        "LC-F7": "to_verify",
    }
    finance = by_id["LC-F5"]
    assert finance.article == "第八条（五）"
    assert [(part.label, part.verdict) for part in finance.parts] == [
        ("融资服务机构", Verdict.NOT_MET),
        ("融资担保机构", Verdict.MET),
    ]
    assert finance.required == "至少满足 1 项：融资服务机构 / 融资担保机构"


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"applicant_class": "institution", "outstanding_performance": True}, Verdict.MET),
        ({"applicant_class": "institution", "outstanding_performance": False}, Verdict.NOT_MET),
        ({"applicant_class": "institution"}, Verdict.TO_VERIFY),
        ({"applicant_class": "enterprise"}, Verdict.NOT_MET),
        ({}, Verdict.TO_VERIFY),
    ],
)
def test_a_relaxation_needs_its_facts(
    programmes: Mapping[str, Programme], facts: dict[str, Any], verdict: Verdict
) -> None:
    rest = {
        "independent_legal_person": True,
        "service_qualified": True,
        "years_operating": 3,
        "total_assets_cny": 1_500_000,
        "finance_sound": True,
    }
    found = outcomes(programmes["lc-2021"], "platform", {**rest, **facts})
    assert found["LC-E1"].verdict is verdict


def test_judged_rules_say_who_decides(qingdao: Programme) -> None:
    facts = all_met(qingdao, "product")
    found = outcomes(qingdao, "product", facts)
    assert found["QD-T2"].note == "由专家评审，以评审结论为准。"
    assert found["QD-P1"].note == ""


def test_precheck_asks_what_the_rules_read(programmes: Mapping[str, Programme]) -> None:
    qingdao = programmes["qd-2024"]
    asked = [q.id for q in precheck_questions(qingdao, "product", "auto_parts")]
    assert asked == [
        "registered_in_china", "types_applied", "segments_applied", "same_subject_applied",
        "tax_compliant", "finance_system_sound", "credit_good", "open_violations",
        "major_incident_36_months", "joint_punishment_listed", "evaluates_own_projects",
        "local_service_ability", "local_team_size", "segment_team", "proven_capabilities",
        "maturity_edition", "service_areas", "affordable_offer", "local_cases", "outside_cases",
        "segment_cases", "hall_cases", "segment_products", "every_product_has_ip",
        "product_process_links", "every_case_has_outcome",
    ]  # fmt: skip
    for programme in programmes.values():
        for type_ in programme.types:
            facts = all_met(programme, type_.id)
            asked = [q.id for q in precheck_questions(programme, type_.id, "any")]
            known = {name: value for name, value in facts.items() if name in asked}
            segment = programme.segments[0].id
            # The questions suffice: answering them all leaves nothing to verify but relaxations.
            assert evaluate(programme, type_.id, segment, known).result is Result.MET
