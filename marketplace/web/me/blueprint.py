"""The blueprint of the enterprise centre, and its menu."""

from flask import Blueprint

from marketplace.permissions import Permission

blueprint = Blueprint("me", __name__, url_prefix="/me")

MENU: list[tuple[str, str, Permission]] = [
    ("我的待办", "/me", Permission.ENTERPRISE_DESK),
    ("收藏", "/me/favourites", Permission.FAVOURITE_KEEP),
    ("选型清单", "/me/shortlists", Permission.SHORTLIST_KEEP),
    ("保存的搜索", "/me/searches", Permission.SEARCH_SAVE),
    ("选型档案", "/me/selections", Permission.SELECTION_RUN),
]
"""Label, address and permission of each part; every part adds its line."""
