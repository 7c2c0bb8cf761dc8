"""Products of the acting provider: in the catalogue, changed, registered anew."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import ChangeRequest, Product
from marketplace.models.change_requests import PRODUCT
from marketplace.permissions import Permission, can, visible
from marketplace.phases import OPEN_REQUESTS
from marketplace.schemas import profile as schema
from marketplace.services.profiles import (
    change_requests,
    prices,
    product_editing,
    product_editing_logo,
)
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.web import drafts, profile_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, vocabulary, wan
from marketplace.web.p import profile_form
from marketplace.web.p.blueprint import blueprint
from marketplace.web.p.profile import own, page_number
from marketplace.web.p.profile_form import Form
from marketplace.web.public.cards import category_name
from marketplace.web.work import once

PER_PAGE = 20
MOST_NEW = 50


@blueprint.get("/products")
@needs(Permission.PROVIDER_DESK)
def products() -> str:
    """Products with their prices, those on their way into the catalogue first."""
    session, actor, page = current_session(), current_actor(), page_number()
    query = visible(actor, Permission.PROVIDER_READ, Product)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(
        query.order_by(Product.name, Product.release, Product.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    ).all()
    waiting = _waiting(session)
    by_product = {row.subject_id: row for row in waiting}
    return render_template(
        "p/products.html",
        rows=[_line(row, by_product.get(row.id)) for row in rows],
        new=[
            profile_shapes.line(row, url_for("p.change", request_id=row.id))
            for row in waiting
            if row.subject_id is None
        ],
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("p.products", page=number),
        may=can(actor, Permission.PROFILE_WRITE),
    )


def _waiting(session: Session) -> list[ChangeRequest]:
    query = visible(current_actor(), Permission.CHANGE_READ, ChangeRequest).where(
        ChangeRequest.subject_type == PRODUCT, ChangeRequest.phase.in_(OPEN_REQUESTS)
    )
    return list(session.scalars(query.order_by(ChangeRequest.id.desc()).limit(MOST_NEW)))


def _line(row: Product, waiting: ChangeRequest | None) -> dict[str, Any]:
    return {
        "name": row.name, "release": row.release,
        "url": url_for("p.product", product_id=row.id),
        "category": category_name(vocabulary(), row.category),
        "pilot": wan(row.pilot_price_cny), "list": wan(row.list_price_cny),
        "updated": dt(row.updated_at)[:10], "state": _state(row, waiting),
    }  # fmt: skip


def _state(row: Product, waiting: ChangeRequest | None) -> profile_shapes.Tag:
    if waiting is not None:
        found = profile_shapes.tag(waiting)
        return {**found, "label": f"修改{found['label']}"}
    if row.hidden_at is not None:
        return {"tone": "danger", "icon": "eye-slash", "label": "已被主管部门隐藏"}
    return {"tone": "ok", "icon": "check-circle", "label": "已登记"}


@blueprint.get("/products/<int:product_id>")
@needs(Permission.PROVIDER_DESK)
def product(product_id: int) -> str:
    """One product: what is public, its prices since when, and what waits for a check."""
    session, actor = current_session(), current_actor()
    row = product_editing.get(session, actor, product_id)
    present = change_requests.open_of(session, row)
    said = profile_shapes.described(schema.PRODUCT, product_editing.current(row))
    labels = schema.LABELS["product"]
    return render_template(
        "p/product.html",
        product=row,
        state=_state(row, present),
        groups=[
            (title, [(labels[name], said[name]) for name in names])
            for title, names in profile_form.PRODUCT.groups
        ],
        waiting={
            **profile_shapes.line(present, url_for("p.change", request_id=present.id)),
            "rows": profile_shapes.change_rows(present),
            "logos": profile_shapes.logos(present),
        }
        if present
        else None,
        logo=product_editing_logo.of(session, row) is not None,
        history=profile_shapes.price_lines(prices.history(session, row.id)),
        may=can(actor, Permission.PROFILE_WRITE, row),
    )


def _form(session: Session, row: Product) -> Form:
    present = change_requests.open_of(session, row)
    return Form(
        profile_form.PRODUCT, f"修改产品：{row.name} {row.release}", f"product:{row.id}",
        url_for("p.save_product", product_id=row.id), url_for("p.product", product_id=row.id),
        subjects.form_version(session, row),
        product_editing.current(row) | change_requests.proposed(present), present,
    )  # fmt: skip


@blueprint.get("/products/<int:product_id>/edit")
@needs(Permission.PROFILE_WRITE)
def edit_product(product_id: int) -> str:
    """The form of a product."""
    session = current_session()
    return _form(session, product_editing.get(session, current_actor(), product_id)).page()


@blueprint.post("/products/<int:product_id>/edit")
@needs(Permission.PROFILE_WRITE)
@once.once
def save_product(product_id: int) -> Response:
    """Save; 422 with the reason at each field, 409 with both versions."""
    session, actor = current_session(), current_actor()
    row = product_editing.get(session, actor, product_id)
    form = _form(session, row)
    values: dict[str, Any] = {}
    try:
        values, note, version = form.typed()
        saved = product_editing.edit(
            session, actor, row, values, expected_version=version, note=note
        )
    except Invalid as error:
        return form.again(error)
    except Conflict:
        return _form(session, row).clash(values)
    drafts.done(form.key)
    profile_form.say(saved)
    return redirect(url_for("p.product", product_id=row.id), 303)


def _new_form(request: ChangeRequest | None) -> Form:
    """An empty form, or what was sent for a product that is not in the catalogue yet."""
    action = (
        url_for("p.save_new_product", request_id=request.id)
        if request
        else url_for("p.create_product")
    )
    back = url_for("p.change", request_id=request.id) if request else url_for("p.products")
    return Form(
        profile_form.PRODUCT, f"修改：{request.title}" if request else "登记新产品",
        f"product:new-{request.id}" if request else "product:new", action, back,
        request.version if request else 0, change_requests.proposed(request), request, new=True,
    )  # fmt: skip


@blueprint.get("/products/new")
@needs(Permission.PROFILE_WRITE)
def new_product() -> str:
    """An empty form, or what was typed before."""
    own()
    return _new_form(None).page()


@blueprint.post("/products/new")
@needs(Permission.PROFILE_WRITE)
@once.once
def create_product() -> Response:
    """Send a new product for its check."""
    return _register(None)


@blueprint.get("/products/new/<int:request_id>")
@needs(Permission.PROFILE_WRITE)
def edit_new_product(request_id: int) -> str:
    """The form of a product that waits for its check, or came back."""
    found = product_editing.new_request(current_session(), current_actor(), request_id)
    return _new_form(found).page()


@blueprint.post("/products/new/<int:request_id>")
@needs(Permission.PROFILE_WRITE)
@once.once
def save_new_product(request_id: int) -> Response:
    """Send it again; the former text is replaced."""
    return _register(product_editing.new_request(current_session(), current_actor(), request_id))


def _register(former: ChangeRequest | None) -> Response:
    session, provider = current_session(), own()
    form = _new_form(former)
    values: dict[str, Any] = {}
    try:
        values, note, version = form.typed()
        made = product_editing.register(
            session, current_actor(), provider, values, note=note, instead_of=former,
            expected_version=version if former else None,
        )  # fmt: skip
    except Invalid as error:
        return form.again(error)
    except Conflict:
        return _new_form(former).clash(values)
    drafts.done(form.key)
    flash(f"已提交审核：{made.title}。审核通过后列入产品目录。", "ok")
    return redirect(url_for("p.products"), 303)
