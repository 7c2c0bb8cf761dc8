"""需求: what the enterprise publishes without its name, who answered, who could be invited."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Demand
from marketplace.permissions import Permission
from marketplace.phases import AnswerPhase, DemandPhase
from marketplace.schemas.choosing import PageQuery
from marketplace.schemas.inquiries import LABELS, InviteForm, StepForm
from marketplace.services.demands import demands, demands_answers, demands_rules
from marketplace.web import demand_shapes, drafts, inquiry_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import MENU, blueprint
from marketplace.web.work import once

MENU.append(("需求", "/me/demands", Permission.DEMAND_WRITE))
FORM, PAGE = "me/demand_form.html", "me/demand.html"
LISTS = ("process_links",)
SAID = {
    "demand_publish": "需求已公开，公开页上不显示企业名称。", "demand_end": "已结束征集。",
    "demand_discard": "草稿已作废。", "demand_revise": "可以修改了，改好后再公开。",
}  # fmt: skip


@blueprint.get("/demands", endpoint="demands")
@needs(Permission.DEMAND_WRITE)
def index() -> str:
    """All of them, the last moved first."""
    session, page = current_session(), load(PageQuery(), query_data())["page"]
    query = demands.listed(current_actor())
    rows = session.scalars(query.limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)).all()
    numbers = demands.answer_numbers(session, [row.id for row in rows])
    return render_template(
        "me/demands.html",
        rows=[
            {
                **demand_shapes.own(row), "page": url_for("me.demand", demand_id=row.id),
                "answers": numbers.get(row.id, 0),
            }
            for row in rows
        ],
        **lists.paged("me.demands", lists.total(session, query), page),
    )  # fmt: skip


def _get(demand_id: int) -> Demand:
    return demands.get(current_session(), current_actor(), demand_id)


def _key(row: Demand | None) -> str:
    return f"demand:{row.id}" if row else "demand:new"


def _form_context(row: Demand | None) -> dict[str, Any]:
    draft = drafts.of(_key(row), base_version=row.version if row else None)
    return {"demand": row, "draft": draft, **demand_shapes.form_context()}


def _form(row: Demand | None) -> str:
    context = _form_context(row)
    draft = context["draft"]
    stored = demand_shapes.values(row) if row else {}
    ticked = draft.all("process_links") if draft.fields else (row.process_links if row else [])
    return render_template(FORM, errors={}, values=draft.values or stored, ticked=ticked, **context)


def _form_again(row: Demand | None, error: Invalid | Conflict) -> Response:
    fields, status = inquiry_shapes.refused(error)
    page = render_template(
        FORM, errors=fields, values=inquiry_shapes.typed(),
        ticked=request.form.getlist("process_links"), **_form_context(row),
    )  # fmt: skip
    return inquiry_shapes.answer(page, status)


@blueprint.get("/demands/new")
@needs(Permission.DEMAND_WRITE)
def new_demand() -> str:
    """An empty form, or what was typed before."""
    return _form(None)


@blueprint.post("/demands/new")
@needs(Permission.DEMAND_WRITE)
@once.once
def create_demand() -> Response:
    """Keep a draft; nothing is public yet."""
    try:
        content, _ = demand_shapes.content(once.fields(LISTS), edits=False)
        row = demands.create(current_session(), current_actor(), content)
    except (Invalid, Conflict) as error:
        return _form_again(None, error)
    drafts.done(_key(None))
    flash("草稿已保存。核对后点“公开”。", "ok")
    return redirect(url_for("me.demand", demand_id=row.id), 303)


@blueprint.get("/demands/<int:demand_id>/edit")
@needs(Permission.DEMAND_WRITE)
def edit_demand(demand_id: int) -> str:
    """The form of a draft."""
    row = _get(demand_id)
    if row.phase != DemandPhase.DRAFT:
        raise Conflict("需求已经公开或结束，不能再修改", code="wrong_state")
    return _form(row)


@blueprint.post("/demands/<int:demand_id>/edit")
@needs(Permission.DEMAND_WRITE)
@once.once
def save_demand(demand_id: int) -> Response:
    """Keep what was changed."""
    row = _get(demand_id)
    try:
        content, version = demand_shapes.content(once.fields(LISTS), edits=True)
        demands.save(current_session(), current_actor(), row, content, expected_version=version)
    except (Invalid, Conflict) as error:
        return _form_again(_get(demand_id), error)
    drafts.done(_key(row))
    flash("已保存。", "ok")
    return _back(demand_id)


def _back(demand_id: int) -> Response:
    return redirect(url_for("me.demand", demand_id=demand_id), 303)


def _page(row: Demand, errors: dict[str, list[str]]) -> str:
    session, actor = current_session(), current_actor()
    answers = demands_answers.of_demand(session, actor, row)
    threads = demands_answers.invited(session, row)
    given = [item for item in answers if item.phase != AnswerPhase.WITHDRAWN]
    inviting = row.phase in (DemandPhase.PUBLISHED, DemandPhase.CLOSED) and row.published_at
    known = {item.provider_id for item in given} | set(threads)
    return render_template(
        PAGE, demand=demand_shapes.own(row), answers=demand_shapes.answers(session, given),
        threads={id_: url_for("me.thread", party_id=party) for id_, party in threads.items()},
        inviting=bool(inviting), errors=errors, values=inquiry_shapes.typed(),
        suggestions=demand_shapes.suggestions(session, row, known)
        if row.phase == DemandPhase.PUBLISHED else [],
        telling=demands_rules.telling(row, row.organisation)
        if row.phase == DemandPhase.DRAFT else [],
        labels=LABELS,
    )  # fmt: skip


@blueprint.get("/demands/<int:demand_id>")
@needs(Permission.DEMAND_WRITE)
def demand(demand_id: int) -> str:
    """One demand, its answers, and who else could help."""
    return _page(_get(demand_id), {})


def _refused(demand_id: int, error: Invalid | Conflict) -> Response:
    fields, status = inquiry_shapes.refused(error)
    return inquiry_shapes.answer(_page(_get(demand_id), fields), status)


@blueprint.post("/demands/<int:demand_id>/steps/<any(publish,end,discard,revise):action>")
@needs(Permission.DEMAND_WRITE)
@once.once
def step_demand(demand_id: int, action: str) -> Response:
    """Publish it, end it, give it up, take it up again."""
    session, actor = current_session(), current_actor()
    row = _get(demand_id)
    try:
        data = load(StepForm(), once.fields())
        demands.act(
            session, actor, row, f"demand_{action}", reason=data["reason"],
            expected_version=data["version"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return _refused(demand_id, error)
    flash(SAID[f"demand_{action}"], "ok")
    return _back(demand_id)


@blueprint.post("/demands/<int:demand_id>/answers/<int:answer_id>/refuse")
@needs(Permission.DEMAND_WRITE)
@once.once
def refuse_answer(demand_id: int, answer_id: int) -> Response:
    """Tell a provider that it was not chosen."""
    session, actor = current_session(), current_actor()
    row = _get(demand_id)
    given = demands_answers.get(session, actor, answer_id, row.id)
    try:
        data = load(StepForm(), once.fields())
        demands_answers.refuse(
            session, actor, given, reason=data["reason"], expected_version=data["version"]
        )
    except (Invalid, Conflict) as error:
        return _refused(demand_id, error)
    flash("已告知对方没有选中。", "ok")
    return _back(demand_id)


@blueprint.post("/demands/<int:demand_id>/invite")
@needs(Permission.DEMAND_WRITE)
@once.once
def invite(demand_id: int) -> Response:
    """Tell one provider who is asking, and begin to talk."""
    session, actor = current_session(), current_actor()
    row = _get(demand_id)
    try:
        data = load(InviteForm(), once.fields())
        with session.begin_nested():
            party = demands_answers.invite(session, actor, row, data["provider"])
    except (Invalid, Conflict) as error:
        return _refused(demand_id, error)
    flash("已邀请，对方能看到贵企业名称；请在这里继续沟通。", "ok")
    return redirect(url_for("me.thread", party_id=party.id), 303)
