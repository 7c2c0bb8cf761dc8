"""Replacements for staff: who is next on the reserve list, and what speaks against it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Membership, Provider, Replacement
from marketplace.permissions import Permission, can
from marketplace.phases import ReplacementPhase
from marketplace.programmes import nouns
from marketplace.schemas.projects import Field, PageQuery, form
from marketplace.services.pool import pool_board
from marketplace.services.proceedings import (
    replacements,
    replacements_notice,
    replacements_start,
)
from marketplace.services.proceedings.replacements import Candidate
from marketplace.services.proceedings.replacements_start import TRIGGER_LABELS
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.proceedings import forms, shapes
from marketplace.web.work import once
from marketplace.web.work import shapes as work_shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 20
CHECKS = "check_"


def _frame() -> dict[str, Any]:
    return shapes.frame("work", "递补", "replacements_list")


def _line(row: Replacement) -> dict[str, Any]:
    programme = row.round.programme
    left = row.vacated.provider.organisation.name if row.vacated else ""
    chosen = row.candidacy.provider.organisation.name if row.candidacy else ""
    return {
        "url": url_for("work.replacement", replacement_id=row.id),
        "place": f"{programme.segment_label(row.segment)} · {programme.type_label(row.type)}",
        "trigger": TRIGGER_LABELS[row.trigger], "left": left, "chosen": chosen or "未选定",
        "state": shapes.state_of("replacement", row.state, staff=True),
        "since": dt(row.state_since),
    }  # fmt: skip


@blueprint.get("/replacements")
@needs(Permission.REPLACEMENT_READ)
def replacements_list() -> str:
    """The list."""
    session, actor = current_session(), current_actor()
    wanted = request.args.get("phase", "")
    phase = wanted if wanted in set(ReplacementPhase) else ""
    page = load(PageQuery(), {k: v for k, v in query_data().items() if k == "page"})["page"]
    query = replacements.listed(actor, phase)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(
        query.options(*replacements.LOADING).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    )
    tabs = (("", "全部"), ("open", "待递补"), ("notice", "公示中"), ("closed", "已办结"))
    return render_template(
        "replacements/index.html", **_frame(), openings=_openings(session, page),
        rows=[_line(row) for row in rows], total=total,
        page=page, pages=max(1, -(-total // PER_PAGE)),
        tabs_of=[
            {"label": label, "url": url_for("work.replacements_list", phase=name or None),
             "current": name == phase}
            for name, label in tabs
        ],
        page_link=lambda n: url_for("work.replacements_list", phase=phase or None, page=n),
    )  # fmt: skip


def _openings(session: Session, page: int) -> list[dict[str, Any]]:
    """Cells for which somebody is missing and nobody is looked for; on the first page."""
    if page > 1 or not can(current_actor(), Permission.REPLACEMENT_RUN):
        return []
    return [
        {
            "place": found.quota.label, "round": found.round.label,
            "why": TRIGGER_LABELS[found.trigger], "missing": found.missing,
            "reserve": found.reserve,
            "url": url_for("work.new_replacement", quota_id=found.quota.id),
        }
        for found in replacements_start.openings(session)
    ]  # fmt: skip


def _start_page(quota_id: int) -> tuple[list[Field], dict[str, Any]]:
    found = replacements_start.opening(current_session(), quota_id)
    why = TRIGGER_LABELS[found.trigger]
    lead = f"{why}，还缺{found.missing}家，候补名单有{found.reserve}家。递补须单独公示。"
    if not found.reserve:
        lead = f"{why}，还缺{found.missing}家，候补名单没有可以递补的，启动后登记补充遴选。"
    page = {
        **_frame(), "title": "启动递补", "about": found.quota.label, "lead": lead,
        "back": url_for("work.replacements_list"), "submit": "启动递补", "tone": "primary",
        "version": "", "draft": None,
    }  # fmt: skip
    return [Field("reason", "理由", "area", longest=2000)], page


@blueprint.get("/replacements/new/<int:quota_id>")
@needs(Permission.REPLACEMENT_RUN)
def new_replacement(quota_id: int) -> str:
    """The form that starts a replacement for a cell."""
    asked, page = _start_page(quota_id)
    return forms.show(asked, **page)


@blueprint.post("/replacements/new/<int:quota_id>")
@needs(Permission.REPLACEMENT_RUN)
@once.once
def start_replacement(quota_id: int) -> Response:
    """Start it."""
    asked, page = _start_page(quota_id)
    session, actor = current_session(), current_actor()
    try:
        data = load(form(asked, versioned=False), once.fields())
        row = replacements_start.start(session, actor, quota_id, reason=data["reason"])
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash("已启动递补。", "ok")
    return redirect(url_for("work.replacement", replacement_id=row.id), 303)


def _get(replacement_id: int) -> Replacement:
    return replacements.get(current_session(), current_actor(), replacement_id)


@blueprint.get("/replacements/<int:replacement_id>")
@needs(Permission.REPLACEMENT_READ)
def replacement(replacement_id: int) -> str:
    """One place to fill."""
    session, row = current_session(), _get(replacement_id)
    open_ = row.phase == ReplacementPhase.OPEN
    first = replacements.suggested(session, row) if open_ else None
    waiting = replacements.reserve(session, row) if open_ else []
    noticed = row.phase == ReplacementPhase.NOTICE
    entry = replacements_notice.live_entry(session, row) if noticed else None
    listed = _listed(row)
    return render_template(
        "replacements/replacement.html", **_frame(), row=row, line=_line(row), open=open_,
        cell=work_shapes.cell(row.round, pool_board.cell_of(session, row.quota)),
        first=_candidate(first) if first else None,
        others=[
            {"name": one.provider.organisation.name, "score": f"{one.score or ''}",
             "rank": f"{one.rank or ''}"}
            for one in waiting[1:]
        ],
        buttons=_buttons(row, first, has_entry=entry is not None),
        checks=[(replacements.BY_HAND[k], v) for k, v in row.checks.items()],
        notice_url=url_for("work.notice", notice_id=entry.notice_id) if entry else "",
        listed_url=url_for("work.membership", membership_id=listed.id) if listed else "",
        events=shapes.events(session, row),
    )  # fmt: skip


def _listed(row: Replacement) -> Membership | None:
    if row.listed_id is None:
        return None
    query = select(Membership).where(Membership.id == row.listed_id)
    options = joinedload(Membership.provider).joinedload(Provider.organisation)
    return current_session().scalars(query.options(options)).one()


def _candidate(first: Candidate) -> dict[str, Any]:
    candidacy = first.candidacy
    return {
        "name": candidacy.provider.organisation.name,
        "url": url_for("work.candidacy", candidacy_id=candidacy.id),
        "score": f"{candidacy.score or ''}",
        "findings": [
            {"level": f.level.value, "message": f.message, "article": f.article}
            for f in first.findings
        ],
    }  # fmt: skip


def _buttons(row: Replacement, first: Candidate | None, *, has_entry: bool) -> list[dict[str, str]]:
    if not can(current_actor(), Permission.REPLACEMENT_RUN, row):
        return []
    found: list[tuple[str, str, str]] = []
    if row.phase == ReplacementPhase.OPEN:
        if first is not None:
            if not first.stops:
                found.append(("choose", "选定并拟定公示", "ok"))
            found.append(("skip", "不递补这一家", "neutral"))
        else:
            found.append(("none_left", "登记补充遴选", "ok"))
        found.append(("give_up", "不再递补", "danger"))
    elif row.phase == ReplacementPhase.NOTICE and not has_entry:
        found.append(("redraft_replacement", "重新拟定公示", "neutral"))
        found.append(("drop", "不予递补，重新选择", "danger"))
    return [
        {"label": label, "tone": tone,
         "url": url_for("work.replacement_step", replacement_id=row.id, step=step)}
        for step, label, tone in found
    ]  # fmt: skip


LABELS = {
    "choose": "选定并拟定公示", "skip": "不递补这一家", "none_left": "没有候补，补充遴选",
    "give_up": "不再递补", "redraft_replacement": "重新拟定公示", "drop": "不予递补，重新选择",
}  # fmt: skip
PHASE_OF = {
    "redraft_replacement": ReplacementPhase.NOTICE, "drop": ReplacementPhase.NOTICE,
}  # fmt: skip


def _step(replacement_id: int, step: str) -> tuple[Replacement, list[Field], dict[str, Any]]:
    if step not in LABELS:
        raise NotFound("没有这个操作")
    session, row = current_session(), _get(replacement_id)
    if row.phase != PHASE_OF.get(step, ReplacementPhase.OPEN):
        state = nouns.workflow("replacement").state(row.state).staff_label
        raise Conflict(f"当前状态是“{state}”，不能{LABELS[step]}", code="wrong_state")
    asked: list[Field] = []
    about = _line(row)["place"]
    if step in ("choose", "skip"):
        first = replacements.suggested(session, row)
        if first is None:
            raise Conflict("候补名单已经用完，请补充遴选", code="no_reserve")
        about = first.candidacy.provider.organisation.name
        asked.append(Field("candidacy", "候补单位", "choice", value=f"{first.candidacy.id}",
                           options=[(f"{first.candidacy.id}", about)]))  # fmt: skip
    if step == "choose":
        asked += [Field(f"{CHECKS}{name}", label, longest=200)
                  for name, label in replacements.asked(row).items()]  # fmt: skip
    asked.append(Field("reason", "理由", "area", longest=2000))
    page = {
        **_frame(), "title": LABELS[step], "about": about,
        "back": url_for("work.replacement", replacement_id=row.id),
        "submit": f"确认{LABELS[step]}", "tone": "danger" if step == "give_up" else "primary",
        "version": row.version, "draft": None,
        "lead": "选定后预留一个名额，拟出公示草稿；公示期满无异议的公布入池。"
        if step == "choose" else "",
    }  # fmt: skip
    return row, asked, page


@blueprint.get("/replacements/<int:replacement_id>/<step>")
@needs(Permission.REPLACEMENT_RUN)
def replacement_step(replacement_id: int, step: str) -> str:
    """The form of a step."""
    _, asked, page = _step(replacement_id, step)
    return forms.show(asked, **page)


@blueprint.post("/replacements/<int:replacement_id>/<step>")
@needs(Permission.REPLACEMENT_RUN)
@once.once
def take_replacement_step(replacement_id: int, step: str) -> Response:
    """A step: the deed."""
    row, asked, page = _step(replacement_id, step)
    try:
        data = load(form(asked), once.fields())
        _take(row, step, data)
    except (Invalid, Conflict) as error:
        if isinstance(error, Invalid):
            known = {f"{CHECKS}{name}": texts for name, texts in error.fields.items()
                     if name in replacements.BY_HAND}  # fmt: skip
            error = Invalid(error.message, fields={**error.fields, **known})
        return forms.again(asked, error, **page)
    flash(f"已办理：{LABELS[step]}", "ok")
    return redirect(url_for("work.replacement", replacement_id=row.id), 303)


def _take(row: Replacement, step: str, data: dict[str, Any]) -> None:
    session, actor = current_session(), current_actor()
    reason, version = data["reason"], data["version"]
    if step == "choose":
        checks = {k.removeprefix(CHECKS): v for k, v in data.items() if k.startswith(CHECKS)}
        replacements.choose(
            session, actor, row, int(data["candidacy"]), checks=checks, reason=reason,
            expected_version=version,
        )  # fmt: skip
    elif step == "skip":
        replacements.skip(
            session, actor, row, int(data["candidacy"]), reason=reason, expected_version=version
        )
    elif step == "drop":
        replacements.drop(session, actor, row, Why(reason=reason))
    else:
        why = Why(reason=reason)
        replacements.finish(session, actor, row, step, why=why, expected_version=version)
