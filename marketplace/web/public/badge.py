"""Badges for other people's sites (F-P19)."""

from flask import Response, jsonify, url_for

from marketplace.db import current_session
from marketplace.services.pool import badges
from marketplace.services.pool.badges import Badge
from marketplace.services.profiles.catalogue import state_of
from marketplace.web.access import public
from marketplace.web.parts import settings
from marketplace.web.public import blueprint

LABEL = "推荐服务商"
FIVE_MINUTES = "public, max-age=300"


@blueprint.get("/providers/<int:provider_id>/badge.svg")
@public
def badge_svg(provider_id: int) -> Response:
    """The standing of now as a picture that other sites may show."""
    badge = badges.of(current_session(), provider_id)
    return _embedded(Response(badges.svg(badge, LABEL), mimetype="image/svg+xml"))


@blueprint.get("/providers/<int:provider_id>/badge.json")
@public
def badge_json(provider_id: int) -> Response:
    """The same for programs."""
    badge = badges.of(current_session(), provider_id)
    return _embedded(jsonify(_body(provider_id, badge)))


def _body(provider_id: int, badge: Badge) -> dict[str, object]:
    base = settings().base_url.rstrip("/")
    return {
        "name": badge.name,
        "label": LABEL,
        "message": badge.text,
        "color": badge.colour,
        "valid": badge.valid,
        "url": base + url_for("public.provider", provider_id=provider_id),
        "places": [
            {
                "segment": row.segment,
                "type": row.type,
                "round": row.round.label,
                "state": state_of(row).public_label,
                "listed_on": row.listed_on.isoformat(),
                "valid_until": row.valid_until and row.valid_until.isoformat(),
                "exited_on": row.exited_on and row.exited_on.isoformat(),
                "why": base + url_for(
                    "public.why_page", provider_id=provider_id, membership_id=row.id
                ),
            }
            for row in badge.places
        ],
    }  # fmt: skip


def _embedded(response: Response) -> Response:
    """Other sites may show it; nobody keeps it longer than five minutes."""
    response.headers["Cache-Control"] = FIVE_MINUTES
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
