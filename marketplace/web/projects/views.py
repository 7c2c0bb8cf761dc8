"""The routes of projects, the same for each centre, with the permission of that centre."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.models import Project
from marketplace.permissions import Permission, can, require
from marketplace.programmes.workflows import Transition
from marketplace.schemas.projects import Field, ListQuery, form
from marketplace.services.projects import projects, ratings
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, query_data
from marketplace.web.projects import asks, extras, pages
from marketplace.web.work import once
from marketplace.web.work.shapes import tone
from marketplace.workflow import guard_refusals, workflow_of

FORM = "projects/form.html"
View = Callable[..., Response]


def with_files(slot_of: Callable[..., str]) -> Callable[[View], View]:
    """Keep the files of a form before its transaction begins; ``slot_of`` reads the address."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def kept(**arguments: Any) -> Response:
            if slot := slot_of(**arguments):
                uploads.posted(slot)
            return view(**arguments)

        return kept

    return wrap


def show_form(centre: str, fields: Sequence[Field], *, subject: Any = None, **page: Any) -> str:
    """A form as it is opened."""
    session = current_session()
    slots = [item.name for item in fields if item.widget == "upload"]
    return render_template(
        FORM, **pages.frame(centre), fields=fields, errors={}, values={},
        uploads={slot: uploads.show(session, slot, subject) for slot in slots},
        labels={item.name: item.label for item in fields}, **page,
    )  # fmt: skip


def form_again(
    centre: str, fields: Sequence[Field], error: Invalid | Conflict, *, subject: Any = None,
    **page: Any,
) -> Response:  # fmt: skip
    """The form once more: what was typed, what was uploaded, what is wrong.

    A step that cannot be taken now is told in the form as well (409): nothing typed is lost.
    """
    sent = [uploads.posted(item.name) for item in fields if item.widget == "upload"]
    if isinstance(error, Invalid):
        wrong = error
    else:
        wrong = Invalid(error.message, fields={"form": error.reasons})
    answer = uploads.again(
        FORM, wrong, *sent, subject=subject, **pages.frame(centre), fields=fields,
        labels={item.name: item.label for item in fields}, **page,
    )  # fmt: skip
    if isinstance(error, Conflict):
        answer.status_code = 409
    return answer


def get(project_id: int) -> Project:
    """The project in the address, if the actor may know of it. Raises NotFound."""
    return projects.get(current_session(), current_actor(), project_id)


def _transition(subject: Any, action: str) -> tuple[Transition, str]:
    """What the step would do, and why not now ("" when it can). Raises NotFound, Forbidden."""
    every = [item for item in workflow_of(subject).transitions if item.action == action]
    if not every or (subject.__tablename__, action) in projects.FOLLOWING:
        raise NotFound("没有这个操作")
    require(current_actor(), Permission(every[0].by), subject)
    found = [item for item in projects.steps(subject, current_actor()) if item.action == action]
    if found:
        return found[0], ""
    label = workflow_of(subject).state(subject.state).public_label
    return every[0], f"当前状态是“{label}”，不能{every[0].label}"


def _now(why_not: str) -> None:
    """Raise Conflict when it cannot be done now: before a form is shown, and for one sent."""
    if why_not:
        remedy = "请回到项目页面，看现在可以办理什么。"
        raise Conflict(why_not, code="wrong_state", remedy=remedy)


def _ask_guards(subject: Any, action: str) -> None:
    """Say what stands against a step before anybody types. Raises Conflict, every reason."""
    if reasons := guard_refusals(current_session(), current_actor(), subject, action):
        raise Conflict("；".join(reasons), code="guard_refused", reasons=reasons)


