"""Which of the things on a page the visitor has marked: what the button 收藏 shows."""

from collections.abc import Iterable
from typing import Any

from marketplace.db import current_session
from marketplace.permissions import Permission, can
from marketplace.services.choosing import favourites
from marketplace.web.access import current_actor


def marks(kind: str, ids: Iterable[int | str]) -> dict[str, Any] | None:
    """For the macros of ``components/favourites.html``: None where nothing is offered.

    Visitors get a link that leads over the login; whoever keeps nothing, such as staff, nothing.
    """
    actor = current_actor()
    if actor.user_id is None:
        return {"kind": kind, "form": False, "ids": set()}
    if not can(actor, Permission.FAVOURITE_KEEP):
        return None
    wanted = {int(id_) for id_ in ids}
    found = favourites.among(current_session(), actor, kind, wanted) if wanted else set()
    return {"kind": kind, "form": True, "ids": found}
