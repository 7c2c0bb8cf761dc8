"""The logo of a product (F-P21): a square picture, public at once, and the bureau is told."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.errors import Invalid
from marketplace.history import record
from marketplace.models import Product, Provider, StoredFile
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import PUBLIC_PHASES
from marketplace.programmes.loader import read_yaml
from marketplace.services.files import file_subjects, files
from marketplace.services.files.files import READERS, Change
from marketplace.services.profiles import catalogue
from marketplace.services.profiles import change_requests_notices as notices
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles.product_checks import FILE
from marketplace.services.uploads import slots
from marketplace.storage import Storage

LOGO = "product_logo"


@dataclass(frozen=True)
class Rules:
    """Sides in pixels; ``ratio``: how much longer than the other one side may be."""

    shortest: int
    ratio: float

    @property
    def advice(self) -> str:
        """How a logo must be, for the form and for refusals."""
        return f"正方形，边长不小于{self.shortest}像素"


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError for a file that cannot be."""
    data = read_yaml(FILE)["logo"]
    return Rules(data["shortest_side"], data["largest_ratio"])


def _sees(actor: Actor, subject: Any) -> bool:
    """Everybody while the product is public; else whoever may know it."""
    if not isinstance(subject, Product):
        return False
    return _public(subject) or files.holders_of(Permission.PROVIDER_READ)(actor, subject)


def _public(product: Product) -> bool:
    owner = product.provider
    listed = [place.segment for place in owner.memberships if place.phase in PUBLIC_PHASES]
    return owner.hidden_at is None and catalogue.product_public(product, listed)


def _with_places(session: Session, id_: int) -> Product | None:
    owner = joinedload(Product.provider)
    places = owner.selectinload(Provider.memberships)
    return session.scalars(
        select(Product)
        .where(Product.id == id_)
        .options(owner.joinedload(Provider.organisation), places)
    ).one_or_none()


READERS[LOGO] = _sees
file_subjects.LOADERS[Product.__tablename__] = _with_places


def of(session: Session, product: Product) -> StoredFile | None:
    """The logo that stands: one query."""
    return next(iter(files.of(session, product, LOGO)), None)


def change(
    session: Session, actor: Actor, storage: Storage, product: Product, wanted: Change
) -> None:
    """Set, replace or remove it. Raises Invalid at the field, Conflict."""
    require(actor, Permission.PROFILE_WRITE, product)
    subjects.lock_owner(session, product.provider_id)
    drafts = files.drafts(session, actor, [*wanted.added, *wanted.replaced.values()], LOGO)
    if errors := [text for row in drafts for text in _wrong(storage, row)]:
        raise Invalid(fields={LOGO: errors})
    # What a logo shows is clear; whoever wants to say it otherwise may.
    named = {row.id: f"{product.name}的标志" for row in drafts}
    given = {id_: text for id_, text in wanted.alts.items() if text}
    wanted = replace(wanted, alts={**named, **given})
    files.attach(session, actor, product, slots.get(LOGO), wanted)
    if not (wanted.added or wanted.removed or wanted.replaced):
        return
    event = record(session, actor, "profile_edit", product, diff={"logo": True})
    title = f"{product.name} {product.release}"
    notices.tell_edit(session, product.provider, title, ["标志"], event)


def _wrong(storage: Storage, row: StoredFile) -> list[str]:
    """Of a picture that was written anew when it came in: only its size is looked at."""
    with storage.open(row.sha256) as stream, Image.open(stream) as picture:
        width, height = picture.size
    low, high = sorted((width, height))
    if low >= rules().shortest and high <= low * rules().ratio:
        return []
    return [f"标志应为{rules().advice}，这张是{width}×{height}"]
