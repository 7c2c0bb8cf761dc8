"""Drafts of the demo's evaluation of a year, with objections in every state. Never elsewhere."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import EvaluationCycle, EvaluationSheet, Membership, Round, User
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.services.evaluation import cycles, objections, sheets
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.evaluation.objections import Correction

LABEL, SINCE, UNTIL = "2025至2026年度评价", date(2025, 7, 1), date(2026, 6, 30)
EXPERTS = ("示例专家甲", "示例专家乙", "示例专家丙")
TEXTS = (
    "有一份合同的验收报告已经补交，请核对一次验收通过率。",
    "我公司认为里程碑按期率应按实际停产天数扣除。", "已经核对清楚，先行说明。",
    "案例展厅达标一项，三个案例都在12个月内更新过。",
)  # fmt: skip
"""One for each place but the first: the demo's own provider may still object."""

Places = Sequence[tuple[Membership, Any]]


def show(session: Session, round_: Round, places: Places, judge: Callable[..., None]) -> None:
    """Five places whose drafts were shown; nothing when the window runs into a 暂定 year."""
    wanted = [places[number] for number in (0, 3, 4, 5, 6) if number < len(places)]
    try:
        with session.begin_nested():
            _drafted(session, round_, wanted, judge)
    except (Conflict, Invalid):
        session.expire_all()


def _drafted(session: Session, round_: Round, places: Places, judge: Callable[..., None]) -> None:
    opening = Opening(
        round=round_, label=LABEL, period_from=SINCE, period_until=UNTIL, kind="yearly",
        memberships=tuple(place.id for place, _ in places),
    )  # fmt: skip
    cycle = cycles.open_cycle(session, SYSTEM, opening)
    cycles.freeze(session, SYSTEM, cycle, cycle.version)
    judge(session, cycle, places, EXPERTS)
    cycles.show(session, SYSTEM, cycle, cycle.version, incomplete=True)
    for (place, _), text, answer in zip(places[1:], TEXTS, ANSWERS, strict=False):
        sheet = _sheet(session, cycle, place)
        owner = _acting(session, Role.PROVIDER_OWNER, sheet.provider.organisation_id)
        row = objections.submit(session, owner, sheet, text)
        answer(session, row)


def _sheet(session: Session, cycle: EvaluationCycle, place: Membership) -> EvaluationSheet:
    found = session.scalars(
        select(EvaluationSheet.id).where(
            EvaluationSheet.cycle_id == cycle.id, EvaluationSheet.membership_id == place.id
        )
    ).one()
    return sheets.get(session, SYSTEM, found)


def _acting(session: Session, role: Role, organisation_id: int | None = None) -> Actor:
    user = session.scalars(select(User).where(User.login == LOGINS[role])).one()
    return Actor(role=role, user_id=user.id, name=user.name, organisation_id=organisation_id)


def _uphold(session: Session, row: Any) -> None:
    why: Why = {"reason": "补交的验收报告属实，更正得分。"}
    correction = Correction("D2-1", Decimal("10.0"))
    officer = _acting(session, Role.CITY_OFFICER)
    objections.uphold(session, officer, row, correction, why, row.version)


def _reject(session: Session, row: Any) -> None:
    why: Why = {"reason": "停产期间没有报备变更，按合同日期计算。"}
    objections.reject(session, _acting(session, Role.CITY_OFFICER), row, why, row.version)


def _take_back(session: Session, row: Any) -> None:
    owner = _acting(session, Role.PROVIDER_OWNER, row.provider.organisation_id)
    objections.take_back(session, owner, row, row.version)


def _wait(session: Session, row: Any) -> None:
    """Nobody has looked at it yet."""


ANSWERS = (_uphold, _reject, _take_back, _wait)
