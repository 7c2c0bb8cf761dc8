"""Admission to the pool: choose provider, type and segment; see every finding; decide."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import Organisation, Provider, Round
from marketplace.permissions import Permission, visible
from marketplace.schemas.pool import AdmissionForm, AdmissionQuery
from marketplace.services.pool import memberships, pool_board
from marketplace.services.pool.memberships import Admission, Preview
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round

MOST = 20
CHAIN_MODES = [("self_led", "主导改造模式"), ("ecosystem", "生态服务模式")]
LABELS = {
    "round": "批次", "provider": "服务商", "type": "类型", "segment": "细分行业",
    "listed_on": "入池日期", "valid_until": "有效期至", "document_no": "入池文号",
    "chain_mode": "链主模式", "reason": "说明", "place": "核对结果",
}  # fmt: skip


@blueprint.get("/memberships/admit")
@needs(Permission.MEMBERSHIP_ADMIT)
def admission() -> str:
    """The form; with everything chosen it shows what speaks against the admission."""
    query = load(AdmissionQuery(), query_data())
    return render_template("work/admission.html", errors={}, values={}, **_page(query))


@blueprint.post("/memberships/admit")
@needs(Permission.MEMBERSHIP_ADMIT)
@once.once
def admit() -> Response:
    """Take the provider in."""
    session, actor = current_session(), current_actor()
    data: dict[str, Any] = {}
    try:
        data = load(AdmissionForm(), once.fields())
        entry = _admission(session, data)
        membership = memberships.admit(session, actor, entry)
    except Invalid as error:
        return page_again("work/admission.html", error, **_page(data))
    except Conflict as error:
        return _refused(error, data)
    flash(f"已入池：{entry.provider.organisation.name}", "ok")
    return redirect(url_for("work.membership", membership_id=membership.id), 303)


def _refused(error: Conflict, data: dict[str, Any]) -> Response:
    """The form with every reason, status 409: somebody was faster, or a rule stands against it."""
    response = page_again(
        "work/admission.html", Invalid(fields={"place": error.reasons}), **_page(data)
    )
    response.status_code = 409
    return response


def _page(query: dict[str, Any]) -> dict[str, Any]:
    session = current_session()
    round_, every = chosen_round(session, query.get("round"))
    if round_ is None:
        raise NotFound("还没有批次")
    programme = round_.programme
    provider = provider_of(session, query["provider"]) if "provider" in query else None
    listed_on = query.get("listed_on") or clock.today()
    types = {item.id for item in programme.types}
    segments = {item.id for item in programme.segments}
    complete = provider is not None and query.get("type") in types
    preview = None
    if provider is not None and complete and query.get("segment") in segments:
        entry = _entry(round_, provider, query | {"listed_on": listed_on})
        preview = memberships.preview(session, current_actor(), entry)
    return {
        "round": round_,
        "rounds": [(item["id"], item["label"]) for item in shapes.round_choices(every, round_)],
        "types": [(item.id, item.label) for item in programme.types],
        "segments": [(item.id, item.label) for item in programme.segments],
        "chain_modes": CHAIN_MODES,
        "labels": LABELS,
        "query": query,
        "provider": provider,
        "candidates": search(session, query.get("q", "")),
        "preview": preview,
        **_cells(session, round_, preview),
        "listed_on": listed_on,
        "valid_until": memberships.default_valid_until(round_, listed_on),
    }


def _cells(session: Session, round_: Round, preview: Preview | None) -> dict[str, Any]:
    """The cell now, and as the admission would leave it."""
    if preview is None or preview.quota is None:
        return {"cell": None, "cell_after": None}
    now = pool_board.cell_of(session, preview.quota)
    after = shapes.cell(round_, pool_board.after_entry(now)) if preview.possible else None
    return {"cell": shapes.cell(round_, now), "cell_after": after}


def _entry(round_: Round, provider: Provider, data: dict[str, Any]) -> Admission:
    names = ("type", "segment", "listed_on", "valid_until", "document_no", "chain_mode", "reason")
    given = {name: data[name] for name in names if name in data}
    return Admission(round=round_, provider=provider, **given)


def _admission(session: Session, data: dict[str, Any]) -> Admission:
    round_ = session.get(Round, data["round"])
    if round_ is None:
        raise NotFound("没有这个批次")
    return _entry(round_, provider_of(session, data["provider"]), data)


def provider_of(session: Session, provider_id: int) -> Provider:
    """A provider that the actor may see, with its organisation. Raises NotFound."""
    found = session.scalars(
        visible(current_actor(), Permission.PROVIDER_READ, Provider)
        .where(Provider.id == provider_id)
        .options(selectinload(Provider.organisation))
    ).one_or_none()
    if found is None:
        raise NotFound("没有找到这家服务商")
    return found


def search(session: Session, text: str) -> list[dict[str, Any]]:
    """Providers whose name or code contains ``text``, the first 20."""
    if not text:
        return []
    columns = (Organisation.name, Organisation.short_name, Organisation.uscc)
    matches = or_(*(column.icontains(text, autoescape=True) for column in columns))
    found = session.execute(
        select(Provider.id, Organisation.name, Organisation.uscc)
        .join(Provider.organisation)
        .where(matches)
        .order_by(Organisation.name)
        .limit(MOST)
    )
    return [{"id": id_, "name": name, "uscc": uscc} for id_, name, uscc in found]
