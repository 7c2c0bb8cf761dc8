"""What can be kept: providers, products and cases, read for lists of things kept before.

A kept thing may have left the pool or been hidden since; lists then say so instead of losing it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.errors import NotFound
from marketplace.models import CaseStudy, Product
from marketplace.models.favourites import KEPT_KINDS
from marketplace.services.profiles import catalogue
from marketplace.services.profiles.catalogue import LARGEST_ID, Shown

PATHS = {"provider": "/providers", "product": "/products", "case": "/cases"}
Key = tuple[str, int]
"""Kind and number."""


@dataclass(frozen=True)
class Thing:
    """One kept thing as it stands now. ``public``: lists and search still show it."""

    kind: str
    id: int
    title: str
    provider: str
    provider_id: int
    shown: Shown | None
    public: bool

    @property
    def url(self) -> str:
        """Where its page is, also after it left the pool; empty when nothing is shown any more."""
        if self.kind == "provider" or self.public:
            return f"{PATHS[self.kind]}/{self.id}" if self.shown else ""
        return f"/providers/{self.provider_id}" if self.shown else ""


def things(session: Session, keys: Iterable[Key]) -> dict[Key, Thing]:
    """The things of ``keys`` that exist: at most 7 queries, however many."""
    wanted: dict[str, set[int]] = {kind: set() for kind in KEPT_KINDS}
    for kind, id_ in keys:
        if kind in wanted and 0 < id_ <= LARGEST_ID:
            wanted[kind].add(id_)
    owners = {("provider", id_): id_ for id_ in wanted["provider"]}
    for kind, model in (("product", Product), ("case", CaseStudy)):
        if wanted[kind]:
            rows = session.execute(
                select(model.id, model.provider_id).where(model.id.in_(wanted[kind]))
            )
            owners |= {(kind, id_): owner for id_, owner in rows}
    loaded = catalogue.load(session, sorted(set(owners.values()))) if owners else []
    by_id = {provider.id: catalogue.shown(provider) for provider in loaded}
    return {key: _thing(key, by_id[owner]) for key, owner in owners.items() if owner in by_id}


def _thing(key: Key, shown: Shown) -> Thing:
    kind, id_ = key
    provider = shown.provider
    known = provider.hidden_at is None and bool(provider.memberships)
    if kind == "provider":
        title, public = provider.organisation.name, shown.in_pool
    elif kind == "product":
        product = next(item for item in provider.products if item.id == id_)
        title, public = f"{product.name} {product.release}", product in shown.products
    else:
        case = next(item for item in provider.cases if item.id == id_)
        title, public = case.title, case in shown.cases
    if kind != "provider" and not public:
        title = "（已不再公开）"
    if not known:
        return Thing(kind, id_, "（已不再公开）", "", provider.id, None, False)
    return Thing(kind, id_, title, provider.organisation.name, provider.id, shown, public)


def require_public(session: Session, keys: Sequence[Key]) -> dict[Key, Thing]:
    """The things, each of which visitors can see now. Raises NotFound."""
    found = things(session, keys)
    if any(key not in found or not found[key].public for key in keys):
        raise NotFound("要保存的内容不存在，或已不再公开")
    return found
