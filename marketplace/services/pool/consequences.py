"""What an action would do, told before it is done; the same names that ``effects`` registers."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Membership, Round
from marketplace.phases import LIVE_PHASES, PUBLIC_PHASES
from marketplace.programmes.workflows import State, Transition
from marketplace.services.pool import bans, candidacies
from marketplace.services.pool.effects import RELEASE_PLACE, START_BAN
from marketplace.workflow import workflow_of


@dataclass(frozen=True)
class Consequence:
    """The states before and after, the places used before and after, and all of it in words."""

    before: State
    after: State
    used_before: int
    used_after: int
    texts: tuple[str, ...]


def foresee(
    session: Session, membership: Membership, transition: Transition, *, gone: int = 0
) -> Consequence:
    """What ``transition`` would do to ``membership`` now. Writes nothing.

    ``gone``: places of the same cell that the same bulk action frees before this one.
    """
    workflow = workflow_of(membership)
    before, after = workflow.state(membership.state), workflow.state(transition.to)
    released = RELEASE_PLACE in transition.effects
    texts = [
        f"状态由“{before.staff_label}”变为“{after.staff_label}”，公众看到“{after.public_label}”",
        *_visibility(before, after),
    ]
    if after.note:
        texts.append(after.note)
    if released:
        texts += _places(session, membership, gone)
    if START_BAN in transition.effects:
        texts += _bans(membership, transition)
    texts += _elsewhere(session, membership)
    used = membership.quota.used - gone
    return Consequence(before, after, used, used - released, tuple(texts))


def _visibility(before: State, after: State) -> list[str]:
    was, will = before.phase in PUBLIC_PHASES, after.phase in PUBLIC_PHASES
    if was and not will:
        return ["从搜索和公开名单中撤下；服务商页面保留，说明状态和原因"]
    if will and not was:
        return ["重新出现在搜索和公开名单中"]
    return []


def _places(session: Session, membership: Membership, gone: int) -> list[str]:
    quota = membership.quota
    used = quota.used - gone
    cap = "" if quota.cap is None else f"/{quota.cap}"
    texts = [f"释放一个名额（{quota.label}）：{used}{cap} → {used - 1}{cap}"]
    if quota.minimum and used - 1 < quota.minimum:
        texts.append(f"将低于下限{quota.minimum}家，缺{quota.minimum - used + 1}家")
    reserve = candidacies.next_reserve(session, quota.id)
    if reserve is not None:
        texts.append(
            f"候补第一位：{reserve.provider.organisation.name}，可在“公示与候补”中办理入池"
        )
    elif quota.minimum:
        texts.append("这一格没有候补，需要时应补充遴选")
    return texts


def _bans(membership: Membership, transition: Transition) -> list[str]:
    programme = membership.round.programme
    texts = []
    for code in transition.reason_codes:
        clause = bans.clause_for(programme, code)
        if clause is None:
            continue
        until = bans.last_day(clause, clock.today())
        untimed = clause.until or "至整改复核通过"
        term = f"{clause.years}年，至{until:%Y-%m-%d}" if until else untimed
        texts.append(f"{clause.label}（{term}）")
    return ["按所选原因开始禁报期：" + "；".join(dict.fromkeys(texts))] if texts else []


def _elsewhere(session: Session, membership: Membership) -> list[str]:
    others = session.scalar(
        select(func.count())
        .select_from(Membership)
        .join(Round)
        .where(Membership.provider_id == membership.provider_id, Membership.id != membership.id)
        .where(Round.programme_id == membership.round.programme_id)
        .where(Membership.phase.in_(LIVE_PHASES))
    )
    return [f"该服务商的其他{others}个在池席位不受影响"] if others else []
