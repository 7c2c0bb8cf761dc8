"""Waivers: the list, and the form that grants one."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import Event, Organisation, Provider, Round, Waiver
from marketplace.permissions import Permission, can, visible
from marketplace.schemas.pool import AdmissionQuery, WaiverForm
from marketplace.services.pool import waivers as service
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.admissions import provider_of, search
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round

MOST = 100
LABELS = {
    "round": "批次", "provider": "服务商", "rule": "规定", "segment": "细分行业",
    "reason": "理由", "document_no": "依据文号",
}  # fmt: skip


@blueprint.get("/waivers")
@needs(Permission.POOL_READ)
def waivers() -> str:
    """What was waived for whom, and the form."""
    query = load(AdmissionQuery(), query_data())
    return render_template("work/waivers.html", errors={}, values={}, **_page(query))


@blueprint.post("/waivers")
@needs(Permission.WAIVER_GRANT)
@once.once
def grant_waiver() -> Response:
    """Grant one."""
    session, actor = current_session(), current_actor()
    data: dict[str, Any] = {}
    try:
        data = load(WaiverForm(), once.fields())
        round_ = session.get(Round, data["round"])
        if round_ is None:
            raise NotFound("没有这个批次")
        provider = provider_of(session, data["provider"])
        service.grant(
            session, actor, provider,
            round_=round_, rule=data["rule"], segment=data["segment"],
            reason=data["reason"], document_no=data["document_no"],
        )  # fmt: skip
    except Invalid as error:
        return page_again("work/waivers.html", error, **_page(data))
    flash(f"已登记豁免：{provider.organisation.name}", "ok")
    return redirect(url_for("work.waivers", round=round_.id), 303)


def _page(query: dict[str, Any]) -> dict[str, Any]:
    session = current_session()
    round_, every = chosen_round(session, query.get("round"))
    if round_ is None:
        raise NotFound("还没有批次")
    return {
        "round": round_,
        "rounds": [(item["id"], item["label"]) for item in shapes.round_choices(every, round_)],
        "rows": _rows(session, round_),
        "rules": [(r.id, f"{r.label}（{r.article}）") for r in service.waivable(round_)],
        "segments": [(item.id, item.label) for item in round_.programme.segments],
        "provider": provider_of(session, query["provider"]) if "provider" in query else None,
        "candidates": search(session, query.get("q", "")),
        "query": query,
        "may": can(current_actor(), Permission.WAIVER_GRANT),
        "labels": LABELS,
    }


def _rows(session: Session, round_: Round) -> list[dict[str, Any]]:
    rules = {rule.id: rule for rule in round_.programme.rules}
    # A district sees what was waived for its own providers.
    seen = visible(current_actor(), Permission.PROVIDER_READ, Provider).with_only_columns(
        Provider.id
    )
    found = session.execute(
        select(Waiver, Organisation.name, Event.who)
        .join(Provider, Provider.id == Waiver.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .join(Event, (Event.subject_type == "waivers") & (Event.subject_id == Waiver.id))
        .where(Waiver.round_id == round_.id, Waiver.provider_id.in_(seen))
        .order_by(Waiver.id.desc())
        .limit(MOST)
    )
    return [
        {
            "name": name,
            "provider_url": url_for("work.provider", provider_id=waiver.provider_id),
            "rule": rules[waiver.rule].label if waiver.rule in rules else waiver.rule,
            "segment": round_.programme.segment_label(waiver.segment) if waiver.segment else "全部",
            "reason": waiver.reason,
            "document_no": waiver.document_no or "无",
            "by": f"{actor}，{dt(waiver.created_at)}",
        }
        for waiver, name, actor in found
    ]
