"""Publishing a cycle in one batch: what would happen to whom, and doing it.

Grades become public together; the quota is never touched here. A failed place is followed up by
its own proceeding (rectification the first time, removal the second time in a row or on a veto),
as the scheme orders; one that cannot be opened is reported and holds up nobody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased, defer, joinedload

from marketplace import outbox
from marketplace.errors import MarketplaceError
from marketplace.history import Why, record
from marketplace.models import EvaluationCycle, EvaluationSheet, Membership, Organisation, Provider
from marketplace.models.evaluations import NOT_RATED
from marketplace.permissions import Actor
from marketplace.phases import ProceedingKind, Proposer
from marketplace.programmes.evaluation import Evaluation
from marketplace.services.evaluation import pinned, scoring
from marketplace.services.pool import applicants
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_checks import Details

RECTIFICATION, REMOVAL = "rectification", "removal_procedure"
"""Consequences that a scheme may order, by their words in programme files."""

KINDS = {RECTIFICATION: ProceedingKind.RECTIFICATION, REMOVAL: ProceedingKind.REMOVAL}
WORDS = {RECTIFICATION: "开始限期整改", REMOVAL: "启动退出程序"}


@dataclass(frozen=True)
class Effect:
    """What publishing means for one place. ``follow`` is the consequence ordered, or empty."""

    sheet: EvaluationSheet
    name: str
    place: str
    grade: str
    before: str
    follow: str
    cause: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What was done: places published, proceedings opened, and those that could not be."""

    published: int
    opened: int
    refused: tuple[tuple[str, str], ...]
    """``(name, reason)``."""


def sheets(session: Session, cycle: EvaluationCycle) -> Sequence[EvaluationSheet]:
    """The cycle's sheets with whose they are, by number; no more of them than is shown."""
    return session.scalars(
        select(EvaluationSheet)
        .where(EvaluationSheet.cycle_id == cycle.id)
        .options(
            defer(EvaluationSheet.result),
            joinedload(EvaluationSheet.provider)
            .load_only(Provider.organisation_id)
            .joinedload(Provider.organisation)
            .load_only(Organisation.name, Organisation.district),
            joinedload(EvaluationSheet.membership)
            .load_only(Membership.type, Membership.segment, Membership.round_id)
            .selectinload(Membership.round),
        )
        .order_by(EvaluationSheet.id)
    ).all()


def previous(session: Session, cycle: EvaluationCycle) -> dict[int, str]:
    """The last published grade of each of the cycle's places before this cycle, by membership."""
    own, earlier = aliased(EvaluationSheet), aliased(EvaluationSheet)
    ranked = (
        select(
            own.membership_id, earlier.grade,
            func.row_number()
            .over(partition_by=own.id, order_by=(earlier.published_at.desc(), earlier.id.desc()))
            .label("rank"),
        )
        .join(earlier, earlier.membership_id == own.membership_id)
        .where(
            own.cycle_id == cycle.id, earlier.cycle_id != cycle.id, earlier.grade != NOT_RATED,
            earlier.published_at.is_not(None),
        )
        .subquery()
    )  # fmt: skip
    rows = session.execute(select(ranked.c.membership_id, ranked.c.grade).where(ranked.c.rank == 1))
    return dict(rows.all())


def effects(session: Session, cycle: EvaluationCycle) -> list[Effect]:
    """What publishing would mean, place by place. Writes nothing; 5 queries."""
    scheme = pinned.scheme_of(cycle)
    before = previous(session, cycle)
    vetoes = _vetoes(session, cycle, scheme)
    return [_effect(scheme, sheet, before.get(sheet.membership_id, ""), vetoes.get(sheet.id, []))
            for sheet in sheets(session, cycle)]  # fmt: skip


