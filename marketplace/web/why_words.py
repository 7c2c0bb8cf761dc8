"""A step of a membership's story in the words of the pages."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from flask import current_app

from marketplace import clock
from marketplace.db import Base
from marketplace.models import Event, Membership, Round
from marketplace.phases import ROLE_LABELS, Role
from marketplace.programmes import nouns
from marketplace.programmes.workflows import State, Transition, Workflow
from marketplace.services.audit.why import Clock, Step, Story
from marketplace.services.audit.why_sources import registry
from marketplace.web.access import access_of, current_actor, may_enter
from marketplace.web.admin import record_words
from marketplace.web.admin.labels import ACTIONS, SUBJECTS
from marketplace.web.context import dt
from marketplace.workflow import WORKFLOW_OF

TONES = {"success": "ok", "warning": "warn"}
ICONS = {
    "entry": "list-check", "scheme": "file-earmark-text", "evaluation": "bar-chart-line",
    "rectification": "exclamation-triangle", "exit": "box-arrow-right", "appeal": "arrow-repeat",
    "notice": "megaphone",
}  # fmt: skip
OUTSIDE = "当事人"
"""How visitors read everybody who does not act for an office."""
OFFICES = (
    Role.DISTRICT_REVIEWER, Role.CITY_OFFICER, Role.CITY_LEADER, Role.COSIGNER, Role.EXPERT,
    Role.THIRD_PARTY,
)  # fmt: skip
UNITS = {"working": "个工作日", "calendar": "天"}
SHORT_HASH = 12


def tabs(story: Story, group: str, address: str) -> list[dict[str, Any]]:
    """The filter by group: everything, and each group that has steps."""
    labels = registry().groups
    items = [{"label": "全部", "url": address, "current": not group, "count": len(story.steps)}]
    items += [
        {
            "label": labels[name],
            "url": f"{address}?group={name}",
            "current": name == group,
            "count": count,
        }
        for name, count in story.groups.items()
    ]
    return items


def line(step: Step, *, staff: bool) -> dict[str, Any]:
    """A step as ``why_steps`` takes it; ``staff`` adds who acted, the reason and the data."""
    event = step.event
    action = _transition(step)
    shown: dict[str, Any] = {
        "when": dt(event.at),
        "title": _title(event, action),
        "group": registry().groups[step.group],
        "states": _states(step, staff=staff),
        "who": _who(step) if staff else _office(event),
        "reason": record_words.reason(event.reason_code),
        "text": event.diff.get("public") or "",
        "document_no": event.document_no,
        "rules": [_rule(item) for item in step.rules],
        "version": _version(step),
        "effective": _effective(event),
        "result": _result(event),
        "clock": _clock(step.clock),
        "tone": TONES.get(action.tone, action.tone) if action else "neutral",
        "icon": ICONS.get(step.group, "check-lg"),
        "id": event.id,
        "url": _page(event, staff=staff),
    }
    if staff:
        shown |= {
            "words": event.reason,
            "letters": [
                "，".join(filter(None, (f"《{row.title}》", row.document_no, f"致{row.addressee}")))
                for row in step.letters
            ],
            "data": record_words.lines(step.data),
            "files": [{"id": row.id, "name": row.name, "sha256": row.sha256} for row in step.files],
        }
    return shown


def _page(event: Event, *, staff: bool) -> str:
    """Where the row itself is shown, if this reader may open such pages."""
    noun = registry().noun(event)
    pattern = noun.page if staff else noun.public_page
    if not pattern:
        return ""
    path = pattern.format(id=event.subject_id)
    endpoint, _ = current_app.url_map.bind("").match(path)
    return path if may_enter(current_actor(), access_of(endpoint)) else ""


def _title(event: Event, action: Transition | None) -> str:
    label = action.label if action else ACTIONS.get(event.action, event.action)
    if event.subject_type == Membership.__tablename__:
        return label
    return f"{SUBJECTS.get(event.subject_type, event.subject_type)}：{label}"


def _who(step: Step) -> str:
    role = record_words.ROLE_NAMES.get(step.event.actor_role, step.event.actor_role)
    names = [step.actor, step.organisation, role]
    return " · ".join(dict.fromkeys(name for name in names if name))


def _office(event: Event) -> str:
    """What visitors learn of who acted: the office, never a person."""
    if event.actor_role == "system":
        return record_words.ROLE_NAMES["system"]
    known = {role.value: ROLE_LABELS[role] for role in OFFICES}
    return known.get(event.actor_role, OUTSIDE)


def _states(step: Step, *, staff: bool) -> str:
    event = step.event
    if event.from_state == event.to_state or event.subject_type == Round.__tablename__:
        return ""  # what a round calls listed is said of its places
    before, after = (_state(step, code, staff=staff) for code in (event.from_state, event.to_state))
    return f"{before} → {after}" if before and after else after or before


def _state(step: Step, code: str, *, staff: bool) -> str:
    found = next((s for flow in _workflows(step) for s in _in(flow, code)), None)
    if found is None:
        return record_words.state(code)
    return found.staff_label if staff else found.public_label


def _in(workflow: Workflow, code: str) -> Iterator[State]:
    return (state for state in workflow.states if state.id == code)


def _transition(step: Step) -> Transition | None:
    event = step.event
    return next(
        (
            item
            for flow in _workflows(step)
            for item in flow.transitions
            if item.action == event.action and event.from_state in item.from_
        ),
        None,
    )


def _workflows(step: Step) -> list[Workflow]:
    """The state machines that the step may belong to: of the text in force then, or of its noun."""
    if step.event.subject_type == Membership.__tablename__:
        return [step.programme.workflows["standing"]] if step.programme else []
    return [nouns.workflow(name) for name in _nouns().get(step.event.subject_type, ())]


@cache
def _nouns() -> Mapping[str, list[str]]:
    """Workflows by table; kinds of one table have one each."""
    found: dict[str, list[str]] = {}
    for mapper in Base.registry.mappers:
        name = WORKFLOW_OF.get(mapper.class_)
        if name in nouns.PHASES:
            found.setdefault(mapper.class_.__tablename__, []).append(name)
    return found


def _rule(item: Any) -> dict[str, Any]:
    return {
        "id": item.id, "label": item.label, "article": item.article, "quote": item.quote,
        "proposal": item.proposal, "reading": item.reading, "number": item.number,
    }  # fmt: skip


def _version(step: Step) -> dict[str, str]:
    programme = step.programme
    return {
        "name": programme.short_name if programme else "",
        "number": programme.instrument.number if programme else "",
        "hash": step.version,
        "short": step.version[:SHORT_HASH],
    }


def _effective(event: Event) -> str:
    """The day from which it held, where that is not the day of the record: lists that came later,
    exits of the past."""
    day = event.diff.get("exited_on") or event.diff.get("listed_on")
    return "" if not day or day == clock.beijing(event.at).date().isoformat() else str(day)


def _result(event: Event) -> str:
    """A published evaluation: score and grade."""
    score, grade = event.diff.get("score"), event.diff.get("grade")
    if isinstance(grade, list) or isinstance(score, list) or not grade:
        return ""
    told = record_words.state(str(grade))
    return f"{score} 分，{told}" if score is not None else told


def _clock(found: Clock) -> dict[str, Any] | None:
    if found.due is None and not found.counted:
        return None
    counted = found.counted
    unit = UNITS.get(counted.get("unit", ""), "")
    return {
        "due": last_moment(found) if found.due else "",
        "told": f"自{counted['from']}次日起{counted['days']}{unit}，至{counted['until']}"
        if {"from", "days", "until"} <= counted.keys()
        else "",
        "off": [f"{day} {why}" for day, why in counted.get("off", [])],
        "provisional": counted.get("official") is False,
    }


def last_moment(found: Clock) -> str:
    """The exclusive end as people say it: midnight is 24:00 of the day before."""
    if found.due is None:
        return ""
    end = clock.beijing(found.due)
    if end == clock.start_of_day(end.date()):
        return f"{clock.last_day(found.due)} 24:00"
    return dt(found.due)


def place(membership: Membership) -> str:
    """``注塑 · 产品型``: the place of the pool in the words of its programme."""
    words = membership.round.programme
    return f"{words.segment_label(membership.segment)} · {words.type_label(membership.type)}"
