"""B01 to the visitor: python -m tests.bench.search_pages_bench [PROVIDERS]

What the result page and the suggestions of the site add to the search itself, in CPU time: HTML at
most 8 ms, JSON at most 3 ms. No two requests are the same, so nothing is answered from memory;
every other one goes to the service, the rest through the page.
"""

import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import structlog
from flask import Flask

from marketplace import clock
from marketplace.indexing.wiring import Catalogue
from marketplace.web.public.searching import FILTERS
from search import SearchRequest
from tests.bench.market import SEGMENTS, make_market
from tests.bench.search_table import limit, timed

SAID = "制造执行系统 注塑 车间 计划 报工 质量管理 设备 排产 换模 数字化 生产管理 软件 实施 制造"
WORDS = SAID.split()
FACETS = tuple(field for field, _ in FILTERS["provider"].values() if field != "provider_id")


def both(
    service: Callable[[str, str], object],
    page: Callable[[str, str], object],
    asked: Sequence[tuple[str, str]],
) -> tuple[float, float]:
    """Median CPU milliseconds of the service and of the page, in turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for number, one in enumerate(asked):
        side = number % 2
        found[side].append(timed(partial((service, page)[side], *one)).cpu)
    return median(found[0]), median(found[1])


def pages(app: Flask) -> None:
    """Print both differences."""
    catalogue: Catalogue = app.extensions["search"]
    client = app.test_client(use_cookies=False)

    def search(q: str, segment: str) -> object:
        chosen = {"segment": (segment,)}
        return catalogue.search(
            SearchRequest(clock.today(), q, "provider", chosen, facets=FACETS[:6])
        )

    def get(address: str, **asked: str) -> object:
        answer = client.get(address, query_string=asked)
        assert answer.status_code == 200, answer.status
        return answer

    pairs = [(f"{a} {b}", segment) for a in WORDS for b in WORDS if a != b for segment in SEGMENTS]
    asked = pairs[::3]
    for q, segment in pairs[1:40:3]:
        search(q, segment)
        get("/providers", q=q, segment=segment)
    service, page = both(search, lambda q, s: get("/providers", q=q, segment=s), asked)
    limit("result page, the search alone", service, "ms CPU")
    limit("result page", page, "ms CPU")
    limit("… what the page adds", page - service, "ms CPU", 8.0)
    typed = [(a[:2] + str(number), "") for a in WORDS for number in range(12)]
    service, page = both(
        lambda q, _: catalogue.suggest(q), lambda q, _: get("/suggest", q=q), typed
    )
    limit("suggestions, the search alone", service, "ms CPU")
    limit("suggestions as JSON", page, "ms CPU")
    limit("… what the page adds", page - service, "ms CPU", 3.0)


def main(providers: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        app = make_market(Path(name), providers)
        quiet = structlog.make_filtering_bound_logger(logging.ERROR)
        structlog.configure(wrapper_class=quiet)
        print(f"{providers} providers, {5 * providers} documents")
        pages(app)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
