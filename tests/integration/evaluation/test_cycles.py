"""Cycles: what may happen when, what publishing brings about, and the window to object."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, NotFound
from marketplace.models import (
    EvaluationSheet,
    GradeObjection,
    Membership,
    OutboxItem,
    Proceeding,
    Quota,
    Round,
    User,
)
from marketplace.permissions import NOBODY, SYSTEM, can, visible
from marketplace.permissions import Permission as P
from marketplace.phases import Role
from marketplace.services.calendar import calendar
from marketplace.services.evaluation import cycles, objections, publishing, seats, sheets
from marketplace.services.evaluation.sheets import Entry
from tests import factories
from tests.support.world_evaluations import (
    JUDGED,
    Panel,
    acting,
    make_example,
    make_poor,
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def codes(found: Conflict) -> tuple[str, list[str]]:
    return found.code, found.reasons


def test_steps_come_in_their_order(session: Session, round_: Round, panel: Panel) -> None:
    early = panel.open(round_, label="太早", period_until=clock.today())
    with pytest.raises(Conflict) as found:
        cycles.freeze(session, panel.city, early, early.version)
    assert codes(found.value) == (
        "guard_refused",
        [f"评价期到{clock.today()}才结束，之后才能冻结数据", "评价范围内没有在池服务商"],
    )
    make_example(session, round_)
    with pytest.raises(Conflict) as taken:
        panel.open(round_, label="太早")
    assert taken.value.code == "label_taken"
    cycle = panel.frozen(round_)
    assert session.query(EvaluationSheet).count() == 1
    for step in (
        lambda: cycles.freeze(session, panel.city, cycle, cycle.version),
        lambda: cycles.publish(session, panel.leader, cycle, cycle.version, {"document_no": "1"}),
    ):
        with pytest.raises(Conflict) as wrong:
            step()
        assert wrong.value.code == "wrong_state"
    with pytest.raises(Forbidden):
        cycles.show(session, panel.leader, cycle, cycle.version, incomplete=True)
    panel.published(cycle)
    with pytest.raises(Conflict) as closed:  # nothing reopens a cycle that was published
        cycles.cancel(session, panel.city, cycle, cycle.version, {"reason": "重来"})
    assert codes(closed.value) == ("wrong_state", ["当前状态是“已公布”，不能取消本次评价"])


def test_what_publishing_brings_about(session: Session, round_: Round, panel: Panel) -> None:
    good, poor = make_example(session, round_).membership, make_poor(session, round_)
    new = factories.make_membership(session, round_, factories.make_provider(session))
    quotas = session.execute(select(Quota.id, Quota.used, Quota.held)).all()

    def run(label: str) -> dict[int, tuple[str, str]]:
        cycle = panel.frozen(round_, label=label)
        panel.judge(panel.sheet_of(cycle, poor), poorly=True)
        panel.judge(panel.sheet_of(cycle, good))
        planned = {
            effect.sheet.membership_id: effect for effect in publishing.effects(session, cycle)
        }
        assert not any(effect.follow for id_, effect in planned.items() if id_ != poor.id)
        report = panel.published(cycle)
        assert (report.published, report.opened, report.refused) == (3, 1, ())
        rows = session.execute(
            select(
                EvaluationSheet.membership_id, EvaluationSheet.grade, EvaluationSheet.consequence
            ).where(EvaluationSheet.cycle_id == cycle.id)
        )  # fmt: skip
        return {id_: (grade, consequence) for id_, grade, consequence in rows}

    first = run("第一次")
    assert first == {
        good.id: ("good", ""), poor.id: ("fail", "rectification"), new.id: ("not_rated", ""),
    }  # fmt: skip
    assert run("第二次")[poor.id] == ("fail", "removal_procedure")
    cases = session.execute(select(Proceeding.kind, Proceeding.cause).order_by(Proceeding.id)).all()
    assert cases == [("rectification", "X03"), ("removal", "X03")]
    assert session.execute(select(Quota.id, Quota.used, Quota.held)).all() == quotas
    wanted = {f"provider/{place.provider_id}" for place in (good, poor, new)}
    queued = session.scalars(select(OutboxItem.key).where(OutboxItem.kind == "index")).all()
    assert wanted <= set(queued)


def test_a_veto_opens_the_removal_for_its_own_cause(
    session: Session, round_: Round, panel: Panel
) -> None:
    place = make_example(session, round_).membership
    cycle = panel.frozen(round_)
    sheet = panel.sheet_of(cycle, place)
    panel.judge(sheet)
    sheets.adjust(session, panel.city, sheet, "X07", happened=True, why="失信公示，见信用中国")
    panel.published(cycle)
    session.refresh(sheet)
    assert (sheet.score, sheet.grade, sheet.consequence) == (
        Decimal("83.3"), "fail", "removal_procedure",
    )  # fmt: skip
    assert session.scalars(select(Proceeding.cause)).all() == ["X07"]


def test_a_failure_that_cannot_be_followed_up_is_reported(
    session: Session, round_: Round, panel: Panel
) -> None:
    poor = make_poor(session, round_)
    cycle = panel.frozen(round_)
    panel.judge(panel.sheet_of(cycle, poor), poorly=True)
    panel.shown(cycle)
    publishing.proceedings.open(session, panel.city, poor, "removal", "X02", {"reason": "查实违法"})
    report = cycles.publish(session, panel.leader, cycle, cycle.version, {"document_no": "1"})
    assert (report.published, report.opened, len(report.refused)) == (1, 0, 1)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``at(moment)``: what time it is."""

    def turn(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    return turn


def test_the_window_ends_at_midnight_exactly(
    session: Session, round_: Round, panel: Panel, at: Any
) -> None:
    example = make_example(session, round_)
    cycle = panel.frozen(round_)
    # 2026-09-30, a Wednesday before eight days off: five working days end on 14 October.
    at(datetime(2026, 9, 30, 9, tzinfo=UTC))
    until = cycles.show(session, panel.city, cycle, cycle.version, incomplete=True)
    counted = cycles.window(session, cycle, date(2026, 9, 30))
    assert (clock.last_day(until), counted[-1].day) == (counted[-1].day, counted[-1].day)
    assert until == clock.end_of_day(counted[-1].day)
    sheet = sheets.get(session, example.owner, panel.sheet_of(cycle, example.membership).id)
    at(until - timedelta(milliseconds=1))
    # The calendar changed since: what was told stays.
    session.execute(calendar._delete(2026))
    row = objections.submit(session, example.owner, sheet, "里程碑少计一项")
    objections.take_back(session, example.owner, row, row.version)
    at(until)
    with pytest.raises(Conflict) as late:
        objections.submit(session, example.owner, sheet, "再补充")
    assert late.value.code == "window_over"
    assert session.scalars(select(GradeObjection.phase)).all() == ["withdrawn"]


def test_no_window_on_a_calendar_that_is_not_official(
    session: Session, round_: Round, panel: Panel, at: Any
) -> None:
    make_example(session, round_)
    cycle = panel.frozen(round_)
    for year, official in ((2027, False), (2028, None)):
        if official is not None:
            calendar.save_year(session, panel.city, year, official=official, source="暂定", days={})
        at(datetime(year, 3, 1, 2, tzinfo=UTC))
        with pytest.raises((Conflict, Exception)) as refused:
            cycles.show(session, panel.city, cycle, cycle.version, incomplete=True)
        wanted = {2027: "2027年的放假安排还是暂定的", 2028: "没有2028年的数据"}[year]
        assert wanted in str(refused.value)
    assert cycle.phase == "scoring"


def test_evaluators_declare_first_and_never_see_each_other(
    session: Session, round_: Round, panel: Panel
) -> None:
    example = make_example(session, round_)
    cycle = panel.frozen(round_)
    sheet = panel.sheet_of(cycle, example.membership)
    expert, other = panel.experts[:2]
    with pytest.raises(Conflict) as undeclared:
        sheets.score(session, expert, sheet, JUDGED[Role.EXPERT])
    assert undeclared.value.code == "undeclared"
    sheets.declare(session, expert, sheet, "shareholding", "")
    with pytest.raises(Conflict) as recused:
        sheets.score(session, expert, sheet, JUDGED[Role.EXPERT])
    assert recused.value.code == "recused"
    with pytest.raises(Conflict) as again:
        sheets.declare(session, expert, sheet, "none", "")
    assert again.value.code == "declared"
    # What the system knows goes before what is said: the expert has a role at an affiliate.
    group = factories.make_organisation(session)
    factories.make_affiliation(session, group, sheet.provider.organisation)
    user = session.get_one(User, panel.experts[2].user_id)
    factories.make_grant(session, user, Role.PROVIDER_VIEWER, group)
    assert sheets.declare(session, panel.experts[2], sheet, "none", "").interest == "affiliate"
    sheets.declare(session, other, sheet, "none", "")
    sheets.score(session, other, sheet, JUDGED[Role.EXPERT])
    assert seats.own_values(session, expert, sheet) == {}
    assert [v.points for v in seats.own_values(session, other, sheet).values()] == [Decimal(6)]
    with pytest.raises(NotFound):
        sheets.score(session, other, sheet, [Entry("D2-3", "越权", numerator=1, denominator=1)])
    elsewhere = acting(session, Role.DISTRICT_REVIEWER, factories.make_organisation(
        session, kind="district_office", district="370203"
    ))  # fmt: skip
    with pytest.raises(NotFound):
        sheets.get(session, elsewhere, sheet.id)
    panel.shown(cycle)
    with pytest.raises(NotFound):  # scoring is over
        sheets.get(session, other, sheet.id)
    stranger = acting(session, Role.PROVIDER_OWNER)
    for actor, seen in ((example.owner, True), (stranger, False)):
        if seen:
            assert sheets.get(session, actor, sheet.id).id == sheet.id
        else:
            with pytest.raises(NotFound):
                sheets.get(session, actor, sheet.id)


def test_two_places_of_one_provider_have_two_grades(
    session: Session, round_: Round, panel: Panel
) -> None:
    first = make_example(session, round_).membership
    second = factories.make_membership(session, round_, first.provider, segment="auto_parts")
    cycle = panel.frozen(round_)
    panel.judge(panel.sheet_of(cycle, first))
    panel.published(cycle)
    grades = session.execute(
        select(EvaluationSheet.membership_id, EvaluationSheet.grade).order_by(EvaluationSheet.id)
    ).all()
    assert grades == [(first.id, "good"), (second.id, "not_rated")]
    assert session.query(Membership).count() == 2


def test_one_rule_for_a_page_and_for_a_list(session: Session, round_: Round, panel: Panel) -> None:
    example, poor = make_example(session, round_), make_poor(session, round_)
    far = factories.make_organisation(session, kind="district_office", district="370203")
    actors = [
        panel.city, panel.leader, panel.third, panel.district, *panel.experts, example.owner,
        acting(session, Role.PROVIDER_OWNER), acting(session, Role.DISTRICT_REVIEWER, far),
        acting(session, Role.AUDITOR), acting(session, Role.ENTERPRISE), SYSTEM, NOBODY,
    ]  # fmt: skip
    cycle = panel.frozen(round_)
    found = [panel.sheet_of(cycle, place) for place in (example.membership, poor)]
    seen = {}
    for phase in ("scoring", "drafted", "published"):
        cycle.objections_until = cycle.published_at = clock.now()
        cycle.phase = phase
        session.flush()
        for permission in (P.EVALUATION_READ, P.EVALUATION_SCORE, P.EVALUATION_OBJECT):
            for number, actor in enumerate(actors):
                query = visible(actor, permission, EvaluationSheet)
                listed = set(session.scalars(query.with_only_columns(EvaluationSheet.id)))
                assert listed == {row.id for row in found if can(actor, permission, row)}
                seen[phase, permission, number] = len(listed)
    # City, experts and the district see both while they score; the owner sees its own draft.
    assert [seen["scoring", P.EVALUATION_READ, n] for n in (0, 2, 3, 4, 7, 8, 9)] == [
        2, 2, 2, 2, 0, 0, 0,
    ]  # fmt: skip
    assert [seen["drafted", P.EVALUATION_READ, n] for n in (0, 2, 3, 4, 7, 8)] == [
        2, 0, 2, 0, 1, 0,
    ]  # fmt: skip
    assert [seen["drafted", P.EVALUATION_OBJECT, n] for n in (0, 7, 8)] == [0, 1, 0]
