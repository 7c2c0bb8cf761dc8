"""J9 S5–S8 in Chromium: mended or overdue, heard, decided, announced, replaced, appealed.

Each person has a window of his own: offices at a desk with scripts, the provider
on a phone without.
"""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from marketplace import clock
from marketplace.models import Ban, CaseStudy, Membership, Proceeding, Replacement
from marketplace.permissions import SYSTEM
from marketplace.phases import ProceedingKind
from marketplace.services.proceedings import proceedings, proceedings_tick, removals
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.workflow import LOADING
from tests.browser.looks import problems
from tests.browser.removal_scene import CELL, WORDS, Scene
from tests.browser.stage import PAPER, PHONE, Stage, press, stage, step
from tests.support.world_proceedings import WHY

__all__ = ["stage"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def test_j9_from_the_overdue_order_to_removal_replacement_and_appeal(stage: Stage) -> None:
    scene = Scene(stage)
    case = scene.order()
    owner = scene.who("owner", PHONE)
    _warned(scene, owner)
    owner.goto(f"/p/proceedings/{case}")
    step(owner, "提交整改方案", text="三月底前补齐档案")
    stage.time.set(_due(scene, case))
    owner = scene.who("owner", PHONE)
    owner.goto(f"/p/proceedings/{case}")
    expect(owner.get_by_role("main")).to_contain_text("期限已到")
    assert proceedings_tick.run(stage.database) == 1
    assert proceedings_tick.run(stage.database) == 0
    removal = scene.newest().id
    _suspended(scene, removal)
    _decided(scene, owner, removal)
    _on_notice(scene)
    _removed(scene, owner, removal)
    appeal = _replaced(scene, owner, removal)
    _restored(scene, owner, appeal)


def _due(scene: Scene, case: int) -> Any:
    with scene.stage.database.reading() as session:
        return session.get_one(Proceeding, case).due_at


def _warned(scene: Scene, owner: Page) -> None:
    """S5: a word and a sign on the page of the provider; no enquiries; the other place stays."""
    owner.goto(f"/providers/{scene.provider}")
    expect(
        owner.locator("h1 .tag, .page-header .tag").filter(has_text="警告").first
    ).to_be_visible()
    assert (scene.state(), scene.state(scene.other)) == ("rectifying", "listed")


def _suspended(scene: Scene, removal: int) -> None:
    """S6: the end of the clock suspends and opens the removal; search forgets, the page says."""
    assert (scene.state(), scene.state(scene.other)) == ("suspended", "listed")
    scene.stage.drain()
    visitor = scene.stage.window()
    visitor.goto("/providers?segment=home_appliance&type=product")
    expect(visitor.locator("article").filter(has_text=scene.names["own"])).to_have_count(0)
    visitor.goto(f"/providers/{scene.provider}")
    expect(visitor.locator("#places")).to_contain_text("已暂停")
    officer = scene.who("officer")
    officer.goto("/work/proceedings?kind=removal")
    officer.get_by_role("link", name=scene.names["own"]).first.click()
    expect(officer.locator("#facts")).to_contain_text("整改不到位")
    assert officer.url.endswith(f"/work/proceedings/{removal}")
    assert problems(officer) == []
    step(officer, "告知陈述申辩", reason=WORDS)


def _decided(scene: Scene, owner: Page, removal: int) -> None:
    """Heard in writing; each bureau gives its own opinion; nobody decides before the last one."""
    owner.goto(f"/p/proceedings/{removal}")
    owner.get_by_role("link", name="提交陈述申辩").click()
    press(owner, "确认提交陈述申辩")
    expect(owner.locator(".error-summary")).to_be_visible()
    owner.locator("input[type=file]").set_input_files(PAPER)
    press(owner, "确认提交陈述申辩", text="大部分已经完成")
    expect(owner.get_by_role("main")).to_contain_text("大部分已经完成")
    here = f"/work/proceedings/{removal}"
    officer, leader = scene.who("officer"), scene.who("leader")
    officer.goto(here)
    expect(officer.locator("#files")).to_contain_text("材料.pdf")
    step(officer, "提交部门会签", reason=WORDS)
    leader.goto(f"{here}/decide")
    expect(leader.get_by_role("main")).to_contain_text("还没有意见")
    for page in (leader, *(scene.who(name) for name in scene.bureaus)):
        page.goto(here)
        step(page, "提出本部门意见", agrees="1", text="同意移出")
    leader.goto(here)
    expect(leader.locator("#opinions li")).to_have_count(3)
    leader.get_by_role("link", name="作出移出决定").click()
    press(leader, "确认作出移出决定", reason=WORDS)
    expect(leader.locator(".error-summary")).to_contain_text("文号")
    press(leader, "确认作出移出决定", document_no="青民发〔2026〕8号")
    expect(leader.get_by_text("已办理：作出移出决定")).to_be_visible()
    officer.goto(here)
    step(officer, "拟定退出公示", reason=WORDS)
    officer.get_by_role("link", name="在公示页面发布和公布结果").click()
    _publish(officer, leader)


def _publish(officer: Page, ends: Page) -> None:
    """A drafted notice gets its number and is published; nobody ends it before its time."""
    notice = officer.url
    officer.goto(f"{notice}/edit")
    press(officer, re.compile("^保存"), document_no="测试公示〔2026〕1号")
    officer.goto(notice)
    officer.get_by_role("button", name="发布公示").click()
    ends.goto(notice)
    expect(ends.locator("#finish button")).to_be_disabled()
    officer.get_by_text("怎么算的").first.click()
    expect(officer.get_by_role("main")).to_contain_text("依据的工作日历：2026年（官方）")


def _on_notice(scene: Scene) -> None:
    """Five working days in public; then the leader announces, by document."""
    notice = scene.stage.notice()
    assert notice.working_days == 5
    assert notice.ends_at is not None
    visitor = scene.stage.window()
    visitor.goto(f"/notices/{notice.id}")
    expect(visitor.get_by_role("main")).to_contain_text(scene.names["own"])
    assert visitor.request.get("/notices.rss").text().count(f"/notices/{notice.id}</link>") == 1
    assert scene.cell() == (3, 0, 3)
    scene.stage.time.set(notice.ends_at)
    leader = scene.who("leader")
    leader.goto(f"/work/notices/{notice.id}")
    press(leader, re.compile("公告移出|移出"), document_no="测试公告〔2026〕1号")
    expect(leader.get_by_text("已办结1项。")).to_be_visible()
    assert (scene.state(), scene.cell()) == ("removed", (2, 0, 3))


def _removed(scene: Scene, owner: Page, removal: int) -> None:
    """S7: one place only; its page stays, its cases go, its project runs, its ban is set."""
    assert scene.state(scene.other) == "listed"
    scene.stage.drain()
    visitor = scene.stage.window(size=PHONE)
    answer = visitor.goto(f"/providers/{scene.provider}")
    assert answer is not None
    assert answer.status == 200
    expect(visitor.locator("#places")).to_contain_text("已退出（移出）")
    visitor.locator("#places").get_by_role("link", name=re.compile("家用电器")).click()
    expect(visitor.get_by_role("main")).to_contain_text("移出")
    expect(visitor.get_by_role("main")).not_to_contain_text("大部分已经完成")
    owner = scene.who("owner", PHONE)
    owner.goto(f"/p/proceedings/{removal}")
    expect(owner.locator("#projects")).to_contain_text("在施的项目")
    expect(owner.locator("#letters")).to_contain_text("移出决定书")
    today = clock.today()
    with scene.stage.database.reading() as session:
        ban = session.scalars(select(Ban)).one()
        assert (ban.reason_code, ban.since, ban.until) == (
            "X05", today, today.replace(year=today.year + 1) - timedelta(days=1),
        )  # fmt: skip
        shown = select(CaseStudy.hidden_at).where(CaseStudy.provider_id == scene.provider)
        assert None not in session.scalars(shown).all()


def _replaced(scene: Scene, owner: Page, removal: int) -> int:
    """S8: the first of the reserve is checked again, stands on its own notice and is listed."""
    officer = scene.who("officer")
    officer.goto("/work/replacements")
    officer.locator("tbody a", has_text=scene.names["own"]).click()
    expect(officer.locator("#first")).to_contain_text("81")
    assert problems(officer) == []
    officer.get_by_role("link", name="选定并拟定公示").click()
    choose = "确认选定并拟定公示"
    press(officer, choose, reason="得分第一")
    expect(officer.locator(".error-summary")).to_be_visible()
    press(officer, choose, check_eligibility="符合", check_credit_report=f"{clock.today()}")
    expect(officer.get_by_text("已办理：选定并拟定公示")).to_be_visible()
    assert scene.cell() == (2, 1, 3)
    officer.get_by_role("link", name="在公示页面发布和公布结果").click()
    _publish(officer, officer)
    owner = scene.who("owner", PHONE)
    owner.goto(f"/p/proceedings/{removal}")
    owner.locator("main a.btn", has_text="申诉").click()
    press(owner, "提交申诉", text="两份合同没有入卷")
    expect(owner.get_by_text("申诉已提交")).to_be_visible()
    appeal = int(owner.url.rpartition("/")[2])
    notice = scene.stage.notice()
    assert notice.ends_at is not None
    scene.stage.time.set(notice.ends_at)
    officer = scene.who("officer")
    officer.goto(f"/work/notices/{notice.id}")
    press(officer, "公布递补结果", document_no="测试公告〔2026〕2号")
    expect(officer.get_by_text("已办结1项。")).to_be_visible()
    assert scene.cell() == (3, 0, 3)
    scene.stage.drain()
    visitor = scene.stage.window()
    visitor.goto("/providers?segment=home_appliance&type=product")
    expect(visitor.locator("article").filter(has_text=scene.names["reserve"])).to_have_count(1)
    feed = visitor.request.get("/providers.rss?segment=home_appliance&type=product").text()
    assert feed.count(f"/providers/{scene.reserve}</link>") == 1
    return appeal


def _restored(scene: Scene, owner: Page, appeal: int) -> None:
    """E: the appeal is right and the place is taken: a decision on the quota is asked for."""
    here = f"/work/appeals/{appeal}"
    leader, judge = scene.who("leader"), scene.who("judge")
    leader.goto(f"{here}/panel")
    options = leader.locator("[name=panel_1] option").all_inner_texts()
    assert not any(scene.people["officer"].name in text for text in options)
    press(leader, "确认组成申诉小组", panel_1=f"{scene.people['judge'].user_id}", reason="未参与")
    judge.goto(here)
    judge.get_by_role("link", name="作出决定").click()
    press(judge, "确认作出决定", outcome="upheld", document_no="测试〔2026〕9号", reason="合同属实")
    expect(judge.get_by_role("main")).to_contain_text("需要名额决定")
    assert (scene.cell(), scene.state()) == ((3, 0, 3), "removed")
    judge.get_by_role("link", name="恢复在池").click()
    press(judge, "确认恢复在池", reason="先试")
    expect(judge.get_by_role("main")).to_contain_text("名额已满")
    leader.goto(here)
    leader.get_by_role("link", name="请签发人凭文件调整名额").click()
    press(leader, "查看变化", cap="4")
    leader.locator("input[type=file]").set_input_files(PAPER)
    press(leader, "确认调整", reason="申诉成立", document_no="测试〔2026〕10号")
    judge.goto(here)
    step(judge, "恢复在池", reason="名额已调整")
    with scene.stage.database.reading() as session:
        back = session.scalars(
            select(Membership)
            .where(Membership.provider_id == scene.provider, Membership.segment == CELL["segment"])
            .order_by(Membership.id.desc())
            .limit(1)
        ).one()
        first = session.get_one(Membership, scene.place)
        assert (back.state, back.listed_on) == ("listed", first.listed_on)
        assert session.scalars(select(Ban.lifted_on)).one() == clock.today()
    assert scene.cell() == (4, 0, 4)
    scene.stage.drain()
    owner = scene.who("owner", PHONE)
    owner.goto(f"/providers/{scene.provider}")
    expect(owner.locator("#places")).to_contain_text("在池")
    expect(owner.locator("#places")).to_contain_text("已退出（移出）")


def test_j9_mended_on_the_last_day_then_a_veto_and_nobody_in_reserve(stage: Stage) -> None:
    scene = Scene(stage, reserve=False)
    case = scene.order()
    owner = scene.who("owner", PHONE)
    owner.goto(f"/p/proceedings/{case}")
    step(owner, "提交整改方案", text="三月底前补齐档案")
    _mended_at_the_last_second(scene, case)
    _vetoed(scene)
    _nobody_left(scene)


def _mended_at_the_last_second(scene: Scene, case: int) -> None:
    """Reported with its papers a second before the end; checked, confirmed, back in the pool."""
    scene.stage.time.set(_due(scene, case) - timedelta(seconds=1))
    owner = scene.who("owner", PHONE)
    owner.goto(f"/p/proceedings/{case}")
    owner.get_by_role("main").get_by_role("link", name="提交整改报告").click()
    press(owner, "确认提交整改报告", text="全部补齐")
    expect(owner.get_by_role("main")).to_contain_text("请上传附件")
    expect(owner.locator("[name=text]")).to_have_value("全部补齐")
    owner.locator("input[type=file]").set_input_files(PAPER)
    press(owner, "确认提交整改报告")
    expect(owner.get_by_text("已办理：提交整改报告")).to_be_visible()
    scene.stage.time.add(seconds=2)
    assert proceedings_tick.run(scene.stage.database) == 0
    for name, link in (("district", "核查通过"), ("officer", "确认整改完成")):
        page = scene.who(name, PHONE)
        page.goto(f"/work/proceedings/{case}")
        step(page, link, reason=WORDS)
    assert (scene.state(), scene.cell()) == ("listed", (3, 0, 3))
    visitor = scene.stage.window(size=PHONE)
    visitor.goto(f"/providers/{scene.provider}/why/{scene.place}")
    for words in ("责令整改", "整改完成"):
        expect(visitor.get_by_role("main")).to_contain_text(words)


def _vetoed(scene: Scene) -> None:
    """A veto that a check finds suspends at once; a person confirms it, and opens the removal."""
    with scene.stage.database.unit_of_work() as session:
        place = session.get_one(Membership, scene.place, options=LOADING[Membership])
        found = Details(findings="列入严重失信主体名单")
        proceedings.open(session, SYSTEM, place, ProceedingKind.SUSPENSION, "X07", WHY, found)
    assert (scene.state(), scene.state(scene.other)) == ("suspended", "listed")
    officer = scene.who("officer", PHONE)
    officer.goto("/tasks")
    officer.get_by_role("main").get_by_role("link", name=re.compile("暂停")).first.click()
    expect(officer.get_by_role("main")).to_contain_text("已暂停，待人工确认")
    step(officer, "确认暂停", reason=WORDS)
    step(officer, "启动退出程序", reason=WORDS)
    assert scene.newest().kind == "removal"


def _nobody_left(scene: Scene) -> None:
    """Removed, and the reserve is empty: the place goes to a further selection (补充遴选)."""
    with scene.stage.database.unit_of_work() as session:
        made = scene.world(session, scene.newest().id)
        case = proceedings.get(session, SYSTEM, scene.newest().id)
        made.act(case, "open_hearing", made.officer)
        made.act(case, "reply", made.owner, text="没有异议")
        made.act(case, "ask_bureaus", made.officer)
        for who in (made.leader, *made.bureaus.values()):
            removals.opine(session, who, case, agrees=True, text="同意移出")
        made.act(case, "decide", made.leader)
        made.act(case, "open_notice", made.officer)
        made.finish(made.publish(scene.stage.time), made.leader)
    assert (scene.state(), scene.cell()) == ("removed", (2, 0, 3))
    officer = scene.who("officer", PHONE)
    officer.goto("/work/replacements")
    officer.locator("tbody a", has_text=scene.names["own"]).click()
    expect(officer.get_by_role("main")).to_contain_text("候补名单没有可以递补的单位，需要补充遴选")
    officer.get_by_role("link", name="登记补充遴选").click()
    press(officer, "确认没有候补，补充遴选", reason="候补名单为空")
    expect(officer.locator("h1")).to_contain_text("补充遴选")
    with scene.stage.database.reading() as session:
        assert session.scalars(select(Replacement.state)).one() == "no_reserve"
    officer.goto("/pool")
    expect(officer.get_by_role("main")).to_contain_text("缺1")
