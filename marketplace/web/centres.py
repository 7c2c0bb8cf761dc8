"""The menu of the provider centre and of the enterprise centre, as their layouts show it."""

from typing import Any

from flask import Flask, request

from marketplace.permissions import can
from marketplace.web.access import current_actor
from marketplace.web.me.blueprint import MENU as ME
from marketplace.web.p.blueprint import MENU as P


def centre_tabs() -> list[dict[str, Any]]:
    """The parts of the centre that the running page lies in, as the macro ``tabs`` takes them."""
    menu = P if _under("/p") else ME
    items = [(label, url) for label, url, permission in menu if can(current_actor(), permission)]
    current = max((url for _, url in items if _under(url)), key=len, default=None)
    return [{"label": label, "url": url, "current": url == current} for label, url in items]


def _under(url: str) -> bool:
    return request.path == url or request.path.startswith(url + "/")


def init_app(app: Flask) -> None:
    """Give the layouts their menu."""
    app.jinja_env.globals["centre_tabs"] = centre_tabs
