"""Projects of a provider: the contracts it files, and the way they go."""

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Project
from marketplace.permissions import Permission, require
from marketplace.phases import WRITING_PHASES
from marketplace.schemas.projects import Field, form
from marketplace.services.projects import filings
from marketplace.web import drafts, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.projects import filing as forms
from marketplace.web.projects.views import form_again, get, register, show_form, with_files
from marketplace.web.work import once

MENU.append(("项目", "/p/projects", Permission.PROVIDER_DESK))
drafts.LABELS["project"] = {
    item.name: item.label for item in forms.fields([], {}) if item.widget != "upload"
}


def _scan(**arguments: Any) -> str:
    return filings.SCAN


def _asked(project: Project | None) -> tuple[list[Field], dict[str, Any], str]:
    """Fields, page and key of the draft.

    A form that was sent is never refused here: what was typed goes back into it.
    """
    session, actor = current_session(), current_actor()
    require(actor, Permission.PROJECT_DRAFT, project)
    sent = request.form.get("membership_id", "")
    if project is not None and project.phase not in WRITING_PHASES and not request.form:
        raise Conflict("合同已经提交，不能修改", code="wrong_state", remedy="请先撤回再修改。")
    key = f"project:{project.id if project else 'new'}"
    now = forms.shown(session, project) if project else {}
    draft = drafts.of(key, base_version=project.version if project else None)
    fields = forms.fields(forms.places(session, actor, project, sent), {**now, **draft.values})
    back = url_for("p.project", project_id=project.id) if project else url_for("p.projects")
    page = {
        "title": "修改合同备案" if project else "起草合同备案",
        "about": project.title if project else "",
        "lead": "保存后还可以修改；提交前请填写完整并上传合同扫描件。",
        "back": back, "submit": "保存", "tone": "primary", "draft": draft,
        "version": project.version if project else "",
    }  # fmt: skip
    return fields, page, key


@blueprint.get("/projects/new")
@needs(Permission.PROVIDER_DESK)
def new_project() -> str:
    """A new contract: the form."""
    fields, page, _ = _asked(None)
    return show_form("p", fields, **page)


@blueprint.post("/projects/new")
@needs(Permission.PROJECT_DRAFT)
@with_files(_scan)
@once.once
def create_project() -> Response:
    """A new contract: the draft."""
    session, actor = current_session(), current_actor()
    fields, page, key = _asked(None)
    try:
        data = load(form(fields, versioned=False), once.fields())
        project = filings.create(session, actor, forms.filing(data))
        uploads.posted(filings.SCAN).attach(session, actor, project)
    except (Invalid, Conflict) as error:
        return form_again("p", fields, error, **page)
    drafts.done(key)
    flash("已保存草稿。核对无误后，请提交企业确认。", "ok")
    return redirect(url_for("p.project", project_id=project.id), 303)


@blueprint.get("/projects/<int:project_id>/edit")
@needs(Permission.PROVIDER_DESK)
def edit_project(project_id: int) -> str:
    """A draft or returned contract: the form."""
    project = get(project_id)
    fields, page, _ = _asked(project)
    return show_form("p", fields, subject=project, **page)


@blueprint.post("/projects/<int:project_id>/edit")
@needs(Permission.PROJECT_DRAFT)
@with_files(_scan)
@once.once
def save_project(project_id: int) -> Response:
    """A draft or returned contract: what was changed."""
    session, actor, project = current_session(), current_actor(), get(project_id)
    fields, page, key = _asked(project)
    try:
        data = load(form(fields), once.fields())
        version = data.pop("version")
        filings.edit(session, actor, project, forms.filing(data), version)
        uploads.posted(filings.SCAN).attach(session, actor, project)
    except (Invalid, Conflict) as error:
        return form_again("p", fields, error, subject=project, **page)
    drafts.done(key)
    flash("已保存。", "ok")
    return redirect(url_for("p.project", project_id=project.id), 303)


register(blueprint, "p", Permission.PROVIDER_DESK, Permission.PROJECT_DRAFT)
