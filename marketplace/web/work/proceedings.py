"""Case files for staff: the list, one case, opening one, and the running projects of an exit."""

from typing import Any

from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Membership
from marketplace.permissions import Permission
from marketplace.phases import ProceedingKind, Proposer, Role
from marketplace.schemas.projects import Field, form
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import exits_projects, proceedings, proceedings_rules
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.proceedings.proceedings_rules import KIND_LABELS
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import load
from marketplace.web.proceedings import asks, forms, opening, shapes
from marketplace.web.proceedings.views import PART, register
from marketplace.web.projects.views import with_files
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.memberships import get

register(blueprint, "work", Permission.WORK_READ, Permission.PROCEEDING_WORK)

SIDES = {Proposer.CITY: "市级检查发现", Proposer.THIRD_PARTY: "第三方机构提出"}


def _opening(membership_id: int, kind: str) -> tuple[Membership, ProceedingKind]:
    """The place and the kind of an address. Raises NotFound, Forbidden, Conflict."""
    row = get(current_session(), membership_id)
    if kind not in opening.ACTS:
        raise NotFound("没有这类案卷")
    wanted = ProceedingKind(kind)
    if wanted not in proceedings.may_open(current_actor(), row):
        if proceedings_rules.offers(row.round.programme, wanted):
            raise Forbidden("您不能办理这类案卷")
        raise Conflict(f"{row.round.programme.short_name}没有规定这项程序", code="no_procedure")
    return row, wanted


def _fields(row: Membership, kind: ProceedingKind) -> list[Field]:
    programme = row.round.programme
    words = vocabulary()
    known = sorted(proceedings_rules.removal_causes(programme))
    causes = [(code, f"{code} {words.name('exit_reason', code)}") for code in known]
    found = [Field("cause", "原因", "choice", options=causes)]
    removal = programme.procedures.removal if programme.procedures else None
    if (
        kind == ProceedingKind.REMOVAL
        and removal
        and current_actor().role != Role.DISTRICT_REVIEWER
    ):
        sides = [(s.value, t) for s, t in SIDES.items() if s in (*removal.proposers, Proposer.CITY)]
        alone = "、".join(removal.city_causes)
        found.append(
            Field("proposer", "提出方", "radio", options=sides, value=sides[0][0],
                  hint=f"市级可以直接办理的原因：{alone}；其他原因须由区市或第三方提出。")
        )  # fmt: skip
        found.append(Field("proposer_name", "第三方机构名称", required=False, longest=120))
    found.append(Field("findings", "查明的情况", "area", longest=3000,
                       hint="写入通知书，服务商可以看到。"))  # fmt: skip
    if kind == ProceedingKind.RECTIFICATION and programme.rectification is not None:
        due = proceedings_rules.calendar_days(programme.rectification.days)
        found.append(Field("due_on", "整改期限", "day", value=shapes.due(due.at)))
    found.append(Field("document_no", "文号", required=False, longest=60))
    found.append(Field("reason", "理由", "area", longest=2000))
    found.append(Field(asks.EVIDENCE, "证据材料", "upload", required=_proved(kind),
                       hint="当事服务商可以看到，请先遮盖他人信息。"))  # fmt: skip
    return found


def _proved(kind: ProceedingKind) -> bool:
    """Nobody is proposed for removal without evidence; a case that follows another brings its."""
    return kind == ProceedingKind.REMOVAL


def _page(row: Membership, kind: ProceedingKind) -> dict[str, Any]:
    title = opening.label(kind)
    return {
        **shapes.frame("work", PART, "proceedings"), "title": title,
        "about": f"{row.provider.organisation.name}（{place_of(row)}）",
        "back": url_for("work.membership", membership_id=row.id), "submit": f"确认{title}",
        "tone": "danger", "version": row.version, "draft": None,
    }  # fmt: skip


@blueprint.get("/memberships/<int:membership_id>/proceedings/<kind>")
@needs(Permission.WORK_READ)
def new_proceeding(membership_id: int, kind: str) -> str:
    """The form that opens a case file."""
    row, wanted = _opening(membership_id, kind)
    return forms.show(_fields(row, wanted), **_page(row, wanted))