def _vetoes(session: Session, cycle: EvaluationCycle, scheme: Evaluation) -> dict[int, list[str]]:
    """What speaks against failed places at once, by sheet."""
    rows = session.execute(
        select(EvaluationSheet.id, EvaluationSheet.result).where(
            EvaluationSheet.cycle_id == cycle.id, EvaluationSheet.grade == scheme.grades[-1].id
        )
    )
    return {id_: result.get("vetoes", []) for id_, result in rows}


def _effect(scheme: Evaluation, sheet: EvaluationSheet, before: str, vetoes: list[str]) -> Effect:
    worst = scheme.grades[-1].id
    follow = cause = ""
    if sheet.grade == worst:
        cause = vetoes[0] if vetoes else scheme.failed.cause
        again = scheme.failed.second_consecutive if before == worst else _first(scheme)
        follow = scheme.failed.veto if vetoes else again
    kind = KINDS.get(follow)
    if kind and not proceedings_rules.offers(sheet.membership.round.programme, kind):
        follow = ""
    grade = next((item for item in scheme.grades if item.id == sheet.grade), None)
    texts = [f"公开等次“{scoring.label(scheme, sheet.grade)}”"]
    if grade and grade.talk_below and sheet.score is not None and sheet.score < grade.talk_below:
        texts.append(f"低于{grade.talk_below}分，由区市提醒约谈")
    if follow:
        texts.append(f"{WORDS[follow]}（原因{cause}）")
    return Effect(
        sheet, sheet.provider.organisation.name, place_of(sheet.membership),
        scoring.label(scheme, sheet.grade), scoring.label(scheme, before), follow, cause,
        tuple(texts),
    )  # fmt: skip


def _first(scheme: Evaluation) -> str:
    """What a first failure opens: the consequence that is a proceeding, if one is."""
    return next((word for word in scheme.failed.first if word in KINDS), "")


def run(session: Session, actor: Actor, cycle: EvaluationCycle, at: datetime, why: Why) -> Report:
    """Publish all; the cycle's own step was allowed already. 1 event for each place."""
    planned = effects(session, cycle)
    session.execute(
        update(EvaluationSheet)
        .where(EvaluationSheet.cycle_id == cycle.id)
        .values(published_at=at)
        .execution_options(synchronize_session="fetch")
    )
    for effect in planned:
        _told(session, actor, cycle, effect, why)
    session.flush()
    followed = [effect for effect in planned if effect.follow]
    applicants.lock(session, [item.sheet.provider.organisation_id for item in followed])
    refused = [
        (effect.name, reason)
        for effect in followed
        if (reason := _follow(session, actor, cycle, effect, why))
    ]
    keys = sorted({f"provider/{effect.sheet.provider_id}" for effect in planned})
    outbox.put_many(session, outbox.INDEX, keys)
    return Report(len(planned), len(followed) - len(refused), tuple(refused))


def _told(session: Session, actor: Actor, cycle: EvaluationCycle, effect: Effect, why: Why) -> None:
    """The event of one place: what the why page and the public read."""
    sheet = effect.sheet
    score = None if sheet.score is None else str(sheet.score)
    record(
        session, actor, "evaluation_graded", sheet, why=why,
        diff={
            "grade": effect.grade, "score": score, "scheme": cycle.scheme["scheme"],
            "public": f"{cycle.label}：{effect.grade}" + (f"，{score}分" if score else ""),
        },
    )  # fmt: skip


def _follow(
    session: Session, actor: Actor, cycle: EvaluationCycle, effect: Effect, why: Why
) -> str:
    """Open what the scheme orders; answers why it could not be, else empty."""
    sheet = effect.sheet
    grounds: Why = {
        "reason_code": effect.cause, "reason": f"{cycle.label}：{effect.grade}",
        "document_no": why.get("document_no", ""),
    }  # fmt: skip
    try:
        with session.begin_nested():
            proceedings.open(
                session, actor, sheet.membership, KINDS[effect.follow], effect.cause, grounds,
                Details(proposer=Proposer.RULE, found=True, origin=sheet),
            )  # fmt: skip
            sheet.consequence = effect.follow
    except MarketplaceError as error:
        return error.message
    return ""
