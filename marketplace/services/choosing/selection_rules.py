"""What stands in the way of a choice: guards and effects of ``config/workflows/choice.yml``."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.models import Ban, Membership, Provider, Round, Selection, SelectionEntry
from marketplace.permissions import Actor
from marketplace.phases import LIVE_PHASES, ChoicePhase
from marketplace.services.pool import bans
from marketplace.services.projects import filings, independence
from marketplace.services.projects.filings import BLOCKING, OPEN_FOR_CONTRACTS
from marketplace.workflow import Data, effect, guard, lives_in

NOUN = "choice"
LEFT = "已不在资源池，不能签订新合同"

lives_in(Selection, NOUN, selectinload(Selection.entries))


def why_not(session: Session, provider_id: int) -> str | None:
    """Why a provider may take no new contract now; None when one of its places lets it.

    For a decision: call it under the lock of the provider's organisation.
    """
    places = session.scalars(
        select(Membership.id)
        .where(Membership.provider_id == provider_id, Membership.phase.in_(LIVE_PHASES))
        .order_by(Membership.id)
    ).all()
    reasons = [filings.unfit(session, place) for place in places]
    if hidden(session, provider_id) or not reasons:
        return LEFT
    return None if None in reasons else reasons[0]


def hidden(session: Session, provider_id: int) -> bool:
    """Whether staff have hidden the provider."""
    query = select(Provider.hidden_at).where(Provider.id == provider_id)
    return session.scalar(query) is not None


def standing(session: Session, provider_ids: Iterable[int]) -> dict[int, str]:
    """The same for a page, for many at once: "" or why not, by provider; 2 queries."""
    wanted = set(provider_ids)
    rows = session.execute(
        select(
            Provider.id, Provider.hidden_at, Provider.organisation_id,
            Membership.phase, Membership.state, Round,
        )
        .join(Membership, Membership.provider_id == Provider.id)
        .join(Round, Round.id == Membership.round_id)
        .where(Provider.id.in_(wanted), Membership.phase.in_(LIVE_PHASES))
        .order_by(Membership.id)
    ).all()  # fmt: skip
    banned = {
        (ban.organisation_id, ban.programme_id)
        for ban in session.scalars(
            select(Ban).where(
                Ban.organisation_id.in_({row.organisation_id for row in rows}),
                bans.holding(clock.today()),
            )
        )
    }
    found = dict.fromkeys(wanted, LEFT)
    for id_ in wanted:
        own = [row for row in rows if row.id == id_]
        if own and own[0].hidden_at is None:
            found[id_] = _best(own, banned)
    return found


def _best(own: Sequence[Any], banned: set[tuple[int, str]]) -> str:
    reasons = [_reason(row, own, banned) for row in own]
    return "" if "" in reasons else reasons[0]


def _reason(row: Any, own: Sequence[Any], banned: set[tuple[int, str]]) -> str:
    """For one place: the rules of ``filings.unfit``."""
    programme = row.Round.programme
    labels = programme.workflows["standing"]
    refusal = "服务商目前“{}”，不能备案新合同"
    if row.phase not in OPEN_FOR_CONTRACTS:
        return refusal.format(labels.state(row.state).staff_label)
    if (row.organisation_id, row.Round.programme_id) in banned:
        return refusal.format("禁报期内")
    blocking = [
        other.state
        for other in own
        if other.Round.programme_id == row.Round.programme_id and other.phase in BLOCKING
    ]
    return refusal.format(labels.state(blocking[0]).staff_label) if blocking else ""


def _entry(selection: Selection, provider_id: int | None) -> SelectionEntry | None:
    return next((item for item in selection.entries if item.provider_id == provider_id), None)


@guard("candidate_listed")
def candidate_listed(session: Session, subject: Selection, actor: Actor, data: Data) -> str | None:
    """Only a provider of the locked list can be chosen."""
    return None if _entry(subject, data.get("provider_id")) else "所选服务商不在锁定的名单里"


@guard("reasons_complete")
def reasons_complete(session: Session, subject: Selection, actor: Actor, data: Data) -> str | None:
    """Every candidate that is not chosen has its reason."""
    missing = [
        item.name
        for item in subject.entries
        if item.provider_id != data.get("provider_id") and not item.reason.strip()
    ]
    if not missing:
        return None
    names = "、".join(missing[:3]) + (f"等{len(missing)}家" if len(missing) > 3 else "")
    return f"还没有写不选的理由：{names}"


@guard("candidate_takes_contracts")
def candidate_takes_contracts(
    session: Session, subject: Selection, actor: Actor, data: Data
) -> str | None:
    """Asked in the transaction of the choice, under the lock of the provider's organisation."""
    entry = _entry(subject, data.get("provider_id"))
    if entry is None:
        return None
    if reason := why_not(session, entry.provider_id):
        return f"{entry.name}：{reason}"
    return independence.why_not_choose(session, subject.organisation_id, entry.provider_id)


@guard("choice_takes_contracts")
def choice_takes_contracts(
    session: Session, subject: Selection, actor: Actor, data: Data
) -> str | None:
    """Asked again when the contract is begun: the standing may have changed since."""
    return candidate_takes_contracts(
        session, subject, actor, {"provider_id": subject.chosen_provider_id}
    )


@effect("keep_choice")
def keep_choice(session: Session, subject: Selection, actor: Actor, data: Data) -> None:
    """Who was chosen and why."""
    subject.chosen_provider_id = data["provider_id"]
    subject.chosen_because = data["reason"]


@effect("drop_choice")
def drop_choice(session: Session, subject: Selection, actor: Actor, data: Data) -> None:
    """Nobody is chosen again."""
    subject.chosen_provider_id, subject.chosen_because = None, ""


WAITING = (ChoicePhase.OPEN, ChoicePhase.LOCKED, ChoicePhase.CHOSEN)
"""Phases in which the enterprise has something to do."""
