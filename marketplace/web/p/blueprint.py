"""The blueprint of the provider centre, and its menu."""

from flask import Blueprint

from marketplace.permissions import Permission

blueprint = Blueprint("p", __name__, url_prefix="/p")

MENU: list[tuple[str, str, Permission]] = [
    ("我的待办", "/p", Permission.PROVIDER_DESK),
]
"""Label, address and permission of each part; every part adds its line."""
