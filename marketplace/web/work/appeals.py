"""Appeals for staff: the list, the panel, the decision, and a place that waits for the quota."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Forbidden, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Appeal, Organisation, RoleGrant
from marketplace.permissions import Permission, can, require
from marketplace.phases import AppealPhase
from marketplace.schemas.projects import Field, PageQuery, form
from marketplace.services.proceedings import appeals, appeals_deciding, proceedings_letters
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.proceedings import forms, shapes
from marketplace.web.proceedings.views import letter_file
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 20
SEATS = 5
TABS = (("", "全部"), *((phase.value, label) for phase, label in (
    (AppealPhase.FILED, "待组成小组"), (AppealPhase.PANEL, "审理中"),
    (AppealPhase.QUOTA, "等待名额"), (AppealPhase.CLOSED, "已办结"),
)))  # fmt: skip


def _frame() -> dict[str, Any]:
    return shapes.frame("work", "申诉", "appeals_list")


@blueprint.get("/appeals")
@needs(Permission.WORK_READ)
def appeals_list() -> str:
    """The list."""
    session, actor = current_session(), current_actor()
    wanted = request.args.get("phase", "")
    phase = wanted if wanted in set(AppealPhase) else ""
    given = {k: v for k, v in query_data().items() if k == "page"}
    page = load(PageQuery(), given)["page"]
    query = appeals.listed(actor, phase)
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = session.scalars(
        query.options(*appeals.LOADING).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    )
    return render_template(
        "appeals/index.html", **_frame(), staff=True,
        rows=[shapes.appeal_line(row, "work") for row in rows], total=total, page=page,
        pages=max(1, -(-total // PER_PAGE)),
        tabs_of=[
            {"label": label, "url": url_for("work.appeals_list", phase=name or None),
             "current": name == phase}
            for name, label in TABS
        ],
        page_link=lambda number: url_for("work.appeals_list", phase=phase or None, page=number),
    )  # fmt: skip


def _get(appeal_id: int) -> Appeal:
    return appeals.get(current_session(), current_actor(), appeal_id)


@blueprint.get("/appeals/<int:appeal_id>")
@needs(Permission.WORK_READ)
def appeal(appeal_id: int) -> str:
    """One appeal."""
    session, row = current_session(), _get(appeal_id)
    waits = row.phase == AppealPhase.QUOTA
    quota = row.membership.quota_id
    return render_template(
        "appeals/appeal.html", **_frame(), row=row, staff=True, dt=dt,
        state=shapes.state_of("appeal", row.state, staff=True),
        panel=[user.name for user in appeals_deciding.panel(session, row)],
        facts_of=shapes.appeal_facts(row, staff=True), buttons=_buttons(row),
        files=shapes.files(session, row),
        letters=shapes.letters(
            proceedings_letters.of(session, row), "work.appeal_letter", appeal_id=row.id
        ),
        subject_url=shapes.appeal_subject_url(row, "work"),
        quota_url=url_for("work.quota", quota_id=quota) if waits else "",
        events=shapes.events(session, row),
    )  # fmt: skip


def _buttons(row: Appeal) -> list[dict[str, str]]:
    session, actor = current_session(), current_actor()
    found: list[tuple[str, str, str]] = []
    if row.phase in (AppealPhase.FILED, AppealPhase.PANEL) and can(
        actor, Permission.APPEAL_RUN, row
    ):
        found.append(("panel", "组成申诉小组", "neutral"))
    seated = actor.user_id in {user.id for user in appeals_deciding.panel(session, row)}
    if row.phase == AppealPhase.PANEL and seated:
        found.append(("decision", "作出决定", "ok"))
    if row.phase == AppealPhase.QUOTA and can(actor, Permission.APPEAL_RUN, row):
        found.append(("restore", "恢复在池", "ok"))
    return [
        {"label": label, "tone": tone,
         "url": url_for("work.appeal_step", appeal_id=row.id, step=step)}
        for step, label, tone in found
    ]  # fmt: skip


def _panel_fields(row: Appeal) -> list[Field]:
    session = current_session()
    people = appeals_deciding.candidates(session, row)
    homes = dict(
        session.execute(
            select(RoleGrant.user_id, func.min(Organisation.name))
            .join(Organisation, Organisation.id == RoleGrant.organisation_id)
            .where(RoleGrant.user_id.in_([user.id for user in people]))
            .group_by(RoleGrant.user_id)
        ).all()
    )
    options = [(str(u.id), f"{u.name}（{homes.get(u.id, '')}）") for u in people]
    seats = [
        Field(f"panel_{n}", f"成员{n}", "choice", required=n == 1, options=options,
              hint="名单中没有参与过原决定的人员。" if n == 1 else "")
        for n in range(1, SEATS + 1)
    ]  # fmt: skip
    return [*seats, Field("reason", "说明", "area", longest=2000)]


def _decision_fields(row: Appeal) -> list[Field]:
    options = [("upheld", "申诉成立"), ("rejected", "申诉不成立，维持原决定")]
    return [
        Field("outcome", "决定", "radio", options=options,
              hint="成立的，立即恢复；名额已被占用的，等待签发人调整名额，不会超出上限。"),
        Field("document_no", "文号", longest=60),
        Field("reason", "理由", "area", longest=3000, hint="写入申诉决定书，服务商可以看到。"),
    ]  # fmt: skip


def _restore_fields(row: Appeal) -> list[Field]:
    return [Field("reason", "说明", "area", longest=2000,
                  hint="先由签发人凭文件调整名额，再办理恢复。")]  # fmt: skip


def _seat(row: Appeal, data: dict[str, Any]) -> None:
    chosen = {int(data[f"panel_{n}"]) for n in range(1, SEATS + 1) if data[f"panel_{n}"]}
    appeals_deciding.name_panel(
        current_session(), current_actor(), row, chosen, reason=data["reason"],
        expected_version=data["version"],
    )  # fmt: skip


def _decide(row: Appeal, data: dict[str, Any]) -> None:
    why = Why(reason=data["reason"], document_no=data["document_no"])
    appeals_deciding.decide(
        current_session(), current_actor(), row, upheld=data["outcome"] == "upheld", why=why,
        expected_version=data["version"],
    )  # fmt: skip


def _restore(row: Appeal, data: dict[str, Any]) -> None:
    appeals_deciding.restore(
        current_session(), current_actor(), row, why=Why(reason=data["reason"]),
        expected_version=data["version"],
    )  # fmt: skip


STEPS: dict[str, tuple[str, Permission, AppealPhase | None, Any, Any]] = {
    "panel": ("组成申诉小组", Permission.APPEAL_RUN, None, _panel_fields, _seat),
    "decision": (
        "作出决定",
        Permission.APPEAL_DECIDE,
        AppealPhase.PANEL,
        _decision_fields,
        _decide,
    ),
    "restore": ("恢复在池", Permission.APPEAL_RUN, AppealPhase.QUOTA, _restore_fields, _restore),
}
"""Label, permission, the phase it belongs to, its fields, and what does it."""


def _step(appeal_id: int, step: str) -> tuple[Appeal, list[Field], dict[str, Any], Any]:
    if step not in STEPS:
        raise NotFound("没有这个操作")
    title, permission, phase, fields, do = STEPS[step]
    row = _get(appeal_id)
    require(current_actor(), permission, row)
    if row.phase == AppealPhase.CLOSED or (phase is not None and row.phase != phase):
        raise Conflict(f"现在不能{title}", code="wrong_state")
    panel = appeals_deciding.panel(current_session(), row)
    if step == "decision" and current_actor().user_id not in {user.id for user in panel}:
        raise Forbidden("只有申诉小组成员可以作出决定")
    page = {
        **_frame(), "title": title, "about": row.provider.organisation.name,
        "back": url_for("work.appeal", appeal_id=row.id), "submit": f"确认{title}",
        "tone": "primary", "version": row.version, "draft": None,
    }  # fmt: skip
    return row, fields(row), page, do


@blueprint.get("/appeals/<int:appeal_id>/<step>")
@needs(Permission.WORK_READ)
def appeal_step(appeal_id: int, step: str) -> str:
    """The form of a step."""
    _, asked, page, _ = _step(appeal_id, step)
    return forms.show(asked, **page)


@blueprint.post("/appeals/<int:appeal_id>/<step>")
@needs(Permission.APPEAL_DECIDE)
@once.once
def take_appeal_step(appeal_id: int, step: str) -> Response:
    """A step: the deed."""
    row, asked, page, do = _step(appeal_id, step)
    try:
        do(row, load(form(asked), once.fields()))
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash(f"已办理：{page['title']}", "ok")
    return redirect(url_for("work.appeal", appeal_id=appeal_id), 303)


@blueprint.get("/appeals/<int:appeal_id>/letters/<int:letter_id>.<kind>")
@needs(Permission.WORK_READ)
def appeal_letter(appeal_id: int, letter_id: int, kind: str) -> Response:
    """The answer as Word or PDF."""
    return letter_file(proceedings_letters.one(current_session(), _get(appeal_id), letter_id), kind)
