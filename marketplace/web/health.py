"""Whether the process lives, and whether it can do its work: for supervisors, not for people."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from marketplace import migrate
from marketplace.db import Database
from marketplace.indexing.wiring import Catalogue
from marketplace.services.calendar import database_clock
from marketplace.services.documents import fonts
from marketplace.web.access import public

blueprint = Blueprint("health", __name__)

MOST_SKEW = 2.0
"""Seconds that two clocks may differ before it is said."""


@blueprint.get("/healthz")
@public
def live() -> Response:
    """The process answers; nothing else is asked."""
    return _answer({"process": "ok"}, 200)


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """Database reachable and migrated. Without search, pages fall back to lists, without a
    font, PDF to a standard one: still ready."""
    checks = {
        "database": _check(_database), "search": _check(_search), "clock": _check(_clock),
        "fonts": _check(_fonts),
    }  # fmt: skip
    return _answer(checks, 200 if checks["database"] == "ok" else 503)


def _answer(checks: dict[str, str], status: int) -> Response:
    response = jsonify(checks)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _check(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except Exception as error:  # whatever it is, it is not ready; details go to the log only
        current_app.logger.warning("not ready: %r", error)
        return "failed"


def _database() -> str:
    database: Database = current_app.extensions["database"]
    with database.reading() as session:
        session.execute(text("SELECT 1"))
    return "ok" if migrate.current(database.engine) == migrate.head() else "not migrated"


def _clock() -> str:
    """How far our clock is from the database's, which closes windows for everybody (E47)."""
    database: Database = current_app.extensions["database"]
    with database.reading() as session:
        skew = database_clock.skew_seconds(session)
    return "ok" if abs(skew) < MOST_SKEW else f"{skew:+.0f} s"


def _fonts() -> str:
    """Whether PDF files carry their font; else they name a standard one."""
    return "ok" if fonts.installed() else "no Chinese font: install fonts-noto-cjk"


def _search() -> str:
    catalogue: Catalogue = current_app.extensions["search"]
    catalogue.engine.view()
    return "ok"
