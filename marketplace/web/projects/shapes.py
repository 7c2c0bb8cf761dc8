"""Projects and their parts as the plain values that templates show."""

from collections import defaultdict
from typing import Any

from flask import url_for
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from marketplace import clock
from marketplace.models import (
    Acceptance,
    ChangeNotice,
    Dispute,
    Event,
    Milestone,
    Project,
    Rating,
    StoredFile,
)
from marketplace.permissions import Actor
from marketplace.phases import MilestonePhase
from marketplace.programmes import nouns
from marketplace.services.projects import change_notices, disputes, project_notices, projects
from marketplace.services.projects.project_rules import rules
from marketplace.web.admin.labels import ACTIONS
from marketplace.web.context import dt, term, wan
from marketplace.web.uploads import size_text
from marketplace.web.work.shapes import ROLES, tag, tone

SIDES = {"provider": "服务商", "enterprise": "企业"}


def state_tag(noun: str, state: str, *, staff: bool) -> dict[str, str]:
    """A state as status_tag takes it."""
    return tag(nouns.workflow(noun).state(state), staff=staff)


def line(row: Project, centre: str, *, staff: bool) -> dict[str, Any]:
    """A line of a list; the parties are loaded."""
    return {
        "id": row.id,
        "title": row.title,
        "url": url_for(f"{centre}.project", project_id=row.id),
        "provider": row.provider.organisation.name,
        "enterprise": row.enterprise.name,
        "segment": term("segment", row.segment),
        "price": wan(row.contract_price_cny),
        "since": dt(row.state_since),
        "state": state_tag("project", row.state, staff=staff),
    }


def facts(row: Project) -> list[tuple[str, Any]]:
    """What a contract says."""
    firms = [firm["name"] for firm in row.subcontractors]
    return [
        ("服务商", row.provider.organisation.name),
        ("企业", row.enterprise.name),
        ("细分行业", term("segment", row.segment)),
        ("企业所在区市", term("district", row.enterprise.district)),
        ("合同编号", row.contract_no),
        ("签订日期", f"{row.signed_on or ''}"),
        ("实施时间", f"{row.starts_on} 至 {row.ends_on}" if row.starts_on and row.ends_on else ""),
        ("备案日期", f"{row.filed_on}" if row.filed_on else "未备案"),
        ("共性模块（N）", row.common_modules),
        ("个性模块（X）", row.custom_modules or "无"),
        ("目录价（万元）", wan(row.list_price_cny)),
        ("让利价（万元）", wan(row.pilot_price_cny)),
        ("合同价（万元）", wan(row.contract_price_cny)),
        ("比目录价优惠", concession(row)),
        ("分包单位", firms or "无"),
        ("评估机构", row.evaluator.name if row.evaluator else "未选定"),
        *([("验收日期", f"{row.accepted_on}")] if row.accepted_on else []),
    ]


def concession(row: Project) -> str:
    """How far the contract stays below the list price (让利)."""
    if not row.list_price_cny or row.contract_price_cny is None:
        return ""
    share = (row.list_price_cny - row.contract_price_cny) / row.list_price_cny * 100
    return f"{share:.1f}%" if share >= 0 else "高于目录价"


Parts = dict[str, list[Any]]


def parts(session: Session, row: Project) -> Parts:
    """All parts of a project, each with its project set; one query for each kind."""
    orders = {"milestones": Milestone.seq, "changes": ChangeNotice.id.desc(),
              "acceptances": Acceptance.id.desc(), "disputes": Dispute.id.desc()}  # fmt: skip
    found: Parts = {}
    for kind, order in orders.items():
        model = projects.PARTS[kind]
        query = select(model).where(model.project_id == row.id).order_by(order)
        found[kind] = list(session.scalars(query))
        for part in found[kind]:
            set_committed_value(part, "project", row)
    return found


def _subjects(row: Project, found: Parts, rating: Rating | None) -> list[tuple[str, int]]:
    parts_ = [part for kind in found.values() for part in kind]
    every = [row, *parts_, *([rating] if rating else [])]
    return [(part.__tablename__, part.id) for part in every]


def _among(model: type[Any], subjects: list[tuple[str, int]]) -> Any:
    by_table: dict[str, list[int]] = defaultdict(list)
    for table, id_ in subjects:
        by_table[table].append(id_)
    return or_(
        *(
            and_(model.subject_type == table, model.subject_id.in_(ids))
            for table, ids in by_table.items()
        )
    )


def files(session: Session, subjects: list[tuple[str, int]]) -> dict[tuple[str, int], list[Any]]:
    """Files that stand, by the row they belong to, as file_list takes them."""
    rows = session.scalars(
        select(StoredFile)
        .where(_among(StoredFile, subjects), StoredFile.superseded_at.is_(None))
        .order_by(StoredFile.id)
    )
    found: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in rows:
        found[row.subject_type, row.subject_id or 0].append(
            {
                "name": row.name, "url": url_for("files.view", file_id=row.id),
                "size": size_text(row.size), "at": dt(row.uploaded_at), "version": row.version,
            }
        )  # fmt: skip
    return found


