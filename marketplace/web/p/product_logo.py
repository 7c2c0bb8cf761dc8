"""The page on which a team puts, changes or removes the logo of a product."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import ChangeRequest, Product
from marketplace.permissions import Permission
from marketplace.services.profiles import product_editing
from marketplace.services.profiles import product_editing_logo as service
from marketplace.web import profile_shapes, uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import blueprint
from marketplace.web.work import once

FORM = "p/product_logo.html"


@blueprint.get("/products/<int:product_id>/logo")
@needs(Permission.PROFILE_WRITE)
def product_logo(product_id: int) -> str:
    """The logo that stands or waits for its check, and the field for another one."""
    return _form(product_editing.get(current_session(), current_actor(), product_id))


@blueprint.get("/products/new/<int:request_id>/logo")
@needs(Permission.PROFILE_WRITE)
def new_product_logo(request_id: int) -> str:
    """The same for a product that is not listed yet."""
    return _form(product_editing.new_request(current_session(), current_actor(), request_id))


def _form(about: Product | ChangeRequest) -> str:
    session = current_session()
    field = uploads.show(session, service.LOGO, service.holder(session, about))
    return render_template(FORM, uploads={service.LOGO: field}, errors={}, **_context(about))


def _context(about: Product | ChangeRequest) -> dict[str, Any]:
    waiting = service.waiting(current_session(), about)
    if isinstance(about, Product):
        title = f"{about.name} {about.release}"
        send = url_for("p.save_product_logo", product_id=about.id)
        back = url_for("p.product", product_id=about.id)
    else:
        title = about.title
        send = url_for("p.save_new_product_logo", request_id=about.id)
        back = url_for("p.change", request_id=about.id)
    return {
        "title": title, "send": send, "back": back, "advice": service.rules().advice,
        "logos": profile_shapes.logos(waiting) if waiting else None,
        "state": profile_shapes.tag(waiting) if waiting else None,
    }  # fmt: skip


@blueprint.post("/products/<int:product_id>/logo")
@needs(Permission.PROFILE_WRITE)
def save_product_logo(product_id: int) -> Response:
    """Take what was sent; 422 with the reason at the field."""
    sent = uploads.posted(service.LOGO)  # before the first query: files are checked outside
    return once.once(_save)(sent, product_id=product_id)


@blueprint.post("/products/new/<int:request_id>/logo")
@needs(Permission.PROFILE_WRITE)
def save_new_product_logo(request_id: int) -> Response:
    """The same for a product that is not listed yet."""
    sent = uploads.posted(service.LOGO)
    return once.once(_save)(sent, request_id=request_id)


def _save(sent: uploads.Posted, product_id: int = 0, request_id: int = 0) -> Response:
    session, actor = current_session(), current_actor()
    about: Product | ChangeRequest = (
        product_editing.get(session, actor, product_id)
        if product_id
        else product_editing.new_request(session, actor, request_id)
    )
    try:
        load(Schema(), form_data(drop=(once.KEY_FIELD,)))
        if sent.errors:
            raise Invalid(fields={service.LOGO: sent.errors})
        made = service.change(session, actor, uploads.storage(), about, sent.change)
    except Invalid as error:
        subject = service.holder(session, about)
        return uploads.again(FORM, error, sent, subject=subject, **_context(about))
    if made is not None:
        flash("标志已提交审核。审核通过前，公开页不变。", "ok")
        return redirect(url_for("p.change", request_id=made.id), 303)
    flash("标志已保存。", "ok")
    return redirect(
        url_for("p.product", product_id=product_id) if product_id else url_for("p.products"), 303
    )
