"""Sheets: what experts, third parties and districts enter, after declaring their interests."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import record
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    InterestDeclaration,
    Membership,
    Project,
    Provider,
    RoleGrant,
)
from marketplace.models.evaluations import INTERESTS
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import EvaluationPhase
from marketplace.programmes import indicators as words
from marketplace.programmes.evaluation import Indicator
from marketplace.programmes.indicators import MEASURES
from marketplace.services.evaluation import pinned, seats
from marketplace.services.evaluation.scoring import CITY
from marketplace.services.pool import applicants

LONGEST = 1000
NONE = "none"
LOADED = (
    joinedload(EvaluationSheet.cycle).joinedload(EvaluationCycle.round),
    joinedload(EvaluationSheet.provider).joinedload(Provider.organisation),
    joinedload(EvaluationSheet.membership).joinedload(Membership.round),
)
"""What permission checks and pages need beside a sheet."""


@dataclass(frozen=True)
class Entry:
    """One figure as somebody gives it: points, or counts where the measure reckons with them."""

    indicator: str
    justification: str
    points: Decimal | None = None
    numerator: int | None = None
    denominator: int | None = None


def get(session: Session, actor: Actor, sheet_id: int) -> EvaluationSheet:
    """A sheet the actor may know of, with its cycle and provider. Raises NotFound."""
    query = visible(actor, Permission.EVALUATION_READ, EvaluationSheet)
    found = session.scalars(
        query.where(EvaluationSheet.id == sheet_id).options(*LOADED)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这份评价")
    return found


def declaration(
    session: Session, actor: Actor, sheet: EvaluationSheet
) -> InterestDeclaration | None:
    """What the actor has declared about this provider."""
    return session.scalars(
        select(InterestDeclaration).where(
            InterestDeclaration.sheet_id == sheet.id, InterestDeclaration.user_id == actor.user_id
        )
    ).one_or_none()


def declare(
    session: Session, actor: Actor, sheet: EvaluationSheet, interest: str, note: str
) -> InterestDeclaration:
    """Declare an interest or none, once; what the system finds goes before what is said."""
    require(actor, Permission.EVALUATION_SCORE, sheet)
    if actor.user_id is None:
        raise Forbidden
    fields = {}
    if interest not in INTERESTS:
        fields["interest"] = ["请选择一项"]
    if interest == "other" and not note.strip():
        fields["note"] = ["请说明是什么关系"]
    if len(note) > LONGEST:
        fields["note"] = [f"不超过{LONGEST}个字"]
    if fields:
        raise Invalid(fields=fields)
    found = known_interest(session, actor.user_id, sheet.provider_id)
    row = InterestDeclaration(
        sheet_id=sheet.id, user_id=actor.user_id, user_name=actor.name,
        interest=found or interest, note=note.strip(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("已经声明过，不能更改", code="declared") from None
    record(session, actor, "interest_declare", sheet, diff={"interest": row.interest})
    return row


def known_interest(session: Session, user_id: int, provider_id: int) -> str:
    """What the system itself knows of the user and the provider; empty for nothing.

    A role at the provider or its affiliates, or a contract between his enterprise and it.
    """
    owner = session.scalars(
        select(Provider.organisation_id).where(Provider.id == provider_id)
    ).one()
    group = applicants.group_of(session, owner)
    homes = set(
        session.scalars(select(RoleGrant.organisation_id).where(RoleGrant.user_id == user_id))
    )
    if owner in homes:
        return "employment"
    if homes & group:
        return "affiliate"
    contract = session.scalar(
        select(Project.id)
        .where(
            Project.provider_id == provider_id, Project.enterprise_id.in_(homes),
            Project.filed_on.is_not(None),
        )
        .limit(1)
    )  # fmt: skip
    return "contract" if contract else ""


def score(session: Session, actor: Actor, sheet: EvaluationSheet, entries: Sequence[Entry]) -> None:
    """Enter or change one's figures while the cycle is being scored.

    Raises Conflict (not declared, recused, cycle moved on), Invalid, Forbidden.
    """
    _locked(session, sheet)
    require(actor, Permission.EVALUATION_SCORE, sheet)
    declared = declaration(session, actor, sheet)
    if declared is None:
        raise Conflict("请先声明与服务商有无利害关系", code="undeclared")
    if declared.interest != NONE:
        raise Conflict("与服务商有利害关系，应当回避，不能评分", code="recused")
    scheme = pinned.scheme_of(sheet.cycle)
    wanted = {item.id: item for item in seats.asked(actor, scheme)}
    fields: dict[str, list[str]] = {}
    for entry in entries:
        if entry.indicator not in wanted:
            raise NotFound("没有这项指标")
        fields |= _faults(wanted[entry.indicator], entry)
    if fields:
        raise Invalid(fields=fields)
    for entry in entries:
        _put(session, actor, sheet, wanted[entry.indicator].by, entry)
    session.flush()
    record(
        session,
        actor,
        "evaluation_score",
        sheet,
        diff={"indicators": [e.indicator for e in entries]},
    )


def _locked(session: Session, sheet: EvaluationSheet) -> None:
    """Nobody scores beside a cycle that moves on."""
    session.execute(
        select(EvaluationCycle)
        .where(EvaluationCycle.id == sheet.cycle_id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one()


def _faults(item: Indicator, entry: Entry) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    text = entry.justification.strip()
    if not text or len(text) > LONGEST:
        fields[f"why_{item.id}"] = [f"请写明理由，不超过{LONGEST}个字"]
    if MEASURES[item.measure].entered:
        good, of = entry.numerator, entry.denominator
        if good is None or of is None or not 0 <= good <= of <= 100_000:
            fields[f"good_{item.id}"] = ["请填写两个整数，前一个不大于后一个"]
    elif entry.points is None or not 0 <= entry.points <= item.points:
        fields[f"points_{item.id}"] = [f"请填写0至{item.points}分"]
    elif entry.points != entry.points.quantize(Decimal("0.1")):
        fields[f"points_{item.id}"] = ["最多一位小数"]
    return fields


def _put(
    session: Session, actor: Actor, sheet: EvaluationSheet, rater: str, entry: Entry
) -> IndicatorValue:
    """Write the value over the earlier one of the same seat: an expert's own, else the rater's."""
    query = select(IndicatorValue).where(
        IndicatorValue.sheet_id == sheet.id, IndicatorValue.indicator == entry.indicator,
        IndicatorValue.rater == rater,
    )  # fmt: skip
    if rater == words.EXPERT:
        query = query.where(IndicatorValue.evaluator_id == actor.user_id)
    row = session.scalars(query).one_or_none()
    if row is None:
        row = IndicatorValue(sheet_id=sheet.id, indicator=entry.indicator, rater=rater)
        session.add(row)
    row.points, row.numerator, row.denominator = entry.points, entry.numerator, entry.denominator
    row.n = entry.denominator if entry.denominator is not None else 1
    row.justification = entry.justification.strip()
    row.evaluator_id, row.evaluator_name = actor.user_id, actor.name
    return row


def adjust(
    session: Session, actor: Actor, sheet: EvaluationSheet, code: str, *, happened: bool, why: str
) -> None:
    """The city enters a bonus, a deduction or a veto, with its grounds. Raises as ``score``."""
    require(actor, Permission.EVALUATION_MANAGE)
    _locked(session, sheet)
    scheme = pinned.scheme_of(sheet.cycle)
    known = {item.id for item in (*scheme.bonuses, *scheme.deductions)} | set(scheme.vetoes)
    if code not in known:
        raise Invalid(fields={"code": ["请选择一项"]})
    if sheet.cycle.phase != EvaluationPhase.SCORING:
        raise Conflict("不在评分阶段，不能登记", code="wrong_state")
    if not why.strip() or len(why) > LONGEST:
        raise Invalid(fields={"why": [f"请写明理由和依据，不超过{LONGEST}个字"]})
    _put(session, actor, sheet, CITY, Entry(code, why, numerator=int(happened), denominator=1))
    session.flush()
    diff = {"indicators": [code], "happened": happened}
    record(session, actor, "evaluation_adjust", sheet, diff=diff, why={"reason": why})


def check_correction(sheet: EvaluationSheet, indicator: str, points: Decimal) -> None:
    """Raise Invalid for an indicator or points that the scheme does not know."""
    scheme = pinned.scheme_of(sheet.cycle)
    item = next((i for d in scheme.dimensions for i in d.indicators if i.id == indicator), None)
    if item is None:
        raise Invalid(fields={"indicator": ["请选择一项指标"]})
    if not 0 <= points <= item.points or points != points.quantize(Decimal("0.01")):
        raise Invalid(fields={"points": [f"请填写0至{item.points}分，最多两位小数"]})


def correct(
    session: Session, actor: Actor, sheet: EvaluationSheet, indicator: str, points: Decimal,
    why: str,
) -> None:  # fmt: skip
    """The city puts other points in the place of a figure; the caller decides whether it may."""
    check_correction(sheet, indicator, points)
    _put(session, actor, sheet, CITY, Entry(indicator, why, points=points))
    session.flush()


def values(session: Session, sheet: EvaluationSheet) -> Sequence[IndicatorValue]:
    """Every value of the sheet, in the order they were entered."""
    return session.scalars(
        select(IndicatorValue)
        .where(IndicatorValue.sheet_id == sheet.id)
        .order_by(IndicatorValue.id)
    ).all()


def declarations(session: Session, sheet: EvaluationSheet) -> Sequence[InterestDeclaration]:
    """Who declared what about the provider of the sheet."""
    query = select(InterestDeclaration).where(InterestDeclaration.sheet_id == sheet.id)
    return session.scalars(query.order_by(InterestDeclaration.id)).all()
