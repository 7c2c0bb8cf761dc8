"""Ratings: only of real projects, once, with history; affiliates and few ratings do not count."""

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Membership, Organisation, Provider, Rating
from marketplace.phases import ProjectPhase
from marketplace.services.projects import project_rules, ratings
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
    assert [line.edited for line in ratings.listed(world.session, world.provider.id)] == [True]
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
    assert [line.edited for line in ratings.listed(world.session, world.provider.id)] == [False]
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


def client_of(world: World) -> Organisation:
    return factories.make_organisation(world.session, kind="enterprise")


def test_too_few_ratings_show_no_average(world: World) -> None:
    minimum = project_rules.rules().minimum
    for _ in range(1, minimum):
        rated(world, client_of(world), 3)
    few = ratings.summary(world.session, world.provider.id)
    assert (few.counted, few.averages, few.overall) == (minimum - 1, None, None)
    rated(world, client_of(world), 5)
    enough = ratings.summary(world.session, world.provider.id)
    average = (3 * (minimum - 1) + 5) / minimum
    assert enough.counted == minimum
    assert enough.averages == dict.fromkeys(SCORES, pytest.approx(average))
    assert enough.overall == pytest.approx(average)


def test_ratings_of_affiliates_are_marked_and_not_counted(world: World) -> None:
    """Whether the link was known at the time or was entered afterwards."""
    for _ in range(project_rules.rules().minimum):
        rated(world, client_of(world), 3)
    factories.make_affiliation(world.session, world.enterprise, world.provider.organisation)
    project = world.project(ProjectPhase.ACCEPTED)
    known = ratings.write(world.session, world.client, project, dict.fromkeys(SCORES, 5), "好")
    assert known.affiliated
    later = client_of(world)
    rated(world, later, 5)
    assert ratings.summary(world.session, world.provider.id).counted == 6
    factories.make_affiliation(world.session, later, world.provider.organisation)
    found = ratings.summary(world.session, world.provider.id)
    assert (found.counted, found.affiliated, found.overall) == (5, 2, 3)
    lines = ratings.listed(world.session, world.provider.id)
    assert [line.affiliated for line in lines] == [True, True, *[False] * 5]


def test_the_provider_page_shows_what_counts_and_no_names(client, database) -> None:
    with database.unit_of_work() as session:
        world = World(session)
        for _ in range(4):
            rated(world, client_of(world), 3)
        number = world.provider.id
        session.flush()
    page = client.get(f"/providers/{number}").text
    assert "有效评价4项，不足5项，不显示平均分。" in page
    assert "3.0分" not in page
    with database.unit_of_work() as session:
        provider = session.get_one(Provider, number)
        place = session.scalars(select(Membership)).one()
        own = factories.make_organisation(session, kind="enterprise", name="青岛自家人有限公司")
        owner = session.get_one(Organisation, provider.organisation_id)
        factories.make_affiliation(session, own, owner)
        for firm, score, text in ((own, 5, "自家人说好"), (None, 3, "某某是骗子")):
            project = factories.make_project(session, place, firm, phase=ProjectPhase.ACCEPTED)
            rating = factories.make_rating(session, project, score, text=text)
        rating.text_hidden_at, rating.hidden_reason = clock.now(), "人身攻击"
    page = client.get(f"/providers/{number}").text
    assert "<strong>3.0分</strong>（满分5分，5项有效评价的平均）" in page
    assert "另有1项来自关联企业，已标明，不计入平均分。" in page
    assert "自家人说好" in page
    for secret in ("某某是骗子", "人身攻击", "青岛自家人有限公司", "380", "38.00"):
        assert secret not in page
    more = client.get(f"/providers/{number}/ratings").text
    assert more.count("合同已备案，项目已验收") == 6
    assert client.get(f"/providers/{number}/ratings?page=2").status_code == 200
