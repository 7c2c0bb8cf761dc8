"""One action on many memberships: a plan that says what happens to whom, then item by item.

There is no second path: each item goes through ``proceedings_direct.act`` in a savepoint of its
own, so that one refusal leaves the others alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from marketplace.errors import Conflict, Invalid, MarketplaceError
from marketplace.models import Membership
from marketplace.permissions import Actor, Permission, visible
from marketplace.programmes.workflows import Transition
from marketplace.services.pool import applicants, consequences
from marketplace.services.pool.consequences import Consequence
from marketplace.services.pool.memberships import Decision
from marketplace.services.proceedings import proceedings_direct
from marketplace.workflow import LOADING

MOST = 200


@dataclass(frozen=True)
class Planned:
    """What would happen to one membership; ``reasons`` say why it cannot."""

    membership: Membership
    transition: Transition | None
    consequence: Consequence | None
    reasons: tuple[str, ...]

    @property
    def possible(self) -> bool:
        """Whether nothing stands against it now."""
        return not self.reasons


def plan(session: Session, actor: Actor, action: str, ids: Sequence[int]) -> list[Planned]:
    """The effect of ``action`` on each membership, in the order they are done. Writes nothing."""
    planned = []
    gone: Counter[int] = Counter()
    for membership in _load(session, actor, ids):
        transition, reasons = proceedings_direct.refusals(session, actor, membership, action)
        effect = None
        if transition is not None and not reasons:
            at = membership.quota_id
            effect = consequences.foresee(session, membership, transition, gone=gone[at])
            gone[at] += effect.used_before - effect.used_after
        planned.append(Planned(membership, transition, effect, tuple(reasons)))
    return planned


def run(
    session: Session,
    actor: Actor,
    action: str,
    versions: Mapping[int, int],
    decision: Decision,
) -> list[dict[str, Any]]:
    """Do it; ``versions`` maps membership id to the version the plan showed.

    Reports per item ``{id, name, cell, done, reasons}`` in the order of ids. Raises Invalid
    before anything is done when the decision itself is incomplete.
    """
    found = _load(session, actor, list(versions))
    applicants.lock(session, [item.provider.organisation_id for item in found])
    report = []
    for item in found:
        line = {"id": item.id, "name": item.provider.organisation.name, "cell": item.quota.label}
        reasons = _attempt(
            session, actor, item, action, replace(decision, expected_version=versions[item.id])
        )
        report.append({**line, "done": not reasons, "reasons": reasons})
    return report


def _attempt(
    session: Session, actor: Actor, membership: Membership, action: str, decision: Decision
) -> list[str]:
    try:
        with session.begin_nested():
            proceedings_direct.act(session, actor, membership, action, decision)
    except Invalid:
        raise  # the form is at fault, not the item
    except Conflict as error:
        return error.reasons
    except MarketplaceError as error:
        return [error.message]
    except (IntegrityError, StaleDataError):
        return ["内容已被他人更新"]
    return []


def _load(session: Session, actor: Actor, ids: Sequence[int]) -> list[Membership]:
    if len(ids) > MOST:
        raise Invalid(f"一次最多办理{MOST}项")
    return list(
        session.scalars(
            visible(actor, Permission.MEMBERSHIP_READ, Membership)
            .where(Membership.id.in_(ids))
            .options(*LOADING[Membership])
            .order_by(Membership.id)
        )
    )
