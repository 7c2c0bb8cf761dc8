"""J2 S1–S2: a visitor without account checks a chain leader, then an integrator."""

import re
from html import unescape

import pytest
from flask import Flask

from marketplace.db import Database
from marketplace.programmes import library
from marketplace.programmes.assessment import precheck_questions
from marketplace.settings import ROOT
from tests import factories
from tests.support.browser_like import BrowserLike
from tests.support.statements import recorded

HOME = "/programme/precheck"
CHAIN = {"type": "chain_leader", "segment": "rail_equipment"}
INTEGRATOR = {
    "type": "integrator", "segment": "rail_equipment", "check": "1",
    "registered_in_china": "true", "types_applied": "integrator", "segments_applied": "1",
    "same_subject_applied": "false", "tax_compliant": "true", "finance_system_sound": "true",
    "credit_good": "true", "open_violations": "false", "major_incident_36_months": "false",
    "joint_punishment_listed": "false", "evaluates_own_projects": "false",
    "local_service_ability": "true", "local_team_size": "8", "segment_team": "true",
    "proven_capabilities": ["consulting", "delivery", "after_sales"], "maturity_edition": "2024",
    "service_areas": ["rd_design"], "affordable_offer": "true", "partner_products": "1",
    "local_cases": "1", "outside_cases": "1", "segment_cases": "2", "hall_cases": "2",
}  # fmt: skip


def verdicts(page: str) -> dict[str, str]:
    """The word beside each rule, by rule id."""
    return {
        id_: re.sub(r"<[^>]+>", "", tag).strip()
        for id_, tag in re.findall(
            r'<li class="verdict" id="([^"]+)">.*?<span class="tag [^>]*>(.*?)</span>', page, re.S
        )
    }


def about(page: str, rule: str) -> str:
    """All that the page says about one rule."""
    found = re.search(rf'<li class="verdict" id="{rule}">(.*?)</li>\s*(?:<li class="verdict|</ol>)',
                      page, re.S)  # fmt: skip
    assert found
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found.group(1))).split())


def everything(type_: str) -> dict[str, str | list[str]]:
    """All options of every multiple choice of a type, so that "must include" rules hold."""
    programme = factories.programmes()["qd-2024"]
    return {
        question.id: [option.id for option in question.options]
        for question in precheck_questions(programme, type_, "rail_equipment")
        if question.options and question.type.value == "multi_choice"
    }


def test_a_chain_leader_below_a_billion_may_apply_with_a_reason(client: BrowserLike):
    answers = {"main_revenue_cny": "80000", "linked_pilot_enterprises": "12", "check": "1"}
    page = client.get(HOME, query_string={**CHAIN, **answers}).text
    found = verdicts(page)
    assert found["QD-C3"] == "不满足"
    assert found["QD-C2"] == "满足"
    assert found["QD-B1"] == "需核实"
    told = about(page, "QD-C3")
    for part in (
        "可申请说明",
        "上一年度主营业务收入： 8亿元",
        "不少于10亿元",
        "二(四)1",
        "上一年度主营业务收入原则上不低于10亿元",
    ):
        assert part in told
    assert "12家" in about(page, "QD-C2")


def test_changing_to_integrator_with_two_cases_is_met(client: BrowserLike):
    answers = {**INTEGRATOR, **everything("integrator"), "types_applied": "integrator"}
    page = client.get(HOME, query_string=answers).text
    rules = factories.programmes()["qd-2024"].rules_for("integrator")
    assert verdicts(page) == {rule.id: "满足" for rule in rules}
    assert "满足全部条件" in page
    one = client.get(HOME, query_string={**answers, "segment_cases": "1"}).text
    assert [rule for rule, word in verdicts(one).items() if word != "满足"] == ["QD-I1"]
    assert "不满足必备条件" in one


