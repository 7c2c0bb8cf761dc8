"""The page on which a team puts, changes or removes the logo of a product."""

from flask import flash, redirect, render_template, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Product
from marketplace.permissions import Permission
from marketplace.services.profiles import product_editing
from marketplace.services.profiles import product_editing_logo as service
from marketplace.web import uploads
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import blueprint
from marketplace.web.work import once

FORM = "p/product_logo.html"


def _get(product_id: int) -> Product:
    return product_editing.get(current_session(), current_actor(), product_id)


@blueprint.get("/products/<int:product_id>/logo")
@needs(Permission.PROFILE_WRITE)
def product_logo(product_id: int) -> str:
    """The logo that stands, and the field for another one."""
    row = _get(product_id)
    field = uploads.show(current_session(), service.LOGO, row)
    return render_template(
        FORM, product=row, uploads={service.LOGO: field}, errors={}, advice=service.rules().advice
    )


@blueprint.post("/products/<int:product_id>/logo")
@needs(Permission.PROFILE_WRITE)
def save_product_logo(product_id: int) -> Response:
    """Take what was sent; 422 with the reason at the field."""
    sent = uploads.posted(service.LOGO)  # before the first query: files are checked outside
    return once.once(_save)(sent, product_id=product_id)


def _save(sent: uploads.Posted, product_id: int) -> Response:
    row = _get(product_id)
    try:
        load(Schema(), form_data(drop=(once.KEY_FIELD,)))
        if sent.errors:
            raise Invalid(fields={service.LOGO: sent.errors})
        service.change(current_session(), current_actor(), uploads.storage(), row, sent.change)
    except Invalid as error:
        return uploads.again(
            FORM, error, sent, subject=row, product=row, advice=service.rules().advice
        )
    flash("标志已保存。", "ok")
    return redirect(url_for("p.product", product_id=row.id), 303)
