"""What auditors looked at is on record: every page they open leaves a line (F-A6)."""

from urllib.parse import urlencode

from flask import Flask, Response, request

from marketplace.phases import WATCHED_ROLES
from marketplace.web import security_log
from marketplace.web.access import current_actor

KIND = "view"
LONGEST = 200


def _note(response: Response) -> Response:
    actor = current_actor()
    if actor.role in WATCHED_ROLES and _is_view(response):
        asked = urlencode(request.args.to_dict(flat=False), doseq=True)[:LONGEST]
        security_log.note(
            KIND, "ok", object_=f"GET {request.path}", detail={"query": asked} if asked else {}
        )
    return response


def _is_view(response: Response) -> bool:
    return (
        request.method == "GET"
        and response.status_code == 200
        and request.endpoint not in (None, "static")
        and "token" not in (request.view_args or {})
    )


def init_app(app: Flask) -> None:
    """Look at every answer; it must come after the security log, whose hook writes the lines."""
    app.after_request(_note)
