"""我的待办, and the first page of enterprises (/me), which shows it."""

from typing import Any

from flask import Blueprint, render_template

from marketplace.db import current_session
from marketplace.permissions import Permission
from marketplace.services.inbox import task_sources, tasks
from marketplace.web.access import current_actor, needs
from marketplace.web.access import signed_in as for_users
from marketplace.web.context import day

blueprint = Blueprint("tasks", __name__)

__all__ = ["blueprint", "shown", "task_sources"]


@blueprint.get("/tasks")
@for_users
def index() -> str:
    """Everything that waits for whoever is signed in, in the present role."""
    return render_template("tasks/index.html", tasks=shown())


@blueprint.get("/me")
@needs(Permission.ENTERPRISE_DESK)
def enterprise() -> str:
    """Where an enterprise starts."""
    return render_template("tasks/desk.html", title="企业中心", tasks=shown())


def shown() -> list[dict[str, Any]]:
    """The acting user's tasks as the macro ``task_list`` takes them."""
    return [
        {
            "title": task.title, "url": task.url, "kind": task.kind, "text": task.text,
            "due": day(task.due), "overdue": task.overdue,
        }
        for task in tasks.of(current_session(), current_actor())
    ]  # fmt: skip
