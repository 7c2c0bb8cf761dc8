"""The routes of the application, for tests that cover later pages by themselves."""

from collections.abc import Iterator

from flask import Flask
from werkzeug.routing import Rule

from marketplace.db import SAFE_METHODS


def routes(app: Flask) -> Iterator[tuple[str, Rule]]:
    """(method, rule) of every view, sorted; HEAD and OPTIONS follow GET."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint)):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def unsafe(app: Flask) -> list[tuple[str, Rule]]:
    """Those that change something."""
    return [(method, rule) for method, rule in routes(app) if method not in SAFE_METHODS]


def safe(app: Flask) -> list[Rule]:
    """Those that only show."""
    return [rule for method, rule in routes(app) if method == "GET"]
