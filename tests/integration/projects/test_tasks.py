"""What waits for each side, and for nobody else, in one query each."""

from datetime import date

from sqlalchemy.orm import Session

from marketplace.phases import MilestonePhase, ProjectPhase, Role
from marketplace.services.inbox import tasks
from marketplace.services.projects import project_tasks
from tests import factories
from tests.integration.projects.conftest import World, acting
from tests.support.statements import recorded


def words(session: Session, actor) -> list[tuple[str, str, object]]:
    return [
        (task.title, task.url, task.due) for task in tasks.of(session, actor) if task.kind == "项目"
    ]


def test_each_side_has_its_own(world: World, session: Session) -> None:
    assert project_tasks
    made = {phase: world.project(phase, title=phase.value) for phase in ProjectPhase}
    run = made[ProjectPhase.RUNNING]
    factories.make_milestone(session, run, name="上线", due_on=date(2026, 5, 1))
    factories.make_milestone(session, run, name="调研", phase=MilestonePhase.DONE)
    factories.make_milestone(session, made[ProjectPhase.ACCEPTED], name="旧")
    at = {phase: f"projects/{project.id}" for phase, project in made.items()}
    assert words(session, world.owner) == [
        ("完成里程碑“上线”：running", f"/p/{at['running']}", date(2026, 5, 1)),
        ("修改后重新提交合同：returned", f"/p/{at['returned']}", None),
        ("提交合同备案：draft", f"/p/{at['draft']}", None),
    ]
    assert words(session, world.client) == [
        ("核对并确认合同：confirming", f"/me/{at['confirming']}", None),
        ("确认里程碑“调研”：running", f"/me/{at['running']}", None),
        ("评价服务商：accepted", f"/me/{at['accepted']}/new/rating", None),
        ("评价服务商：terminated", f"/me/{at['terminated']}/new/rating", None),
    ]
    assert words(session, world.district) == [
        ("办理合同备案：filing", f"/work/{at['filing']}", None)
    ]
    factories.make_rating(session, made[ProjectPhase.ACCEPTED])
    assert not any("accepted" in title for title, *_ in words(session, world.client))
    for role in (Role.PROVIDER_OWNER, Role.ENTERPRISE, Role.DISTRICT_REVIEWER):
        assert words(session, acting(session, role)) == []


def test_parts_wait_too(world: World, session: Session) -> None:
    project = world.project(ProjectPhase.ACCEPTANCE, title="某项目")
    factories.make_project_parts(session, project)
    place = f"projects/{project.id}"
    assert words(session, world.client) == [
        ("填报验收结果：某项目", f"/me/{place}", None), ("答复变更：某项目", f"/me/{place}", None),
    ]  # fmt: skip
    assert words(session, world.district) == [("调解争议：某项目", f"/work/{place}", None)]


def test_one_query_for_each_side(world: World, session: Session) -> None:
    for actor in (world.owner, world.client, world.district, world.city):
        with recorded(session.get_bind()) as statements:
            tasks._listed(session, actor)
        assert len(statements) == 1
