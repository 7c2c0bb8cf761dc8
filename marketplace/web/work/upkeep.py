"""What pages of reports, complaints, checks, activities and awards share: frames, lists, steps."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes import nouns
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field, form
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.work import once, shapes
from marketplace.workflow import available, workflow_of

PER_PAGE = 30
LIST, DETAIL, FORM = "upkeep/list.html", "upkeep/detail.html", "projects/form.html"
HOMES = {"work": ("工作台", "/work"), "p": ("服务商中心", "/p"), "me": ("企业中心", "/me")}
Crumb = tuple[str, str]


def frame(centre: str, *crumbs: Crumb) -> dict[str, Any]:
    """Layout, tabs and the way back of a page; ``centre`` is work, p, me or "" (public)."""
    home = [HOMES[centre]] if centre else [("首页", "/")]
    return {
        "layout": "layouts/staff.html" if centre == "work" else "layouts/public.html",
        "centre": HOMES[centre][0] if centre in ("p", "me") else "",
        "crumbs": [*home, *crumbs],
    }


def page_number() -> int:
    """Which page of a list is asked for."""
    given = request.args.get("page", "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1


def chosen(name: str, allowed: Sequence[str], otherwise: str = "") -> str:
    """A condition of a list; one that is not known counts as not given."""
    given = request.args.get(name, "")
    return given if given in allowed else otherwise


def searched() -> str:
    """What is looked for in a list, as it can be asked of a database."""
    return request.args.get("q", "").replace("\x00", "").strip()[:100]


def paged(session: Session, query: Select[Any]) -> tuple[list[Any], dict[str, Any]]:
    """One page of rows, and what the pager needs: two queries."""
    page = page_number()
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    kept = {name: value for name, value in request.args.items() if name != "page"}
    return list(rows), {
        "total": total, "page": page, "pages": max(1, -(-total // PER_PAGE)),
        "page_link": lambda number: url_for(
            str(request.endpoint), **{**(request.view_args or {}), **kept, "page": number}
        ),
    }  # fmt: skip


def tag(noun: str, state: str, *, staff: bool) -> dict[str, str]:
    """A state as the cells and headers of these pages take it."""
    return shapes.tag(nouns.workflow(noun).state(state), staff=staff)


def tabs(
    endpoint: str, name: str, items: Sequence[tuple[str, str]], now: str
) -> list[dict[str, Any]]:
    """Links to the same list by one condition; items (value, label)."""
    base = url_for(endpoint)
    return [
        {
            "label": label, "url": f"{base}?{name}={value}" if value else base,
            "current": value == now,
        }
        for value, label in items
    ]  # fmt: skip


def events(session: Session, subject: Any, noun: str) -> list[dict[str, Any]]:
    """The history of a row: one query."""
    labels = {step.action: step for step in nouns.workflow(noun).transitions}
    return shapes.events(session, subject, labels)


def answer(page: str, status: int) -> Response:
    """A page with a status."""
    response = make_response(page)
    response.status_code = status
    return response


def show_form(fields: Sequence[Field], *, subject: Any = None, **page: Any) -> str:
    """A form as it is opened. ``page``: a frame, title, about, lead, back, submit, version …"""
    slots = [item.name for item in fields if item.widget == "upload"]
    shown = {slot: uploads.show(current_session(), slot, subject) for slot in slots}
    return render_template(FORM, **_form(fields, page), errors={}, values={}, uploads=shown)


def form_again(
    fields: Sequence[Field], error: Invalid | Conflict, *, subject: Any = None, **page: Any
) -> Response:
    """The form once more with what was typed and what is wrong: 422, or 409 for a lost race."""
    sent = [uploads.posted(item.name) for item in fields if item.widget == "upload"]
    wrong = error
    if isinstance(error, Conflict):
        wrong = Invalid(error.message, fields={"form": error.reasons})
    response = uploads.again(FORM, wrong, *sent, subject=subject, **_form(fields, page))  # type: ignore[arg-type]
    if isinstance(error, Conflict):
        response.status_code = 409
    return response


def _form(fields: Sequence[Field], page: Mapping[str, Any]) -> dict[str, Any]:
    plain = {"about": "", "lead": "", "tone": "primary", "version": "", "draft": None}
    labels = {item.name: item.label for item in fields}
    return {**plain, "fields": fields, "labels": labels, **page}


REASON = Field("reason", "说明", "area", longest=2000)
DOCUMENT = Field("document_no", "依据文号", longest=60)


@dataclass(frozen=True, kw_only=True)
class Noun:
    """A kind of rows whose steps are taken through forms.

    ``get(session, actor, id)`` raises NotFound; ``about`` names a row; ``fields`` are asked for
    beside reason and document; ``do(session, actor, row, action, data)`` takes the step. Steps in
    ``elsewhere`` have pages of their own. ``slot(action)`` is where a step takes files.
    """

    name: str
    place: str
    label: str
    get: Callable[[Session, Actor, int], Any]
    about: Callable[[Any], str]
    do: Callable[[Session, Actor, Any, str, dict[str, Any]], Any]
    fields: Callable[[Any, Transition], list[Field]] = field(default=lambda row, step: [])
    elsewhere: frozenset[str] = frozenset()
    slot: Callable[[str], str] = field(default=lambda action: "")

    def buttons(self, centre: str, row: Any, actor: Actor) -> list[dict[str, str]]:
        """Links to the steps that the actor may take now."""
        return [
            {
                "label": step.label, "tone": shapes.tone(step.tone),
                "url": url_for(f"{centre}.{self.name}_step", row_id=row.id, action=step.action),
            }
            for step in available(row, actor)
            if step.action not in self.elsewhere
        ]  # fmt: skip

    def asked(self, row: Any, action: str, actor: Actor) -> tuple[Transition, list[Field]]:
        """The step and what its form asks. Raises NotFound, Forbidden, Conflict (wrong state)."""
        workflow = workflow_of(row)
        every = [step for step in workflow.transitions if step.action == action]
        if not every or action in self.elsewhere:
            raise NotFound("没有这个操作")
        require(actor, Permission(every[0].by), row)
        step = workflow.transition(row.state, action)
        if step is None:
            label = workflow.state(row.state).public_label
            raise Conflict(f"当前状态是“{label}”，不能{every[0].label}", code="wrong_state")
        fields = self.fields(row, step)
        given = {item.name for item in fields}
        if step.reason_required and "reason" not in given:
            fields = [*fields, REASON]
        if step.document_required:
            fields = [*fields, DOCUMENT]
        if slot := self.slot(action):
            fields = [*fields, Field(slot, "附件", "upload", required=False)]
        return step, fields


class Steps:
    """The two views of a noun's steps in one centre: the form, and the deed."""

    def __init__(self, noun: Noun, centre: str, listed: str, one: str) -> None:
        self.noun, self.centre, self.listed, self.one = noun, centre, listed, one

    def _page(self, row: Any, step: Transition) -> dict[str, Any]:
        back = url_for(f"{self.centre}.{self.one}", row_id=row.id)
        return {
            **frame(self.centre, (self.noun.label, url_for(f"{self.centre}.{self.listed}"))),
            "title": step.label, "about": self.noun.about(row), "lead": step.note, "back": back,
            "submit": f"确认{step.label}", "version": row.version,
            "tone": "danger" if step.tone == "danger" else "primary",
        }  # fmt: skip

    def form(self, row_id: int, action: str) -> str:
        """A step: what it asks."""
        session, actor = current_session(), current_actor()
        row = self.noun.get(session, actor, row_id)
        step, fields = self.noun.asked(row, action, actor)
        return show_form(fields, **self._page(row, step))

    def take(self, row_id: int, action: str) -> Response:
        """A step: the deed."""
        session, actor = current_session(), current_actor()
        row = self.noun.get(session, actor, row_id)
        step, fields = self.noun.asked(row, action, actor)
        page = self._page(row, step)
        try:
            data = load(form(fields), once.fields())
            if slot := self.noun.slot(action):
                uploads.posted(slot).attach(session, actor, row)
            self.noun.do(session, actor, row, action, data)
        except (Invalid, Conflict) as error:
            return form_again(fields, error, **page)
        flash(f"已办理：{step.label}", "ok")
        return redirect(page["back"], 303)


def register_steps(
    blueprint: Blueprint, noun: Noun, *, reading: Permission, acting: Permission, listed: str,
    one: str,
) -> None:  # fmt: skip
    """Give a centre the routes of a noun's steps. ``listed`` and ``one``: its pages."""
    views = Steps(noun, blueprint.name, listed, one)
    rule = f"/{noun.place}/<int:row_id>/steps/<action>"

    @functools.wraps(views.form)
    def shown(row_id: int, action: str) -> str:
        return views.form(row_id, action)

    @functools.wraps(views.take)
    def taken(row_id: int, action: str) -> Response:
        if slot := noun.slot(action):
            uploads.posted(slot)  # before the first query: files are checked outside a transaction
        return once.once(views.take)(row_id, action)

    blueprint.add_url_rule(rule, f"{noun.name}_step", needs(reading)(shown), methods=["GET"])
    blueprint.add_url_rule(rule, f"take_{noun.name}_step", needs(acting)(taken), methods=["POST"])


def number(name: str) -> int | None:
    """A number in the query, such as the id of a row that a page is about."""
    given = request.args.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 10 else None
