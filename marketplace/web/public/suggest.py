"""Suggestions while typing, for the search fields of the public pages."""

from typing import Any

import structlog
from flask import Response, current_app, jsonify, request

from marketplace.errors import Invalid
from marketplace.indexing.wiring import Catalogue
from marketplace.web import limits
from marketplace.web.access import public
from marketplace.web.public import blueprint
from marketplace.web.public.listing import PATHS, PLURALS
from marketplace.web.public.searching import MAX_QUERY
from search import Suggestion, Unavailable

log = structlog.get_logger()

MOST = 8
LABELS = {**PLURALS, "term": "词语"}


@blueprint.get("/suggest")
@public
def suggest() -> Response:
    """``{"items": [{kind, label, text, detail, parts, url}], "notice": ""}``, at most 8 items.

    ``parts`` is the text in pieces, (text, is it what was typed); ``url`` is empty for a word to
    search for. Without the engine the list is empty, ``notice`` says so, and nobody keeps it.
    """
    limits.read("suggest")
    kind = request.args.get("kind", "")
    if kind and kind not in PATHS:
        raise Invalid("网址中的查询条件有误", {"kind": ["没有这个选项"]})
    text = request.args.get("q", "").strip()[:MAX_QUERY]
    catalogue: Catalogue = current_app.extensions["search"]
    try:
        found = catalogue.suggest(text, kind=kind or None, limit=MOST) if text else ()
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
        response = jsonify(items=[], notice="搜索暂时不可用")
        response.headers["Cache-Control"] = "no-store"
        return response
    return jsonify(items=[_item(suggestion) for suggestion in found], notice="")


def _item(found: Suggestion) -> dict[str, Any]:
    key = (found.id or "").partition(":")[2]
    return {
        "kind": found.kind,
        "label": LABELS[found.kind],
        "text": found.text,
        "detail": found.detail,
        "parts": [[part.text, part.hit] for part in found.marks],
        "url": f"{PATHS[found.kind]}/{key}" if key else "",
    }
