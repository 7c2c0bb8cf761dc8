"""Tasks from evaluations: drafts to look at, sheets to score, objections to answer, to publish."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    EvaluationCycle,
    EvaluationSheet,
    GradeObjection,
    InterestDeclaration,
    Organisation,
    Provider,
)
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import EvaluationPhase, GradeObjectionPhase, Role
from marketplace.services.evaluation import pinned
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source

EVALUATORS = (Role.EXPERT, Role.THIRD_PARTY, Role.DISTRICT_REVIEWER)


@listed(Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
def drafts(actor: Actor) -> Iterable[Lines]:
    """Drafts of the own places while the window to object is open."""
    query = (
        visible(actor, Permission.EVALUATION_READ, EvaluationSheet)
        .join(EvaluationCycle, EvaluationCycle.id == EvaluationSheet.cycle_id)
        .where(
            EvaluationCycle.phase == EvaluationPhase.DRAFTED,
            EvaluationCycle.objections_until > clock.now(),
        )
        .order_by(EvaluationCycle.objections_until, EvaluationSheet.id)
    )
    yield Lines(
        query,
        lambda row: Task(
            f"核对评价结果草稿：{row.one}", f"/p/evaluations/{row.id}", clock.last_day(row.at),
            "评价",
        ),
        id=EvaluationSheet.id, one=EvaluationCycle.label, at=EvaluationCycle.objections_until,
    )  # fmt: skip


@source(*EVALUATORS)
def to_score(session: Session, actor: Actor) -> Iterable[Task]:
    """Cycles in which the actor has not declared himself on some sheet yet."""
    mine = select(InterestDeclaration.sheet_id).where(InterestDeclaration.user_id == actor.user_id)
    rows = session.execute(
        visible(actor, Permission.EVALUATION_SCORE, EvaluationSheet)
        .join(EvaluationCycle, EvaluationCycle.id == EvaluationSheet.cycle_id)
        .where(EvaluationSheet.id.not_in(mine))
        .order_by(EvaluationCycle.id)
        .with_only_columns(EvaluationCycle, EvaluationSheet.projects)
    )
    waiting: Counter[EvaluationCycle] = Counter(
        cycle for cycle, number in rows if number >= pinned.scheme_of(cycle).min_projects
    )
    for cycle, number in waiting.items():
        url = f"/work/evaluations/{cycle.id}"
        yield Task(f"评分：{cycle.label}", url, None, "评价", f"{number}份")


@source(Role.CITY_OFFICER)
def to_answer(session: Session, actor: Actor) -> Iterable[Task]:
    """Objections to drafts that wait for an answer."""
    rows = session.execute(
        select(GradeObjection.sheet_id, Organisation.name, EvaluationCycle.label)
        .join(EvaluationSheet, EvaluationSheet.id == GradeObjection.sheet_id)
        .join(EvaluationCycle, EvaluationCycle.id == EvaluationSheet.cycle_id)
        .join(Provider, Provider.id == GradeObjection.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            GradeObjection.phase == GradeObjectionPhase.OPEN,
            EvaluationCycle.phase == EvaluationPhase.DRAFTED,
        )
        .order_by(GradeObjection.submitted_at, GradeObjection.id)
        .limit(MOST)
    )
    for sheet, name, label in rows:
        yield Task(
            f"答复评价异议：{name}", f"/work/evaluations/sheets/{sheet}", None, "评价", label
        )


@source(Role.CITY_LEADER)
def to_publish(session: Session, actor: Actor) -> Iterable[Task]:
    """Cycles whose window has ended; who publishes looks at the effects first."""
    rows = session.execute(
        select(EvaluationCycle.id, EvaluationCycle.label)
        .where(
            EvaluationCycle.phase == EvaluationPhase.DRAFTED,
            EvaluationCycle.objections_until <= clock.now(),
        )
        .order_by(EvaluationCycle.objections_until, EvaluationCycle.id)
        .limit(MOST)
    )
    for id_, label in rows:
        yield Task(f"公布评价结果：{label}", f"/work/evaluations/{id_}", None, "评价")
