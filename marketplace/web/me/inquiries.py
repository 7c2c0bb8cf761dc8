"""咨询: what the enterprise asked, of whom, and what each provider answered in its own thread."""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Inquiry, InquiryParty
from marketplace.permissions import Permission
from marketplace.schemas.choosing import ItemQuery, PageQuery
from marketplace.schemas.inquiries import LABELS, LONGEST_TEXT, SendForm
from marketplace.services.choosing import kept
from marketplace.services.files import files
from marketplace.services.inquiries import inquiries, inquiry_rules, inquiry_tasks  # noqa: F401  registers what waits for each side
from marketplace.services.inquiries.inquiries import FILES, Question
from marketplace.services.inquiries.inquiry_rules import rules
from marketplace.web import drafts, inquiry_posts, inquiry_shapes, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt
from marketplace.web.forms import load, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import MENU, blueprint
from marketplace.web.projects.views import with_files
from marketplace.web.public.addresses import address
from marketplace.web.work import once

MENU.append(("咨询", "/me/inquiries", Permission.INQUIRY_SEND))
FORM = "me/inquiry_new.html"
MOST_ITEMS = 10


@blueprint.get("/inquiries", endpoint="inquiries")
@needs(Permission.INQUIRY_SEND)
def index() -> str:
    """All of them, the latest first."""
    session, page = current_session(), load(PageQuery(), query_data())["page"]
    query = inquiries.listed(current_actor())
    rows = session.scalars(query.limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)).all()
    return render_template(
        "me/inquiries.html",
        rows=[{"row": row, "at": dt(row.created_at), "parties": _parties(row)} for row in rows],
        **lists.paged("me.inquiries", lists.total(session, query), page),
    )


def _parties(row: Inquiry) -> list[dict[str, Any]]:
    return [_party(item) for item in row.parties]


def _party(item: InquiryParty) -> dict[str, Any]:
    return {
        "id": item.id, "name": item.provider.organisation.name, "provider_id": item.provider_id,
        "url": url_for("me.thread", party_id=item.id), "state": inquiry_shapes.state(item),
        "due": inquiry_shapes.due(item), "news": item.last_side == "provider",
        "last": dt(item.last_at),
    }  # fmt: skip


@blueprint.get("/inquiries/<int:inquiry_id>")
@needs(Permission.INQUIRY_SEND)
def inquiry(inquiry_id: int) -> str:
    """One enquiry with everybody who was asked."""
    session, actor = current_session(), current_actor()
    row = inquiries.get(session, actor, inquiry_id)
    attached = files.of(session, row, FILES)
    return render_template(
        "me/inquiry.html", inquiry=row, parties=_parties(row),
        files=[inquiry_shapes.file_line(item) for item in attached],
    )  # fmt: skip


def _items() -> list[tuple[str, int]]:
    """Things in the address that the enquiry is about. Raises Invalid."""
    found = load(ItemQuery(), query_data(("item",)))["item"]
    return list(dict.fromkeys(found))[:MOST_ITEMS]


def _candidates(items: list[tuple[str, int]]) -> tuple[list[dict[str, Any]], int | None]:
    """Providers that may be ticked, with what stands against one; the product, if it is one."""
    session = current_session()
    things = kept.things(session, items)
    known = [things[key] for key in items if key in things and things[key].shown]
    names = {
        thing.provider_id: thing.title if thing.kind == "provider" else thing.provider
        for thing in known
    }
    found = inquiry_rules.refusals(session, names) if names else {}
    product = next((t.id for t in known if t.kind == "product" and t.public), None)
    candidates = [
        {"id": id_, "name": name, "refusal": found[id_]} for id_, name in names.items()
    ]  # fmt: skip
    return candidates, product if len(known) == 1 else None


def _draft(items: list[tuple[str, int]]) -> drafts.DraftField:
    """One draft for each set of things, which leads back to the same set."""
    key = "_".join(f"{kind}{id_}" for kind, id_ in items)[:70]
    return replace(drafts.of(f"inquiry:{key or 'none'}"), path=request.full_path.rstrip("?"))


def _context(items: list[tuple[str, int]]) -> dict[str, Any]:
    candidates, product = _candidates(items)
    pairs = [("item", f"{kind}:{id_}") for kind, id_ in items]
    return {
        "candidates": candidates,
        "product": product,
        "product_name": _product_name(items) if product else "",
        "action": address("/me/inquiries/new", pairs),
        "rules": rules(),
        "labels": LABELS,
        "longest": LONGEST_TEXT,
        "draft": _draft(items),
    }


def _product_name(items: list[tuple[str, int]]) -> str:
    return kept.things(current_session(), items)[items[0]].title


@blueprint.get("/inquiries/new")
@needs(Permission.INQUIRY_SEND)
def new_inquiry() -> str:
    """What to ask, of whom."""
    context = _context(_items())
    draft = context["draft"]
    fit = [item["id"] for item in context["candidates"] if not item["refusal"]]
    ticked = draft.all("providers") or list(map(str, fit[: rules().most_providers]))
    return render_template(
        FORM, errors={}, values=draft.values, ticked=ticked,
        uploads={FILES: uploads.show(current_session(), FILES)}, **context,
    )  # fmt: skip


@blueprint.post("/inquiries/new")
@needs(Permission.INQUIRY_SEND)
@with_files(lambda: FILES)
@once.once
def send_inquiry() -> Response:
    """Send it."""
    session, actor, items = current_session(), current_actor(), _items()
    try:
        data = load(SendForm(), once.fields(("providers",)))
        candidates, product = _candidates(items)
        if not set(data["providers"]) <= {item["id"] for item in candidates}:
            raise Invalid(fields={"providers": ["请从列出的服务商中选择"]})
        question = Question(data["title"], data["text"], data["providers"], product)
        with session.begin_nested():
            row = inquiries.send(session, actor, question)
            uploads.posted(FILES).attach(session, actor, row)
    except (Invalid, Conflict) as error:
        return _again(error, items)
    drafts.done(_draft(items).key)
    flash("咨询已发出，服务商答复后会通知您。", "ok")
    return redirect(url_for("me.inquiry", inquiry_id=row.id), 303)


def _again(error: Invalid | Conflict, items: list[tuple[str, int]]) -> Response:
    ticked = request.form.getlist("providers")
    return inquiry_posts.again(FORM, error, FILES, ticked=ticked, **_context(items))
