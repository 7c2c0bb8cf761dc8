"""The demo holds a place in every state of the life cycle, each explained on its why page."""

from collections.abc import Iterator
from enum import StrEnum

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.models import (
    Appeal,
    EvaluationCycle,
    EvaluationSheet,
    GradeObjection,
    Membership,
    Proceeding,
    Replacement,
)
from marketplace.phases import (
    LIVE_PHASES,
    AppealPhase,
    EvaluationPhase,
    GradeObjectionPhase,
    ProceedingKind,
    ProceedingPhase,
    ReplacementPhase,
    StandingPhase,
)
from marketplace.programmes import nouns
from marketplace.workflow import workflow_of
from tests.browser.demo import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("crawl")]  # its demo serves

GRADES = {"excellent": "优秀", "good": "良好", "pass": "合格", "fail": "不合格",
          "not_rated": "暂不评级"}  # fmt: skip
NOBODY_YET = {EvaluationPhase.OPEN}
"""Before its data is frozen a cycle has no places."""

Found = dict[tuple[str, str], tuple[int, str]]
"""By axis and value: a membership, and the words of its story that name the state."""


def label(noun: str, state: str) -> str:
    return nouns.workflow(noun).state(state).staff_label


def rows(session: Session) -> Iterator[tuple[str, str, int, str]]:
    """Axis, value, membership and words of everything that decides who stays."""
    for place in session.scalars(select(Membership).options(joinedload(Membership.round))):
        state = workflow_of(place).state(place.state)
        yield "standing", place.phase, place.id, state.staff_label
    for case in session.scalars(select(Proceeding)):
        words = label(f"proceeding_{case.kind}", case.state)
        yield "kind", case.kind, case.membership_id, words
        yield "proceeding", case.phase, case.membership_id, words
    for appeal in session.scalars(select(Appeal)):
        yield "appeal", appeal.phase, appeal.membership_id, label("appeal", appeal.state)
    for row in session.scalars(select(Replacement)):
        yield "replacement", row.phase, row.vacated_id or 0, label("replacement", row.state)
    sheets = select(EvaluationSheet, EvaluationCycle).join(EvaluationSheet.cycle)
    for sheet, cycle in session.execute(sheets):
        words = label("evaluation_cycle", cycle.state)
        yield "evaluation", cycle.phase, sheet.membership_id, words
        if sheet.published_at is not None and sheet.grade:
            yield "grade", sheet.grade, sheet.membership_id, GRADES[sheet.grade]
    objections = select(GradeObjection, EvaluationSheet.membership_id).join(GradeObjection.sheet)
    for row, place_id in session.execute(objections):
        yield "objection", row.phase, place_id, label("grade_objection", row.state)


def wanted() -> set[tuple[str, str]]:
    """Every value of every axis."""
    axes: dict[str, type[StrEnum]] = {
        "standing": StandingPhase, "kind": ProceedingKind, "proceeding": ProceedingPhase,
        "appeal": AppealPhase, "replacement": ReplacementPhase, "evaluation": EvaluationPhase,
        "objection": GradeObjectionPhase,
    }  # fmt: skip
    found = {(axis, value.value) for axis, values in axes.items() for value in values}
    found |= {("grade", name) for name in GRADES}
    return found - {("evaluation", value.value) for value in NOBODY_YET}


@pytest.fixture(scope="module")
def found(demo: Demo) -> Found:
    made: Found = {}
    with demo.app.extensions["database"].reading() as session:
        for axis, value, place, words in rows(session):
            made.setdefault((axis, value), (place, words))
    return made


def test_every_value_of_every_axis_has_a_place(found: Found):
    assert wanted() - found.keys() == set()


def test_each_is_named_on_its_why_page(demo: Demo, browser: Browser, found: Found):
    words: dict[int, set[str]] = {}
    for place, said in found.values():
        words.setdefault(place, set()).add(said)
    with demo.sign_in(browser, "auditor") as context:
        pages = {
            place: context.request.get(f"{demo.base}/work/memberships/{place}/why")
            for place in words
        }
        missing = [
            (place, said)
            for place, page in pages.items()
            for said in sorted(words[place])
            if page.status != 200 or said not in page.text()
        ]
        assert missing == []
        # Each state is told as a step: with the rule that orders it, and who took it.
        texts = [page.text() for page in pages.values()]
        assert all("青民发字" in text or "渝中小企" in text for text in texts)


def test_the_public_story_of_who_left_says_why(demo: Demo, browser: Browser, found: Found):
    place, _ = found["appeal", "quota"]
    with demo.app.extensions["database"].reading() as session:
        left = session.scalars(select(Membership).where(Membership.state == "withdrawn")).all()
        gone = session.get_one(Membership, place)
        stay = set(
            session.scalars(select(Membership.provider_id).where(Membership.phase.in_(LIVE_PHASES)))
        )
        addresses = {
            f"/providers/{row.provider_id}/why/{row.id}": row.public_reason for row in (*left, gone)
        }
    with demo.sign_in(browser, "visitor") as context:
        told = {path: context.request.get(demo.base + path) for path in addresses}
        assert {path: page.status for path, page in told.items()} == dict.fromkeys(addresses, 200)
        assert all("自愿退出" in told[f"/providers/{row.provider_id}/why/{row.id}"].text()
                   for row in left)  # fmt: skip
        assert len(left) > 1
        assert all(addresses.values())
        # Who left with the only place: the address stays and says so. One kept another place.
        shown = {
            row.provider_id: context.request.get(f"{demo.base}/providers/{row.provider_id}").text()
            for row in left
        }
        without = {number for number, text in shown.items() if "现在不在资源池" in text}
        assert without == shown.keys() - stay
        assert without != shown.keys()
    with demo.app.extensions["database"].reading() as session:
        case = session.scalars(
            select(Proceeding.id).where(Proceeding.state == "withdrawn_at_last")
        ).one()
    with demo.sign_in(browser, "officer") as context:
        page = context.request.get(f"{demo.base}/work/proceedings/{case}").text()
        assert ("在监督下完成" in page, "已转交" in page) == (True, True)
