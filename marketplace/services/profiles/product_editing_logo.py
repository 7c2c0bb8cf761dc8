"""The logo of a product (F-P21): a square picture, public when the policy of fields lets it be."""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.errors import Conflict, Invalid
from marketplace.history import record
from marketplace.models import ChangeRequest, Product, Provider, StoredFile
from marketplace.permissions import Actor, Permission, can, require
from marketplace.phases import OPEN_REQUESTS, PUBLIC_PHASES
from marketplace.programmes.loader import read_yaml
from marketplace.services.files import file_subjects, files
from marketplace.services.files.files import READERS, Change
from marketplace.services.profiles import catalogue, change_requests, field_policy
from marketplace.services.profiles import change_requests_notices as notices
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles.field_policy import Effect
from marketplace.services.profiles.product_checks import FILE
from marketplace.services.uploads import slots
from marketplace.storage import Storage

LOGO = subjects.LOGO


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
    """Everybody while the product is public; else whoever may know it, or its request."""
    if isinstance(subject, ChangeRequest):
        return can(actor, Permission.CHANGE_READ, subject)
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


def waiting(session: Session, about: Product | ChangeRequest) -> ChangeRequest | None:
    """The open request with a logo of this product, or this request itself if it has one."""
    found = change_requests.open_of(session, about) if isinstance(about, Product) else about
    return found if found is not None and found.logo else None


def holder(session: Session, about: Product | ChangeRequest) -> Product | ChangeRequest:
    """Whose picture a form shows: that of a request when one waits, else the product's own."""
    found = waiting(session, about)
    if found is None or not found.logo:
        return about
    file = session.get_one(StoredFile, found.logo[1])
    return session.get_one(ChangeRequest, file.subject_id)


def change(
    session: Session,
    actor: Actor,
    storage: Storage,
    about: Product | ChangeRequest,
    wanted: Change,
) -> ChangeRequest | None:
    """Set, replace or remove it; answers the request that it waits in. Raises Invalid at the
    field, Conflict.

    ``about``: a product, or the request of one that is not listed yet.
    """
    require(actor, Permission.PROFILE_WRITE, about)
    subjects.lock_owner(session, about.provider_id)
    if isinstance(about, ChangeRequest):
        session.refresh(about, ["state", "phase", "version"])
        if about.phase not in OPEN_REQUESTS:
            raise Conflict("这次登记已经办结，不能再修改", code="wrong_state")
    new = [*wanted.added, *wanted.replaced.values()]
    drafts = files.drafts(session, actor, new, LOGO)
    if errors := [text for row in drafts for text in _wrong(storage, row)]:
        raise Invalid(fields={LOGO: errors})
    # What a logo shows is clear; whoever wants to say it otherwise may.
    named = {row.id: f"{_name(about)}的标志" for row in drafts}
    given = {id_: text for id_, text in wanted.alts.items() if text}
    wanted = replace(wanted, alts={**named, **given})
    checked = field_policy.product().pictures[LOGO] is Effect.APPROVAL
    present = waiting(session, about)
    if checked and new:
        return change_requests.ask_logo(
            session, actor, about, lambda made: _put(session, actor, about, made, wanted)
        )
    if present is not None and present.logo and set(wanted.removed) == {present.logo[1]}:
        return change_requests.ask_logo(session, actor, about, None)
    files.attach(session, actor, holder(session, about), slots.get(LOGO), wanted)
    if isinstance(about, Product) and (wanted.added or wanted.removed or wanted.replaced):
        _tell(session, actor, about)
    return None


def _put(
    session: Session,
    actor: Actor,
    about: Product | ChangeRequest,
    made: ChangeRequest,
    wanted: Change,
) -> list[int | None]:
    """Give the new picture to a request; what is public stays as it is."""
    added = [*wanted.added, *wanted.replaced.values()]
    change = Change(added=added, alts={id_: wanted.alts[id_] for id_ in added})
    (row,) = files.attach(session, actor, made, slots.get(LOGO), change)
    return [subjects.logo_id(session, about) if isinstance(about, Product) else None, row.id]


def _name(about: Product | ChangeRequest) -> str:
    if isinstance(about, Product):
        return about.name
    return str(change_requests.proposed(about)["name"])


def _tell(session: Session, actor: Actor, product: Product) -> None:
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
