"""需求: what enterprises look for, without their names; what the acting provider answered."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Demand, DemandAnswer
from marketplace.permissions import Permission, can
from marketplace.phases import AnswerPhase
from marketplace.schemas.inquiries import LABELS, LONGEST_TEXT, OfferEditForm, OfferForm, StepForm
from marketplace.services.demands import demands, demands_answers
from marketplace.services.demands.demands_answers import FILES
from marketplace.web import demand_shapes, drafts, inquiry_shapes, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary, wan
from marketplace.web.forms import load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.projects.views import with_files
from marketplace.web.work import once

MENU.append(("需求", "/p/demands", Permission.PROVIDER_DESK))
PAGE = "p/demand.html"
PER_PAGE = 20
OPEN, OWN = "open", "own"
ASKED_ANEW = (AnswerPhase.SENT, AnswerPhase.WITHDRAWN)


@blueprint.get("/demands", endpoint="demands")
@needs(Permission.PROVIDER_DESK)
def index() -> str:
    """What takes answers now, or what the team answered."""
    own = request.args.get("kind") == OWN
    page = inquiry_shapes.page_number() or 1
    segments = [(word.code, word.name) for word in vocabulary().options("segment")]
    segment = next((code for code, _ in segments if code == request.args.get("segment")), "")
    rows, total = _answered(page) if own else _open(page, segment)
    return render_template(
        "p/demands.html", rows=rows, own=own, segments=segments, segment=segment,
        sections=[
            {"label": "征集中的需求", "url": url_for("p.demands"), "current": not own},
            {"label": "本单位的答复", "url": url_for("p.demands", kind=OWN), "current": own},
        ],
        total=total, page=page, pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for(
            "p.demands", kind=OWN if own else None, segment=segment or None, page=number
        ),
    )  # fmt: skip


def _count(query: Any) -> int:
    number = select(func.count()).select_from(query.order_by(None).subquery())
    return current_session().scalar(number) or 0


def _open(page: int, segment: str) -> tuple[list[dict[str, Any]], int]:
    own = Demand.organisation_id == current_actor().organisation_id
    query = demands.public(segment).where(~own)  # nobody answers himself
    rows = current_session().scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return [
        {**demand_shapes.public(row), "page": url_for("p.demand", demand_id=row.id)} for row in rows
    ], _count(query)


def _answered(page: int) -> tuple[list[dict[str, Any]], int]:
    session, query = current_session(), demands_answers.own(current_actor())
    rows = session.scalars(query.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    shaped = demand_shapes.answers(session, rows)
    return [
        {
            **demand_shapes.answered(row.demand), "answer": answer,
            "page": url_for("p.demand", demand_id=row.demand_id),
        }
        for row, answer in zip(rows, shaped, strict=True)
    ], _count(query)  # fmt: skip


def _known(demand_id: int) -> tuple[Demand, DemandAnswer | None]:
    """A demand that is public, or that the team answered; and its answer. Raises NotFound."""
    session = current_session()
    own = session.scalars(
        demands_answers.own(current_actor()).where(DemandAnswer.demand_id == demand_id)
    ).one_or_none()
    return (own.demand, own) if own else (demands.shown(session, demand_id), None)


def _context(demand: Demand, own: DemandAnswer | None) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    shaped = demand_shapes.answered(demand)
    (answer,) = demand_shapes.answers(session, [own]) if own else (None,)
    may = can(actor, Permission.DEMAND_ANSWER)
    return {
        "demand": shaped,
        "answer": answer,
        "thread": _thread(own),
        "writable": may
        and shaped["open"]
        and (own is None or own.phase in ASKED_ANEW)
        and demand.organisation_id != actor.organisation_id,
        "withdrawable": may and own is not None and own.phase == AnswerPhase.SENT,
        "draft": drafts.of(f"demand_answer:{demand.id}"),
        "labels": LABELS,
        "longest": LONGEST_TEXT,
    }


def _thread(own: DemandAnswer | None) -> str:
    if own is None or own.phase != AnswerPhase.INVITED:
        return ""
    found = demands_answers.invited(current_session(), own.demand).get(own.provider_id)
    return url_for("p.inquiry", party_id=found) if found else ""


@blueprint.get("/demands/<int:demand_id>")
@needs(Permission.PROVIDER_DESK)
def demand(demand_id: int) -> str:
    """One demand, and the team's answer to it."""
    row, own = _known(demand_id)
    context = _context(row, own)
    stored = {"text": own.text, "price": wan(own.price_cny), "days": own.days or ""} if own else {}
    return render_template(
        PAGE, errors={}, values=context["draft"].values or stored,
        uploads={FILES: uploads.show(current_session(), FILES, own)}, **context,
    )  # fmt: skip


def _again(demand_id: int, error: Invalid | Conflict) -> Response:
    fields, status = inquiry_shapes.refused(error)
    row, own = _known(demand_id)
    page = uploads.again(
        PAGE, Invalid(error.message, fields=fields), uploads.posted(FILES), subject=own,
        **_context(row, own),
    )  # fmt: skip
    page.status_code = status
    return page


@blueprint.post("/demands/<int:demand_id>")
@needs(Permission.DEMAND_ANSWER)
@with_files(lambda demand_id: FILES)
@once.once
def answer_demand(demand_id: int) -> Response:
    """Answer it, or say the answer anew."""
    session, actor = current_session(), current_actor()
    _, own = _known(demand_id)
    try:
        with session.begin_nested():
            if own is None:
                offer = demand_shapes.offer(load(OfferForm(), once.fields()))
                row = demands_answers.answer(session, actor, demand_id, offer)
            else:
                data = load(OfferEditForm(), once.fields())
                row = demands_answers.edit(
                    session, actor, own, demand_shapes.offer(data), expected_version=data["version"]
                )
            uploads.posted(FILES).attach(session, actor, row)
    except (Invalid, Conflict) as error:
        return _again(demand_id, error)
    drafts.done(f"demand_answer:{demand_id}")
    flash("答复已送达企业，其他服务商看不到。", "ok")
    return redirect(url_for("p.demand", demand_id=demand_id), 303)


@blueprint.post("/demands/<int:demand_id>/withdraw")
@needs(Permission.DEMAND_ANSWER)
@with_files(lambda demand_id: FILES)
@once.once
def withdraw_answer(demand_id: int) -> Response:
    """Take the answer back."""
    session, actor = current_session(), current_actor()
    _, own = _known(demand_id)
    try:
        data = load(StepForm(), once.fields())
        if own is None:
            raise Conflict("本单位没有答复过这条需求", code="wrong_state")
        demands_answers.withdraw(session, actor, own, expected_version=data["version"])
    except (Invalid, Conflict) as error:
        return _again(demand_id, error)
    flash("答复已收回。", "ok")
    return redirect(url_for("p.demand", demand_id=demand_id), 303)
