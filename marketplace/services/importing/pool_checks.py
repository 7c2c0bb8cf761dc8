"""What rows say about places in the pool, each row by itself: words, states, permissions.

Whether a place can be had is the business of ``rehearsal``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from marketplace import clock
from marketplace.models import Round
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import StandingPhase
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import Transition
from marketplace.schemas.imports import Row
from marketplace.services.importing.file_checks import Judged
from marketplace.services.importing.planning import Source
from marketplace.services.importing.targets import POOL_SHEETS


def all_rounds(session: Session) -> dict[str, Round]:
    """The rounds by key, their programmes loaded."""
    rounds = select(Round).options(undefer(Round.programme_snapshot))
    return {row.key: row for row in session.scalars(rounds)}


def check_words(rounds: Mapping[str, Round], rows: Sequence[Judged]) -> None:
    """Add to rows of the pool what their round's programme does not know."""
    for row in rows:
        if row.message or row.sheet not in POOL_SHEETS:
            continue
        programme = rounds[row.data["round"]].programme
        for message in _words(programme, row.data):
            row.complain(message)
        if row.sheet == "memberships" and not row.message:
            for message in _standing(programme, row.data):
                row.complain(message)


def forbidden(actor: Actor, programme: Programme, sheet: str, data: Row) -> Iterable[str]:
    """What ``actor`` may not do; it matters only when the place is new."""
    if sheet == "candidacies":
        if not can(actor, Permission.CANDIDACY_LIST):
            yield "您没有登记候选的权限"
        return
    if not can(actor, Permission.MEMBERSHIP_ADMIT):
        yield "您没有办理入池的权限"
    if data.get("waiver") and not can(actor, Permission.WAIVER_GRANT):
        yield "豁免理由：请由签发人先在系统中登记豁免，文件中不填"
    transition = way(programme, data)
    if transition is not None and not can(actor, Permission(transition.by)):
        yield f"在池状态：您没有“{transition.label}”的权限，请先以在池导入，再由签发人办理"


def order(source: Source) -> tuple[bool, bool, int]:
    """The order in which places are applied. Former members first: they only pass through."""
    exited = source.data.get("standing") == StandingPhase.EXITED
    return source.sheet != "memberships", not exited, source.number


def counting_day(data: Row, round_: Round) -> date:
    """The day whose year a place counts in, where the programme counts by year."""
    written = data.get("listed_on") or data.get("publicity_from")
    return date.fromisoformat(written) if written else round_.listed_on or clock.today()


def way(programme: Programme, data: Row) -> Transition | None:
    """The transition from the first state to the standing and reason of a row.

    None where the row says no more than listed, or the programme knows no such way.
    """
    standing, reason_code = data.get("standing", StandingPhase.LISTED), data.get("reason_code", "")
    if standing == StandingPhase.LISTED:
        return None
    workflow = programme.workflows["standing"]
    for transition in workflow.leaving(workflow.initial):
        fits = reason_code in transition.reason_codes or not transition.reason_codes
        if fits and workflow.state(transition.to).phase == standing:
            return transition
    return None


def _words(programme: Programme, data: Row) -> Iterable[str]:
    if data["type"] not in {item.id for item in programme.types}:
        yield "服务商类型：这个批次没有这个类型"
    if data["segment"] not in {item.id for item in programme.segments}:
        yield "细分行业：这个批次没有这个细分行业"


def _standing(programme: Programme, data: Row) -> Iterable[str]:
    if data.get("standing", StandingPhase.LISTED) == StandingPhase.LISTED:
        return
    transition = way(programme, data)
    if transition is None:
        yield "在池状态：这个批次没有这种状态，或与所填原因不符"
    elif transition.document_required and not data.get("document_no"):
        yield "文号：这种状态须有依据文号"
