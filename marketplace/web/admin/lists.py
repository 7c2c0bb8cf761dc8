"""Pages of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for
from sqlalchemy import Select, func, select

from marketplace.db import current_session
from marketplace.schemas.accounts import PER_PAGE

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list; ``page`` counts from 1."""

    rows: Sequence[Row]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PER_PAGE))

    def link(self, page: int) -> str:
        """The address of another page with the same filters."""
        return address(page=page)


def address(**changes: Any) -> str:
    """This page with other values in the query string; None leaves one out."""
    query = {**request.args.to_dict(), **changes}
    kept = {name: value for name, value in query.items() if value is not None}
    return url_for(str(request.endpoint), **(request.view_args or {}), **kept)


def page_of(statement: Select[Row], page: int) -> Page[Row]:
    """Two queries: how many, and those of this page."""
    session = current_session()
    counted = select(func.count()).select_from(statement.order_by(None).subquery())
    total = session.scalar(counted) or 0
    rows = session.scalars(statement.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    return Page(rows, total, page)
