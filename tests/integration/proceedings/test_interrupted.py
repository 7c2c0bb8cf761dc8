"""What was interrupted by a graver case file goes on, and no place is left without an open one."""

from datetime import date

import pytest
from sqlalchemy import select

from marketplace import clock
from marketplace.models import IssuedLetter
from marketplace.phases import ProceedingKind, Role
from marketplace.services.proceedings import proceedings, proceedings_tick
from tests import factories
from tests.integration.proceedings.test_removal import decided
from tests.support.proceedings_pages import plain, town
from tests.support.world_proceedings import world

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RECTIFY, SUSPEND, REMOVE = (
    ProceedingKind.RECTIFICATION, ProceedingKind.SUSPENSION, ProceedingKind.REMOVAL,
)  # fmt: skip


def test_an_order_to_mend_goes_on_when_the_removal_is_overturned(qingdao, time, session):
    order = qingdao.open(RECTIFY, "X03", findings="项目按期率不足")
    qingdao.act(order, "submit_plan", qingdao.owner, text="四月一日前补齐")
    time.on(date(2026, 3, 12))
    case = decided(qingdao)
    session.refresh(order)
    assert (order.phase, qingdao.place()) == ("closed", ("suspended", 1))

    time.on(date(2026, 3, 17))
    qingdao.decide(qingdao.appeal(case), upheld=True)
    session.refresh(order)
    session.refresh(case)
    # Of 30 days 20 were left on 12 March, when the removal took its place.
    assert (case.state, order.state, order.plan, order.due_at, order.closed_at) == (
        "dismissed", "mending", "四月一日前补齐", clock.end_of_day(date(2026, 4, 6)), None,
    )  # fmt: skip
    assert proceedings.current(session, qingdao.membership.id).id == order.id
    assert qingdao.place() == ("rectifying", 1)
    assert qingdao.membership.rectify_by == date(2026, 4, 6)
    letter = session.scalars(
        select(IssuedLetter).where(IssuedLetter.kind == "rectification_resumed")
    ).one()
    assert (letter.subject_id, letter.paragraphs[1]) == (
        order.id, "整改继续进行，期限接着计算，请于2026年4月6日前完成整改并提交整改报告。",
    )  # fmt: skip

    qingdao.act(order, "report_mended", qingdao.owner, text="已补齐")
    qingdao.act(order, "check_pass", qingdao.district)
    qingdao.act(order, "confirm_mended", qingdao.officer)
    assert (order.state, qingdao.place()) == ("mended", ("listed", 1))


@on_sqlite
def test_it_goes_on_after_a_dismissal_and_runs_out_like_any_other(qingdao, time, session):
    order = qingdao.open(RECTIFY, "X03")
    time.on(date(2026, 3, 31))
    case = qingdao.open(REMOVE, "X02")
    assert qingdao.place() == ("rectifying", 1)
    qingdao.act(case, "dismiss", qingdao.officer)
    session.refresh(order)
    # One day was left; a plan is given five.
    assert (order.state, order.due_at) == ("mending", clock.end_of_day(date(2026, 4, 5)))
    assert (qingdao.place(), qingdao.membership.rectify_by) == (
        ("rectifying", 1), date(2026, 4, 5),
    )  # fmt: skip

    time.set(order.due_at)
    assert proceedings_tick.lapse(session, order.id) is True
    removal = proceedings.current(session, qingdao.membership.id)
    assert (removal.predecessor_id, qingdao.place()) == (order.id, ("suspended", 1))
    qingdao.act(removal, "dismiss", qingdao.officer)
    # The order itself ended when it ran out: nothing is left of it.
    assert (proceedings.current(session, qingdao.membership.id), qingdao.place()) == (
        None, ("listed", 1),
    )  # fmt: skip


@on_sqlite
def test_an_order_found_wrong_meanwhile_does_not_go_on(qingdao, session):
    order = qingdao.open(RECTIFY, "X03")
    pause = qingdao.open(SUSPEND, "X07")
    qingdao.decide(qingdao.appeal(order), upheld=True)
    assert qingdao.place() == ("suspended", 1)
    qingdao.act(pause, "lift", qingdao.officer)
    session.refresh(order)
    assert (order.phase, qingdao.place()) == ("closed", ("listed", 1))


@on_sqlite
@pytest.mark.parametrize("grown", [False, True], ids=["beside", "from it"])
def test_a_suspension_under_a_programme_whose_removals_restore_nothing(session, time, grown):
    here = world(session, "zz-2021", year=2026)
    pause = here.open(SUSPEND, "X02")
    if grown:
        here.act(pause, "open_removal", here.officer)
        case = proceedings.current(session, here.membership.id)
    else:
        case = here.open(REMOVE, "X01")
    assert (case.kind, here.place()[0]) == (REMOVE, "suspended")
    here.act(case, "dismiss", here.officer)
    session.refresh(pause)
    # What it grew out of ended with it; what it interrupted is to be confirmed or lifted.
    assert (pause.phase, here.place()[0]) == (
        ("closed", "titled") if grown else ("city", "suspended")
    )


@on_sqlite
def test_the_pages_show_the_order_open_again_with_its_day(database, login_as, time):
    here, _ = town(database, login_as, time, factories.QINGDAO)
    order = here.open("officer", "rectification", "X03")
    case = here.open("officer", "removal", "X02")
    here.ok(here.who("officer"), f"/work/proceedings/{case}/dismiss", reason="查无实据")
    owner = here.who("owner")
    page = plain(owner.get(f"/p/proceedings/{order}"))
    for words in ("整改中", "恢复整改通知书", "提交整改报告"):
        assert words in page, words
    assert f"/p/proceedings/{order}" in owner.get("/tasks").text
    why = plain(here.who("officer").get(f"/work/memberships/{here.membership}/why"))
    assert "恢复办理" in why
    assert login_as(Role.PROVIDER_OWNER).get(f"/p/proceedings/{order}").status_code == 404
