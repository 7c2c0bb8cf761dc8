"""Cases of the acting provider: drafts, sent to the client, watched until shown."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import CaseStudy, CaseVersion, Provider
from marketplace.permissions import Permission, can, visible
from marketplace.phases import OPEN_CASES, CasePhase
from marketplace.schemas import cases as schema
from marketplace.services.cases import case_checks, case_counts, case_studies, consents
from marketplace.services.cases import case_tasks as _tasks  # noqa: F401  tasks register themselves
from marketplace.services.cases.case_rules import rules
from marketplace.web import case_shapes, drafts, limits
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, vocabulary
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.parts import cipher, settings

PER_PAGE = 20

MENU.append(("案例", "/p/cases", Permission.PROVIDER_DESK))


def answer(page: str, status: int) -> Response:
    """A page with a status."""
    response = make_response(page)
    response.status_code = status
    return response


def get(version_id: int) -> CaseVersion:
    """A version the team may know. Raises NotFound."""
    return case_studies.get(current_session(), current_actor(), version_id)


@blueprint.get("/cases")
@needs(Permission.PROVIDER_DESK)
def cases() -> str:
    """Versions of the team, the counters of its places, and cases in the hall."""
    session, actor = current_session(), current_actor()
    page = _page_number()
    query = visible(actor, Permission.CASE_READ, CaseVersion).where(
        CaseVersion.phase.not_in((CasePhase.REPLACED, CasePhase.DISCARDED))
    )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.order_by(CaseVersion.updated_at.desc(), CaseVersion.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    own = session.scalar(
        select(Provider.id).where(Provider.organisation_id == actor.organisation_id)
    )
    counters = case_counts.of(session, own) if own else []
    return render_template(
        "p/cases.html",
        rows=[_line(row) for row in rows],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.cases", page=number),
        counters=[case_shapes.counter(item) for item in counters],
        shown=_unversioned(session, own or 0),
    )


def _page_number() -> int:
    given = request.args.get("page", "")
    return max(1, int(given)) if given.isdecimal() and len(given) < 5 else 1


def _line(row: CaseVersion) -> dict[str, Any]:
    return {
        "title": row.title, "url": url_for("p.case", version_id=row.id),
        "state": case_shapes.tag(row), "at": dt(row.state_since),
        "segment": vocabulary().name("segment", row.segment) if row.segment else "",
        "changes": row.case_id is not None and row.phase in OPEN_CASES, "note": row.note,
    }  # fmt: skip


def _unversioned(session: Session, provider_id: int) -> list[CaseStudy]:
    """Cases in the hall that nobody has written a version of here: the latest 50."""
    known = select(CaseVersion.case_id).where(
        CaseVersion.provider_id == provider_id, CaseVersion.case_id.is_not(None)
    )
    return list(
        session.scalars(
            select(CaseStudy)
            .where(
                CaseStudy.provider_id == provider_id, CaseStudy.id.not_in(known),
                CaseStudy.hidden_at.is_(None), CaseStudy.client_consent,
            )
            .order_by(CaseStudy.year.desc(), CaseStudy.id.desc())
            .limit(50)
        )
    )  # fmt: skip


@blueprint.post("/cases/of/<int:case_id>")
@needs(Permission.CASE_WRITE)
def revise_case(case_id: int) -> Response:
    """Begin a new version of a case in the hall."""
    load(Schema(), form_data())
    version = case_studies.revise(current_session(), current_actor(), case_id)
    page = "p.edit_case" if version.phase == CasePhase.DRAFT else "p.case"
    return redirect(url_for(page, version_id=version.id), 303)


@blueprint.get("/cases/<int:version_id>")
@needs(Permission.PROVIDER_DESK)
def case(version_id: int) -> str:
    """One version: what it says, where it stands, what can be done."""
    return shown(get(version_id))


def shown(version: CaseVersion, **more: Any) -> str:
    """The page of one version."""
    session, actor = current_session(), current_actor()
    asked = consents.asked(session, version)
    draft = version.phase == CasePhase.DRAFT
    context: dict[str, Any] = {
        "version": version,
        "state": case_shapes.tag(version),
        "view": case_shapes.of_version(session, version),
        "missing": case_checks.missing(session, version) if draft else [],
        "asked": [_question(row) for row in asked],
        "days": rules().consent.days,
        "may": can(actor, Permission.CASE_WRITE, version),
        "errors": {}, "email": "", "labels": schema.LABELS, "sides": [],
        **more,
    }  # fmt: skip
    return render_template("p/case.html", **context)


ANSWERS = {
    "open": "等待答复", "late": "已过期，没有答复", "ended": "已停用", "given": "同意展示",
    "refused": "不同意展示", "withdrawn": "同意后又撤回",
}  # fmt: skip


def _question(row: Any) -> dict[str, str]:
    found = consents.state(row)
    return {
        "contact": row.contact, "asked": dt(row.asked_at), "until": dt(row.expires_at),
        "answer": ANSWERS[found], "at": dt(row.withdrawn_at or row.answered_at),
        "signer": f"{row.signer}（{row.signer_post}）" if row.signer else "",
    }  # fmt: skip


@blueprint.post("/cases/<int:version_id>/ask")
@needs(Permission.CASE_WRITE)
def ask_case(version_id: int) -> Response:
    """Send the client a link for its consent."""
    limits.take("consent_mail", str(current_actor().user_id))
    version = get(version_id)
    try:
        data = load(schema.AskForm(), form_data())
        consents.ask(
            current_session(), current_actor(), cipher(), settings().base_url, version,
            data["email"], data["version"],
        )  # fmt: skip
    except Invalid as error:
        page = shown(version, errors=error.fields, email=request.form.get("email", ""))
        return answer(page, 422)
    except Conflict as conflict:
        return answer(shown(version, conflict=conflict), 409)
    flash("授权链接已发到案例企业的邮箱。", "ok")
    return redirect(url_for("p.case", version_id=version.id), 303)


@blueprint.post("/cases/<int:version_id>/rework")
@needs(Permission.CASE_WRITE)
def rework_case(version_id: int) -> Response:
    """Take a sent or returned version back and write on."""
    version = get(version_id)
    data = load(schema.StepForm(), form_data())
    try:
        fresh = case_studies.rework(current_session(), current_actor(), version, data["version"])
    except Conflict as conflict:
        return answer(shown(get(version_id), conflict=conflict), 409)
    return redirect(url_for("p.edit_case", version_id=fresh.id), 303)


@blueprint.post("/cases/<int:version_id>/discard")
@needs(Permission.CASE_WRITE)
def discard_case(version_id: int) -> Response:
    """Give a draft up."""
    version = get(version_id)
    data = load(schema.StepForm(), form_data())
    try:
        case_studies.step(
            current_session(), current_actor(), version, "case_discard",
            expected_version=data["version"],
        )  # fmt: skip
    except Conflict as conflict:
        return answer(shown(get(version_id), conflict=conflict), 409)
    drafts.done(f"case:{version.id}")
    flash(f"已作废：{version.title}", "ok")
    return redirect(url_for("p.cases"), 303)
