"""Once a quarter: the profile is right, in one click (F-P14)."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict
from marketplace.models import Provider
from marketplace.permissions import Permission, can
from marketplace.schemas import profile as schema
from marketplace.services.profiles import freshness, provider_profile
from marketplace.web import profile_shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.context import day, wan
from marketplace.web.forms import form_data, load
from marketplace.web.p.blueprint import blueprint
from marketplace.web.p.profile import answer, own
from marketplace.web.parts import cipher
from marketplace.web.work import once


def _page(provider: Provider, conflict: Conflict | None = None) -> str:
    session = current_session()
    said = profile_shapes.described(schema.PROVIDER, provider_profile.current(provider, cipher()))
    labels = schema.LABELS["profile"]
    return render_template(
        "p/confirm.html",
        fresh=profile_shapes.freshness(freshness.of(provider)),
        days=freshness.rules().stale_after.days,
        version=freshness.version(session, provider),
        items=[(labels[field.name], said[field.name]) for field in schema.PROVIDER],
        products=[
            {"name": row.name, "release": row.release, "pilot": wan(row.pilot_price_cny),
             "list": wan(row.list_price_cny), "until": day(row.price_valid_until)}
            for row in provider_profile.products(session, provider)
        ],
        may=can(current_actor(), Permission.PROFILE_WRITE, provider),
        conflict=conflict,
    )  # fmt: skip


@blueprint.get("/confirm")
@needs(Permission.PROVIDER_DESK)
def confirm() -> str:
    """All that is confirmed, and the button."""
    return _page(own())


@blueprint.post("/confirm")
@needs(Permission.PROFILE_WRITE)
@once.once
def confirm_profile() -> Response:
    """It is right as it was shown; 409 when it changed in between."""
    session, provider = current_session(), own()
    data = load(schema.ConfirmForm(), form_data(drop=(once.KEY_FIELD,)))
    try:
        freshness.confirm(session, current_actor(), provider, expected_version=data["version"])
    except Conflict as conflict:
        return answer(_page(provider, conflict), 409)
    flash("资料已确认，公开页已更新确认日期。", "ok")
    return redirect(url_for("p.home"), 303)
