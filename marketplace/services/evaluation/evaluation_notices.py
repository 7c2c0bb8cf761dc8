"""Who is told of a cycle: the teams of its providers, about all their places in one message."""

from collections import defaultdict

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import EvaluationCycle, EvaluationSheet, Provider, RoleGrant, User
from marketplace.phases import Role
from marketplace.services.evaluation import pinned, scoring
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader

TEAM = (Role.PROVIDER_OWNER.value, Role.PROVIDER_EDITOR.value)


def shown(session: Session, cycle: EvaluationCycle) -> None:
    """The drafts can be seen; until when one may object."""
    until = cycle.objections_until
    _tell(session, cycle, "shown", clock.last_day(until) if until else "")


def published(session: Session, cycle: EvaluationCycle) -> None:
    """The grades are public."""
    _tell(session, cycle, "published", "")


def _tell(session: Session, cycle: EvaluationCycle, voice: str, until: object) -> None:
    scheme = pinned.scheme_of(cycle)
    programme = cycle.round.programme
    segments = {item.id: item.label for item in programme.segments}
    types = {item.id: item.label for item in programme.types}
    lines: dict[int, list[str]] = defaultdict(list)
    rows = session.execute(
        select(
            Provider.organisation_id, EvaluationSheet.segment, EvaluationSheet.type,
            EvaluationSheet.grade, EvaluationSheet.score,
        )
        .join(Provider, Provider.id == EvaluationSheet.provider_id)
        .where(EvaluationSheet.cycle_id == cycle.id)
        .order_by(EvaluationSheet.id)
    )  # fmt: skip
    for owner, segment, type_, grade, score in rows:
        place = f"{segments.get(segment, segment)}·{types.get(type_, type_)}"
        mark = "" if score is None else f"，{score}分"
        lines[owner].append(f"{place}：{scoring.label(scheme, grade)}{mark}")
    facts = {"cycle": cycle.label, "until": str(until)}
    told = [
        (Reader(user, owner), {**facts, "places": "；".join(lines[owner])})
        for user, owner in _teams(session, cycle)
    ]
    inbox.notify_each(
        session, "evaluation", told,
        cause=f"evaluation_cycle:{cycle.id}:{voice}", voice=voice, url="/p/evaluations",
    )  # fmt: skip


def _teams(session: Session, cycle: EvaluationCycle) -> list[tuple[int, int]]:
    """(user, organisation) of everybody who may act for a provider of the cycle: one query."""
    now = clock.now()
    owners = (
        select(Provider.organisation_id)
        .join(EvaluationSheet, EvaluationSheet.provider_id == Provider.id)
        .where(EvaluationSheet.cycle_id == cycle.id)
    )
    rows = session.execute(
        select(RoleGrant.user_id, RoleGrant.organisation_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            User.active, RoleGrant.role.in_(TEAM), RoleGrant.revoked_at.is_(None),
            or_(RoleGrant.valid_until.is_(None), RoleGrant.valid_until > now),
            RoleGrant.organisation_id.in_(owners),
        )
        .distinct()
        .order_by(RoleGrant.user_id)
    )  # fmt: skip
    return [(user, owner) for user, owner in rows]
