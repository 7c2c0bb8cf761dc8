"""The parts of the running application, with their types."""

from flask import current_app

from marketplace.crypto import Cipher
from marketplace.db import Database
from marketplace.services.access.invitations import Post
from marketplace.settings import Settings


def database() -> Database:
    """For short transactions of their own, before or after the request's (house.md §5)."""
    found: Database = current_app.extensions["database"]
    return found


def settings() -> Settings:
    """How this installation is set up."""
    found: Settings = current_app.extensions["settings"]
    return found


def cipher() -> Cipher:
    """Seals and opens single fields."""
    found: Cipher = current_app.extensions["cipher"]
    return found


def post() -> Post:
    """Sends links."""
    return Post(cipher(), settings().base_url)
