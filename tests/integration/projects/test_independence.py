"""Who transforms an enterprise does not evaluate it, and the other way round (QD-B13)."""

import pytest

from marketplace.errors import Conflict
from marketplace.models import Organisation
from marketplace.phases import ProjectPhase
from marketplace.services.projects import acceptances, change_notices, independence, projects
from tests import factories
from tests.integration.projects.conftest import World

CLAUSE = (
    "基本条件第7条：“服务商不可为同一家数字化转型试点企业同时开展数字化改造和数字化能力验收评估”"
)


def judged_by(world: World, evaluator: Organisation, **given: object) -> None:
    """Another project of the same enterprise, evaluated by ``evaluator``."""
    other = factories.make_membership(
        world.session, world.round, factories.make_provider(world.session)
    )
    world.project(ProjectPhase.RUNNING, membership=other, evaluator_id=evaluator.id, **given)


def test_an_evaluator_does_not_build(world: World) -> None:
    project = world.draft()
    judged_by(world, world.provider.organisation)
    with pytest.raises(Conflict) as refused:
        world.step(world.owner, project, "submit")
    name = world.provider.organisation.name
    assert refused.value.reasons == [
        f"{name}（含关联企业）已承担该企业的验收评估，不能再承担改造。{CLAUSE}"
    ]


def test_nor_does_an_affiliate_of_the_evaluator(world: World) -> None:
    parent = factories.make_organisation(world.session)
    factories.make_affiliation(world.session, world.provider.organisation, parent)
    project = world.draft()
    judged_by(world, parent)
    with pytest.raises(Conflict) as refused:
        world.step(world.owner, project, "submit")
    assert CLAUSE in refused.value.message


def test_an_evaluator_of_somebody_else_may_build(world: World) -> None:
    elsewhere = factories.make_organisation(world.session, kind="enterprise")
    judged_by(world, world.provider.organisation, enterprise=elsewhere)
    assert world.running().phase == ProjectPhase.RUNNING


def test_an_evaluator_cannot_even_be_chosen(world: World) -> None:
    choose = world.session, world.enterprise.id, world.provider.id
    assert independence.why_not_choose(*choose) is None
    judged_by(world, world.provider.organisation)
    assert independence.why_not_choose(*choose) == (
        f"{world.provider.organisation.name}（含关联企业）已承担贵企业的验收评估，"
        f"不能再承担改造。{CLAUSE}"
    )


def test_who_builds_does_not_evaluate(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    sub = factories.make_organisation(world.session)
    project.subcontractors = [{"name": sub.name, "uscc": sub.uscc}]
    affiliate = factories.make_organisation(world.session)
    factories.make_affiliation(world.session, affiliate, world.provider.organisation)
    earlier = factories.make_provider(world.session)
    membership = factories.make_membership(world.session, world.round, earlier)
    world.project(ProjectPhase.TERMINATED, membership=membership)
    world.session.flush()
    for firm in (world.provider.organisation, sub, affiliate, earlier.organisation):
        with pytest.raises(Conflict) as refused:
            acceptances.evaluator(world.session, world.client, project, firm.uscc)
        assert refused.value.reasons == [
            f"{firm.name}（含关联企业）为该企业做改造，不能再做它的验收评估。{CLAUSE}"
        ]
    assert project.evaluator_id is None
    free = factories.make_organisation(world.session, kind="third_party")
    acceptances.evaluator(world.session, world.client, project, free.uscc)
    assert project.evaluator_id == free.id
    with pytest.raises(Conflict) as refused:
        acceptances.evaluator(world.session, world.client, project, world.enterprise.uscc)
    assert refused.value.code == "evaluator_own"


def test_a_subcontractor_who_joins_later_is_held_to_it(world: World) -> None:
    project = world.project(ProjectPhase.RUNNING)
    free = factories.make_organisation(world.session, kind="third_party")
    acceptances.evaluator(world.session, world.client, project, free.uscc)
    firms = [{"name": free.name, "uscc": free.uscc}]
    made = change_notices.propose(
        world.session, world.owner, project, {"subcontractors": firms}, "补充力量"
    )
    notice = projects.part(world.session, project, "changes", made.id)
    with pytest.raises(Conflict) as refused:
        projects.act(world.session, world.client, project, notice, "confirm")
    assert refused.value.reasons == [
        f"{free.name}（含关联企业）已承担该企业的验收评估，不能再承担改造。{CLAUSE}"
    ]
    assert project.subcontractors == []
