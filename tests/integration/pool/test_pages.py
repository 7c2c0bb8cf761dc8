"""The staff pages: they open, they show what the database holds, and they act."""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from marketplace import clock
from marketplace.db import Database
from marketplace.models import Candidacy, Event, Membership, Quota, StoredFile
from marketplace.phases import Role, SelectionPhase, StandingPhase
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support.browser_like import BrowserLike


@dataclass
class World:
    """Ids of a small pool that was committed."""

    round: int
    provider: int
    membership: int
    suspended: int
    candidacy: int
    reserve: int
    quota: int
    product: int
    case: int


@pytest.fixture
def world(database: Database) -> World:
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        provider = factories.make_provider(session)
        membership = factories.make_membership(session, round_, provider)
        suspended = factories.make_membership(
            session, round_, factories.make_provider(session), phase=StandingPhase.SUSPENDED
        )
        candidacy = factories.make_candidacy(
            session, round_, factories.make_provider(session), phase=SelectionPhase.PUBLICITY
        )
        reserve = factories.make_candidacy(
            session, round_, factories.make_provider(session), rank=1
        )
        return World(
            round_.id, provider.id, membership.id, suspended.id, candidacy.id, reserve.id,
            membership.quota_id, factories.make_product(session, provider).id,
            factories.make_case(session, provider).id,
        )  # fmt: skip


def key_of(page: str) -> str:
    """The hidden key of the (first) form of a page."""
    found = re.search(r'name="form_key" value="([^"]+)"', page)
    assert found
    return found.group(1)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


GET = (
    "/work", "/work/pool", "/work/memberships", "/work/memberships/{membership}",
    "/work/memberships/{suspended}", "/work/candidacies", "/work/candidacies/{candidacy}",
    "/work/candidacies/{reserve}", "/work/quotas/{quota}/change", "/work/waivers",
    "/work/providers", "/work/providers/{provider}", "/work/components", "/work/export.xlsx",
)  # fmt: skip
OFFICER = (
    "/work/memberships/admit", "/work/memberships/admit?q=测试",
    "/work/memberships/admit?provider={provider}&type=integrator&segment=auto_parts",
    "/work/memberships/{membership}/warn/warn",
    "/work/memberships/{membership}/rectify/order_rectification",
    "/work/memberships/{membership}/suspend/suspend",
    "/work/memberships/{suspended}/restore/restore",
    "/work/memberships/{membership}/withdraw/withdraw",
    "/work/providers/{provider}/edit", "/work/products/{product}/edit", "/work/cases/{case}/edit",
)  # fmt: skip
LEADER = ("/work/memberships/{membership}/remove/remove", "/work/waivers?provider={provider}")


@pytest.mark.parametrize(
    ("role", "paths"),
    [(Role.CITY_OFFICER, GET + OFFICER), (Role.CITY_LEADER, GET + LEADER), (Role.AUDITOR, GET)],
)
def test_every_page_opens(role: Role, paths: tuple[str, ...], world: World, login_as: LoginAs):
    client = login_as(role)
    for path in paths:
        response = client.get(path.format(**vars(world)))
        assert response.status_code == 200, path


def test_pages_open_on_an_empty_system(login_as: LoginAs) -> None:
    client = login_as(Role.CITY_OFFICER)
    for path in ("/work", "/work/pool", "/work/memberships", "/work/candidacies"):
        assert client.get(path).status_code == 200, path
