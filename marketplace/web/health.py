"""Whether the process lives, and whether it can do its work: for supervisors, not for people."""

from collections.abc import Callable

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from marketplace import migrate
from marketplace.db import Database
from marketplace.indexing.wiring import Catalogue
from marketplace.web.access import public

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def live() -> Response:
    """The process answers; nothing else is asked."""
    return _answer({"process": "ok"}, 200)


@blueprint.get("/readyz")
@public
def ready() -> Response:
    """Database reachable and migrated. Without search, pages fall back to lists: still ready."""
    checks = {"database": _check(_database), "search": _check(_search)}
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


def _search() -> str:
    catalogue: Catalogue = current_app.extensions["search"]
    catalogue.engine.view()
    return "ok"
