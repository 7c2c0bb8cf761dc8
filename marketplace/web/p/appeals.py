"""Appeals of the acting provider: filed within the window, followed, taken back."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why
from marketplace.permissions import Permission, can
from marketplace.schemas.projects import Field, PageQuery, form
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import appeals, proceedings_letters
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.proceedings import forms, shapes
from marketplace.web.proceedings.views import letter_file
from marketplace.web.projects.views import with_files
from marketplace.web.work import once
from marketplace.workflow import available

MENU.append(("申诉", "/p/appeals", Permission.PROVIDER_DESK))
PER_PAGE = 20


@blueprint.get("/appeals")
@needs(Permission.PROVIDER_DESK)
def appeals_list() -> str:
    """The list."""
    session, actor = current_session(), current_actor()
    page = load(PageQuery(), query_data())["page"]
    query = appeals.listed(actor)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(
        query.options(*appeals.LOADING).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    )
    return render_template(
        "appeals/index.html", **shapes.frame("p", "申诉", "appeals_list"), staff=False,
        rows=[shapes.appeal_line(row, "p") for row in rows], total=total, page=page,
        pages=max(1, -(-total // PER_PAGE)), tabs_of=[],
        page_link=lambda number: url_for("p.appeals_list", page=number),
    )  # fmt: skip


def _decided(subject: str, subject_id: int) -> appeals.Decided:
    """What the address names, if it may be appealed against. Raises NotFound, Conflict."""
    session, actor = current_session(), current_actor()
    finder = appeals.DECISIONS.get(subject)
    found = finder(session, subject_id) if finder else None
    if found is None or not can(actor, Permission.MEMBERSHIP_READ, found.membership):
        raise NotFound("没有可以申诉的决定")
    if refusal := appeals.refusal(session, found, subject, subject_id):
        raise Conflict(refusal, code="appeal_refused")
    return found


def _fields() -> list[Field]:
    return [
        Field("text", "申诉的理由和要求", "area", longest=5000,
              hint="写明对哪项决定不服、事实依据和要求。由没有参与原决定的人员审理。"),
        Field(appeals.EVIDENCE, "申诉材料", "upload", required=False),
    ]  # fmt: skip


def _page(found: appeals.Decided) -> dict[str, Any]:
    rules = found.membership.round.programme.appeal
    days = rules.decide_within_working_days if rules else 0
    until = appeals.window_end(current_session(), found)
    return {
        **shapes.frame("p", "申诉", "appeals_list"), "title": "提出申诉",
        "about": "", "back": url_for("p.appeals_list"), "submit": "提交申诉",
        "lead": f"{place_of(found.membership)}：{appeals.AGAINST_LABELS[found.against]}。"
        f"申诉期限到{clock.last_day(until)} 24:00，受理后{days}个工作日内答复。",
        "tone": "primary", "version": 1, "draft": None,
    }  # fmt: skip


@blueprint.get("/appeals/new/<subject>/<int:subject_id>")
@needs(Permission.PROVIDER_DESK)
def new_appeal(subject: str, subject_id: int) -> str:
    """The form of an appeal."""
    return forms.show(_fields(), **_page(_decided(subject, subject_id)))


def _slot(subject: str, subject_id: int) -> str:
    return appeals.EVIDENCE


def _file(subject: str, subject_id: int) -> Response:
    session, actor = current_session(), current_actor()
    found = _decided(subject, subject_id)
    asked, page = _fields(), _page(found)
    try:
        data = load(form(asked), once.fields())
        row = appeals.file(session, actor, subject, subject_id, text=data["text"])
        uploads.posted(appeals.EVIDENCE).attach(session, actor, row)
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash("申诉已提交", "ok")
    return redirect(url_for("p.appeal", appeal_id=row.id), 303)


blueprint.add_url_rule(
    "/appeals/new/<subject>/<int:subject_id>", "file_appeal",
    needs(Permission.APPEAL_FILE)(with_files(_slot)(once.once(_file))), methods=["POST"],
)  # fmt: skip


@blueprint.get("/appeals/<int:appeal_id>")
@needs(Permission.PROVIDER_DESK)
def appeal(appeal_id: int) -> str:
    """One appeal."""
    session, actor = current_session(), current_actor()
    row = appeals.get(session, actor, appeal_id)
    steps = [step for step in available(row, actor) if step.by == Permission.APPEAL_FILE]
    return render_template(
        "appeals/appeal.html", **shapes.frame("p", "申诉", "appeals_list"), row=row, staff=False,
        state=shapes.state_of("appeal", row.state, staff=False), dt=dt, panel=[],
        facts_of=shapes.appeal_facts(row, staff=False),
        buttons=[
            {"label": step.label, "tone": "neutral",
             "url": url_for("p.withdraw_appeal", appeal_id=row.id)}
            for step in steps
        ],
        files=shapes.files(session, row),
        letters=shapes.letters(
            proceedings_letters.of(session, row), "p.appeal_letter", appeal_id=row.id
        ),
        subject_url=shapes.appeal_subject_url(row, "p"), quota_url="",
        events=shapes.events(session, row),
    )  # fmt: skip


@blueprint.get("/appeals/<int:appeal_id>/letters/<int:letter_id>.<kind>")
@needs(Permission.PROVIDER_DESK)
def appeal_letter(appeal_id: int, letter_id: int, kind: str) -> Response:
    """The answer as Word or PDF."""
    row = appeals.get(current_session(), current_actor(), appeal_id)
    return letter_file(proceedings_letters.one(current_session(), row, letter_id), kind)


def _withdrawal(appeal_id: int) -> tuple[Any, list[Field], dict[str, Any]]:
    row = appeals.get(current_session(), current_actor(), appeal_id)
    page = {
        **shapes.frame("p", "申诉", "appeals_list"), "title": "撤回申诉", "about": "",
        "back": url_for("p.appeal", appeal_id=row.id), "submit": "确认撤回", "tone": "danger",
        "version": row.version, "draft": None,
    }  # fmt: skip
    return row, [Field("reason", "理由", "area", longest=2000)], page


@blueprint.get("/appeals/<int:appeal_id>/withdraw")
@needs(Permission.PROVIDER_DESK)
def withdraw_appeal(appeal_id: int) -> str:
    """The form that takes an appeal back."""
    _, asked, page = _withdrawal(appeal_id)
    return forms.show(asked, **page)


@blueprint.post("/appeals/<int:appeal_id>/withdraw")
@needs(Permission.APPEAL_FILE)
@once.once
def take_appeal_back(appeal_id: int) -> Response:
    """Take it back."""
    session, actor = current_session(), current_actor()
    row, asked, page = _withdrawal(appeal_id)
    try:
        data = load(form(asked), once.fields())
        why = Why(reason=data["reason"])
        appeals.withdraw(session, actor, row, why=why, expected_version=data["version"])
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash("申诉已撤回", "ok")
    return redirect(url_for("p.appeals_list"), 303)
