"""What the list and the page of a project show, for whichever side looks."""

from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.models import Project
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import WRITING_PHASES, ProjectPhase
from marketplace.programmes import nouns
from marketplace.services.projects import project_tasks, projects, ratings  # noqa: F401  registers what waits for each side
from marketplace.web.projects import extras, shapes
from marketplace.web.work import batches
from marketplace.web.work.shapes import tone

PAGE = 20
STAFF = "work"
NAMES = {"p": "服务商中心", "me": "企业中心", "work": "工作台"}
OWN = {"p": "provider", "me": "enterprise"}
"""The party that a list need not name: it is the reader in every line."""
HOMES = {"p": "/p", "me": "/me", "work": "/work"}
TITLES = {
    "milestones": "里程碑", "changes": "变更", "acceptances": "验收", "disputes": "争议",
}  # fmt: skip


def frame(centre: str) -> dict[str, Any]:
    """What every page of projects needs of its surroundings."""
    staff = centre == STAFF
    return {
        "layout": "layouts/staff.html" if staff else "layouts/public.html",
        "centre": "" if staff else NAMES[centre],
        "crumbs": [
            (NAMES[centre], HOMES[centre]), ("项目", url_for(f"{centre}.projects")),
        ],
    }  # fmt: skip


def index(session: Session, actor: Actor, centre: str, query: dict[str, Any]) -> dict[str, Any]:
    """A page of the list."""
    staff, page = centre == STAFF, query["page"]
    statement = projects.listed(actor, query["phase"], query["q"])
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    total = session.scalar(counted) or 0
    rows = session.scalars(
        statement.options(*projects.PARTIES).offset((page - 1) * PAGE).limit(PAGE)
    )
    states = nouns.workflow("project").states
    return {
        **frame(centre),
        "rows": [shapes.line(row, centre, staff=staff) for row in rows],
        "own": OWN.get(centre, ""),
        "total": total,
        "pages": max(1, -(-total // PAGE)),
        "query": query,
        "states": [
            (state.phase, state.staff_label if staff else state.public_label) for state in states
        ],
        "here": url_for(f"{centre}.projects"),
        "page_link": lambda number: url_for(
            f"{centre}.projects", q=query["q"], phase=query["phase"], page=number
        ),
        "staff": staff,
        "batches": batches.offered("projects")
        if staff and query["phase"] == ProjectPhase.FILING
        else [],
        "new_url": url_for("p.new_project") if _may_write(actor, centre) else "",
    }


def _may_write(actor: Actor, centre: str) -> bool:
    return centre == "p" and can(actor, Permission.PROJECT_DRAFT)


def one(session: Session, actor: Actor, centre: str, project_id: int) -> dict[str, Any]:
    """The page of a project. Raises NotFound."""
    staff = centre == STAFF
    project, rating = ratings.beside(session, actor, project_id)
    found = shapes.parts(session, project)
    subjects = shapes.all_subjects(project, found, rating)
    attached = shapes.files(session, subjects)
    groups = [
        {
            "id": kind,
            "title": TITLES[kind],
            "cards": [
                shapes.part_card(
                    actor, centre, kind, part, attached[part.__tablename__, part.id], staff=staff
                )
                for part in rows
            ],
        }
        for kind, rows in found.items()
    ]
    return {
        **frame(centre),
        "project": project,
        "state": shapes.state_tag("project", project.state, staff=staff),
        "facts_of": shapes.facts(project),
        "scans": attached["projects", project.id],
        "buttons": _buttons(actor, centre, project, rating),
        "groups": groups,
        "rating": shapes.rating_card(rating) if rating else None,
        "events": shapes.events(session, subjects),
    }


def _buttons(actor: Actor, centre: str, project: Project, rating: Any) -> list[dict[str, str]]:
    found = []
    if project.phase in WRITING_PHASES and can(actor, Permission.PROJECT_DRAFT, project):
        url = url_for("p.edit_project", project_id=project.id)
        found.append({"label": "修改内容", "tone": "neutral", "url": url})
    found += [
        {
            "label": step.label, "tone": tone(step.tone),
            "url": url_for(f"{centre}.project_step", project_id=project.id, step=step.action),
        }
        for step in projects.steps(project, actor)
    ]  # fmt: skip
    found += [
        {
            "label": "修改评价" if name == "rating" and rating else extra.label, "tone": extra.tone,
            "url": url_for(f"{centre}.project_extra", project_id=project.id, name=name),
        }
        for name, extra in extras.offered(actor, project, rating).items()
    ]  # fmt: skip
    return found
