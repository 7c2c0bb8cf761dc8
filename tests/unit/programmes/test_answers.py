"""Answers: one schema per section and type, partial for a draft, full for submission."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import ValidationError

from marketplace.programmes import answers, parsing
from marketplace.programmes.kinds import QuestionType
from marketplace.programmes.questions import Named, Question
from marketplace.programmes.schema import Programme

FORM = {
    "chain_role": "chain_head",
    "chain_mode": "self_led",
    "linked_pilot_enterprises": "12",
    "main_revenue_cny": "80,000",
    "leads_segment_transformation": "是",
}
FACTS = {
    "chain_role": "chain_head",
    "chain_mode": "self_led",
    "linked_pilot_enterprises": 12,
    "main_revenue_cny": 800_000_000,
    "leads_segment_transformation": True,
}


def errors(schema: Any, data: Any) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refusal:
        schema.load(data)
    messages: dict[str, list[str]] = refusal.value.normalized_messages()
    return messages


def test_a_complete_section(qingdao: Programme) -> None:
    schema = answers.schema(qingdao, "chain_leader", "chain")
    assert schema.load(FORM) == FACTS
    stored = schema.dump({**FACTS, "national_innovation": ("national_rd_platform",)})
    assert stored == {**FACTS, "national_innovation": ["national_rd_platform"]}
    # What is stored is JSON, and loads to the same facts.
    assert schema.load(json.loads(json.dumps(stored))) == {
        **FACTS,
        "national_innovation": ("national_rd_platform",),
    }


def test_a_draft_may_leave_out_but_not_write_nonsense(qingdao: Programme) -> None:
    schema = answers.schema(qingdao, "chain_leader", "chain", draft=True)
    assert schema.load({}) == {}
    assert schema.load({"chain_mode": "ecosystem", "consortium_members": "  "}) == {
        "chain_mode": "ecosystem"
    }
    assert errors(schema, {"chain_mode": "alone"}) == {"chain_mode": ["请从选项中选择。"]}


def test_submission_asks_for_everything_at_once(qingdao: Programme) -> None:
    schema = answers.schema(qingdao, "chain_leader", "chain")
    data = {**FORM, "chain_mode": "ecosystem", "linked_pilot_enterprises": "", "chain_role": "链主"}
    assert errors(schema, data) == {
        "chain_role": ["请从选项中选择。"],
        "linked_pilot_enterprises": ["请填写此项。"],
        "consortium_members": ["请填写此项。"],
    }


def test_what_other_sections_say_counts(qingdao: Programme) -> None:
    basics = {
        "applicant_class": "enterprise",
        "registered_in_china": "yes",
        "registered_in_qingdao": "yes",
        "company_intro": "做转向架加工四十年。",
        "business_contact": "市场部",
        "types_applied": ["chain_leader"],
        "applies_own_segment_only": "yes",
        "same_subject_applied": "no",
    }
    alone = answers.schema(qingdao, "chain_leader", "basics")
    assert alone.load(basics)["types_applied"] == ("chain_leader",)
    below = answers.schema(
        qingdao, "chain_leader", "basics", others={"main_revenue_cny": 800_000_000}
    )
    assert errors(below, basics) == {"waiver_reason": ["请填写此项。"]}
    assert below.load({**basics, "waiver_reason": "带动18家配套企业。"})["waiver_reason"]


@pytest.mark.parametrize("draft", [True, False])
def test_what_was_not_asked_is_refused(qingdao: Programme, draft: bool) -> None:
    schema = answers.schema(qingdao, "chain_leader", "chain", draft=draft)
    assert errors(schema, {**FORM, "score": "100"}) == {"score": ["没有这一项。"]}
    # A question of another type is not asked here either.
    assert errors(schema, {**FORM, "segment_cases": "3"}) == {"segment_cases": ["没有这一项。"]}


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_what_is_no_form_is_refused(qingdao: Programme, data: object) -> None:
    assert errors(answers.schema(qingdao, "product"), data) == {"_schema": ["数据格式不对。"]}


def test_sections_by_type(qingdao: Programme) -> None:
    product = answers.schema(qingdao, "product", "offer").fields
    integrator = answers.schema(qingdao, "integrator", "offer").fields
    assert "every_product_has_ip" in product
    assert "every_product_has_ip" not in integrator
    assert answers.schema(qingdao, "product", "chain").fields == {}
    with pytest.raises(KeyError):
        answers.schema(qingdao, "product", "nowhere")


def test_a_programme_words_a_question_its_own_way(programmes: Mapping[str, Programme]) -> None:
    zhejiang, xiamen = programmes["zj-2021"], programmes["xm-2024"]
    assert zhejiang.question("years_registered").label == "在浙江省注册登记年限"
    assert xiamen.question("service_staff").label == "在厦服务人员数"
    assert xiamen.questions["service_staff"].label == "从事为中小企业服务的人员数"


OPTIONS = (Named(id="a", label="甲"), Named(id="b", label="乙"), Named(id="c", label="丙"))


def question(type_: QuestionType, **more: Any) -> Question:
    return Question(id="q", type=type_, label="问题", **more)


@pytest.mark.parametrize(
    ("asked", "value", "fact"),
    [
        (question(QuestionType.TEXT, max=3), " 三个字 ", "三个字"),
        (question(QuestionType.INTEGER, min=0, unit="家"), "１２ 家", 12),
        (question(QuestionType.INTEGER), "1,200", 1200),
        (question(QuestionType.INTEGER), 7, 7),
        (question(QuestionType.INTEGER), "-3", -3),
        (question(QuestionType.MONEY, unit="万元"), "200", 2_000_000),
        (question(QuestionType.MONEY, unit="万元"), "10亿", 1_000_000_000),
        (question(QuestionType.MONEY, unit="万元"), 2_000_000, 2_000_000),
        (question(QuestionType.PERCENT, min=0, max=100), "92.5%", Decimal("92.5")),
        (question(QuestionType.PERCENT, min=0, max=100), "90", Decimal(90)),
        (question(QuestionType.PERCENT, min=0, max=100), 90, Decimal(90)),
        (question(QuestionType.YES_NO), "是", True),
        (question(QuestionType.YES_NO), False, False),
        (question(QuestionType.YES_NO), "NO", False),
        (question(QuestionType.CHOICE, options=OPTIONS), "b", "b"),
        (question(QuestionType.MULTI_CHOICE, options=OPTIONS), ["c", "a", "c"], ("a", "c")),
        (question(QuestionType.DATE), "2024-01-31", date(2024, 1, 31)),
        (question(QuestionType.DATE), date(2024, 1, 31), date(2024, 1, 31)),
    ],
)
def test_parsing(asked: Question, value: Any, fact: Any) -> None:
    parsed = parsing.parse(asked, value)
    assert (parsed, type(parsed)) == (fact, type(fact))
    # Money typed without a unit is the one thing that reads back otherwise: as yuan.
    assert parsing.parse(asked, json.loads(json.dumps(parsing.stored(parsed)))) == fact


AMOUNT = "请填写金额，例如 10亿、100000万元 或 2000000元。"


@pytest.mark.parametrize(
    ("asked", "value", "message"),
    [
        (question(QuestionType.TEXT, max=3), "四个字了", "最多 3 字，现有 4 字。"),
        (question(QuestionType.TEXT), 7, "请填写文字。"),
        (question(QuestionType.INTEGER), "1.5", "请填写整数。"),
        (question(QuestionType.INTEGER), "十", "请填写整数。"),
        (question(QuestionType.INTEGER), True, "请填写整数。"),
        (question(QuestionType.INTEGER), "9" * 13, "请填写整数。"),
        (question(QuestionType.INTEGER, min=0), "-1", "不能小于 0。"),
        (question(QuestionType.INTEGER, max=9), "10", "不能大于 9，请核对。"),
        (question(QuestionType.MONEY, unit="万元"), "很多", AMOUNT),
        (question(QuestionType.PERCENT, max=100), "101", "不能大于 100，请核对。"),
        (question(QuestionType.PERCENT), "90.001", "请填写百分数，最多两位小数。"),
        (question(QuestionType.PERCENT), "nan", "请填写百分数，最多两位小数。"),
        (question(QuestionType.PERCENT), "九成", "请填写百分数，例如 90 或 92.5。"),
        (question(QuestionType.YES_NO), "也许", "请选择“是”或“否”。"),
        (question(QuestionType.CHOICE, options=OPTIONS), "甲", "请从选项中选择。"),
        (question(QuestionType.CHOICE, options=OPTIONS), ["a"], "请从选项中选择。"),
        (question(QuestionType.MULTI_CHOICE, options=OPTIONS), "a", "请从选项中选择，可以多选。"),
        (question(QuestionType.MULTI_CHOICE, options=OPTIONS), ["a", "x"], "请从选项中选择。"),
        (question(QuestionType.DATE), "2024-02-30", "请填写日期，例如 2024-01-31。"),
    ],
)  # fmt: skip
def test_parsing_refuses(asked: Question, value: Any, message: str) -> None:
    with pytest.raises(parsing.BadAnswer) as refusal:
        parsing.parse(asked, value)
    assert str(refusal.value) == message


def test_facts_from_a_form_keep_what_is_right(qingdao: Programme) -> None:
    found, wrong = answers.facts(
        qingdao.questions.values(),
        {
            "national_innovation": ["national_rd_platform", "innovation_demonstration"],
            "main_revenue_cny": ["10亿"],
            "segment_cases": ["", "2"],
            "hall_cases": [" "],
            "local_team_size": ["几个"],
            "page": ["2"],
        },
    )
    assert found == {
        "national_innovation": ("national_rd_platform", "innovation_demonstration"),
        "main_revenue_cny": 1_000_000_000,
        "segment_cases": 2,
    }
    assert wrong == {"local_team_size": "请填写整数。"}
