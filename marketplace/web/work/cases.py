"""Staff: versions of cases that wait for a check, and what was decided about them."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import CaseVersion, Provider
from marketplace.permissions import Permission, can, visible
from marketplace.phases import CasePhase
from marketplace.programmes import nouns
from marketplace.schemas import cases as schema
from marketplace.services.cases import case_counts, case_rivals, case_studies, consents
from marketplace.services.cases import case_tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.cases.case_rivals import Rival
from marketplace.web import case_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, vocabulary
from marketplace.web.forms import load
from marketplace.web.work import batches, once, shapes
from marketplace.web.work.blueprint import blueprint

PER_PAGE = 30
QUEUE = (CasePhase.CHECK, CasePhase.PUBLISHED, CasePhase.RETURNED, CasePhase.WITHDRAWN)


@blueprint.get("/cases")
@needs(Permission.WORK_READ)
def cases() -> str:
    """Versions by state, those that wait to be checked first of all; the oldest first."""
    session, actor = current_session(), current_actor()
    phase = _phase()
    given = request.args.get("page", "")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1
    query = visible(actor, Permission.CASE_READ, CaseVersion).where(CaseVersion.phase == phase)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = phase != CasePhase.CHECK
    order = CaseVersion.state_since.desc() if newest else CaseVersion.state_since.asc()
    rows = session.scalars(
        query.options(joinedload(CaseVersion.provider).joinedload(Provider.organisation))
        .order_by(order, CaseVersion.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    workflow = nouns.workflow("case_version")
    return render_template(
        "work/cases.html",
        rows=[_line(row) for row in rows],
        batches=batches.offered("case_versions") if phase == CasePhase.CHECK else [],
        tabs=[
            {
                "label": workflow.state(item).staff_label,
                "url": url_for("work.cases", phase=item.value), "current": item == phase,
            }
            for item in QUEUE
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.cases", phase=phase.value, page=number),
    )  # fmt: skip


def _phase() -> CasePhase:
    wanted = request.args.get("phase", "")
    return next((phase for phase in QUEUE if phase.value == wanted), CasePhase.CHECK)


def _line(row: CaseVersion) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "url": url_for("work.case", version_id=row.id),
        "provider": row.provider.organisation.name, "at": dt(row.state_since),
        "segment": vocabulary().name("segment", row.segment) if row.segment else "",
        "kind": "新版本" if row.base_version is not None else "新案例",
        "state": case_shapes.tag(row),
    }  # fmt: skip


def _get(version_id: int) -> CaseVersion:
    return case_studies.get(current_session(), current_actor(), version_id)


@blueprint.get("/cases/versions/<int:version_id>")
@needs(Permission.WORK_READ)
def case(version_id: int) -> str:
    """One version with everything that its check looks at."""
    return _page(_get(version_id))


def _page(version: CaseVersion, **more: Any) -> str:
    session, actor = current_session(), current_actor()
    rivals = case_rivals.of(session, version)
    changed = version.case is not None and version.phase == CasePhase.CHECK
    live = case_studies.of_case(version.case) if changed and version.case else None
    given = consents.standing(session, version)
    context: dict[str, Any] = {
        "version": version,
        "provider": version.provider,
        "state": case_shapes.tag(version),
        "view": case_shapes.of_version(session, version),
        "counters": [
            case_shapes.counter(item) for item in case_counts.of(session, version.provider_id)
        ],
        "rivals": _side_by_side(version, rivals),
        "changes": case_shapes.differences(live, _hall(version.content)) if live else None,
        "consent": _consent(given) if given else None,
        "events": shapes.events(session, version, {}),
        "may_check": version.phase == CasePhase.CHECK
        and can(actor, Permission.CASE_CHECK, version),
        "may_withdraw": version.phase == CasePhase.PUBLISHED
        and can(actor, Permission.CASE_WITHDRAW, version),
        "errors": {}, "typed": "", "labels": schema.LABELS, "clash": None,
        **more,
    }  # fmt: skip
    return render_template("work/case.html", **context)


def _hall(content: case_shapes.Content) -> dict[str, Any]:
    """What the hall knows of a content: not the code of the client."""
    return {**content, "client_uscc": ""}


def _consent(row: Any) -> dict[str, str]:
    return {
        "signer": f"{row.signer}（{row.signer_post}）", "at": dt(row.answered_at),
        "contact": row.contact,
    }  # fmt: skip


def _side_by_side(version: CaseVersion, rivals: list[Rival]) -> dict[str, Any] | None:
    """This case and what looks like the same project, field by field."""
    if not rivals:
        return None
    own = version.provider.organisation.name
    return {
        "heads": [f"{own}（本案例）", *(f"{r.provider}（{r.why}）" for r in rivals)],
        "rows": case_shapes.differences(version.content, *(r.content for r in rivals)),
        "links": [
            {
                "label": f"{r.provider}：{r.content.get('title', '')}",
                "url": url_for("work.case", version_id=r.version_id)
                if r.version_id
                else f"/cases/{r.case_id}",
            }
            for r in rivals
        ],
    }  # fmt: skip


def _decide(version_id: int, action: str, said: str) -> Response:
    version = _get(version_id)
    typed = request.form.get("reason", "")
    try:
        data = load(schema.StepForm(), once.fields())
        case_studies.step(
            current_session(), current_actor(), version, action,
            expected_version=data["version"], why={"reason": data["reason"]},
        )  # fmt: skip
    except Invalid as error:
        return _answer(_page(version, errors=error.fields, typed=typed), 422)
    except Conflict as conflict:
        clash = {"reasons": conflict.reasons, **_versions(current_session(), version)}
        return _answer(_page(version, clash=clash, typed=typed), 409)
    flash(f"{said}：{version.title}", "ok")
    return redirect(url_for("work.cases"), 303)


def _answer(page: str, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


def _versions(session: Session, version: CaseVersion) -> dict[str, Any]:
    """What the officer had before him, and what stands now in its place."""
    newer = session.scalars(
        visible(current_actor(), Permission.CASE_READ, CaseVersion)
        .where(
            CaseVersion.id > version.id, CaseVersion.provider_id == version.provider_id,
            (CaseVersion.previous_id == version.id)
            | ((CaseVersion.case_id == version.case_id) & CaseVersion.case_id.is_not(None)),
        )
        .order_by(CaseVersion.id.desc())
        .limit(1)
    ).one_or_none()  # fmt: skip
    if newer is not None:
        head, now = f"现在的版本（{case_shapes.tag(newer)['label']}）", newer.content
        url = url_for("work.case", version_id=newer.id)
    elif version.case is not None:
        head, now, url = "展厅现在的内容", case_studies.of_case(version.case), ""
    else:
        return {"heads": [], "rows": [], "url": ""}
    seen = version.content if newer is not None else _hall(version.content)
    rows = case_shapes.differences(seen, now)
    return {"heads": ["您审核的版本", head], "rows": rows, "url": url}


@blueprint.post("/cases/versions/<int:version_id>/publish")
@needs(Permission.CASE_CHECK)
@once.once
def publish_case(version_id: int) -> Response:
    """Put it into the hall."""
    return _decide(version_id, "case_publish", "已公开")


@blueprint.post("/cases/versions/<int:version_id>/return")
@needs(Permission.CASE_CHECK)
@once.once
def return_case(version_id: int) -> Response:
    """Send it back with reasons."""
    return _decide(version_id, "case_return", "已退回")


@blueprint.post("/cases/versions/<int:version_id>/withdraw")
@needs(Permission.CASE_WITHDRAW)
@once.once
def withdraw_case(version_id: int) -> Response:
    """Register that the client takes its consent back by other means."""
    return _decide(version_id, "case_withdraw", "已停止公开")
