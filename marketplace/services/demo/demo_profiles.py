"""Profiles of the demo: confirmed or not, prices of other days, changes in every state."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from PIL import Image, ImageDraw
from sqlalchemy import Table, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import flag_modified

from marketplace import clock
from marketplace.bulk import insert_rows
from marketplace.crypto import Cipher
from marketplace.errors import Forbidden
from marketplace.models import ChangeRequest, PricePoint, Product, Provider, RoleGrant, User
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import Role
from marketplace.programmes.loader import read_yaml
from marketplace.schemas.profile import PRODUCT, typed
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.services.files import files
from marketplace.services.profiles import change_requests, product_editing, provider_profile
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.upkeep.seeding import CONFIG
from marketplace.settings import Settings
from marketplace.storage import Kept

SIDE, INK, PAPER = 256, "#2f6f9f", "#f4f7fa"
FILE = CONFIG / "demo" / "profiles.yml"
LATE, SOON, QUARTER = 104, 80, 70
"""Days since the confirmation: stale, due, and the most of the others."""
Given = Mapping[str, Any]


def logo() -> bytes:
    """A square drawing as PNG: two bars and a dot."""
    image, out = Image.new("RGB", (SIDE, SIDE), PAPER), io.BytesIO()
    draw = ImageDraw.Draw(image)
    for left, top in ((48, 128), (108, 80)):
        draw.rectangle((left, top, left + 36, 208), fill=INK)
    draw.ellipse((164, 48, 212, 96), fill=INK)
    image.save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Put:
    """Who acts, the key of sealed numbers, and the picture that lies in storage already."""

    session: Session
    cipher: Cipher
    officer: Actor
    prices: Given
    logo: Kept

    def change(self, actor: Actor, given: Given) -> ChangeRequest | None:
        """One change as its writer sends it."""
        if given["on"] == "new":
            return self._new(actor, given)
        provider = provider_profile.own(self.session, actor)
        if given["on"] == "profile":
            now = provider_profile.current(provider, self.cipher)
            return provider_profile.edit(
                self.session, actor, self.cipher, provider, _wanted(now, given),
                expected_version=subjects.form_version(self.session, provider),
                note=given["note"],
            ).request  # fmt: skip
        own = provider_profile.products(self.session, provider)
        row = product_editing.get(self.session, actor, own[(given["on"] - 1) % len(own)].id)
        return product_editing.edit(
            self.session, actor, row, _wanted(product_editing.current(row), given),
            expected_version=subjects.form_version(self.session, row), note=given["note"],
        ).request  # fmt: skip

    def with_logo(self, actor: Actor, request: ChangeRequest) -> ChangeRequest | None:
        """The same request with a picture."""

        def given(made: ChangeRequest) -> list[int | None]:
            row = files.add(self.session, actor, self.logo, subjects.LOGO, made)
            row.alt = f"{request.title}的标志"
            return [None, row.id]

        return change_requests.ask_logo(self.session, actor, request, given)

    def _new(self, actor: Actor, given: Given) -> ChangeRequest:
        provider = provider_profile.own(self.session, actor)
        like = provider_profile.products(self.session, provider)[0]
        listed = {name: getattr(like, name) for name in ("segments", "process_links", "scenes")}
        plain = {**{field.name: _empty(field.widget) for field in PRODUCT}, **self.prices}
        plain |= {**listed, **given["set"]}
        values = {field.name: typed(field, plain[field.name]) for field in PRODUCT}
        return product_editing.register(self.session, actor, provider, values, note=given["note"])


def _wanted(now: Given, given: Given) -> dict[str, Any]:
    added = {
        name: [*now[name], text] for name, text in given.get("add", {}).items()
        if text not in now[name]
    }  # fmt: skip
    return {**now, **given.get("set", {}), **added}


def _empty(widget: str) -> Any:
    return [] if widget in ("lines", "tags", "sizes") else ""


def ensure(session: Session, settings: Settings, logo: Kept) -> int:
    """Make all of it if there are no changes; answers how many. Raises Forbidden elsewhere."""
    if not settings.demo:
        raise Forbidden("演示资料只能在演示模式下创建")
    if session.scalars(select(ChangeRequest.id).limit(1)).first() is not None:
        return 0
    data, owner = read_yaml(FILE), _actor(session, Role.PROVIDER_OWNER)
    _confirm(session, owner)
    _past_prices(session, data["past_prices"])
    put = Put(
        session, Cipher(settings.encryption_keys), _actor(session, Role.CITY_OFFICER),
        data["prices"], logo,
    )  # fmt: skip
    people = {"owner": owner, **_rivals(session, owner)}
    for given in data["changes"]:
        _make(put, people[given["who"]], given)
    session.flush()
    return len(data["changes"])


def _make(put: Put, actor: Actor, given: Given) -> None:
    made, answer = put.change(actor, given), given.get("answer", "")
    if made is not None and given.get("logo"):
        made = put.with_logo(actor, made)
    if made is None:
        return
    if given["end"] == "approved":
        change_requests.step(put.session, put.officer, made, "change_approve", reason=answer)
    elif given["end"] == "returned":
        change_requests.step(put.session, put.officer, made, "change_return", reason=answer)
    elif given["end"] == "withdrawn":
        change_requests.step(put.session, actor, made, "change_take_back")


def _confirm(session: Session, owner: Actor) -> None:
    """Most profiles are fresh, some are due, some late; that of the demo's team is due."""
    today = clock.today()
    for row in session.scalars(select(Provider).order_by(Provider.id)):
        own = row.organisation_id == owner.organisation_id
        days = LATE if row.id % 11 == 0 else 1 + row.id * 37 % QUARTER
        row.confirmed_on = today - timedelta(days=SOON if own or row.id % 11 == 1 else days)
        flag_modified(row, "updated_at")
    session.flush()


def _past_prices(session: Session, points: list[list[Any]]) -> None:
    """What every third product cost on other days."""
    rows = [
        {
            "product_id": product.id, "since": since, "by_role": SYSTEM.role_name, "by_id": None,
            "list_price_cny": _times(product.list_price_cny, percent),
            "pilot_price_cny": _times(product.pilot_price_cny, percent),
        }
        for product in session.scalars(select(Product).order_by(Product.id))
        if product.id % 3 == 0 and product.pilot_price_cny is not None
        for since, percent in points
    ]  # fmt: skip
    insert_rows(session, cast("Table", PricePoint.__table__), rows)


def _times(amount: Decimal | None, percent: int) -> Decimal | None:
    """An older price, to the hundred."""
    if amount is None:
        return None
    return (amount * percent / 10_000).quantize(Decimal(1)) * Decimal("100.00")


def _actor(session: Session, role: Role) -> Actor:
    user, grant = session.execute(
        select(User, RoleGrant)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(User.login == LOGINS[role], RoleGrant.role == role.value)
    ).one()
    return Actor(role=role, user_id=user.id, name=user.name, organisation_id=grant.organisation_id)


def _rivals(session: Session, owner: Actor) -> dict[str, Actor]:
    """Other providers with products, acting by people who have no account."""
    rows = session.scalars(
        select(Provider)
        .where(
            Provider.organisation_id != owner.organisation_id,
            Provider.id.in_(select(Product.provider_id)),
        )
        .options(joinedload(Provider.organisation))
        .order_by(Provider.id)
        .limit(3)
    ).all()
    return {
        f"rival{number}": replace(
            owner, user_id=None, name="示例同行", organisation_id=row.organisation_id
        )
        for number, row in enumerate(rows, 1)
    }
