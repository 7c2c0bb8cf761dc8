"""The form of a case: drafts of the acting provider, kept while typing, never lost to a clash."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import CaseVersion
from marketplace.permissions import Permission
from marketplace.phases import CasePhase
from marketplace.schemas import cases as schema
from marketplace.services.cases import case_studies
from marketplace.services.cases.case_rules import rules
from marketplace.web import case_shapes, drafts, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import blueprint
from marketplace.web.p.cases import answer, get, shown
from marketplace.web.work import once

SLOTS = (case_studies.LETTER, case_studies.PICTURE)
FORM = "p/case_form.html"

drafts.LABELS["case"] = schema.LABELS


def _codes(kind: str) -> list[str]:
    return [word.code for word in vocabulary().options(kind)]


def _form_context(version: CaseVersion | None, draft: drafts.DraftField) -> dict[str, Any]:
    options = vocabulary().options
    return {
        "version": version,
        "draft": draft,
        "labels": schema.LABELS,
        "rows": range(1, rules().metric_rows + 1),
        "parts": schema.METRIC_PARTS,
        "sizes": list(schema.SIZES.items()),
        "levels": list(schema.LEVELS.items()),
        "options": {
            kind: [(word.code, word.name) for word in options(kind)]
            for kind in ("segment", "district", "process_link", "scene")
        },
        "metric_names": [word.name for word in options("outcome_metric")],
    }


def _key(version: CaseVersion | None) -> str:
    return f"case:{version.id}" if version else "case:new"


def _form(version: CaseVersion | None) -> str:
    base = version.version if version else None
    draft = drafts.of(_key(version), base_version=base)
    stored = schema.shown(version.content) if version else {}
    ticked = {
        name: draft.all(name)
        if draft.fields
        else (version.content.get(name, []) if version else [])
        for name in schema.LISTS
    }
    fields = {slot: uploads.show(current_session(), slot, version) for slot in SLOTS}
    return render_template(
        FORM, errors={}, values=draft.values or stored, ticked=ticked, uploads=fields,
        theirs=[], base=base, **_form_context(version, draft),
    )  # fmt: skip


def _again(version: CaseVersion | None, error: Invalid, **more: Any) -> Response:
    base = version.version if version else None
    draft = drafts.of(_key(version), base_version=base)
    sent = [uploads.posted(slot) for slot in SLOTS]
    context = {
        "ticked": {name: request.form.getlist(name) for name in schema.LISTS},
        "theirs": [], "base": base, **more, **_form_context(version, draft),
    }  # fmt: skip
    return uploads.again(FORM, error, *sent, subject=version, **context)


def _content(*, edits: bool) -> tuple[dict[str, Any], int]:
    """What was typed, and the version that it began with."""
    data = form_data(schema.LISTS, drop=(once.KEY_FIELD,))
    loaded = load(schema.form(_codes, rules().metric_rows, edits=edits), data)
    content, errors = schema.content(loaded, rules().metric_rows)
    if errors:
        raise Invalid(fields=errors)
    return content, loaded.get("version", 0)


def _attach(version: CaseVersion) -> None:
    for slot in SLOTS:
        uploads.posted(slot).attach(current_session(), current_actor(), version)


@blueprint.get("/cases/new")
@needs(Permission.CASE_WRITE)
def new_case() -> str:
    """An empty form, or what was typed before."""
    return _form(None)


@blueprint.post("/cases/new")
@needs(Permission.CASE_WRITE)
def create_case() -> Response:
    """Keep a new draft."""
    for slot in SLOTS:
        uploads.posted(slot)  # before the first query: files are checked outside a transaction
    return once.once(_create)()


def _create() -> Response:
    try:
        content, _ = _content(edits=False)
        version = case_studies.create(current_session(), current_actor(), content)
        _attach(version)
    except Invalid as error:
        return _again(None, error)
    drafts.done(_key(None))
    flash("草稿已保存。核对后可以发给案例企业授权。", "ok")
    return redirect(url_for("p.case", version_id=version.id), 303)


@blueprint.get("/cases/<int:version_id>/edit")
@needs(Permission.CASE_WRITE)
def edit_case(version_id: int) -> Response | str:
    """The form of a draft; what was sent is not edited, it is taken back first."""
    version = get(version_id)
    if version.phase != CasePhase.DRAFT:
        return redirect(url_for("p.case", version_id=version.id))
    return _form(version)


@blueprint.post("/cases/<int:version_id>/edit")
@needs(Permission.CASE_WRITE)
def save_case(version_id: int) -> Response:
    """Keep a draft; 409 with both texts when a colleague was faster."""
    for slot in SLOTS:
        uploads.posted(slot)
    version = get(version_id)
    content: dict[str, Any] = {}
    try:
        content, base = _content(edits=True)
        case_studies.edit(current_session(), current_actor(), version, content, base)
        _attach(version)
    except Invalid as error:
        return _again(version, error, base=request.form.get("version", ""))
    except Conflict as conflict:
        return _clash(version, content, conflict)
    drafts.done(_key(version))
    flash("草稿已保存。", "ok")
    return redirect(url_for("p.case", version_id=version.id), 303)


def _clash(version: CaseVersion, mine: dict[str, Any], conflict: Conflict) -> Response:
    """Both texts; saving again, after a look, takes the place of the other one."""
    if conflict.code == "wrong_state":
        sides = case_shapes.differences(version.content, mine)
        return answer(shown(version, conflict=conflict, sides=sides), 409)
    theirs = case_shapes.differences(mine, version.content)
    response = _again(version, Invalid(conflict.message, fields={"form": [conflict.message]}),
                      theirs=theirs)  # fmt: skip
    response.status_code = 409
    return response
