"""A market of some size in a temporary folder, for the page benches."""

from pathlib import Path

from flask import Flask

from marketplace import create_app
from marketplace.db import Database, make_engine
from marketplace.indexing.upkeep import rebuild_index
from marketplace.migrate import upgrade
from marketplace.models import Quota
from marketplace.settings import Settings
from tests import factories

SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")


def settings_for(folder: Path) -> Settings:
    """Settings like the demo's, with everything below ``folder``."""
    return Settings.from_env(
        {
            "MARKETPLACE_MODE": "test",
            "MARKETPLACE_DATA": str(folder),
            "BASE_URL": "http://localhost",
        }
    )


def make_market(folder: Path, providers: int) -> Flask:
    """Listed providers with two products and two cases each; index built; application made."""
    settings = settings_for(folder)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    database = Database(engine)
    with database.unit_of_work() as session:
        pinned = factories.make_round(session)
        for quota in session.query(Quota):
            quota.cap = None
        for number in range(providers):
            segment = SEGMENTS[number % 4]
            provider = factories.make_provider(session)
            for _ in range(2):
                factories.make_product(session, provider, segments=[segment])
                factories.make_case(session, provider, segment=segment)
            factories.make_membership(session, pinned, provider, type="product", segment=segment)
    app = create_app(settings)
    rebuild_index(app.extensions["search"], database)
    return app
