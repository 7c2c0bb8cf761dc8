"""J8 in Chromium: the quarterly report from its task to the city's roll-up.

A firm with contracts, its district and the city at a desk; one without any on a phone, no scripts.
"""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from marketplace.models import EvaluationSheet, Message, PeriodicReport, Round
from marketplace.permissions import Actor
from marketplace.phases import MilestonePhase, OrganisationKind, Role, StandingPhase
from marketplace.services.evaluation import cycles
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.reports import opening, reminders
from tests import factories
from tests.browser.looks import problems
from tests.browser.stage import PHONE, Stage, stage
from tests.support import world_upkeep

__all__ = ["stage"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

HERE = "370212"
SUMS = "/work/reports/rollup?scope=qd-2024:QD-E2:2026Q1"


class Scene:
    """Three firms of one district: with a contract, without any, and one that left in February."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        stage.time.on(date(2026, 4, 1))
        with stage.database.unit_of_work() as session:
            world_upkeep.know_2026(session)
            factories.make_term(session, "district", HERE, "崂山区")
            round_ = factories.make_round(session, "qd-2024")
            firms = [factories.make_organisation(session, district=HERE) for _ in range(3)]
            busy, quiet, left = (factories.make_provider(session, firm) for firm in firms)
            place = factories.make_membership(session, round_, busy)
            factories.make_membership(session, round_, quiet, segment="auto_parts")
            factories.make_membership(
                session, round_, left, type="integrator", phase=StandingPhase.EXITED,
                exited_on=date(2026, 2, 14),
            )  # fmt: skip
            client = factories.make_organisation(
                session, kind=OrganisationKind.ENTERPRISE.value, district=HERE
            )
            filed = factories.make_project(session, place, client, filed_on=date(2026, 3, 9))
            factories.make_milestone(
                session, filed, phase=MilestonePhase.CONFIRMED, due_on=date(2026, 3, 31)
            )
            desk = factories.make_organisation(
                session, kind=OrganisationKind.DISTRICT_OFFICE.value, district=HERE
            )
            bureau = factories.make_organisation(session, kind=OrganisationKind.LEAD_BUREAU.value)
            self.firms = [firm.id for firm in firms]
            self.names = [firm.name for firm in firms]
            self.providers = [row.id for row in (busy, quiet, left)]
            homes = desk.id, bureau.id
        assert opening.run(stage.database) == 3
        self.owners = [stage.somebody(Role.PROVIDER_OWNER, firm) for firm in self.firms]
        self.district = stage.somebody(Role.DISTRICT_REVIEWER, homes[0])
        self.city = stage.somebody(Role.CITY_OFFICER, homes[1])

    def report(self, number: int) -> PeriodicReport:
        with self.stage.database.reading() as session:
            query = select(PeriodicReport).where(
                PeriodicReport.provider_id == self.providers[number]
            )
            return session.scalars(query).one()


def test_j8_from_the_task_to_the_sums_of_the_city(stage: Stage) -> None:
    scene = Scene(stage)
    owner = stage.window(scene.owners[0])
    _filled_in(scene, owner)
    _nothing_to_report(scene)
    _added_up(scene, scene.district)
    _added_up(scene, scene.city)
    _reminded(scene)
    _waived(scene)
    _counts_in_the_evaluation(scene)


def _filled_in(scene: Scene, owner: Page) -> None:
    """S1–S2: prefilled with its sources; a correction says why; two versions and what differs."""
    owner.goto("/p")
    owner.get_by_role("main").get_by_role("link", name=re.compile("档案")).first.click()
    expect(owner.get_by_role("main")).to_contain_text("原定4月25日（周末），顺延到4月27日")
    assert problems(owner) == []
    owner.get_by_role("link", name="填报").click()
    form = owner.get_by_role("main")
    for name, value in (("contracts", "1"), ("amount", "38.00"), ("milestones_done", "1")):
        expect(form.locator(f"[name={name}]")).to_have_value(value)
    form.locator("tbody summary").first.click()
    expect(form.locator("tbody a[href^='/p/projects/']").first).to_be_visible()
    assert problems(owner) == []
    form.locator("[name=contracts]").fill("2")
    owner.get_by_role("button", name="保存草稿").click()
    owner.wait_for_load_state()
    owner.reload()
    expect(form.locator("[name=contracts]")).to_have_value("2")
    for box in form.locator("textarea").all():
        box.fill("照常")
    for name in ("joined", "left", "trained"):
        form.locator(f"[name={name}]").fill("0")
    owner.get_by_role("button", name="提交").click()
    expect(owner.locator(".error-summary")).to_contain_text("与系统数字1不同，请写明更正理由")
    expect(form.locator("textarea").first).to_have_value("照常")
    form.locator("[name=why_contracts]").fill("一份合同尚未备案")
    owner.get_by_role("button", name="提交").click()
    expect(form).to_contain_text("已更正")
    expect(form).to_contain_text("一份合同尚未备案")
    owner.get_by_role("link", name="更正再报").click()
    form.locator("[name=contracts]").fill("1")
    form.locator("[name=why_contracts]").fill("")
    form.locator("[name=trained]").fill("40")
    owner.get_by_role("button", name="提交").click()
    difference = form.get_by_role("table", name="与上一版的不同").locator("tbody tr")
    expect(difference).to_have_count(2)
    assert [row.split("\t") for row in difference.all_inner_texts()] == [
        ["新备案合同", "2份", "1份"], ["培训企业人员", "0人次", "40人次"],
    ]  # fmt: skip
    assert scene.report(0).number == 2


def _nothing_to_report(scene: Scene) -> None:
    """E: three clicks at most: the task, the report's button; and a part of the quarter."""
    quiet = scene.stage.window(scene.owners[1], PHONE)
    quiet.goto("/p")
    quiet.get_by_role("main").get_by_role("link", name=re.compile("档案")).first.click()
    quiet.get_by_role("button", name="零报告").click()
    expect(quiet.get_by_role("main")).to_contain_text("零报告")
    assert (scene.report(1).phase, scene.report(1).number) == ("submitted", 1)
    left = scene.stage.window(scene.owners[2], PHONE)
    left.goto(f"/p/reports/{scene.report(2).id}")
    expect(left.get_by_role("main")).to_contain_text("2026-02-14退出")


def _numbers(cells: list[str]) -> list[Decimal]:
    return [Decimal(text) if text not in ("—", "") else Decimal(0) for text in cells]


def _added_up(scene: Scene, who: Actor) -> None:
    """S3–S4: sums equal their rows, the file equals the screen; the district sends its own."""
    page = scene.stage.window(who)
    page.goto(SUMS)
    table = page.locator("table.sums-table")
    rows = [
        row.locator("th, td").all_inner_texts()
        for row in (*table.locator("tbody tr").all(), table.locator("tfoot tr"))
    ]
    first = next(n for n in range(1, len(rows[-1])) if re.fullmatch(r"[\d.]+", rows[-1][n]))
    lines = [_numbers(row[first:]) for row in rows]
    assert [sum(column) for column in zip(*lines[:-1], strict=True)] == lines[-1]
    with page.expect_download() as waiting:
        page.get_by_role("link", name="导出 Excel").click()
    kept = CalamineWorkbook.from_path(waiting.value.path()).get_sheet_by_index(0).to_python()
    assert [len(kept) - 1, [_plain(cell) for cell in kept[-1]]] == [
        len(rows), [_plain(cell) for cell in rows[-1]],
    ]  # fmt: skip
    assert problems(page) == []
    if who is scene.district:
        page.locator("[name=text]").fill("全部核对")
        page.get_by_role("button", name="按现在的数字报送").click()
        expect(page.get_by_role("button", name="按现在的数字重新报送")).to_be_visible()
    else:
        expect(page.locator("#sent")).to_contain_text("与现在一致")


def _plain(cell: Any) -> Any:
    """A cell of the file or of the screen: a number, or its words."""
    text = "" if cell in ("—", None) else str(cell)
    return Decimal(text).normalize() if re.fullmatch(r"[\d.]+", text) else text


def _reminded(scene: Scene) -> None:
    """Before the day, on the day and after it, once each; then it stands on the overdue board."""
    told = []
    for day in (20, 26, 27, 30):
        scene.stage.time.on(date(2026, 4, day))
        told.append((reminders.run(scene.stage.database), reminders.run(scene.stage.database)))
    assert told == [(1, 0)] * 4
    with scene.stage.database.reading() as session:
        titles = session.scalars(select(Message.title).where(Message.kind == "report")).all()
    assert sum("逾期3天" in title for title in titles) == 1
    city = scene.stage.window(scene.city)
    city.goto("/work/reports?show=overdue")
    expect(city.locator("tbody tr")).to_have_count(1)
    expect(city.locator("tbody tr")).to_contain_text(scene.names[2])


def _waived(scene: Scene) -> None:
    """E: staff waive it with a reason, and take that back."""
    city = scene.stage.window(scene.city, PHONE)
    for label, reason, phase in (
        ("本期免报", "企业已注销", "skipped"),
        ("撤销免报", "登记有误", "owed"),
    ):
        city.goto(f"/work/reports/{scene.report(2).id}")
        city.get_by_role("main").get_by_role("link", name=re.compile(label)).first.click()
        city.get_by_role("main").get_by_role("button").first.click()
        expect(city.locator(".error-summary")).to_be_visible()
        city.locator("[name=reason]").fill(reason)
        city.get_by_role("main").get_by_role("button").first.click()
        expect(city.locator(".error-summary")).to_have_count(0)
        assert scene.report(2).phase == phase


def _counts_in_the_evaluation(scene: Scene) -> None:
    """Reports in time are an indicator of the next evaluation, open to the report itself."""
    scene.stage.time.on(date(2026, 7, 6))
    with scene.stage.database.unit_of_work() as session:
        half = date(2026, 1, 1), date(2026, 6, 30)
        cycle = cycles.open_cycle(session, scene.city, Opening(
            round=session.scalars(select(Round)).one(), label="上半年", period_from=half[0],
            period_until=half[1],
        ))  # fmt: skip
        cycles.freeze(session, scene.city, cycle, cycle.version)
        sheet = session.scalars(
            select(EvaluationSheet.id).where(EvaluationSheet.provider_id == scene.providers[0])
        ).one()
    city = scene.stage.window(scene.city)
    city.goto(f"/work/evaluations/sheets/{sheet}")
    line = city.locator("#indicators tr", has_text="D4-2")
    expect(line).to_contain_text("1 ÷ 1 = 100.0%")
    line.locator("summary").click()
    line.locator(f"a[href='/work/reports/{scene.report(0).id}']").click()
    expect(city.locator("h1")).to_contain_text("档案")
