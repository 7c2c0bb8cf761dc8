"""What the page of the search index accepts."""

from marketplace.schemas.accounts import DEEPEST_PAGE
from marketplace.schemas.names import Form, Line, Whole


class PageQuery(Form):
    """Which page of a list."""

    page = Whole(1, DEEPEST_PAGE, load_default=1)


class RetryForm(Form):
    """Why jobs that were given up are to run again; the page has another reason beside it."""

    why = Line(200, required=True)
