"""What the pages of webhooks accept."""

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from marketplace.schemas.accounts import BIGGEST_ID, DEEPEST_PAGE
from marketplace.schemas.names import Choice, Form, Line, Whole

LONGEST_ADDRESS = 500


def endpoint_form(
    kinds: Iterable[str], programmes: Iterable[str], *, edited: bool = False
) -> Schema:
    """The form of an address; ``edited``: with the version it was read at."""
    declared: dict[str, Any] = {
        "name": Line(60, required=True),
        "url": Line(LONGEST_ADDRESS, required=True),
        "kinds": fields.List(Choice(kinds), load_default=list),
        "programmes": fields.List(Choice(programmes), load_default=list),
    }
    if edited:
        declared["version"] = Whole(1, BIGGEST_ID, required=True)
    return Form.from_dict(declared)()


class DeliveriesQuery(Form):
    """Filters of the log; what is not known is left out by the page."""

    state = Line(20, load_default="")
    kind = Line(40, load_default="")
    page = Whole(1, DEEPEST_PAGE, load_default=1)
