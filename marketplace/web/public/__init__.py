"""The open marketplace: pages for everybody."""

from flask import Blueprint

blueprint = Blueprint("public", __name__)

from marketplace.web.public import (  # noqa: E402, F401  views register themselves
    activities,
    badge,
    board,
    case,
    certificates,
    compare,
    complaints,
    demands,
    digests,
    exports,
    feeds,
    guide,
    home,
    information,
    need,
    notices,
    objections,
    past,
    precheck,
    product,
    programme,
    provider,
    results,
    suggest,
    why,
)