def test_steps_lead_from_choice_to_result_and_back_with_all_answers(client: BrowserLike):
    choice = client.get(HOME).text
    assert re.findall(r'name="type" value="([^"]+)"', choice) == [
        "integrator", "product", "chain_leader",
    ]  # fmt: skip
    questions = client.get(HOME, query_string=CHAIN).text
    asked = set(re.findall(r' name="([a-z0-9_]+)"', questions)) - {"care", "font", "to"}
    wanted = precheck_questions(factories.programmes()["qd-2024"], CHAIN["type"], CHAIN["segment"])
    assert asked >= {question.id for question in wanted} | {"type", "segment", "check"}
    answers = {**CHAIN, "main_revenue_cny": "8亿", "tax_compliant": "true", "check": "1"}
    result = client.get(HOME, query_string=answers).text
    back = re.search(r'href="([^"]+)">.*?修改答案', result)
    assert back
    again = client.get(unescape(back.group(1))).text
    assert 'name="main_revenue_cny" value="8亿"' in again
    assert re.search(r'name="tax_compliant" value="true" checked', again)


def test_a_wrong_answer_comes_back_with_the_others_kept(client: BrowserLike):
    answers = {**CHAIN, "check": "1", "main_revenue_cny": "viel", "local_cases": "3"}
    answer = client.get(HOME, query_string=answers)
    assert answer.status_code == 422
    assert 'href="#f-main_revenue_cny"' in answer.text
    assert 'name="local_cases" value="3"' in answer.text


@pytest.mark.parametrize("wrong", [{"type": "x", "segment": "y"}, {"type": "<script>alert(1)"}])
def test_unknown_types_and_segments_lead_back_to_the_choice(
    client: BrowserLike, wrong: dict[str, str]
):
    answer = client.get(HOME, query_string=wrong)
    assert answer.status_code == 422
    assert "没有这个选项" in answer.text
    assert "<script>alert" not in answer.text


def test_answers_are_escaped_wherever_they_show(client: BrowserLike):
    attack = '"><img src=x onerror=alert(1)>'
    for given in ({"check": "1"}, {}):
        page = client.get(HOME, query_string={**CHAIN, **given, "main_revenue_cny": attack}).text
        assert "<img src=x" not in page


def test_nothing_is_stored_and_no_cookie_is_set(client: BrowserLike, database: Database):
    query = {**CHAIN, "check": "1", "main_revenue_cny": "8亿"}
    with recorded(database.engine) as statements:
        answer = client.get(HOME, query_string=query)
    assert answer.status_code == 200
    assert [text for text in statements if not text.lstrip().upper().startswith("SELECT")] == []
    assert "Set-Cookie" not in answer.headers


def test_the_sixth_programme_checks_without_python(client: BrowserLike, app: Flask):
    app.extensions["programmes"] = library.load(ROOT / "config", extra=[ROOT / "tests" / "data"])
    given = {
        "type": "integrator", "segment": "medical_devices", "check": "1",
        "registered_in_china": "true", "satisfaction_survey_firms": "4",
        "satisfaction_percent": "90", "service_staff": "9", "smes_served": "10",
        "segment_cases": "2",
    }  # fmt: skip
    page = client.get("/programme/xm-2024/precheck", query_string=given).text
    assert verdicts(page) == {
        "XM-E1": "满足", "XM-E2": "不满足", "XM-E3": "不满足", "XM-E4": "满足", "XM-E5": "需核实",
    }  # fmt: skip
    assert "可申请说明" in about(page, "XM-E3")
    assert "可申请说明" not in about(page, "XM-E2")
    product = client.get("/programme/xm-2024/precheck", query_string={**given, "type": "product"})
    assert "XM-E4" not in verdicts(product.text)


@pytest.mark.parametrize("programme", ["cq-2013", "lc-2021", "zj-2021", "zz-2021"])
def test_every_programme_answers_an_empty_check_with_to_verify(client: BrowserLike, programme: str):
    page = client.get(f"/programme/{programme}/precheck", query_string={"check": "1"}).text
    rules = factories.programmes()[programme].rules
    assert verdicts(page) == {rule.id: "需核实" for rule in rules}
