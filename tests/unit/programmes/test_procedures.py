"""Procedures of the programmes: each city's own steps, and what the check refuses."""

from dataclasses import replace

import pytest

from marketplace.programmes import procedure_checks
from marketplace.programmes.procedures import FailedCheck
from tests import factories

STEPS = {
    "qd-2024": ("hearing", "decision", "notice"),
    "lc-2021": ("verification",),
    "cq-2013": ("verification", "notice"),
    "zj-2021": ("verification",),
    "zz-2021": ("verification",),
}


def test_each_programme_removes_by_its_own_steps():
    found = {
        id_: p.procedures.removal.steps for id_, p in factories.programmes().items() if p.procedures
    }
    assert found == STEPS
    days = {
        id_: (p.rectification and p.rectification.days, p.appeal and p.appeal.window_working_days)
        for id_, p in factories.programmes().items()
    }
    assert days["qd-2024"] == (30, 5)
    assert days["lc-2021"] == days["cq-2013"] == (None, 5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps": ("notice", "hearing")}, "次序不对"),
        ({"steps": ("trial",)}, "不认识"),
        ({"proposers": ("mayor",)}, "提出人“mayor”不存在"),
        ({"hearing_working_days": None}, "陈述申辩的期限与步骤不一致"),
        ({"bureaus": ()}, "会签部门与步骤不一致"),
        ({"removes_with": "banish"}, "管理流程中没有动作“banish”"),
    ],
)
def test_a_wrong_procedure_is_refused(changes, said):
    good = factories.programmes()["qd-2024"]
    assert list(procedure_checks.procedure_problems(good)) == []
    removal = replace(good.procedures.removal, **changes)
    wrong = replace(good, procedures=replace(good.procedures, removal=removal))
    assert said in "".join(p.message for p in procedure_checks.procedure_problems(wrong))


def test_what_follows_a_failed_check_is_known_and_possible():
    qingdao, liaocheng = (factories.programmes()[id_] for id_ in ("qd-2024", "lc-2021"))
    rules = FailedCheck(without_cause="jail", with_cause="rectification")
    for programme, said in ((qingdao, ["jail"]), (liaocheng, ["jail", "没有写整改的天数"])):
        wrong = replace(programme, procedures=replace(programme.procedures, failed_check=rules))
        found = [p.message for p in procedure_checks.procedure_problems(wrong)]
        assert all(text in message for text, message in zip(said, found, strict=True))


def test_days_written_twice_and_reviews_without_a_date_are_refused():
    good = factories.programmes()["qd-2024"]
    twice = replace(good, procedures=replace(good.procedures, appeal=good.evaluation.appeal))
    (problem,) = procedure_checks.procedure_problems(twice)
    assert problem.message == "“appeal”在 evaluation 和 procedures 中都写了"
    chongqing = factories.programmes()["cq-2013"]
    review = replace(chongqing.re_review, deadline="CQ-X9", path=("一级",))
    found = procedure_checks.procedure_problems(replace(chongqing, re_review=review))
    assert [p.path for p in found] == [("re_review", "deadline"), ("re_review", "path")]
