"""What saved searches find now: run by the worker, a few at a time, outside any transaction."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Invalid, Unavailable
from marketplace.indexing.wiring import Catalogue
from marketplace.permissions import SYSTEM
from marketplace.services.choosing import saved_searches
from marketplace.services.choosing.saved_searches import MOST_MATCHES, Found
from search import InvalidRequest, SearchRequest
from search import Unavailable as NoAnswer

log = structlog.get_logger()

AT_ONCE = 5
PER_PAGE = 100


def found(catalogue: Catalogue, kind: str, index: Mapping[str, Any]) -> Found:
    """Titles of everything a search finds, by number; one more than is watched when it is wide.

    In the order of the page; ``index`` is ``{q, literal, filters {field: [value]}}``. Raises
    Unavailable, Invalid (a condition that no longer exists).
    """
    try:
        return _found(catalogue, kind, index)
    except InvalidRequest as error:
        raise Invalid("搜索条件已经失效", remedy="请重新搜索并保存。") from error
    except NoAnswer as error:
        raise Unavailable("搜索暂时不可用") from error


def _found(catalogue: Catalogue, kind: str, index: Mapping[str, Any]) -> Found:
    titles: dict[int, str] = {}
    number, pages = 1, 1
    while number <= pages and len(titles) <= MOST_MATCHES:
        request = SearchRequest(
            day=clock.today(), q=index["q"], literal=index["literal"], kind=kind,
            filters={name: tuple(values) for name, values in index["filters"].items()},
            page=number, per_page=PER_PAGE,
        )  # fmt: skip
        page = catalogue.search(request)
        titles |= {int(hit.key): hit.title for hit in page.hits}
        number, pages = number + 1, page.pages
    return titles


def check(catalogue: Catalogue, database: Database) -> int:
    """Compare the searches that are due with the index and tell what is new; answers how many.

    While the engine does not answer nothing is counted as checked. Raises Unavailable.
    """
    with database.reading() as session:
        waiting = saved_searches.due(session, AT_ONCE)
    for search in waiting:
        try:
            titles = found(catalogue, search.kind, search.index)
        except Invalid as error:
            log.warning("saved search cannot be run", search_id=search.id, error=str(error))
            database.run(partial(_give_up, search.id))
        else:
            database.run(partial(_note, search.id, titles))
    return len(waiting)


def _note(search_id: int, titles: Found, session: Session) -> None:
    saved_searches.note(session, SYSTEM, search_id, titles)


def _give_up(search_id: int, session: Session) -> None:
    saved_searches.give_up(session, search_id, "条件已经失效，请重新搜索并保存")
