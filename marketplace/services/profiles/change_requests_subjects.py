"""What a change is about: the values of a profile or product, and how new ones get in."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import NotFound
from marketplace.models import ChangeRequest, Organisation, Product, Provider, StoredFile
from marketplace.models.change_requests import PRODUCT, PROFILE
from marketplace.permissions import Actor
from marketplace.schemas import profile as schema
from marketplace.schemas.profile import Field
from marketplace.services.files import files

Subject = Provider | Product
Values = Mapping[str, Any]

OF_FIRM = ("name", "short_name", "address", "headcount")
"""Fields of a profile that stand in the row of the organisation."""
LOGO = "product_logo"
"""The slot and purpose of the picture of a product."""
FIELDS: dict[str, dict[str, Field]] = {
    PROFILE: {field.name: field for field in schema.PROVIDER},
    PRODUCT: {field.name: field for field in schema.PRODUCT},
}


def kind_of(subject: Subject) -> str:
    """How requests call it."""
    return PROFILE if isinstance(subject, Provider) else PRODUCT


def row_of(subject: Subject, name: str) -> Organisation | Subject:
    """The row that holds a field; the organisation of a provider must be loaded."""
    if isinstance(subject, Provider) and name in OF_FIRM:
        return subject.organisation
    return subject


def value(subject: Subject, name: str) -> Any:
    """What stands in a field now."""
    return getattr(row_of(subject, name), name)


def put(actor: Actor, subject: Subject, values: Values) -> None:
    """Write values into their rows; an import leaves them alone from now on."""
    stamp = {"by": actor.role_name, "at": clock.now().isoformat(timespec="seconds")}
    for name, new in values.items():
        row = row_of(subject, name)
        setattr(row, name, new)
        row.edited_fields = {**row.edited_fields, name: stamp}


def differing(declared: Iterable[Field], now: Values, wanted: Values) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` of what differs; the order of ticks does not count."""
    found = {}
    for field in declared:
        old, new = now[field.name], wanted[field.name]
        if isinstance(new, str):
            new = new.replace("\r\n", "\n")
        same = sorted(old) == sorted(new) if field.widget in schema.LISTS else old == new
        if not same:
            found[field.name] = [old, new]
    return found


def plain(diff: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
    """The same as requests and the history keep it."""
    return {name: [schema.plain(side) for side in pair] for name, pair in diff.items()}


def typed(kind: str, values: Values) -> dict[str, Any]:
    """Values of a request as rows have them."""
    return {name: schema.typed(FIELDS[kind][name], value) for name, value in values.items()}


def lock_owner(session: Session, provider_id: int) -> Provider:
    """The provider under a lock, fresh, its organisation with it.

    Whoever changes a profile, its products or their requests takes this lock first.
    """
    session.flush()
    row = session.scalars(
        select(Provider)
        .where(Provider.id == provider_id)
        .options(joinedload(Provider.organisation))
        .with_for_update(of=Provider)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def base_version(subject: Subject) -> int:
    """The version of what is public: it grows with every change of it."""
    if isinstance(subject, Provider):
        return subject.version + subject.organisation.version
    return subject.version


def form_version(session: Session, subject: Subject, *more: Select[Any]) -> int:
    """The version of a form: it grows with the subject and with every step of its requests.

    ``more``: SELECTs of one number each that it grows with too. One query.
    """
    steps = select(func.coalesce(func.sum(ChangeRequest.version), 0)).where(
        ChangeRequest.subject_type == kind_of(subject), ChangeRequest.subject_id == subject.id
    )
    numbers = session.execute(select(*(one.scalar_subquery() for one in (steps, *more)))).one()
    return base_version(subject) + sum(int(number) for number in numbers)


def logo_id(session: Session, subject: Subject) -> int | None:
    """The picture of a product that stands now."""
    return next((row.id for row in files.of(session, subject, LOGO)), None)


def publish_logo(session: Session, subject: Subject, pair: list[int | None]) -> None:
    """Let the new picture of a request be the product's: a version after the old one, if any."""
    old, new = (session.get_one(StoredFile, id_) if id_ else None for id_ in pair)
    if new is None:
        return
    if old is not None:
        old.superseded_at = clock.now()
        new.version, new.version_of = old.version + 1, old.version_of or old.id
    new.subject_type, new.subject_id = subject.__tablename__, subject.id
    session.flush()


def load(session: Session, request: ChangeRequest) -> Subject | None:
    """The row that a request is about, fresh; None for a product that is not there yet."""
    if request.subject_id is None:
        return None
    fresh = {"populate_existing": True}
    if request.subject_type == PROFILE:
        return session.get_one(
            Provider, request.subject_id,
            options=[joinedload(Provider.organisation)], execution_options=fresh,
        )  # fmt: skip
    return session.get_one(Product, request.subject_id, execution_options=fresh)
