"""A provider keeps its own profile: each field takes effect as ``config/fields`` says (F-P13)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace.crypto import Cipher, Unsealable
from marketplace.errors import Conflict, NotFound
from marketplace.history import record
from marketplace.models import ChangeRequest, Product, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.schemas.profile import PROVIDER
from marketplace.services.pool import contacts
from marketplace.services.profiles import change_requests, field_policy
from marketplace.services.profiles import change_requests_notices as notices
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles.field_policy import Effect

PHONE = "contact_phone"
HIDDEN = "（不显示）"
MOST = 200


@dataclass(frozen=True)
class Saved:
    """What a form came to: labels of what is public now, and what waits for a check."""

    public: Sequence[str]
    request: ChangeRequest | None


def own(session: Session, actor: Actor) -> Provider:
    """The provider of the acting team, its organisation loaded. Raises NotFound."""
    row = session.scalars(
        visible(actor, Permission.PROVIDER_READ, Provider)
        .where(Provider.organisation_id == actor.organisation_id)
        .options(joinedload(Provider.organisation))
    ).one_or_none()
    if row is None:
        raise NotFound("本单位还没有服务商资料")
    return row


def current(provider: Provider, cipher: Cipher) -> dict[str, Any]:
    """What stands in every field now."""
    plain = (field.name for field in PROVIDER if field.name != PHONE)
    return {
        **{name: subjects.value(provider, name) for name in plain},
        PHONE: phone(provider, cipher),
    }


def products(session: Session, provider: Provider) -> list[Product]:
    """Its products that staff has not hidden, by name."""
    return list(
        session.scalars(
            select(Product)
            .where(Product.provider_id == provider.id, Product.hidden_at.is_(None))
            .order_by(Product.name, Product.release, Product.id)
            .limit(MOST)
        )
    )


def phone(provider: Provider, cipher: Cipher) -> str:
    """The number, for the team itself; nothing when it cannot be opened."""
    if provider.contact_phone_encrypted is None:
        return ""
    try:
        return cipher.open(provider.contact_phone_encrypted, contacts.place(provider.id))
    except Unsealable:
        return ""


def edit(
    session: Session,
    actor: Actor,
    cipher: Cipher,
    provider: Provider,
    wanted: Mapping[str, Any],
    *,
    expected_version: int,
    note: str,
) -> Saved:
    """Save a form. Raises Conflict ``stale_version`` when somebody else was faster, Invalid."""
    require(actor, Permission.PROFILE_WRITE, provider)
    provider = subjects.lock_owner(session, provider.id)
    if subjects.form_version(session, provider) != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    diff = subjects.differing(PROVIDER, current(provider, cipher), wanted)
    policy = field_policy.provider()
    asked = {name: diff.pop(name) for name in policy.named(Effect.APPROVAL, diff)}
    if diff:
        _take_effect(session, actor, cipher, provider, diff)
    request = change_requests.ask(session, actor, provider, asked, note=note)
    labels = {field.name: field.label for field in PROVIDER}
    return Saved([labels[name] for name in diff], request)


def _take_effect(
    session: Session, actor: Actor, cipher: Cipher, provider: Provider, diff: dict[str, list[Any]]
) -> None:
    new = {name: pair[1] for name, pair in diff.items()}
    if PHONE in new:
        number = new.pop(PHONE)
        sealed = cipher.seal(number, contacts.place(provider.id)) if number else None
        subjects.put(actor, provider, {"contact_phone_encrypted": sealed})
        kept = dict(provider.edited_fields)
        # By the name that imports know it under.
        kept[PHONE] = kept.pop("contact_phone_encrypted")
        provider.edited_fields = kept
    subjects.put(actor, provider, new)
    session.flush()
    told = {name: HIDDEN if name == PHONE else pair for name, pair in diff.items()}
    event = record(session, actor, "profile_edit", provider, diff=told)
    if names := field_policy.provider().named(Effect.NOTIFY, diff):
        labels = {field.name: field.label for field in PROVIDER}
        notices.tell_edit(session, provider, "单位资料", [labels[name] for name in names], event)


@dataclass(frozen=True)
class Completeness:
    """How much of what buyers look for is there; ``missing``: labels; ``products``: how many."""

    filled: int
    total: int
    missing: Sequence[str]
    products: int

    @property
    def percent(self) -> int:
        """Whole percent, never 100 while something is missing."""
        return 100 * self.filled // self.total if self.total else 100


def completeness(session: Session, provider: Provider) -> Completeness:
    """Of the profile and of its products in the catalogue: one query."""
    labels = {field.name: field.label for field in PROVIDER}
    missing = [
        labels[name] for name in field_policy.provider().expected if not _present(provider, name)
    ]
    products = session.execute(
        select(Product.list_price_cny, Product.pilot_price_cny).where(
            Product.provider_id == provider.id, Product.hidden_at.is_(None)
        )
    ).all()
    if not products:
        missing.append("产品")
    elif any(listed is None or pilot is None for listed, pilot in products):
        missing.append("产品价格")
    total = len(field_policy.provider().expected) + 1
    return Completeness(total - len(missing), total, missing, len(products))


def _present(provider: Provider, name: str) -> bool:
    if name == PHONE:
        return provider.contact_phone_encrypted is not None
    found = subjects.value(provider, name)
    return found is not None and found not in ("", [])
