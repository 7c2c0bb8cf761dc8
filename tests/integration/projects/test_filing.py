"""Filing of contracts: who does which step, what is missing, and who may take none."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Event, Message, Milestone
from marketplace.phases import ProjectPhase, Role, StandingPhase
from marketplace.services.projects import filings, projects
from tests import factories
from tests.integration.projects.conftest import World, acting


def told(world: World) -> dict[str, list[str]]:
    """Titles of messages by reader."""
    names = {
        actor.user_id: name
        for name, actor in vars(world).items()
        if name in ("owner", "client", "district", "city")
    }
    found: dict[str, list[str]] = {}
    for message in world.session.scalars(select(Message).order_by(Message.id)):
        found.setdefault(names[message.user_id], []).append(message.title)
    return found


def test_a_contract_is_filed_step_by_step(world: World) -> None:
    project = world.running()
    assert (project.phase, project.filed_on) == (ProjectPhase.RUNNING, clock.today())
    assert (project.segment, project.contract_price_cny) == ("home_appliance", Decimal(380_000))
    stages = world.session.scalars(select(Milestone).order_by(Milestone.seq)).all()
    assert [(stage.seq, stage.name, stage.due_on, stage.phase) for stage in stages] == [
        (1, "上线", date(2026, 5, 1), "planned"), (2, "验收准备", None, "planned"),
    ]  # fmt: skip
    events = world.session.scalars(
        select(Event).where(Event.subject_type == "projects").order_by(Event.id)
    )
    assert [(e.action, e.from_state, e.to_state, e.actor_role) for e in events] == [
        ("project_create", "", "draft", "provider_owner"),
        ("submit", "draft", "confirming", "provider_owner"),
        ("confirm", "confirming", "filing", "enterprise"),
        ("accept", "filing", "running", "district_reviewer"),
    ]
    title = project.title
    assert told(world) == {
        "client": [f"{title}：提交企业确认", f"{title}：同意备案"],
        "owner": [f"{title}：确认合同", f"{title}：同意备案"],
        "district": ["青岛测试塑胶有限公司：确认合同"],
    }


def test_sent_back_with_a_reason_it_can_be_mended(world: World) -> None:
    project = world.draft()
    world.step(world.owner, project, "submit")
    with pytest.raises(Invalid):
        world.step(world.client, project, "refuse")
    world.step(world.client, project, "refuse", "价格不对")
    assert project.phase == ProjectPhase.RETURNED
    changed = world.filing(contract_price_cny=Decimal(350_000), milestones=(("上线", None),))
    filings.edit(world.session, world.owner, project, changed, project.version)
    assert project.contract_price_cny == Decimal(350_000)
    world.step(world.owner, project, "submit")
    with pytest.raises(Conflict) as refused:
        filings.edit(world.session, world.owner, project, changed, project.version)
    assert refused.value.code == "wrong_state"
    world.step(world.owner, project, "take_back")
    world.step(world.owner, project, "discard")
    assert project.phase == ProjectPhase.DISCARDED


def test_a_stale_page_overwrites_nothing(world: World) -> None:
    project = world.draft()
    shown = project.version
    filings.edit(world.session, world.owner, project, world.filing(title="甲"), shown)
    with pytest.raises(Conflict) as refused:
        filings.edit(world.session, world.owner, project, world.filing(title="乙"), shown)
    assert (refused.value.code, project.title) == ("stale_version", "甲")


def test_what_is_missing_is_named_at_once(world: World) -> None:
    empty = dict.fromkeys(("list_price_cny", "signed_on"))
    project = filings.create(
        world.session, world.owner, world.filing(common_modules=(), milestones=(), **empty)
    )
    project = projects.get(world.session, world.owner, project.id)
    with pytest.raises(Conflict) as refused:
        world.step(world.owner, project, "submit")
    assert refused.value.reasons == [
        "还没有填写：共性模块（N）、目录价、签订日期、里程碑、合同扫描件"
    ]


def test_enterprise_and_place_must_be_known(world: World) -> None:
    other = factories.make_membership(
        world.session, world.round, factories.make_provider(world.session)
    )
    with pytest.raises(Invalid) as refused:
        filings.create(
            world.session, world.owner,
            world.filing(enterprise_uscc=factories.uscc(), membership_id=other.id),
        )  # fmt: skip
    assert set(refused.value.fields) == {"enterprise_uscc", "membership_id"}


@pytest.mark.parametrize(
    ("phase", "words"),
    [
        (StandingPhase.RECTIFYING, "限期整改"),
        (StandingPhase.SUSPENDED, "暂停"),
        (StandingPhase.EXITED, "移出"),
    ],
)
@pytest.mark.parametrize("step", ["create", "submit", "confirm", "accept"])
def test_an_unfit_provider_takes_no_new_contract(
    world: World, phase: StandingPhase, words: str, step: str
) -> None:
    steps = {"submit": world.owner, "confirm": world.client, "accept": world.district}
    project = None if step == "create" else world.draft()
    for action, actor in steps.items():
        if action == step or project is None:
            break
        world.step(actor, project, action)
    workflow = world.round.programme.workflows["standing"]
    state = next(state for state in workflow.states if state.phase == phase)
    world.membership.state, world.membership.phase = state.id, phase.value
    world.membership.exited_on = date(2026, 5, 1) if phase is StandingPhase.EXITED else None
    world.session.flush()
    with pytest.raises(Conflict) as refused:
        if project is None:
            filings.create(world.session, world.owner, world.filing())
        else:
            world.step(steps[step], project, step)
    assert refused.value.reasons == [f"服务商目前“{state.staff_label}”，不能备案新合同"]
    assert words in state.staff_label


def test_a_warned_provider_may_go_on(world: World) -> None:
    world.membership.state = world.membership.phase = "warned"
    assert world.running().phase == ProjectPhase.RUNNING


def test_a_ban_and_another_place_under_rectification_stop_it_too(world: World) -> None:
    project = world.draft()
    ban = factories.make_ban(world.session, world.round, world.provider)
    with pytest.raises(Conflict) as refused:
        world.step(world.owner, project, "submit")
    assert refused.value.reasons == ["服务商目前“禁报期内”，不能备案新合同"]
    ban.since, ban.until = clock.today() - timedelta(9), clock.today() - timedelta(1)
    factories.make_membership(
        world.session, world.round, world.provider, segment="auto_parts",
        phase=StandingPhase.RECTIFYING,
    )  # fmt: skip
    with pytest.raises(Conflict) as refused:
        world.step(world.owner, project, "submit")
    assert "不能备案新合同" in refused.value.message


def test_nobody_else_knows_of_it(world: World) -> None:
    draft = world.draft()
    filed = world.running()
    other_owner = acting(world.session, Role.PROVIDER_OWNER)
    other_client = acting(world.session, Role.ENTERPRISE)
    desk = factories.make_organisation(world.session, kind="district_office", district="370283")
    other_district = acting(world.session, Role.DISTRICT_REVIEWER, desk)
    for actor in (other_owner, other_client, other_district):
        for project in (draft, filed):
            with pytest.raises(NotFound):
                projects.get(world.session, actor, project.id)
            with pytest.raises(NotFound):
                projects.act(world.session, actor, project, project, "take_back")
    for actor in (world.client, world.district, world.city):
        with pytest.raises(NotFound):
            projects.get(world.session, actor, draft.id)
        assert projects.get(world.session, actor, filed.id) is filed


def test_each_step_has_its_own_side(world: World) -> None:
    project = world.draft()
    world.step(world.owner, project, "submit")
    viewer = acting(world.session, Role.PROVIDER_VIEWER, world.provider.organisation)
    for actor, action in (
        (world.owner, "confirm"), (world.client, "accept"), (world.district, "confirm"),
        (world.city, "accept"), (viewer, "take_back"),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            world.step(actor, project, action)
    with pytest.raises(Conflict):
        world.step(world.district, project, "accept")  # its own step, but not yet
    assert project.phase == ProjectPhase.CONFIRMING
