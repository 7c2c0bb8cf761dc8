"""The blueprint of the enterprise centre, and its menu."""

from flask import Blueprint

from marketplace.permissions import Permission

blueprint = Blueprint("me", __name__, url_prefix="/me")

MENU: list[tuple[str, str, Permission]] = [
    ("我的待办", "/me", Permission.ENTERPRISE_DESK),
]
"""Label, address and permission of each part; every part adds its line."""
