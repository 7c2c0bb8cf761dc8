"""One step on many things of a queue: tick them, see what is possible, do it, read the report."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.permissions import Permission, can
from marketplace.schemas.pool import BulkQuery, Versions
from marketplace.services.forms import submissions
from marketplace.services.pool import batches
from marketplace.services.pool.batches import STEPS, Planned
from marketplace.web import profile_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint


@dataclass(frozen=True)
class Queue:
    """Where things of one table wait: what the queue is called, where it is, and where one of
    its things is. ``tells``: what a step would do to one thing, beside its name."""

    title: str
    endpoint: str
    one: str
    argument: str
    tells: Callable[[Any], list[dict[str, str]]] = lambda _: []


PAGES = {
    "projects": Queue("合同备案与项目", "work.projects", "work.project", "project_id"),
    "case_versions": Queue("案例审核", "work.cases", "work.case", "version_id"),
    "change_requests": Queue(
        "资料修改审核", "work.changes", "work.change", "request_id", profile_shapes.change_rows
    ),
}
"""By table."""


class BatchForm(Schema):
    """The form that carries a batch out."""

    item = Versions(required=True, error_messages={"required": "请先勾选要办理的项"})
    reason = fields.String(
        load_default="", validate=validate.Length(max=2000, error="不超过2000字")
    )


def offered(table: str) -> list[dict[str, str]]:
    """The buttons below a queue: the steps that the present user may take on many."""
    return [
        {"label": f"批量{step.label}", "url": url_for(f"work.{_endpoint(name)}_plan")}
        for name, step in STEPS.items()
        if step.model.__tablename__ == table and can(current_actor(), step.permission)
    ]


def _endpoint(name: str) -> str:
    return f"batch_{name.replace('-', '_')}"


def _url(table: str, id_: int) -> str:
    place: dict[str, Any] = {PAGES[table].argument: id_}
    return url_for(PAGES[table].one, **place)


def _page(name: str, ids: list[int]) -> dict[str, Any]:
    step = STEPS[name]
    table = step.model.__tablename__
    planned = batches.plan(current_session(), current_actor(), step, ids)
    if not planned:
        raise NotFound("没有找到所选的内容")
    queue = PAGES[table]
    return {
        "step": step,
        "lines": [_line(table, item) for item in planned],
        "possible": sum(not item.reasons for item in planned),
        "run_url": url_for(f"work.{_endpoint(name)}"),
        "queue": {"label": queue.title, "url": url_for(queue.endpoint)},
    }


def _line(table: str, item: Planned) -> dict[str, Any]:
    return {
        "name": item.name,
        "url": _url(table, item.subject.id),
        "item": f"{item.subject.id}:{item.subject.version}",
        "reasons": item.reasons,
        "tells": PAGES[table].tells(item.subject),
    }


def _plan(name: str) -> Callable[[], str]:
    def plan() -> str:
        """What is possible for which; nothing is written."""
        ids = list(load(BulkQuery(), form_data(("id",)))["id"])
        return render_template("work/batch.html", errors={}, values={}, **_page(name, ids))

    return plan


def _run(name: str) -> Callable[[], Response]:
    def run() -> Response:
        session, step = current_session(), STEPS[name]
        data = load(BatchForm(), once.fields(("item",)))
        row = once.submission()
        try:
            row.report = [
                {**line, "url": _url(step.model.__tablename__, line["id"])}
                for line in batches.run(
                    session, current_actor(), step, data["item"], {"reason": data["reason"]}
                )
            ]
        except Invalid as error:
            return page_again("work/batch.html", error, **_page(name, list(data["item"])))
        return redirect(url_for("work.batch_report", key=row.key), 303)

    return run


@blueprint.get("/batches/reports/<key>")
@needs(Permission.WORK_READ)
def batch_report(key: str) -> str:
    """What became of each."""
    row = submissions.find(current_session(), current_actor(), key)
    if row is None or not row.report:
        raise NotFound
    return render_template("work/batch_report.html", lines=row.report)


for _name, _step in STEPS.items():
    blueprint.add_url_rule(
        f"/batches/{_name}/plan",
        f"{_endpoint(_name)}_plan",
        needs(_step.permission)(_plan(_name)),
        methods=["POST"],
    )
    blueprint.add_url_rule(
        f"/batches/{_name}",
        _endpoint(_name),
        needs(_step.permission)(once.once(_run(_name))),
        methods=["POST"],
    )
