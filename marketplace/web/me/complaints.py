"""Complaints of the acting enterprise: about a project of its own, or about any provider."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Organisation, Project, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.schemas.projects import Field, form
from marketplace.services.checks import complaints, complaints_hearing
from marketplace.services.checks.complaints import Filing
from marketplace.web import complaint_shapes as shapes
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.me.blueprint import MENU, blueprint
from marketplace.web.work import once, upkeep

MENU.append(("投诉", "/me/complaints", Permission.ENTERPRISE_DESK))
COLUMNS = [
    {"key": "subject", "label": "事项", "head": True}, {"key": "provider", "label": "服务商"},
    {"key": "state", "label": "状态"}, {"key": "lodged", "label": "提出"},
    {"key": "due", "label": "办结期限"},
]  # fmt: skip
ABOUT_NOBODY = ""


@blueprint.get("/complaints")
@needs(Permission.ENTERPRISE_DESK)
def complaint_list() -> str:
    """What the enterprise complained of, and where it stands."""
    query = complaints.listed(current_actor()).options(*complaints.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    return render_template(
        upkeep.LIST, **upkeep.frame("me"), **pager, title="投诉",
        lead="服务商会看到投诉内容和本企业名称，并须在期限内答复；上传的材料只给主管部门看。",
        buttons=[{"label": "提出投诉", "tone": "primary", "url": url_for("me.new_complaint")}],
        tabs=[], filters=[], unit="件投诉", columns=COLUMNS,
        rows=[shapes.line(row, "me.complaint", staff=False) for row in rows],
        empty="没有提出过投诉。",
    )  # fmt: skip


@blueprint.get("/complaints/<int:row_id>")
@needs(Permission.ENTERPRISE_DESK)
def complaint(row_id: int) -> str:
    """One complaint of the enterprise."""
    session, actor = current_session(), current_actor()
    row = complaints.get(session, actor, row_id)
    return render_template(
        upkeep.DETAIL, **upkeep.frame("me", ("投诉", url_for("me.complaint_list"))),
        title=row.subject, state=shapes.state(row, staff=False),
        meta=[row.provider.organisation.name], buttons=NOUN.buttons("me", row, actor),
        sections=[
            *shapes.sections(row, staff=False, own=True),
            *shapes.attached(session, row, complaints.EVIDENCE),
        ],
    )  # fmt: skip


def _projects(session: Session, actor: Actor) -> list[Project]:
    query = visible(actor, Permission.PROJECT_CONFIRM, Project)
    beside = joinedload(Project.provider).joinedload(Provider.organisation)
    return list(session.scalars(query.options(beside).order_by(Project.id.desc()).limit(100)))


def _asked(session: Session, actor: Actor) -> list[Field]:
    options = [
        (str(row.id), f"{row.title}（{row.provider.organisation.name}）")
        for row in _projects(session, actor)
    ]
    given = request.args.get("provider", "")
    named = ""
    if given.isdecimal() and len(given) < 10:
        named = session.scalar(
            select(Organisation.name)
            .join(Provider, Provider.organisation_id == Organisation.id)
            .where(Provider.id == int(given))
        ) or ""  # fmt: skip
    return [
        Field("project", "相关项目", "choice", required=False, options=options,
              value=request.args.get("project", "")[:10], hint="与项目有关的，请选择项目。"),
        Field("provider", "服务商名称", required=False, longest=120, value=named,
              hint="没有选择项目时填写名称或统一社会信用代码。"),
        Field("subject", "事项", longest=120, hint="一句话写明投诉什么。"),
        Field("text", "经过", "area", longest=4000, hint="服务商会看到。不要写个人姓名和电话。"),
        Field("evidence", "依据", "area", required=False, longest=2000,
              hint="写明有哪些证据，只给主管部门看。"),
        Field(complaints.EVIDENCE, "投诉材料", "upload", required=False),
    ]  # fmt: skip


def _page() -> dict[str, Any]:
    back = url_for("me.complaint_list")
    return {
        **upkeep.frame("me", ("投诉", back)), "title": "提出投诉", "back": back, "submit": "提交",
        "lead": "主管部门受理后请服务商答复，再作出结论。结果会在站内通知您。",
    }  # fmt: skip


@blueprint.get("/complaints/new")
@needs(Permission.COMPLAINT_LODGE)
def new_complaint() -> str:
    """The form."""
    return upkeep.show_form(_asked(current_session(), current_actor()), **_page())


@blueprint.post("/complaints/new")
@needs(Permission.COMPLAINT_LODGE)
def file_complaint() -> Response:
    """Take it in."""
    uploads.posted(complaints.EVIDENCE)  # before the first query
    return once.once(_file)()


def _file() -> Response:
    session, actor = current_session(), current_actor()
    fields = _asked(session, actor)
    try:
        data = load(form(fields, versioned=False), once.fields())
        project = next(
            (row for row in _projects(session, actor) if str(row.id) == data["project"]), None
        )
        if project is None and not data["provider"]:
            raise Invalid(fields={"provider": ["请选择项目，或填写服务商名称"]})
        provider = (
            project.provider if project else complaints.provider_named(session, data["provider"])
        )
        said = Filing(subject=data["subject"], text=data["text"], evidence=data["evidence"])
        row = complaints.file_own(session, actor, provider, said, project)
        uploads.posted(complaints.EVIDENCE).attach(session, actor, row)
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **_page())
    flash("投诉已提交，主管部门会在期限内受理。", "ok")
    return redirect(url_for("me.complaint", row_id=row.id), 303)


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    complaints_hearing.step(
        session, actor, row, action, reason=data["reason"], expected_version=data["version"]
    )


NOUN = upkeep.Noun(
    name="complaint", place="complaints", label="投诉", get=complaints.get, do=_do,
    about=lambda row: row.subject,
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.ENTERPRISE_DESK, acting=Permission.COMPLAINT_LODGE,
    listed="complaint_list", one="complaint",
)  # fmt: skip
