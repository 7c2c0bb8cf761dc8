"""A provider keeps its own products; a new one is listed when the bureau approved it (F-P13)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import record
from marketplace.models import ChangeRequest, Product, Provider
from marketplace.models.change_requests import PRODUCT as NEW
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import OPEN_REQUESTS
from marketplace.schemas.profile import PRODUCT
from marketplace.services.profiles import change_requests, field_policy, prices, product_checks
from marketplace.services.profiles import change_requests_notices as notices
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles.field_policy import Effect
from marketplace.services.profiles.provider_profile import Saved

LABELS = {field.name: field.label for field in PRODUCT}


def get(session: Session, actor: Actor, product_id: int) -> Product:
    """A product of the acting team. Raises NotFound."""
    row = session.scalars(
        visible(actor, Permission.PROVIDER_READ, Product)
        .where(Product.id == product_id)
        .options(joinedload(Product.provider).joinedload(Provider.organisation))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _fresh(session: Session, product: Product) -> Product:
    return session.scalars(
        select(Product)
        .where(Product.id == product.id)
        .options(joinedload(Product.provider).joinedload(Provider.organisation))
        .execution_options(populate_existing=True)
    ).one()


def current(product: Product) -> dict[str, Any]:
    """What stands in every field now."""
    return {field.name: getattr(product, field.name) for field in PRODUCT}


def edit(
    session: Session,
    actor: Actor,
    product: Product,
    wanted: Mapping[str, Any],
    *,
    expected_version: int,
    note: str,
) -> Saved:
    """Save a form. Raises Conflict ``stale_version``, Invalid with the reason at each field."""
    require(actor, Permission.PROFILE_WRITE, product)
    subjects.lock_owner(session, product.provider_id)
    product = _fresh(session, product)
    if subjects.form_version(session, product) != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    diff = subjects.differing(PRODUCT, current(product), wanted)
    if errors := product_checks.check(
        session, product.provider_id, wanted, list(diff), product_id=product.id
    ):
        raise Invalid(fields=errors)
    policy = field_policy.product()
    asked = {name: diff.pop(name) for name in policy.named(Effect.APPROVAL, diff)}
    if diff:
        _take_effect(session, actor, product, diff)
    request = change_requests.ask(session, actor, product, asked, note=note)
    return Saved([LABELS[name] for name in diff], request)


def _take_effect(
    session: Session, actor: Actor, product: Product, diff: Mapping[str, list[Any]]
) -> None:
    subjects.put(actor, product, {name: pair[1] for name, pair in diff.items()})
    session.flush()
    prices.note(session, actor, product)
    event = record(session, actor, "profile_edit", product, diff=subjects.plain(diff))
    if names := field_policy.product().named(Effect.NOTIFY, diff):
        title = f"{product.name} {product.release}"
        labels = [LABELS[name] for name in names]
        notices.tell_edit(session, product.provider, title, labels, event)


def new_request(session: Session, actor: Actor, request_id: int) -> ChangeRequest:
    """The open request of a product that is not listed yet. Raises NotFound, Conflict."""
    request = change_requests.get(session, actor, request_id)
    if request.subject_type != NEW or request.subject_id is not None:
        raise NotFound
    if request.phase not in OPEN_REQUESTS:
        raise Conflict("这次登记已经办结，不能再修改", code="wrong_state")
    return request


def register(
    session: Session,
    actor: Actor,
    provider: Provider,
    values: Mapping[str, Any],
    *,
    note: str,
    instead_of: ChangeRequest | None = None,
    expected_version: int | None = None,
) -> ChangeRequest:
    """Let a new product be checked; ``instead_of``: the text that it takes the place of.

    Raises Conflict ``stale_version``, Invalid with the reason at each field.
    """
    require(actor, Permission.PROFILE_WRITE, provider)
    provider = subjects.lock_owner(session, provider.id)
    if instead_of is not None:
        session.refresh(instead_of, ["state", "phase", "version"])
        if instead_of.version != expected_version:
            raise Conflict("内容已被他人更新", code="stale_version")
    if errors := product_checks.check(
        session, provider.id, values, list(values),
        request_id=instead_of.id if instead_of else None,
    ):  # fmt: skip
        raise Invalid(fields=errors)
    return change_requests.ask_new(
        session, actor, provider, values, note=note, instead_of=instead_of
    )
