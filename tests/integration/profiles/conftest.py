"""A provider in the pool with its team, a rival, the bureau, and their pages."""

import re
from dataclasses import dataclass
from html import unescape
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.models import ChangeRequest, Product, Provider
from marketplace.phases import Role
from marketplace.services.pool import contacts
from tests import factories
from tests.support.browser_like import BrowserLike

NUMBERS = count(1)
VERSION = re.compile(r'name="version" value="(\d+)"')
PHONE = "0532-00001111"
NEW = {
    "name": "胶州湾注塑排产系统", "release": "V1.0", "ip_name": "胶州湾注塑排产系统V1.0",
    "ip_no": "示例2026SR9900001", "category": "mes", "segments": ["home_appliance"],
    "process_links": ["manufacturing"], "list_price_cny": "20", "pilot_price_cny": "12",
    "price_unit": "套", "typical_days": "30", "note": "首次登记。",
}  # fmt: skip


@dataclass
class Centre:
    """Everybody, by their pages."""

    app: Flask
    database: Database
    provider: Provider
    product: Product
    owner: BrowserLike
    editor: BrowserLike
    viewer: BrowserLike
    rival: BrowserLike
    officer: BrowserLike
    visitor: BrowserLike

    def profile(self, client: BrowserLike | None = None) -> dict[str, Any]:
        """The form of the profile as it stands, to be sent with some changes."""
        return self.form(client or self.owner, "/p/profile/edit")

    def form(self, client: BrowserLike, path: str) -> dict[str, Any]:
        """The fields of a form as a browser would send them."""
        page = client.get(path)
        assert page.status_code == 200, page.text
        main = page.text.split('<form class="form-box form-wide"')[1].split("</form>")[0]
        data: dict[str, Any] = {}
        for tag in re.findall(r"<input[^>]*>", main):
            name, value = _attribute(tag, "name"), _attribute(tag, "value")
            if _attribute(tag, "type") == "checkbox":
                data.setdefault(name, [])
                data[name] += [value] if " checked" in tag else []
            else:
                data[name] = value
        for name, text in re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)', main):
            data[name] = unescape(text)
        for name, body in re.findall(r'<select[^>]* name="(\w+)"[^>]*>(.*?)</select>', main, re.S):
            chosen = re.search(r'value="([^"]*)" selected', body)
            data[name] = chosen[1] if chosen else ""
        return {name: value for name, value in data.items() if not name.startswith("draft_")}

    def save(self, client: BrowserLike | None = None, path: str = "/p/profile/edit",
             **changes: Any) -> Any:  # fmt: skip
        """The form with some changes, sent at once."""
        client = client or self.owner
        return client.post(path, data={**self.form(client, path), **changes})

    def register(self, **changes: Any) -> Any:
        """A new product through its form."""
        key = f"register-a-product-{next(NUMBERS):06}"
        data = {**NEW, "version": "0", "form_key": key, **changes}
        return self.owner.post("/p/products/new", data=data)

    def requests(self) -> list[ChangeRequest]:
        """All requests, the oldest first."""
        with self.database.reading() as session:
            return list(session.scalars(select(ChangeRequest).order_by(ChangeRequest.id)))

    def decide(self, request: ChangeRequest, verb: str, reason: str = "", **more: Any) -> Any:
        """The officer's answer to a request as he has it before him."""
        key = f"decide-on-a-change-{next(NUMBERS):06}"
        data = {"version": str(request.version), "reason": reason, "form_key": key, **more}
        return self.officer.post(f"/work/changes/{request.id}/{verb}", data=data)

    def public(self) -> str:
        """The provider's page."""
        return self.visitor.get(f"/providers/{self.provider.id}").text


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


@pytest.fixture
def centre(app, database, login_as, client) -> Centre:
    with database.unit_of_work() as session:
        for kind, code, name in (
            ("segment", "home_appliance", "家用电器及配件制造"),
            ("category", "mes", "制造执行系统"),
            ("process_link", "manufacturing", "生产制造"), ("process_link", "quality", "质量管理"),
            ("service_area", "rd_design", "研发设计"), ("scene", "production", "生产管控"),
            ("deployment", "saas", "软件租用"), ("pricing_model", "project", "按项目"),
        ):  # fmt: skip
            factories.make_term(session, kind, code, name)
        provider = factories.make_provider(session, contact_role="商务咨询")
        provider.contact_phone_encrypted = Cipher(app.extensions["settings"].encryption_keys).seal(
            PHONE, contacts.place(provider.id)
        )
        factories.make_membership(session, factories.make_round(session), provider)
        product = factories.make_product(
            session, provider, name="胶州湾制造执行系统", category="mes"
        )
        organisation = provider.organisation
    team = {
        role: login_as(role, organisation=organisation)
        for role in (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR, Role.PROVIDER_VIEWER)
    }
    with database.unit_of_work() as session:
        other = factories.make_provider(session).organisation
    return Centre(
        app, database, provider, product, *team.values(),
        login_as(Role.PROVIDER_OWNER, organisation=other), login_as(Role.CITY_OFFICER), client,
    )  # fmt: skip
