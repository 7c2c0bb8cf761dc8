"""Proceedings, appeals and letters as the plain values that templates show."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Appeal, Event, IssuedLetter, Membership, Proceeding, StoredFile
from marketplace.phases import ProceedingKind, ProceedingPhase, Proposer, RemovalStep
from marketplace.programmes import nouns
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import appeals, proceedings_rules
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS, PROPOSER_LABELS
from marketplace.web.admin.labels import ACTIONS
from marketplace.web.context import dt, vocabulary
from marketplace.web.uploads import size_text
from marketplace.web.work import shapes as work_shapes
from marketplace.web.work.shapes import ROLES, tag, tone

STAFF = "work"
NAMES = {"p": "服务商中心", "work": "工作台"}
HOMES = {"p": "/p", "work": "/work"}
STEP_LABELS = {
    RemovalStep.VERIFICATION: "市级查实",
    RemovalStep.HEARING: "陈述申辩",
    RemovalStep.DECISION: "部门会签",
    RemovalStep.NOTICE: "公示",
}


def frame(centre: str, part: str, endpoint: str) -> dict[str, Any]:
    """What every page needs of its surroundings. ``part``: the list that it belongs to."""
    staff = centre == STAFF
    return {
        "layout": "layouts/staff.html" if staff else "layouts/public.html",
        "centre": "" if staff else NAMES[centre],
        "crumbs": [(NAMES[centre], HOMES[centre]), (part, url_for(f"{centre}.{endpoint}"))],
    }


def state_of(noun: str, state: str, *, staff: bool) -> dict[str, str]:
    """A state as status_tag takes it."""
    return tag(nouns.workflow(noun).state(state), staff=staff)


def due(instant: datetime | None) -> str:
    """The last day of a clock."""
    return f"{clock.last_day(instant)}" if instant else ""


def late(instant: datetime | None) -> bool:
    """Whether a clock has ended."""
    return instant is not None and clock.now() >= instant


def line(row: Proceeding, centre: str) -> dict[str, Any]:
    """A line of the list; place, round and provider are loaded."""
    open_ = row.phase != ProceedingPhase.CLOSED
    return {
        "name": row.provider.organisation.name,
        "url": url_for(f"{centre}.proceeding", proceeding_id=row.id),
        "kind": KIND_LABELS[ProceedingKind(row.kind)],
        "place": place_of(row.membership),
        "cause": vocabulary().name("exit_reason", row.cause),
        "state": state_of(f"proceeding_{row.kind}", row.state, staff=centre == STAFF),
        "due": due(row.due_at) if open_ else "",
        "late": open_ and late(row.due_at),
        "since": dt(row.state_since),
    }


def facts(row: Proceeding, *, staff: bool) -> list[tuple[str, Any]]:
    """What the case says of itself."""
    membership, programme = row.membership, row.membership.round.programme
    found: list[tuple[str, Any]] = [
        ("服务商", row.provider.organisation.name),
        ("席位", place_of(membership)),
        ("方案", f"{programme.short_name} · {membership.round.label}"),
        ("席位状态", work_shapes.tag(work_shapes.state_of(membership), staff=staff)["label"]),
        ("原因", vocabulary().name("exit_reason", row.cause)),
        ("提出方", f"{PROPOSER_LABELS[Proposer(row.proposer)]} {row.proposer_name}".strip()),
        ("立案", dt(row.opened_at)),
    ]
    if row.document_no:
        found.append(("文号", row.document_no))
    if row.plan_due_at:
        found.append(("整改方案期限", due(row.plan_due_at)))
    if row.due_at:
        extended = f"（已延长{row.extended_days}天）" if row.extended_days else ""
        found.append(("期限", f"{due(row.due_at)} 24:00{extended}"))
    if row.kind == ProceedingKind.REMOVAL:
        found.append(
            ("禁报期", proceedings_rules.ban_text(programme, row.cause) or "不限制再次申报")
        )
    if row.closed_at:
        found.append(("办结", dt(row.closed_at)))
    return found


def removal_steps(row: Proceeding) -> list[dict[str, str]]:
    """Where a removal stands among the steps of its programme, as ``steps`` takes them."""
    procedures = row.membership.round.programme.procedures
    if row.kind != ProceedingKind.REMOVAL or procedures is None:
        return []
    labels = ["提出", *(STEP_LABELS[RemovalStep(s)] for s in procedures.removal.steps), "公告"]
    if row.phase == ProceedingPhase.CLOSED:
        return [{"label": label, "state": "done"} for label in labels]
    at = labels.index(_now(row)) if _now(row) in labels else 0
    return [
        {"label": label, "state": "done" if n < at else "current" if n == at else "todo"}
        for n, label in enumerate(labels)
    ]


def _now(row: Proceeding) -> str:
    """The step that a removal is at: the next while others work on it, else the last finished."""
    state = nouns.workflow(f"proceeding_{row.kind}").state(row.state)
    step = state.behind
    if row.phase in (ProceedingPhase.PROVIDER, ProceedingPhase.BUREAUS):
        step = proceedings_rules.next_step(row)
    return STEP_LABELS[RemovalStep(step)] if step in set(RemovalStep) else ""


def buttons(
    row: Proceeding, centre: str, steps: Iterable[Any], extras: Iterable[tuple[str, str, str]]
) -> list[dict[str, str]]:
    """Steps and extras as links to their forms."""
    found = [
        {
            "label": step.label, "tone": tone(step.tone),
            "url": url_for(f"{centre}.proceeding_step", proceeding_id=row.id, step=step.action),
        }
        for step in steps
    ]  # fmt: skip
    found += [
        {
            "label": label, "tone": tone_,
            "url": url_for(f"{centre}.proceeding_step", proceeding_id=row.id, step=name),
        }
        for name, label, tone_ in extras
    ]  # fmt: skip
    return found


def files(session: Session, subject: Any) -> dict[str, list[dict[str, Any]]]:
    """Files that stand, by slot, as file_list takes them."""
    rows = session.scalars(
        select(StoredFile)
        .where(
            StoredFile.subject_type == subject.__tablename__, StoredFile.subject_id == subject.id,
            StoredFile.superseded_at.is_(None),
        )
        .order_by(StoredFile.id)
    )  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.purpose, []).append(
            {
                "name": row.name, "url": url_for("files.view", file_id=row.id),
                "size": size_text(row.size), "at": dt(row.uploaded_at), "version": row.version,
            }
        )  # fmt: skip
    return found


def letters(rows: Iterable[IssuedLetter], endpoint: str, **address: Any) -> list[dict[str, str]]:
    """Letters with the addresses of their Word and PDF."""
    return [
        {
            "title": row.title, "number": row.document_no, "day": f"{row.day}",
            **{
                kind: url_for(endpoint, letter_id=row.id, kind=kind, **address)
                for kind in ("docx", "pdf")
            },
        }
        for row in rows
    ]  # fmt: skip


def events(session: Session, *subjects: Any) -> list[dict[str, Any]]:
    """The history of rows as timeline takes it, newest first."""
    labels: dict[str, Any] = {}
    for subject in subjects:
        if isinstance(subject, Proceeding):
            labels |= {
                t.action: t for t in nouns.workflow(f"proceeding_{subject.kind}").transitions
            }
        else:
            noun = subject.__tablename__.removesuffix("s")
            labels |= {t.action: t for t in nouns.workflow(noun).transitions}
    wanted = or_(
        *(
            (Event.subject_type == subject.__tablename__) & (Event.subject_id == subject.id)
            for subject in subjects
        )
    )
    rows = session.scalars(select(Event).where(wanted).order_by(Event.id.desc()).limit(200))
    return [_event(row, labels.get(row.action)) for row in rows]


def _event(row: Event, step: Any) -> dict[str, Any]:
    role = ROLES.get(row.actor_role, "系统")
    words = [row.reason.rstrip("。；"), f"依据{row.document_no}" if row.document_no else ""]
    if row.diff.get("due"):
        words.append(f"期限到{clock.last_day(datetime.fromisoformat(row.diff['due']))}")
    return {
        "when": dt(row.at),
        "who": row.who if row.actor_role == "system" else f"{row.who}（{role}）",
        "title": step.label if step else ACTIONS.get(row.action, row.action),
        "text": "；".join(word for word in words if word),
        "tone": tone(step.tone) if step else "neutral",
        "icon": "check-lg",
    }


def appeal_line(row: Appeal, centre: str) -> dict[str, Any]:
    """A line of the list of appeals."""
    return {
        "name": row.provider.organisation.name,
        "url": url_for(f"{centre}.appeal", appeal_id=row.id),
        "place": place_of(row.membership),
        "state": state_of("appeal", row.state, staff=centre == STAFF),
        "filed": dt(row.filed_at),
        "due": due(row.decide_by) if not row.outcome and not row.closed_at else "",
        "late": not row.outcome and not row.closed_at and late(row.decide_by),
    }


def appeal_facts(row: Appeal, *, staff: bool) -> list[tuple[str, Any]]:
    """What an appeal says of itself."""
    found: list[tuple[str, Any]] = [
        ("服务商", row.provider.organisation.name),
        ("席位", place_of(row.membership)),
        ("对哪项决定", appeals.AGAINST_LABELS.get(row.against, row.against)),
        ("提出", dt(row.filed_at)),
        ("申诉期限", f"{due(row.window_until)} 24:00"),
        ("答复期限", f"{due(row.decide_by)} 24:00"),
    ]
    if row.outcome:
        decided = [("结果", OUTCOMES[row.outcome]), ("决定", dt(row.decided_at))]
        found += [*decided, ("文号", row.document_no)]
    return found


OUTCOMES = {"upheld": "申诉成立", "rejected": "申诉不成立，维持原决定"}


def appeal_subject_url(row: Appeal, centre: str) -> str:
    """Where what was decided stands, if it is a case file."""
    if row.subject_type != Proceeding.__tablename__:
        return ""
    return url_for(f"{centre}.proceeding", proceeding_id=row.subject_id)


def membership_url(centre: str, row: Membership) -> str:
    """Where staff look at the place itself."""
    return url_for("work.membership", membership_id=row.id) if centre == STAFF else ""