class Views:
    """The views of one centre. ``own`` is the permission that its actors have."""

    def __init__(self, centre: str) -> None:
        self.centre = centre

    def index(self) -> str:
        """The list."""
        query = load(ListQuery(), query_data())
        page = pages.index(current_session(), current_actor(), self.centre, query)
        return render_template("projects/index.html", **page)

    def one(self, project_id: int) -> str:
        """One project."""
        page = pages.one(current_session(), current_actor(), self.centre, project_id)
        return render_template("projects/project.html", **page)

    def _page(self, project: Project, title: str, **more: Any) -> dict[str, Any]:
        back = url_for(f"{self.centre}.project", project_id=project.id)
        return {"title": title, "about": project.title, "back": back, "submit": "确认", **more}

    def _step(self, project: Project, kind: str, subject: Any, action: str) -> Any:
        transition, why_not = _transition(subject, action)
        fields = asks.of(kind, action).fields(project, subject, transition)
        page = self._page(
            project, transition.label, submit=f"确认{transition.label}", lead=transition.note,
            tone="danger" if tone(transition.tone) == "danger" else "primary",
            version=subject.version, draft=None,
        )  # fmt: skip
        return fields, page, transition, why_not

    def step_form(self, project_id: int, step: str) -> str:
        """A step of the project itself: the form."""
        project = get(project_id)
        fields, page, _, why_not = self._step(project, "projects", project, step)
        _now(why_not)
        _ask_guards(project, step)
        return show_form(self.centre, fields, subject=project, **page)

    def part_form(self, project_id: int, kind: str, part_id: int, action: str) -> str:
        """A step of a part: the form."""
        project = get(project_id)
        part = projects.part(current_session(), project, kind, part_id)
        fields, page, _, why_not = self._step(project, kind, part, action)
        _now(why_not)
        _ask_guards(part, action)
        return show_form(self.centre, fields, subject=part, **page)

    def step(self, project_id: int, step: str) -> Response:
        """A step of the project itself: the deed."""
        project = get(project_id)
        return self._take(project, "projects", project, step)

    def part(self, project_id: int, kind: str, part_id: int, action: str) -> Response:
        """A step of a part: the deed."""
        project = get(project_id)
        part = projects.part(current_session(), project, kind, part_id)
        return self._take(project, kind, part, action)

    def _take(self, project: Project, kind: str, subject: Any, action: str) -> Response:
        fields, page, transition, why_not = self._step(project, kind, subject, action)
        try:
            _now(why_not)
            data = load(form(fields), once.fields())
            ask = asks.of(kind, action)
            ask.do(current_session(), current_actor(), project, subject, action, data)
        except (Invalid, Conflict) as error:
            return form_again(self.centre, fields, error, subject=subject, **page)
        flash(f"已办理：{transition.label}", "ok")
        return self._leave(project.id)

    def _leave(self, project_id: int) -> Response:
        """To the project, or to the list when it is not this actor's to see any more."""
        return redirect(url_for(f"{self.centre}.project", project_id=project_id), 303)

    def _extra(self, project: Project, name: str, session: Session) -> Any:
        extra = extras.EXTRAS.get(name)
        if extra is None:
            raise NotFound("没有这个操作")
        if extra.refusal and not can(current_actor(), extra.by, project):
            raise Forbidden(extra.refusal)
        require(current_actor(), extra.by, project)
        rating = ratings.of(session, project)
        why_not = "" if extra.when(project, rating) else extra.otherwise
        page = self._page(
            project, extra.label, lead=extra.lead, version=rating.version if rating else 1,
            tone="danger" if extra.tone == "danger" else "primary", submit=f"确认{extra.label}",
            draft=None,
        )  # fmt: skip
        return extra, rating, extra.fields(project, rating), page, why_not

    def extra_form(self, project_id: int, name: str) -> str:
        """Something new on a project: the form."""
        _, _, fields, page, why_not = self._extra(get(project_id), name, current_session())
        _now(why_not)
        return show_form(self.centre, fields, **page)

    def extra(self, project_id: int, name: str) -> Response:
        """Something new on a project: the deed."""
        session, project = current_session(), get(project_id)
        extra, rating, fields, page, why_not = self._extra(project, name, session)
        try:
            _now(why_not)
            data = load(form(fields), once.fields())
            version = data.pop("version")
            if name == "rating":
                data["version"] = version
            extra.do(session, current_actor(), project, rating, data)
        except (Invalid, Conflict) as error:
            return form_again(self.centre, fields, error, **page)
        flash(f"已办理：{extra.label}", "ok")
        return self._leave(project.id)


def _slot_of_part(project_id: int, kind: str, part_id: int, action: str) -> str:
    return asks.of(kind, action).slot


def _slot_of_extra(project_id: int, name: str) -> str:
    found = extras.EXTRAS.get(name)
    return found.slot if found else ""


def register(blueprint: Blueprint, centre: str, reading: Permission, acting: Permission) -> None:
    """Give a centre its routes. ``reading`` opens pages, ``acting`` sends forms."""
    views = Views(centre)
    base = "/projects/<int:project_id>"
    part = f"{base}/<kind>/<int:part_id>/<action>"

    def add(rule: str, name: str, view: Any, permission: Permission, method: str) -> None:
        def run(**arguments: Any) -> Any:
            return view(**arguments)

        run.__doc__ = view.__doc__
        blueprint.add_url_rule(rule, name, needs(permission)(run), methods=[method])

    add("/projects", "projects", views.index, reading, "GET")
    add(base, "project", views.one, reading, "GET")
    add(f"{base}/steps/<step>", "project_step", views.step_form, reading, "GET")
    add(f"{base}/steps/<step>", "take_step", once.once(views.step), acting, "POST")
    add(part, "project_part", views.part_form, reading, "GET")
    taken = with_files(_slot_of_part)(once.once(views.part))
    add(part, "take_part_step", taken, acting, "POST")
    add(f"{base}/new/<name>", "project_extra", views.extra_form, reading, "GET")
    begun = with_files(_slot_of_extra)(once.once(views.extra))
    add(f"{base}/new/<name>", "begin_extra", begun, acting, "POST")
