"""选型档案: search → lock → reasons → choice → contract."""

from typing import Any

from flask import current_app, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.indexing import matching
from marketplace.indexing.wiring import Catalogue
from marketplace.models import Selection
from marketplace.permissions import Permission
from marketplace.schemas.accounts import Nothing
from marketplace.schemas.choosing import (
    CHOOSE,
    GroundsForm,
    PageQuery,
    SelectionForm,
    SelectionQuery,
    decision,
)
from marketplace.services.choosing import saved_searches
from marketplace.services.choosing import selections as service
from marketplace.services.choosing.selection_tasks import NEXT
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import blueprint
from marketplace.web.me.selection_shapes import LABELS, page, state_tag


@blueprint.get("/selections")
@needs(Permission.SELECTION_RUN)
def selections() -> str:
    """All of them, the last moved first."""
    session, number = current_session(), load(PageQuery(), query_data())["page"]
    query = service.listed(current_actor())
    rows = session.scalars(query.limit(lists.PER_PAGE).offset((number - 1) * lists.PER_PAGE)).all()
    return render_template(
        "me/selections.html",
        rows=[{"row": row, "tag": state_tag(row), "next": NEXT.get(row.phase, "")} for row in rows],
        **lists.paged("me.selections", lists.total(session, query), number),
    )


@blueprint.get("/selections/new")
@needs(Permission.SELECTION_RUN)
def new_selection() -> str:
    """From which saved search, and what it is about."""
    query = load(SelectionQuery(), query_data())
    return render_template(
        "me/selection_new.html", errors={}, values={"search": query.get("search", "")}, **_new()
    )


@blueprint.post("/selections/new")
@needs(Permission.SELECTION_RUN)
def start_selection() -> Response:
    """Begin the file."""
    session, actor = current_session(), current_actor()
    try:
        form = load(SelectionForm(), form_data())
        search = saved_searches.get(session, actor, form["search"])
        row = service.start(session, actor, search, title=form["title"], need=form["need"])
    except Invalid as error:
        return page_again("me/selection_new.html", error, **_new())
    return redirect(url_for("me.selection", selection_id=row.id), 303)


@blueprint.get("/selections/<int:selection_id>")
@needs(Permission.SELECTION_RUN)
def selection(selection_id: int) -> str:
    """The file, with what can be done next."""
    row = service.get(current_session(), current_actor(), selection_id)
    return render_template("me/selection.html", errors={}, values={}, **page(row))


@blueprint.post("/selections/<int:selection_id>/lock")
@needs(Permission.SELECTION_RUN)
def lock_selection(selection_id: int) -> Response:
    """Keep what the search finds now."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, selection_id)
    load(Nothing(), form_data())
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        found = matching.found(catalogue, "provider", row.wanted)
        service.lock(session, actor, row, list(found))
    except Invalid as error:
        texts = [f"{error.message}。{error.remedy}"]
        return page_again("me/selection.html", Invalid(fields={"lock": texts}), **page(row))
    flash("结果已锁定，此后服务商修改资料不影响这份名单。", "ok")
    return _back(row)


@blueprint.post("/selections/<int:selection_id>/decide")
@needs(Permission.SELECTION_RUN)
def decide(selection_id: int) -> Response:
    """Keep the reasons; with the other button choose one as well."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, selection_id)
    ids = [entry.provider_id for entry in row.entries]
    try:
        form = load(decision(ids), form_data())
        choosing = form["step"] == CHOOSE
        if choosing and "provider" not in form:
            raise Invalid(fields={"provider": ["请选一家服务商"]})
        if choosing and not form["because"]:
            raise Invalid(fields={"because": ["请填写选定的理由"]})
        if form["version"] != row.version:
            raise Conflict("档案已被同事更新", code="stale_version")
        given = {id_: form[f"reason_{id_}"] for id_ in ids}
        service.give_reasons(session, actor, row, given)
        if choosing:
            service.choose(session, actor, row, form["provider"], reason=form["because"])
    except Invalid as error:
        return page_again("me/selection.html", error, **page(row))
    except Conflict as error:
        return _refused(row, error)
    flash("已选定服务商。" if choosing else "已保存理由。", "ok")
    return _back(row)


@blueprint.post("/selections/<int:selection_id>/hand-over")
@needs(Permission.SELECTION_RUN)
def hand_over(selection_id: int) -> Response:
    """Tell the chosen provider to draft the filing of the contract."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, selection_id)
    load(Nothing(), form_data())
    try:
        service.hand_over(session, actor, row)
    except Conflict as error:
        return _refused(row, error)
    flash("已通知服务商起草合同备案；对方提交后，请在“项目”中确认。", "ok")
    return _back(row)


@blueprint.post("/selections/<int:selection_id>/reconsider")
@needs(Permission.SELECTION_RUN)
def reconsider(selection_id: int) -> Response:
    """Take the choice back."""
    return _undo(selection_id, service.reconsider, "已收回选定，可以重新选择。")


@blueprint.post("/selections/<int:selection_id>/abandon")
@needs(Permission.SELECTION_RUN)
def abandon(selection_id: int) -> Response:
    """End without a choice."""
    return _undo(selection_id, service.abandon, "已结束选型，档案仍可查看和导出。")


def _undo(selection_id: int, step: Any, said: str) -> Response:
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, selection_id)
    try:
        form = load(GroundsForm(), form_data())
        step(session, actor, row, reason=form["reason"])
    except Invalid as error:
        return page_again("me/selection.html", error, **page(row))
    flash(said, "ok")
    return _back(row)


def _refused(row: Selection, error: Conflict) -> Response:
    """The page with every reason, status 409; nothing that was typed is lost."""
    response = page_again(
        "me/selection.html", Invalid(fields={"choice": error.reasons}), **page(row)
    )
    response.status_code = 409
    return response


def _back(row: Selection) -> Response:
    return redirect(url_for("me.selection", selection_id=row.id), 303)


def _new() -> dict[str, Any]:
    query = saved_searches.listed(current_actor()).limit(saved_searches.MOST_SEARCHES)
    rows = [row for row in current_session().scalars(query) if row.kind == "provider"]
    return {
        "searches": [(row.id, f"{row.name}（{row.conditions[:60]}）") for row in rows],
        "labels": LABELS,
    }
