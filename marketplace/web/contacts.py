"""The page on which staff see a full contact number."""

from flask import Blueprint, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as BaseResponse

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import Provider
from marketplace.permissions import Permission, require
from marketplace.schemas.accounts import ReasonForm
from marketplace.services.pool import contacts
from marketplace.web import limits, security_log
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again
from marketplace.web.parts import cipher

blueprint = Blueprint("contacts", __name__, url_prefix="/work/providers")

PAGE = "contacts/phone.html"


def _provider(provider_id: int) -> Provider:
    found = (
        current_session()
        .scalars(
            select(Provider)
            .where(Provider.id == provider_id)
            .options(joinedload(Provider.organisation))
        )
        .one_or_none()
    )
    if found is None:
        raise NotFound("没有这个服务商")
    require(current_actor(), Permission.CONTACT_UNMASK, found)
    return found


@blueprint.get("/<int:provider_id>/contact")
@needs(Permission.CONTACT_UNMASK)
def ask(provider_id: int) -> str:
    """Ask for the reason."""
    return render_template(PAGE, errors={}, values={}, provider=_provider(provider_id), phone="")


@blueprint.post("/<int:provider_id>/contact")
@needs(Permission.CONTACT_UNMASK)
def show(provider_id: int) -> BaseResponse:
    """Show the number, this once."""
    actor = current_actor()
    limits.take("unmask", str(actor.user_id))
    provider = _provider(provider_id)
    try:
        reason: str = load(ReasonForm(), form_data())["reason"]
        phone = contacts.unmask(current_session(), actor, cipher(), provider, reason=reason)
    except Invalid as error:
        return page_again(PAGE, error, provider=provider, phone="")
    security_log.note("unmask", "ok", object_=f"providers/{provider.id}")
    return make_response(
        render_template(PAGE, errors={}, values={}, provider=provider, phone=phone)
    )
