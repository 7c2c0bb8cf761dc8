"""The home page and the filters speak of the home programme; other cities' types say so."""

from datetime import date

import pytest

from marketplace.indexing.upkeep import rebuild_index
from tests import factories
from tests.support.market import open_market
from tests.support.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_types_of_other_programmes_are_found_but_no_door(app, client, database):
    open_market(app, 5)
    before = Page(client.get("/providers")).total
    with database.unit_of_work() as session:
        elsewhere = factories.make_round(session, factories.programmes()["cq-2013"])
        provider = factories.make_provider(session)
        provider.organisation.name = "远城示范平台"
        factories.make_membership(
            session, elsewhere, provider,
            type="platform", segment="general", listed_on=date(2024, 3, 1),
        )  # fmt: skip
    rebuild_index(app.extensions["search"], database)

    home = client.get("/")
    doors = {link.get("href") for link in Page(home).all("a", "door")}
    assert {"/providers?type=product", "/providers?segment=auto_parts"} <= doors
    assert not {"/providers?type=platform", "/providers?segment=general"} & doors
    assert "平台</span>" not in home.text

    everybody = client.get("/providers")
    assert Page(everybody).total == before + 1
    assert "平台（其他城市项目）" in everybody.text
    only = client.get("/providers?type=platform")
    assert (Page(only).total, "远城示范平台" in only.text) == (1, True)
    assert "平台（其他城市项目）" in only.text
