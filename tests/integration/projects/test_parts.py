"""Milestones, changes, acceptance and disputes of a running project."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.models import Acceptance, ChangeNotice, Milestone, Project
from marketplace.permissions import Actor
from marketplace.phases import AcceptancePhase, ChangePhase, MilestonePhase, ProjectPhase
from marketplace.services.projects import (
    acceptances,
    change_notices,
    disputes,
    milestones,
    projects,
)
from marketplace.services.projects.acceptances import Result
from tests import factories
from tests.integration.projects.conftest import World, put_file

METRIC = {"name": "换模时间", "unit": "分钟", "before": "95", "target": "45", "after": "",
          "met": False}  # fmt: skip
MET = {**METRIC, "after": "38", "met": True}


def stage(world: World, project: Project, **given: Any) -> Milestone:
    made = factories.make_milestone(world.session, project, **given)
    return projects.part(world.session, project, "milestones", made.id)


def act(world: World, actor: Actor, subject: Any, action: str, reason: str = "", **data: Any):
    return projects.act(
        world.session, actor, subject.project, subject, action, why={"reason": reason}, **data
    )


def test_a_milestone_needs_evidence_and_a_second_look(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    one = stage(world, project)
    with pytest.raises(Invalid) as refused:
        milestones.finish(world.session, world.owner, one, note="已上线", expected_version=1)
    assert refused.value.fields == {"milestone_evidence": ["请上传完成材料"]}
    put_file(world.session, world.owner, one, milestones.EVIDENCE)
    milestones.finish(world.session, world.owner, one, note="已上线", expected_version=1)
    with pytest.raises(Forbidden):
        act(world, world.owner, one, "confirm")
    act(world, world.client, one, "object", "报表没有")
    assert one.phase == MilestonePhase.DISPUTED
    milestones.finish(
        world.session, world.owner, one, note="已补报表", expected_version=one.version
    )
    act(world, world.client, one, "confirm")
    assert (one.phase, one.note) == (MilestonePhase.CONFIRMED, "已补报表")


def test_milestones_stand_still_outside_a_running_project(world: World) -> None:
    project = world.project(ProjectPhase.ACCEPTED)
    one = stage(world, project, phase=MilestonePhase.DONE)
    with pytest.raises(Conflict) as refused:
        act(world, world.client, one, "confirm")
    assert refused.value.reasons == ["项目不在实施中，不能办理"]


def propose(world: World, project: Project, **wanted: Any) -> ChangeNotice:
    made = change_notices.propose(world.session, world.owner, project, wanted, "停产检修")
    return projects.part(world.session, project, "changes", made.id)


def test_a_change_waits_for_the_enterprise(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    notice = propose(
        world, project, contract_price_cny=Decimal(400_000), ends_on=date(2026, 10, 10),
        common_modules=["生产执行"],
    )  # fmt: skip
    assert notice.changes == {
        "contract_price_cny": ["380000.00", "400000.00"],
        "ends_on": ["2026-09-10", "2026-10-10"],
    }
    assert (project.contract_price_cny, project.ends_on) == (
        Decimal(380_000), date(2026, 9, 10),
    )  # fmt: skip
    act(world, world.client, notice, "confirm")
    assert (project.contract_price_cny, project.ends_on) == (
        Decimal(400_000), date(2026, 10, 10),
    )  # fmt: skip
    act(world, world.district, notice, "object", "超出补贴范围")
    assert notice.phase == ChangePhase.OBJECTED
    assert (project.contract_price_cny, project.ends_on) == (
        Decimal(380_000), date(2026, 9, 10),
    )  # fmt: skip


def test_an_objection_before_the_answer_leaves_everything(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    notice = propose(world, project, ends_on=date(2026, 10, 10))
    act(world, world.district, notice, "object", "先说明原因")
    assert project.ends_on == date(2026, 9, 10)
    with pytest.raises(Conflict):
        act(world, world.client, notice, "confirm")


def test_a_change_that_others_overtook_is_not_agreed_to(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    first = propose(world, project, ends_on=date(2026, 10, 10))
    second = propose(world, project, ends_on=date(2026, 11, 10))
    act(world, world.client, first, "confirm")
    with pytest.raises(Conflict) as refused:
        act(world, world.client, second, "confirm")
    assert refused.value.reasons == ["提出之后合同内容又有变动，请服务商重新提出"]
    third = propose(world, project, ends_on=date(2026, 12, 10))
    act(world, world.client, third, "confirm")
    with pytest.raises(Conflict) as refused:
        act(world, world.district, first, "object", "不妥")
    assert "此后又有变更" in refused.value.message


def test_changes_without_change_or_sense_are_refused(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    for wanted, field in (
        ({"ends_on": date(2026, 9, 10)}, "form"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on"),
        ({"common_modules": []}, "common_modules"),
    ):
        with pytest.raises(Invalid) as refused:
            propose(world, project, **wanted)
        assert set(refused.value.fields) == {field}


def evaluator(world: World) -> str:
    firm = factories.make_organisation(world.session, kind="third_party", name="测评中心")
    return firm.uscc


def result(**given: Any) -> Result:
    values = {
        "level_before": 1, "level_after": 2, "metrics": (MET,), "passed": True,
        "summary": "达到约定", "evaluated_on": clock.today(), **given,
    }  # fmt: skip
    return Result(**values)


def applied(world: World) -> Acceptance:
    """A project with an acceptance that waits for its result."""
    project = world.project(ProjectPhase.RUNNING)
    acceptances.apply(
        world.session, world.owner, project, summary="已完成", metrics=(METRIC,),
        expected_version=project.version,
    )  # fmt: skip
    acceptances.evaluator(world.session, world.client, project, evaluator(world))
    found = acceptances.current(world.session, project)
    assert found is not None
    put_file(world.session, world.client, found, acceptances.REPORT)
    return found


def seal(world: World, acceptance: Acceptance, action: str) -> None:
    acceptances.act(
        world.session, world.district, acceptance, action, why={"reason": "现场核查"},
        expected_version=acceptance.version,
    )  # fmt: skip


def enter(world: World, acceptance: Acceptance, found: Result) -> None:
    acceptances.enter(
        world.session, world.client, acceptance, found, expected_version=acceptance.version
    )


def test_acceptance_from_application_to_seal_and_again(world: World) -> None:
    acceptance = applied(world)
    project = acceptance.project
    assert project.phase == ProjectPhase.ACCEPTANCE
    enter(world, acceptance, result())
    assert (acceptance.level_after, acceptance.evaluator_id) == (2, project.evaluator_id)
    seal(world, acceptance, "seal_passed")
    assert (project.phase, project.accepted_on) == (ProjectPhase.ACCEPTED, clock.today())
    with pytest.raises(Forbidden):
        acceptances.act(
            world.session, world.district, acceptance, "reopen", why={"reason": "抽查"},
            expected_version=None,
        )  # fmt: skip
    acceptances.act(
        world.session, world.city, acceptance, "spot_check", why={"reason": "现场一致"},
        expected_version=None,
    )  # fmt: skip
    assert acceptance.phase == AcceptancePhase.PASSED
    acceptances.act(
        world.session, world.city, acceptance, "reopen", why={"reason": "指标不实"},
        expected_version=None,
    )  # fmt: skip
    assert (project.phase, project.accepted_on) == (ProjectPhase.ACCEPTANCE, None)
    enter(world, acceptance, result(passed=False, metrics=(METRIC,)))
    with pytest.raises(Conflict) as refused:
        seal(world, acceptance, "seal_passed")
    assert refused.value.reasons == ["企业填报的结果是未通过"]
    seal(world, acceptance, "seal_failed")
    assert (project.phase, acceptance.phase) == (ProjectPhase.RUNNING, AcceptancePhase.FAILED)


def test_a_result_must_agree_with_itself(world: World) -> None:
    acceptance = applied(world)
    with pytest.raises(Invalid) as refused:
        enter(
            world, acceptance,
            result(metrics=(METRIC,), level_after=0, evaluated_on=date(2099, 1, 1)),
        )  # fmt: skip
    assert set(refused.value.fields) == {"passed", "level_after", "evaluated_on"}


def test_acceptance_comes_after_everything_else(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    stage(world, project, name="上线")
    propose(world, project, ends_on=date(2026, 10, 10))
    disputes.open_(world.session, world.client, project, subject="接口", text="没有联网")
    with pytest.raises(Conflict) as refused:
        acceptances.apply(
            world.session, world.owner, project, summary="", metrics=(METRIC,),
            expected_version=project.version,
        )  # fmt: skip
    assert refused.value.reasons == [
        "里程碑还没有全部确认：上线", "还有变更等待企业答复", "还有争议没有处理完",
    ]  # fmt: skip


def settle(world: World, actor: Actor, dispute: Any, action: str, outcome: str = "") -> None:
    disputes.act(
        world.session, actor, dispute, action, why={"reason": "双方到场"}, outcome=outcome,
        expected_version=dispute.version,
    )  # fmt: skip


def opened(world: World, project: Project, by: Actor) -> Any:
    made = disputes.open_(world.session, by, project, subject="接口", text="没有联网")
    return projects.part(world.session, project, "disputes", made.id)


def test_a_dispute_is_mediated_or_decided(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    mine = opened(world, project, world.client)
    with pytest.raises(Conflict) as refused:
        opened(world, project, world.client)
    assert refused.value.code == "dispute_open"
    with pytest.raises(Conflict):
        settle(world, world.owner, mine, "take_back")  # the other side's
    with pytest.raises(Invalid):
        settle(world, world.district, mine, "settle")
    settle(world, world.district, mine, "settle", "continue")
    assert (mine.outcome, mine.outcome_text, project.phase) == (
        "continue", "双方到场", ProjectPhase.RUNNING,
    )  # fmt: skip
    second = opened(world, project, world.owner)
    with pytest.raises(Forbidden):
        settle(world, world.city, second, "settle", "continue")
    settle(world, world.district, second, "escalate")
    with pytest.raises(Forbidden):
        settle(world, world.district, second, "decide", "continue")
    settle(world, world.city, second, "decide", "terminate")
    assert project.phase == ProjectPhase.TERMINATED


def test_the_end_of_a_project_ends_what_waits(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    notice = propose(world, project, ends_on=date(2026, 10, 10))
    theirs = opened(world, project, world.owner)
    mine = opened(world, project, world.client)
    settle(world, world.district, mine, "settle", "terminate")
    world.session.refresh(notice)
    world.session.refresh(theirs)
    assert (project.phase, notice.phase, theirs.phase) == ("terminated", "withdrawn", "withdrawn")
    second = world.project(ProjectPhase.ACCEPTANCE)
    waiting = Acceptance(project=second, state="applied", phase="applied", state_since=clock.now())
    world.session.add(waiting)
    world.session.flush()
    last = opened(world, second, world.client)
    settle(world, world.district, last, "settle", "terminate")
    kept = world.session.scalars(
        select(Acceptance.phase).where(Acceptance.project_id == second.id)
    ).all()
    assert kept == [AcceptancePhase.ABANDONED]
