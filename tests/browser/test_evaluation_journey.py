"""J9 S1–S5 in Chromium: a cycle is opened, frozen, scored, objected to and published.

The city and its leader at a desk with scripts; an expert and providers on phones without.
"""

import re
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from marketplace import clock
from marketplace.models import EvaluationCycle, EvaluationSheet, Membership, Project, Quota
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, ProjectPhase, Role
from marketplace.services.evaluation import sheets
from marketplace.services.upkeep import seeding
from tests import factories
from tests.browser.looks import problems
from tests.browser.stage import PHONE, Stage, press, stage
from tests.support.world_evaluations import JUDGED, Panel, acting, make_example, make_poor

__all__ = ["stage"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

LABEL = "2026年上半年评价"


class Scene:
    """Three places: by the worked example, failing with a project that runs, and too new."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.time.on(date(2026, 7, 6))
        with stage.database.unit_of_work() as session:
            seeding.seed_calendar(session)
            seeding.seed_vocabulary(session)
            round_ = factories.make_round(session)
            self.panel = Panel(session)
            self.whole = make_example(session, round_).membership
            self.poor = make_poor(session, round_)
            self.new = factories.make_membership(session, round_, factories.make_provider(session))
            enterprise = factories.make_organisation(
                session, kind=OrganisationKind.ENTERPRISE.value
            )
            running = factories.make_project(
                session, self.poor, enterprise, phase=ProjectPhase.RUNNING,
                filed_on=date(2026, 5, 6), title="在施的项目",
            )  # fmt: skip
            self.running = running.id
            self.client = acting(session, Role.ENTERPRISE, enterprise)
            self.names = {
                place: getattr(self, place).provider.organisation.name
                for place in ("whole", "poor", "new")
            }
            self.owners = {
                place: acting(
                    session, Role.PROVIDER_OWNER, getattr(self, place).provider.organisation
                )
                for place in self.names
            }
            self.providers = {place: getattr(self, place).provider_id for place in self.names}
            self.places = {place: getattr(self, place).id for place in self.names}

    def sheet(self, place: str) -> int:
        with self.stage.database.reading() as session:
            query = select(EvaluationSheet.id).where(
                EvaluationSheet.membership_id == self.places[place]
            )
            return session.scalars(query).one()

    def judge(self, place: str, *, by: list[Actor], poorly: bool = False) -> None:
        """Evaluators beside the one who clicks."""
        with self.stage.database.unit_of_work() as session:
            self.panel.session = session
            sheet = sheets.get(session, self.panel.city, self.sheet(place))
            if poorly:
                self.panel.judge(sheet, poorly=True)
                return
            for actor in by:
                assert actor.role is not None
                sheets.declare(session, actor, sheet, "none", "")
                sheets.score(session, actor, sheet, JUDGED[actor.role])

    def row(self, model: Any, id_: int) -> Any:
        with self.stage.database.reading() as session:
            return session.get_one(model, id_)


def test_j9_from_the_opened_cycle_to_grades_that_everybody_reads(stage: Stage) -> None:
    scene = Scene(stage)
    city, leader = stage.window(scene.panel.city), stage.window(scene.panel.leader)
    cycle = _open(city)
    _score(scene, stage.window(scene.panel.experts[0], PHONE))
    _show(city, cycle)
    owners = {
        "whole": stage.window(scene.owners["whole"]),
        "poor": stage.window(scene.owners["poor"], PHONE),
        "new": stage.window(scene.owners["new"], PHONE),
    }
    _drafts(owners)
    _object(city, owners["poor"], leader, cycle)
    _publish(scene, leader, cycle)
    _what_follows(scene, owners["poor"])
    _in_public(scene)


def _open(city: Page) -> str:
    """S1: opened with its scheme, then frozen; a second freezing is refused."""
    city.goto("/work/evaluations")
    city.get_by_role("link", name="开启评价").click()
    press(city, "开启评价", label=LABEL, period_from="2026-06-30", period_until="2026-01-01")
    expect(city.locator(".error-summary")).to_contain_text("不能早于开始日期")
    expect(city.locator("[name=label]")).to_have_value(LABEL)
    press(city, "开启评价", period_from="2026-01-01", period_until="2026-06-30")
    expect(city.locator("h1")).to_contain_text(LABEL)
    stale = city.context.new_page()
    stale.goto(city.url)
    city.get_by_role("button", name="冻结数据").click()
    expect(city.locator("#facts")).to_contain_text("2026-07-06")
    stale.get_by_role("button", name="冻结数据").click()
    expect(stale.get_by_role("main")).to_contain_text("没有办成")
    stale.close()
    assert problems(city) == []
    return city.url


def _score(scene: Scene, expert: Page) -> None:
    """S2: one expert on a phone declares and scores; the others by their services."""
    scene.judge("whole", by=[*scene.panel.experts[1:], scene.panel.third, scene.panel.district])
    scene.judge("poor", by=[], poorly=True)
    expert.goto("/work/evaluations")
    expert.get_by_role("link", name=LABEL).click()
    expect(expert.get_by_role("link", name=scene.names["new"])).to_have_count(0)
    expert.get_by_role("link", name=scene.names["whole"]).click()
    expect(expert.locator("[name='points_D3-1']")).to_have_count(0)
    press(expert, "提交声明")
    expect(expert.locator(".error-summary")).to_be_visible()
    press(expert, "提交声明", interest="none")
    expect(expert.get_by_role("main")).not_to_contain_text("产品覆盖主要场景")
    expert.locator("[name='points_D3-1']").fill("9")
    expert.locator("[name='why_D3-1']").fill("覆盖主要场景")
    expert.get_by_role("button", name="保存评分").click()
    expect(expert.locator(".error-summary")).to_contain_text("8")
    expect(expert.locator("[name='why_D3-1']")).to_have_value("覆盖主要场景")
    expert.locator("[name='points_D3-1']").fill("6")
    expert.get_by_role("button", name="保存评分").click()
    expect(expert.locator(".error-summary")).to_have_count(0)


def _show(city: Page, cycle: str) -> None:
    """The drafts go out; how the window is counted stands beside the button."""
    city.goto(cycle)
    city.get_by_text("怎么算的").first.click()
    expect(city.locator("#next ol")).to_contain_text("第5个工作日")
    city.get_by_role("button", name="发给服务商征求意见").click()
    expect(city.locator("#facts")).to_contain_text("2026-07-13")
    assert problems(city) == []


def _drafts(owners: dict[str, Page]) -> None:
    """S3: every figure opens to its rows, the total is their sum, too little data is no zero."""
    whole = owners["whole"]
    whole.goto("/p")
    whole.get_by_role("main").get_by_role("link", name=re.compile("评价")).first.click()
    if whole.locator("#indicators").count() == 0:
        whole.get_by_role("link", name=LABEL).first.click()
    expect(whole.locator("#total")).to_contain_text("83.3 分")
    rows = whole.locator("#indicators tbody tr")
    points = [Decimal(text) for text in rows.locator("td:nth-child(3) strong").all_inner_texts()]
    assert len(points) == rows.count() == 15
    total = sum(points).quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert (sum(points), total) == (Decimal("83.30"), Decimal("83.3"))
    shut = whole.locator("#indicators summary")
    for summary in shut.all():
        summary.click()
    assert whole.get_by_text("没有数据。").count() == 0
    links = whole.locator("#indicators details a")
    kinds = {re.sub(r"\d+", "N", str(link.get_attribute("href"))) for link in links.all()}
    assert {"/p/projects/N", "/p/reports/N"} <= kinds
    assert problems(whole) == []
    links.first.click()
    expect(whole.locator("h1")).to_be_visible()
    owners["new"].goto("/p/evaluations")
    expect(owners["new"].locator("tbody tr")).to_contain_text("暂不评级")
    expect(owners["new"].locator("tbody tr td.num")).to_have_text("–")


def _object(city: Page, poor: Page, leader: Page, cycle: str) -> None:
    """An objection from a phone; nothing is public before its answer and the end of the window."""
    poor.goto("/p/evaluations")
    poor.get_by_role("link", name=LABEL).first.click()
    expect(poor.get_by_text("请在 2026-07-13 24:00 前提出")).to_be_visible()
    press(poor, "提交异议")
    expect(poor.locator(".error-summary")).to_be_visible()
    press(poor, "提交异议", indicator="D1-3", text="停产五天应当扣除")
    expect(poor.locator("#objections")).to_contain_text("核实中")
    leader.goto(f"{cycle}/publish")
    for reason in ("异议期到2026-07-13", "还有1件异议没有答复"):
        expect(leader.get_by_role("main")).to_contain_text(reason)
    expect(leader.get_by_role("button", name=re.compile("公布"))).to_have_count(0)
    city.goto("/tasks")
    city.get_by_role("link", name=re.compile("异议")).first.click()
    city.locator("#objections [name=reason]").fill("停产没有报备变更，按合同日期计算。")
    city.get_by_role("button", name="异议不成立").click()
    expect(city.locator("#objections")).to_contain_text("异议不成立")
    poor.reload()
    expect(poor.locator("#objections")).to_contain_text("停产没有报备变更")


def _publish(scene: Scene, leader: Page, cycle: str) -> None:
    """S4: at the end of the window, previewed, in one batch by document."""
    with scene.stage.database.reading() as session:
        until: datetime = session.scalars(select(EvaluationCycle)).one().objections_until
        before = session.execute(select(Quota.id, Quota.used, Quota.held)).all()
    scene.stage.time.set(until)
    late = scene.stage.window(scene.owners["whole"])
    late.goto(f"/p/evaluations/{scene.sheet('whole')}")
    expect(late.get_by_role("button", name="提交异议")).to_have_count(0)
    leader = scene.stage.window(scene.panel.leader)
    leader.goto(f"{cycle}/publish")
    expect(leader.locator("#follows tbody tr")).to_have_count(1)
    expect(leader.locator("#follows")).to_contain_text(scene.names["poor"])
    expect(leader.locator("#follows")).to_contain_text("开始限期整改（原因X03）")
    assert problems(leader) == []
    press(leader, re.compile("^公布 3 份"))
    expect(leader.locator(".error-summary")).to_contain_text("文号")
    press(leader, re.compile("^公布 3 份"), document_no="青民评〔2026〕3号")
    expect(leader.get_by_role("button", name=re.compile("^公布 "))).to_have_count(0)
    with scene.stage.database.reading() as session:
        assert session.execute(select(Quota.id, Quota.used, Quota.held)).all() == before
    assert scene.row(EvaluationCycle, 1).phase == "published"


def _what_follows(scene: Scene, poor: Page) -> None:
    """S5: thirty days to mend, no new enquiries or contracts; what runs goes on."""
    place = scene.row(Membership, scene.places["poor"])
    assert (place.state, place.rectify_by) == ("rectifying", clock.today() + timedelta(days=30))
    poor = scene.stage.window(scene.owners["poor"], PHONE)
    poor.goto("/p/proceedings")
    poor.get_by_role("link", name=re.compile("限期整改")).first.click()
    expect(poor.get_by_role("main")).to_contain_text("待提交整改方案")
    expect(poor.get_by_role("main")).to_contain_text(f"{place.rectify_by}")
    poor.goto(f"/p/projects/{scene.running}")
    expect(poor.get_by_role("main")).to_contain_text("实施中")
    assert scene.row(Project, scene.running).phase == "running"


def _in_public(scene: Scene) -> None:
    """A warning in words and with a sign, on the page and on the card; the grade with its score."""
    scene.stage.drain()
    firm = scene.stage.window(scene.client)
    firm.goto(f"/providers/{scene.providers['poor']}")
    tag = firm.locator(".page-header .tag, header .tag").filter(has_text="警告").first
    expect(tag).to_be_visible()
    expect(tag.locator("svg")).to_have_count(1)
    expect(firm.get_by_role("link", name=re.compile("^咨询"))).to_have_count(0)
    expect(firm.locator("#places")).to_contain_text("不合格")
    assert problems(firm) == []
    firm.goto(f"/me/inquiries/new?provider={scene.providers['poor']}")
    expect(firm.get_by_role("button", name="发出咨询")).to_have_count(0)
    visitor = scene.stage.window(size=PHONE)
    visitor.goto("/providers?segment=home_appliance&type=product")
    card = visitor.locator("article").filter(has_text=scene.names["poor"])
    expect(card).to_contain_text("警告")
    expect(card.locator(".tag svg").first).to_be_visible()
    visitor.goto(f"/providers/{scene.providers['whole']}")
    for words in ("良好", "83.3"):
        expect(visitor.locator("#places")).to_contain_text(words)
    expect(visitor.get_by_role("link", name=re.compile("^咨询")).first).to_be_visible()
    visitor.goto(f"/providers/{scene.providers['new']}")
    expect(visitor.locator("#places")).to_contain_text("暂不评级")
