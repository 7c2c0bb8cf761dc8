"""Programmes for staff: what a round pinned, clause by clause, with dates and states."""

from typing import Any

from flask import render_template, url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Round
from marketplace.permissions import Permission
from marketplace.programmes import deadlines, summary
from marketplace.programmes.schema import Programme
from marketplace.programmes.workflows import State, Transition, Workflow
from marketplace.services.pool import rounds
from marketplace.web import programme_shapes as shapes
from marketplace.web import programmes as shown
from marketplace.web.access import needs
from marketplace.web.admin.labels import STATES
from marketplace.web.context import vocabulary
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.shapes import tone

ROUND_LABELS = {
    "draft": "筹备", "coming": "即将开始", "open": "申报中", "review": "评审中",
    "publicity": "公示中", "listed": "已公布名单", "closed": "已结束",
}  # fmt: skip
WORKFLOW_LABELS = {"selection": "遴选流程", "standing": "在池流程"}
OWN_LAYOUT = ("条件", "材料", "期限")
"""Sections of the summary that have a layout of their own on the page."""


@blueprint.get("/programmes")
@needs(Permission.PROGRAMME_READ)
def programmes() -> str:
    """All programmes with their rounds; those that have no round yet as files."""
    every = rounds.newest_first(current_session())
    files = shown.files()
    known = {**{r.programme_id: r.programme for r in reversed(every)}, **files}
    today = clock.today()
    return render_template(
        "work/programmes.html",
        programmes=[
            {
                "id": id_,
                "name": found.name,
                "city": found.city,
                "number": found.instrument.number,
                "issued_by": "、".join(found.instrument.issued_by),
                "expired": deadlines.expired(found, today),
                "force": shapes.instrument(found)["force"],
                "rules": len(found.rules),
                "public_url": shown.path(id_),
                "rounds": [_round(r) for r in every if r.programme_id == id_],
            }
            for id_, found in sorted(known.items(), key=lambda item: item[0] != shown.home_id())
        ],
    )


def _round(round_: Round) -> dict[str, str]:
    return {
        "label": round_.label,
        "phase": ROUND_LABELS[round_.phase],
        "url": url_for("work.programme", round_id=round_.id),
    }


@blueprint.get("/programmes/<int:round_id>")
@needs(Permission.PROGRAMME_READ)
def programme(round_id: int) -> str:
    """The text a round pinned: rules with articles, quotas, dates, papers, gaps, states."""
    session = current_session()
    round_ = next((r for r in rounds.newest_first(session) if r.id == round_id), None)
    if round_ is None:
        raise NotFound("没有这个批次")
    found = round_.programme
    return render_template(
        "work/programme.html",
        round=round_,
        phase=ROUND_LABELS[round_.phase],
        programme=found,
        paper=shapes.instrument(found),
        change=_change(session, round_),
        rules=shapes.rule_groups(found),
        calendar=shapes.calendar(found),
        materials=shapes.material_groups(found),
        sections=[part for part in summary.sections(found) if part.title not in OWN_LAYOUT],
        workflows=[_workflow(name, flow, found) for name, flow in found.workflows.items()],
        public_url=shown.path(found.id),
    )


def _change(session: Session, round_: Round) -> rounds.Amendment | None:
    """What differs between the pinned text and the file, if anything."""
    file = shown.files().get(round_.programme_id)
    if file is None or file.file_sha256 == round_.programme_hash:
        return None
    return rounds.amendment(session, round_, file)


def _workflow(name: str, flow: Workflow, found: Programme) -> dict[str, Any]:
    labels = {state.id: state.staff_label for state in flow.states}
    return {
        "label": WORKFLOW_LABELS.get(name, name),
        "states": [_state(state, state.id == flow.initial) for state in flow.states],
        "transitions": [_transition(item, labels) for item in flow.transitions],
    }


def _state(state: State, initial: bool) -> dict[str, Any]:
    return {
        "tag": (tone(state.tone), state.icon, state.staff_label),
        "public": state.public_label,
        "phase": STATES.get(state.phase, state.phase),
        "initial": initial,
        "note": state.note,
    }


def _transition(item: Transition, labels: dict[str, str]) -> dict[str, str]:
    needed = [("写明理由", item.reason_required), ("附文件", item.document_required)]
    reasons = [vocabulary().label("exit_reason", code) for code in item.reason_codes]
    if reasons:
        needed.append((f"事由：{'、'.join(reasons)}", True))
    return {
        "label": item.label,
        "from": "、".join(labels.get(id_, id_) for id_ in item.from_),
        "to": labels.get(item.to, item.to),
        "by": item.by,
        "needed": "；".join(text for text, on in needed if on),
        "note": item.note,
    }
