"""What the enterprise of the world keeps while it chooses: one of everything."""

from typing import Any

from sqlalchemy.orm import Session

from marketplace.models import Organisation, Provider
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.choosing import saved_searches, selections, shortlists
from marketplace.services.choosing.saved_searches import Wanted
from tests import factories


def keep(session: Session, enterprise: Organisation, provider: Provider) -> dict[str, Any]:
    """Ids by argument of the rules below /me."""
    session.flush()
    actor = Actor(
        role=Role.ENTERPRISE,
        user_id=factories.make_user(session).id,
        organisation_id=enterprise.id,
    )
    key = ("provider", provider.id)
    shortlist = shortlists.create(session, actor, name="世界清单", keys=[key])
    index = {"q": "", "literal": False, "filters": {}}
    wanted = Wanted("provider", [], index, "全部服务商")
    search = saved_searches.save(session, actor, wanted, {}, name="世界搜索", alert=True)
    selection = selections.start(session, actor, search, title="世界选型")
    return {
        "shortlist_id": shortlist.id,
        "items.item_id": shortlist.items[0].id,
        "search_id": search.id,
        "selection_id": selection.id,
    }