def _slot(membership_id: int, kind: str) -> str:
    return asks.EVIDENCE


def _open(membership_id: int, kind: str) -> Response:
    session, actor = current_session(), current_actor()
    row, wanted = _opening(membership_id, kind)
    asked, page = _fields(row, wanted), _page(row, wanted)
    try:
        data = load(form(asked), once.fields())
        if row.version != data.pop("version"):
            raise Conflict("席位的状态已被他人更新", code="stale_version")
        why = Why(reason=data["reason"], document_no=data["document_no"])
        third = data.get("proposer") == Proposer.THIRD_PARTY
        details = Details(
            findings=data["findings"], proposer=data.get("proposer", ""),
            proposer_name=data.get("proposer_name", "") if third else "",
            due_on=data.get("due_on"),
        )  # fmt: skip
        case = proceedings.open(session, actor, row, wanted, data["cause"], why, details)
        uploads.posted(asks.EVIDENCE).attach(session, actor, case, required=_proved(wanted))
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash(f"已立案：{KIND_LABELS[wanted]} {row.provider.organisation.name}", "ok")
    return redirect(url_for("work.proceeding", proceeding_id=case.id), 303)


blueprint.add_url_rule(
    "/memberships/<int:membership_id>/proceedings/<kind>", "open_proceeding",
    needs(Permission.PROCEEDING_OPEN)(with_files(_slot)(once.once(_open))), methods=["POST"],
)  # fmt: skip


def _settling(proceeding_id: int, project_id: int) -> tuple[Any, list[Field], dict[str, Any]]:
    session, actor = current_session(), current_actor()
    case = proceedings.get(session, actor, proceeding_id)
    found = [one for one in exits_projects.running(session, case) if one.project.id == project_id]
    if not found:
        raise NotFound("没有这个在施项目")
    project, settled = found[0].project, found[0].settled
    takers = [
        (str(row.id), f"{row.provider.organisation.name}（{place_of(row)}）")
        for row in exits_projects.takers(session, case)
    ]
    asked = [
        Field("way", "办理方式", "radio", value=settled.way if settled else exits_projects.FINISH,
              options=[("finish", "在监督下完成"), ("transfer", "转交，须企业同意")]),
        Field("to", "承接服务商", "choice", required=False, options=takers,
              hint="同一细分行业、可以接新项目的服务商；转交时填写。"),
        Field("note", "说明", "area", required=False, longest=2000,
              hint="转交时写明承接方的书面同意等情况，企业可以看到。"),
    ]  # fmt: skip
    page = {
        **shapes.frame("work", PART, "proceedings"), "title": "在施项目的办理",
        "about": project.title, "back": url_for("work.proceeding", proceeding_id=case.id),
        "submit": "确认", "tone": "primary", "version": case.version, "draft": None,
    }  # fmt: skip
    return case, asked, page


@blueprint.get("/proceedings/<int:proceeding_id>/projects/<int:project_id>")
@needs(Permission.WORK_READ)
def settle_project(proceeding_id: int, project_id: int) -> str:
    """The form of what becomes of a running project."""
    _, asked, page = _settling(proceeding_id, project_id)
    return forms.show(asked, **page)


@blueprint.post("/proceedings/<int:proceeding_id>/projects/<int:project_id>")
@needs(Permission.PROCEEDING_RUN)
@once.once
def take_settlement(proceeding_id: int, project_id: int) -> Response:
    """Finish under supervision, or ask the enterprise to agree to a transfer."""
    session, actor = current_session(), current_actor()
    case, asked, page = _settling(proceeding_id, project_id)
    try:
        data = load(form(asked), once.fields())
        to = int(data["to"]) if data["to"] else None
        exits_projects.settle(
            session, actor, case, project_id, way=data["way"], to_membership_id=to,
            note=data["note"],
        )  # fmt: skip
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash("已记录项目的办理方式", "ok")
    return redirect(url_for("work.proceeding", proceeding_id=case.id), 303)
