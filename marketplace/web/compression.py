"""Public pages travel compressed when nothing in front of the application does it.

Only what anybody may keep is compressed: such pages hold no token and nothing of a person, so the
length of the answer gives no secret away (BREACH).
"""

import gzip

from flask import Flask, Response, request

from marketplace.web.headers import cacheable

SMALLEST = 1000  # bytes; below, the saving is not worth the work
LEVEL = 5
TYPES = ("text/html", "application/xml", "text/plain", "application/rss+xml", "application/json")


def _compress(response: Response) -> Response:
    """Runs before the entity tag is made, so that each coding has a tag of its own."""
    if not cacheable(response) or response.mimetype not in TYPES:
        return response
    response.vary.add("Accept-Encoding")
    body = None if response.direct_passthrough else response.get_data()
    if body is None or len(body) < SMALLEST or "Content-Encoding" in response.headers:
        return response
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(body, LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def init_app(app: Flask) -> None:
    """After ``headers``: hooks registered later run earlier."""
    app.after_request(_compress)
