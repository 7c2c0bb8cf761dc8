"""A number for every request, and one line about it in the log."""

from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from uuid_utils.compat import uuid7

from marketplace.web.access import current_actor

log = structlog.get_logger()


def _begin() -> None:
    g.request_id = uuid7().hex
    g.started = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    actor = current_actor()
    log.info(
        "request",
        method=request.method,
        # The rule, not the address: addresses may carry one-time links and personal words.
        route=request.url_rule.rule if request.url_rule else "",
        status=response.status_code,
        ms=round((perf_counter() - g.get("started", perf_counter())) * 1000, 1),
        ip=request.remote_addr,
        user=actor.user_id,
        role=actor.role_name,
        agent=request.user_agent.string[:200],
    )
    return response


def init_app(app: Flask) -> None:
    """Must come first, so that everything after it has the number."""
    app.before_request(_begin)
    app.after_request(_end)
