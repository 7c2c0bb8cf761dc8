"""Ratings: only of real projects, once, with history; affiliates and few ratings do not count."""

import pytest
from sqlalchemy import select

from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Organisation, Rating
from marketplace.phases import ProjectPhase
from marketplace.services import project_rules, ratings
from tests import factories
from tests.integration.projects.conftest import World

SCORES = dict.fromkeys(project_rules.rules().scores, 4)


@pytest.mark.parametrize("phase", list(ProjectPhase))
def test_only_an_ended_contract_is_rated(world: World, phase: ProjectPhase) -> None:
    project = world.project(phase)
    if phase in (ProjectPhase.ACCEPTED, ProjectPhase.TERMINATED):
        made = ratings.write(world.session, world.client, project, SCORES, "按期交付")
        assert (made.scores, made.provider_id) == (SCORES, world.provider.id)
        return
    with pytest.raises((Conflict, Forbidden, NotFound)):
        ratings.write(world.session, world.client, project, SCORES, "按期交付")
    assert world.session.scalars(select(Rating)).all() == []


def test_once_a_project_and_edits_keep_history(world: World) -> None:
    project = world.project(ProjectPhase.ACCEPTED)
    ratings.write(world.session, world.client, project, SCORES, "好")
    with pytest.raises(Conflict) as refused:
        ratings.write(world.session, world.client, project, SCORES, "再来一次")
    assert refused.value.code == "rated"
    found = ratings.of(world.session, project)
    assert found is not None
    lower = {**SCORES, "service": 2}
    ratings.edit(
        world.session, world.client, found, lower, "后来变慢", expected_version=found.version
    )
    with pytest.raises(Conflict):
        ratings.edit(world.session, world.client, found, SCORES, "旧页面", expected_version=1)
    assert [(v.number, v.scores, v.text) for v in ratings.versions(world.session, found)] == [
        (2, lower, "后来变慢"), (1, SCORES, "好"),
    ]  # fmt: skip


def test_the_provider_answers_once_and_rates_nothing(world: World) -> None:
    project = world.project(ProjectPhase.ACCEPTED)
    with pytest.raises(Forbidden):
        ratings.write(world.session, world.owner, project, SCORES, "自夸")
    ratings.write(world.session, world.client, project, SCORES, "好")
    found = ratings.of(world.session, project)
    assert found is not None
    ratings.reply(world.session, world.owner, found, "谢谢")
    with pytest.raises(Conflict) as refused:
        ratings.reply(world.session, world.owner, found, "再说一句")
    assert (refused.value.code, found.reply) == ("replied", "谢谢")
    with pytest.raises(Forbidden):
        ratings.reply(world.session, world.client, found, "谢谢")


def test_staff_hide_words_and_never_a_score(world: World) -> None:
    for _ in range(5):
        project = world.project(ProjectPhase.ACCEPTED)
        ratings.write(world.session, world.client, project, SCORES, "某某是骗子")
    found = ratings.of(world.session, project)
    assert found is not None
    with pytest.raises(Invalid):
        ratings.hide_text(world.session, world.city, found, " ")
    with pytest.raises(Forbidden):
        ratings.hide_text(world.session, world.district, found, "人身攻击")
    before = ratings.summary(world.session, world.provider.id)
    ratings.hide_text(world.session, world.city, found, "人身攻击")
    assert ratings.summary(world.session, world.provider.id) == before
    assert found.text == "某某是骗子"
    ratings.show_text(world.session, world.city, found, "误判")
    assert (found.text_hidden_at, found.hidden_reason) == (None, "")


def test_scores_must_be_whole_and_known(world: World) -> None:
    project = world.project(ProjectPhase.ACCEPTED)
    for scores in ({}, {**SCORES, "service": 6}, {**SCORES, "service": 0}, {**SCORES, "x": 3}):
        with pytest.raises(Invalid):
            ratings.write(world.session, world.client, project, scores, "")


def rated(world: World, enterprise: Organisation, score: int) -> None:
    project = world.project(ProjectPhase.ACCEPTED, enterprise=enterprise)
    factories.make_rating(world.session, project, score)


def client(world: World) -> Organisation:
    return factories.make_organisation(world.session, kind="enterprise")


def test_too_few_ratings_show_no_average(world: World) -> None:
    minimum = project_rules.rules().minimum
    for _ in range(1, minimum):
        rated(world, client(world), 3)
    few = ratings.summary(world.session, world.provider.id)
    assert (few.counted, few.averages, few.overall) == (minimum - 1, None, None)
    rated(world, client(world), 5)
    enough = ratings.summary(world.session, world.provider.id)
    average = (3 * (minimum - 1) + 5) / minimum
    assert enough.counted == minimum
    assert enough.averages == dict.fromkeys(SCORES, pytest.approx(average))
    assert enough.overall == pytest.approx(average)


def test_ratings_of_affiliates_are_marked_and_not_counted(world: World) -> None:
    """Whether the link was known at the time or was entered afterwards."""
    for _ in range(project_rules.rules().minimum):
        rated(world, client(world), 3)
    factories.make_affiliation(world.session, world.enterprise, world.provider.organisation)
    project = world.project(ProjectPhase.ACCEPTED)
    known = ratings.write(world.session, world.client, project, dict.fromkeys(SCORES, 5), "好")
    assert known.affiliated
    later = client(world)
    rated(world, later, 5)
    assert ratings.summary(world.session, world.provider.id).counted == 6
    factories.make_affiliation(world.session, later, world.provider.organisation)
    found = ratings.summary(world.session, world.provider.id)
    assert (found.counted, found.affiliated, found.overall) == (5, 2, 3)
    lines = ratings.listed(world.session, world.provider.id)
    assert [line.affiliated for line in lines] == [True, True, *[False] * 5]
