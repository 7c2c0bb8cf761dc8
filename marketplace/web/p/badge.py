"""The badge and the certificate numbers of the acting provider (F-P19)."""

from typing import Any

from flask import render_template, url_for

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Membership
from marketplace.permissions import Permission
from marketplace.services.pool import badges, certificates
from marketplace.services.profiles import provider_profile
from marketplace.services.profiles.catalogue import state_of
from marketplace.web import why_words
from marketplace.web.access import current_actor, needs
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.parts import settings
from marketplace.web.public.parts import standing_tag

MENU.append(("徽标和证书", "/p/badge", Permission.PROVIDER_DESK))


@blueprint.get("/badge")
@needs(Permission.PROVIDER_DESK)
def badge() -> str:
    """What to copy into one's own site, and the number of each place."""
    session, base = current_session(), settings().base_url.rstrip("/")
    try:
        provider = provider_profile.own(session, current_actor())
        found = badges.of(session, provider.id)
    except NotFound:
        return render_template("p/badge.html", badge=None)
    picture = base + url_for("public.badge_svg", provider_id=provider.id)
    page = base + url_for("public.provider", provider_id=provider.id)
    return render_template(
        "p/badge.html",
        badge=found,
        picture=url_for("public.badge_svg", provider_id=provider.id),
        code=f'<a href="{page}"><img src="{picture}" alt="{found.name}的入池状态" height="28"></a>',
        json_url=base + url_for("public.badge_json", provider_id=provider.id),
        places=[_line(row) for row in found.places],
    )


def _line(row: Membership) -> dict[str, Any]:
    found = certificates.of(row, certificates.number(settings().secret_key, row.id))
    file = url_for("public.certificate_file", number=found.number) if found.valid else ""
    return {
        "place": why_words.place(row), "round": row.round.label,
        "state": standing_tag(state_of(row)), "number": found.number, "file": file,
        "standing": found.standing,
    }  # fmt: skip