def _buttons(actor: Actor, centre: str, kind: str, part: Any) -> list[dict[str, str]]:
    return [
        {
            "label": step.label, "tone": tone(step.tone),
            "url": url_for(f"{centre}.project_part", project_id=part.project_id, kind=kind,
                           part_id=part.id, action=step.action),
        }
        for step in projects.steps(part, actor)
    ]  # fmt: skip


def part_card(
    actor: Actor, centre: str, kind: str, part: Any, attached: list[Any], *, staff: bool
) -> dict[str, Any]:
    """One part with its state, what it says, its files and what may be done."""
    return {
        "id": f"{kind}-{part.id}",
        "state": state_tag(projects.NOUNS[kind], part.state, staff=staff),
        "since": dt(part.state_since),
        "files": attached,
        "buttons": _buttons(actor, centre, kind, part),
        **TELLERS[kind](part),
    }


def _milestone(part: Milestone) -> dict[str, Any]:
    late = part.due_on is not None and part.phase in (
        MilestonePhase.PLANNED, MilestonePhase.DISPUTED,
    ) and part.due_on < clock.today()  # fmt: skip
    due = f"计划 {part.due_on}" if part.due_on else ""
    return {"title": f"{part.seq}. {part.name}", "text": part.note, "late": late, "lines": [due]}


def _change(part: ChangeNotice) -> dict[str, Any]:
    lines = [
        f"{change_notices.LABELS[name]}：{_said(name, old)} → {_said(name, new)}"
        for name, (old, new) in part.changes.items()
    ]
    return {"title": "变更内容", "text": f"理由：{part.reason}", "late": False, "lines": lines}


def _said(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "、".join(item["name"] if isinstance(item, dict) else item for item in value) or "无"
    return f"{float(value) / 10_000:,.2f}万元" if name == "contract_price_cny" else str(value)


def _metric(item: dict[str, Any]) -> str:
    unit, after = item["unit"], item["after"]
    said = f"{item['name']}：改造前 {item['before']}{unit}，目标 {item['target']}{unit}"
    reached = "达到" if item["met"] else "未达到"
    return f"{said}，改造后 {after}{unit}（{reached}）" if after else said


def _acceptance(part: Acceptance) -> dict[str, Any]:
    lines = [_metric(item) for item in part.metrics]
    if part.level_after is not None:
        lines.insert(0, f"数字化水平：{part.level_before}级 → {part.level_after}级")
    said = "" if part.passed is None else "通过" if part.passed else "未通过"
    title = f"验收（企业填报：{said}）" if said else "验收"
    return {"title": title, "text": part.summary, "late": False, "lines": lines}


def _dispute(part: Dispute) -> dict[str, Any]:
    lines = [f"提出方：{SIDES[part.opened_by]}"]
    if part.outcome:
        lines.append(f"结果：{disputes.OUTCOME_LABELS[part.outcome]}。{part.outcome_text}")
    return {"title": part.subject, "text": part.text, "late": False, "lines": lines}


TELLERS: dict[str, Any] = {
    "milestones": _milestone, "changes": _change, "acceptances": _acceptance, "disputes": _dispute,
}  # fmt: skip


def rating_card(rating: Rating) -> dict[str, Any]:
    """A rating as its project's page shows it."""
    return {
        "scores": [
            (label, f"{rating.scores.get(name, 0)}分") for name, label in rules().scores.items()
        ],
        "text": rating.text,
        "reply": rating.reply,
        "hidden": rating.hidden_reason,
        "affiliated": rating.affiliated,
        "at": dt(rating.updated_at),
    }


def events(session: Session, subjects: list[tuple[str, int]]) -> list[dict[str, Any]]:
    """The history of a project and its parts as timeline takes it, newest first."""
    labels = {
        (model.__tablename__, step.action): step
        for kind, model in projects.PARTS.items()
        for step in nouns.workflow(projects.NOUNS[kind]).transitions
    }
    for step in nouns.workflow("project").transitions:
        labels["projects", step.action] = step
    rows = session.scalars(
        select(Event).where(_among(Event, subjects)).order_by(Event.id.desc()).limit(200)
    )
    return [_event(row, labels.get((row.subject_type, row.action))) for row in rows]


def _event(row: Event, step: Any) -> dict[str, Any]:
    role = ROLES.get(row.actor_role, "系统")
    word = step.label if step else project_notices.STARTED.get(row.action, "")
    return {
        "when": dt(row.at),
        "who": row.who if row.actor_role == "system" else f"{row.who}（{role}）",
        "title": word or ACTIONS.get(row.action, row.action),
        "text": row.reason,
        "tone": tone(step.tone) if step else "neutral",
        "icon": "check-lg",
    }


def all_subjects(row: Project, found: Parts, rating: Rating | None) -> list[tuple[str, int]]:
    """(table, id) of a project and everything that hangs on it."""
    return _subjects(row, found, rating)
