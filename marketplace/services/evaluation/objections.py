"""A provider objects to its draft within the window; the city checks, answers and corrects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    Event,
    GradeObjection,
    Provider,
)
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import GradeObjectionPhase, Role
from marketplace.programmes import nouns
from marketplace.services.evaluation import freezing, pinned, scoring, sheets
from marketplace.services.inbox import inbox
from marketplace.workflow import Data, effect, lives_in, perform

LOADED = (
    joinedload(GradeObjection.sheet).options(
        joinedload(EvaluationSheet.cycle),
        joinedload(EvaluationSheet.provider).joinedload(Provider.organisation),
    ),
    joinedload(GradeObjection.provider).joinedload(Provider.organisation),
)
lives_in(GradeObjection, "grade_objection", *LOADED)

UPHOLD, REJECT, TAKE_BACK = "grade_uphold", "grade_reject", "grade_take_back"
LONGEST = 2000


@dataclass(frozen=True)
class Correction:
    """What an upheld objection changes: the points of one indicator."""

    indicator: str
    points: Decimal


def _now() -> datetime:
    """The instant of the present command; a window ends exactly at its end."""
    return clock.now()


def submit(
    session: Session, actor: Actor, sheet: EvaluationSheet, text: str, indicator: str = ""
) -> GradeObjection:
    """Object to a draft. Raises Conflict (window over, one is open), Invalid, Forbidden."""
    _lock(session, sheet)
    require(actor, Permission.EVALUATION_OBJECT, sheet)
    until = sheet.cycle.objections_until
    if until is None or _now() >= until:
        last = clock.last_day(until) if until else ""
        raise Conflict(f"异议期已于{last}24:00结束", code="window_over")
    fields = {}
    if not text.strip() or len(text) > LONGEST:
        fields["text"] = [f"请写明异议和理由，不超过{LONGEST}个字"]
    known = {item.id for item in scoring.indicators_of(pinned.scheme_of(sheet.cycle))}
    if indicator and indicator not in known:
        fields["indicator"] = ["请选择一项指标"]
    if fields:
        raise Invalid(fields=fields)
    first = nouns.workflow("grade_objection").initial
    objection = GradeObjection(
        sheet=sheet, provider=sheet.provider, indicator=indicator, text=text.strip(),
        submitted_at=_now(), submitted_by=actor.user_id, state=first,
        phase=GradeObjectionPhase.OPEN.value, state_since=_now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(objection)
    except IntegrityError:
        raise Conflict("已有一件异议正在核实", code="objection_open") from None
    event = record(session, actor, "grade_object", objection, states=("", first))
    _tell(session, objection, event, "bureau")
    return objection


def _lock(session: Session, sheet: EvaluationSheet) -> None:
    """The window cannot end, nor the cycle be published, beside an objection."""
    session.execute(
        select(EvaluationCycle)
        .where(EvaluationCycle.id == sheet.cycle_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def get(session: Session, actor: Actor, objection_id: int) -> GradeObjection:
    """An objection the actor may know of. Raises NotFound."""
    query = visible(actor, Permission.EVALUATION_READ, GradeObjection)
    found = session.scalars(
        query.where(GradeObjection.id == objection_id).options(*LOADED)
    ).one_or_none()
    if found is None:
        raise NotFound("没有这件异议")
    return found


def of(session: Session, sheet: EvaluationSheet) -> Sequence[GradeObjection]:
    """The objections to one sheet, newest first."""
    query = select(GradeObjection).where(GradeObjection.sheet_id == sheet.id)
    return session.scalars(query.order_by(GradeObjection.id.desc())).all()


def waiting(session: Session, cycle_id: int) -> int:
    """How many objections to drafts of the cycle have no answer yet."""
    query = (
        select(func.count())
        .select_from(GradeObjection)
        .join(EvaluationSheet, EvaluationSheet.id == GradeObjection.sheet_id)
        .where(
            EvaluationSheet.cycle_id == cycle_id, GradeObjection.phase == GradeObjectionPhase.OPEN
        )
    )
    return session.scalar(query) or 0


def uphold(
    session: Session, actor: Actor, objection: GradeObjection, correction: Correction | None,
    why: Why, version: int,
) -> Event:  # fmt: skip
    """It is right: correct the figure and reckon the sheet anew. Raises as ``perform``."""
    sheet = sheets.get(session, actor, objection.sheet_id)
    if correction is not None:
        sheets.check_correction(sheet, correction.indicator, correction.points)
    _lock(session, sheet)
    before = str(sheet.score)
    event = _answer(session, actor, objection, UPHOLD, why, version)
    if correction is not None:
        sheets.correct(
            session, actor, sheet, correction.indicator, correction.points, why.get("reason", "")
        )
        freezing.reckon_all(session, sheet.cycle, [sheet.id])
        diff = {"score": [before, str(sheet.score)], "indicators": [correction.indicator]}
        record(session, actor, "evaluation_correct", sheet, diff=diff, why=why)
    _tell(session, objection, event, "provider")
    return event


def reject(
    session: Session, actor: Actor, objection: GradeObjection, why: Why, version: int
) -> Event:
    """It is wrong; the reason goes to the provider."""
    event = _answer(session, actor, objection, REJECT, why, version)
    _tell(session, objection, event, "provider")
    return event


def take_back(session: Session, actor: Actor, objection: GradeObjection, version: int) -> Event:
    """The provider withdraws it."""
    return perform(session, actor, objection, TAKE_BACK, expected_version=version)


def _answer(
    session: Session, actor: Actor, objection: GradeObjection, action: str, why: Why, version: int
) -> Event:
    return perform(session, actor, objection, action, why=why, expected_version=version)


@effect("grade_answered")
def answered(session: Session, subject: GradeObjection, actor: Actor, data: Data) -> None:
    """The answer and its instant, which a CHECK ties to the phase."""
    subject.answer, subject.answered_at = data.get("reason", ""), _now()


def _tell(session: Session, objection: GradeObjection, event: Event, voice: str) -> None:
    session.flush()
    own = voice == "provider"
    readers = (
        inbox.team(
            session, objection.provider.organisation_id, Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR
        )
        if own
        else inbox.holders(session, Role.CITY_OFFICER)
    )
    state = nouns.workflow("grade_objection").state(objection.state)
    facts = {
        "provider": objection.provider.organisation.name, "cycle": objection.sheet.cycle.label,
        "state": state.public_label, "reason": f"说明：{event.reason}。" if event.reason else "",
    }  # fmt: skip
    inbox.notify(
        session, "grade_objection", readers, cause=f"event:{event.id}", voice=voice, facts=facts,
        url=f"/p/evaluations/{objection.sheet_id}" if own
        else f"/work/evaluations/sheets/{objection.sheet_id}",
    )  # fmt: skip
