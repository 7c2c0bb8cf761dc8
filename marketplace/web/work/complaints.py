"""The register of complaints: accept, hear both sides, conclude; leads; who complained."""

from typing import Any

from flask import make_response, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Complaint
from marketplace.permissions import Actor, Permission, can, require
from marketplace.phases import ComplaintPhase
from marketplace.programmes import nouns
from marketplace.programmes.workflows import Transition
from marketplace.schemas.accounts import ReasonForm
from marketplace.schemas.projects import Field
from marketplace.services.checks import complaints, complaints_hearing
from marketplace.services.checks import complaints_tasks as _tasks  # noqa: F401  they register themselves
from marketplace.web import complaint_shapes as shapes
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher
from marketplace.web.work import upkeep
from marketplace.web.work.blueprint import blueprint

CONTACT = "work/complaint_contact.html"
COLUMNS = [
    {"key": "subject", "label": "事项", "head": True}, {"key": "provider", "label": "服务商"},
    {"key": "sender", "label": "投诉人"}, {"key": "channel", "label": "渠道"},
    {"key": "state", "label": "状态"}, {"key": "lodged", "label": "收到"},
    {"key": "due", "label": "办结期限"},
]  # fmt: skip


@blueprint.get("/complaints")
@needs(Permission.WORK_READ)
def complaint_list() -> str:
    """Complaints, the most urgent first."""
    phase = upkeep.chosen("phase", [*ComplaintPhase])
    text = upkeep.searched()
    query = complaints.listed(current_actor(), phase, text).options(*complaints.BESIDE)
    rows, pager = upkeep.paged(current_session(), query)
    states = [("", "全部"), *((s.phase, s.staff_label) for s in nouns.workflow("complaint").states)]
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="投诉",
        lead="受理后请服务商答复，双方都有依据才能认定属实；匿名的作为线索核查，不计分。",
        buttons=[], tabs=upkeep.tabs("work.complaint_list", "phase", states, phase),
        filters=[
            {"name": "q", "label": "事项或服务商", "value": text},
            {"name": "phase", "label": "", "value": phase, "hidden": True},
        ],
        unit="件投诉", columns=COLUMNS, empty="没有这样的投诉。",
        rows=[shapes.line(row, "work.complaint", staff=True) for row in rows],
    )  # fmt: skip


@blueprint.get("/complaints/<int:row_id>")
@needs(Permission.WORK_READ)
def complaint(row_id: int) -> str:
    """One complaint with both sides, clocks and history."""
    session, actor = current_session(), current_actor()
    row = complaints.get(session, actor, row_id)
    buttons = NOUN.buttons("work", row, actor)
    handles = can(actor, Permission.COMPLAINT_HANDLE, row)
    if handles and row.name_encrypted is not None:
        buttons.append(
            {"label": "查看联系方式", "tone": "neutral",
             "url": url_for("work.complaint_contact", row_id=row.id)}
        )  # fmt: skip
    if handles and row.anonymous:
        buttons.append(
            {"label": "安排抽查", "tone": "neutral",
             "url": url_for("work.new_check", complaint=row.id,
                            q=row.provider.organisation.name)}
        )  # fmt: skip
    notices = []
    if row.anonymous:
        notices.append({"tone": "info", "title": "匿名线索",
                        "text": "没有留下姓名和联系方式，可以核查，不计入评价。"})  # fmt: skip
    return render_template(
        upkeep.DETAIL, **upkeep.frame("work", ("投诉", url_for("work.complaint_list"))),
        title=row.subject, state=shapes.state(row, staff=True),
        meta=[row.provider.organisation.name, shapes.sender(row), shapes.CHANNELS[row.channel]],
        buttons=buttons, notices=notices,
        sections=[
            {"title": "针对的在池资格", "id": "place", "prose": shapes.place(row)},
            *shapes.sections(row, staff=True, own=False),
            *shapes.attached(session, row, complaints.EVIDENCE, complaints.REPLY_FILES),
        ],
        events=upkeep.events(session, row, "complaint"),
    )  # fmt: skip


def _fields(row: Complaint, step: Transition) -> list[Field]:
    if step.action == complaints_hearing.ACCEPT:
        found = complaints.places(current_session(), row.provider_id)
        options = [
            (str(m.id), f"{r.programme.short_name}·{r.programme.segment_label(m.segment)}"
             f"·{r.programme.type_label(m.type)}")
            for m, r in found
        ]  # fmt: skip
        return [
            Field("membership_id", "投诉针对的在池资格", "choice", options=options,
                  value=str(row.membership_id or ""), hint="属实的投诉计入这个资格的评价。")
        ]  # fmt: skip
    if step.action == complaints_hearing.UPHOLD:
        return [
            Field("evidence_of_sender", "投诉方依据", "area", longest=2000,
                  value=row.evidence, hint="投诉人提供、经核实的材料和事实。"),
            Field("evidence_of_provider", "服务商方依据", "area", longest=2000,
                  value=row.reply, hint="服务商答复中的材料和事实；期满未答复的，写明催告情况。"),
        ]  # fmt: skip
    return []


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    version, reason = data.pop("version"), data.pop("reason", "")
    if place := data.pop("membership_id", ""):
        data["membership_id"] = int(place)
    complaints_hearing.step(
        session, actor, row, action, reason=reason, expected_version=version, **data
    )


NOUN = upkeep.Noun(
    name="complaint", place="complaints", label="投诉", get=complaints.get, do=_do,
    about=lambda row: row.subject, fields=_fields,
    elsewhere=frozenset({"complaint_reply", "complaint_withdraw"}),
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.WORK_READ, acting=Permission.COMPLAINT_HANDLE,
    listed="complaint_list", one="complaint",
)  # fmt: skip


def _contact(row_id: int) -> Complaint:
    row = complaints.get(current_session(), current_actor(), row_id)
    require(current_actor(), Permission.COMPLAINT_UNMASK, row)
    return row


@blueprint.get("/complaints/<int:row_id>/contact")
@needs(Permission.COMPLAINT_UNMASK)
def complaint_contact(row_id: int) -> str:
    """Ask why the name and number are needed."""
    return render_template(CONTACT, errors={}, values={}, row=_contact(row_id), contact=None)


@blueprint.post("/complaints/<int:row_id>/contact")
@needs(Permission.COMPLAINT_UNMASK)
def show_complaint_contact(row_id: int) -> Response:
    """Show name and number, this once."""
    actor = current_actor()
    limits.take("unmask", str(actor.user_id))
    row = _contact(row_id)
    try:
        reason: str = load(ReasonForm(), form_data())["reason"]
        found = complaints.unmask(current_session(), actor, cipher(), row, reason=reason)
    except Invalid as error:
        return page_again(CONTACT, error, row=row, contact=None)
    security_log.note("unmask", "ok", object_=f"complaints/{row.id}")
    response = make_response(render_template(CONTACT, errors={}, values={}, row=row, contact=found))
    response.headers["Cache-Control"] = "no-store"
    return response
