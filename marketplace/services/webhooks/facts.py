"""What is told about an event: no more than the public pages say (S81).

Names of firms and notices, places by programme, segment and type, public words of the standing,
days and addresses. No person, no reason, no document inside the office.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from marketplace import clock
from marketplace.models import Event, Membership, Provider, PublicNotice, Round
from marketplace.phases import PUBLIC_NOTICES
from marketplace.programmes import nouns, webhook_kinds
from marketplace.programmes.webhook_kinds import NEW, Told
from marketplace.programmes.workflows import State, Workflow

Data = dict[str, Any]


@dataclass(frozen=True)
class Message:
    """An event as it is sent: its kind, the programme it belongs to, and the JSON text."""

    kind: str
    programme: str
    body: str


def message(session: Session, event_id: int, base_url: str) -> Message | None:
    """What to tell about an event; None when it is none of the kinds, or is not public."""
    event = session.get(Event, event_id)
    if event is None:
        return None
    if event.subject_type == Membership.__tablename__:
        return _place(session, event, base_url)
    return _notice(session, event, base_url)


def body(kind: str, at: datetime, data: Data) -> str:
    """The JSON text of a message: ``{type, timestamp, data}``."""
    moment = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps({"type": kind, "timestamp": moment, "data": data}).decode()


def _place(session: Session, event: Event, base_url: str) -> Message | None:
    row = session.scalars(
        select(Membership)
        .where(Membership.id == event.subject_id)
        .options(
            joinedload(Membership.provider).joinedload(Provider.organisation),
            joinedload(Membership.round).options(undefer(Round.programme_snapshot)),
        )
    ).one()
    workflow = row.round.programme.workflows["standing"]
    found = _rule(event, workflow)
    if found is None or row.provider.hidden_at is not None:
        return None
    rule, state = found
    data = {
        "provider": {
            "id": row.provider_id,
            "name": row.provider.organisation.name,
            "url": f"{base_url}/providers/{row.provider_id}",
        },
        "place": {
            "id": row.id,
            **_round(row.round),
            "type": _named(row.type, row.round.programme.type_label(row.type)),
            "segment": _named(row.segment, row.round.programme.segment_label(row.segment)),
            "listed_on": row.listed_on.isoformat(),
            "exited_on": row.exited_on and row.exited_on.isoformat(),
        },
        **_standing(event, state),
    }
    if rule.way:
        data["way"] = rule.ways.get(event.action, rule.way)
    return Message(rule.kind, row.round.programme_id, body(rule.kind, event.at, data))


def _notice(session: Session, event: Event, base_url: str) -> Message | None:
    row = session.scalars(
        select(PublicNotice)
        .where(PublicNotice.id == event.subject_id)
        .options(joinedload(PublicNotice.round).options(undefer(Round.programme_snapshot)))
    ).one()
    found = _rule(event, nouns.workflow("public_notice"))
    if found is None or row.phase not in PUBLIC_NOTICES:
        return None
    rule, state = found
    data = {
        "notice": {
            "id": row.id,
            "title": row.title,
            "document_no": row.document_no,
            "url": f"{base_url}/notices/{row.id}",
            **_round(row.round),
            "starts_on": row.starts_on and row.starts_on.isoformat(),
            "ends_on": row.ends_on and row.ends_on.isoformat(),
        },
        **_standing(event, state),
    }
    return Message(rule.kind, row.round.programme_id, body(rule.kind, event.at, data))


def _rule(event: Event, workflow: Workflow) -> tuple[Told, State] | None:
    """The rule that the step falls under, and the state it led to; states that the programme no
    longer has are told to nobody."""
    states = {state.id: state for state in workflow.states}
    before = states.get(event.from_state)
    after = states.get(event.to_state)
    if after is None or (event.from_state and before is None):
        return None
    was = before.phase if before else NEW
    rule = webhook_kinds.rules().rule(event.subject_type, event.action, was, after.phase)
    return None if rule is None else (rule, after)


def _round(round_: Round) -> Data:
    return {
        "programme": {"id": round_.programme_id, "name": round_.programme.name},
        "round": {"key": round_.key, "label": round_.label},
    }


def _standing(event: Event, state: State) -> Data:
    return {
        "standing": {"phase": state.phase, "label": state.public_label},
        "on": clock.beijing(event.at).date().isoformat(),
    }


def _named(code: str, name: str) -> Data:
    return {"code": code, "name": name}
