"""What commands share: the settings and the database of this process."""

import atexit
from functools import cache

from marketplace.db import Database, make_engine
from marketplace.settings import Settings


@cache
def settings() -> Settings:
    """The settings, read once; the folder for data is made when it is missing."""
    found = Settings.from_env()
    found.data_dir.mkdir(parents=True, exist_ok=True)
    return found


@cache
def database() -> Database:
    """The database of this command, without a statement timeout; closed when the command ends."""
    found = Database(make_engine(settings().database_url, statement_timeout_ms=0))
    atexit.register(found.engine.dispose)
    return found
