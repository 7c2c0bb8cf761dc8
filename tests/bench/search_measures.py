"""What is measured on one engine, row by row."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

from search import Analyzer, Document, Engine, Searcher, SearchRequest, Sort
from search.engines.embedded import EmbeddedEngine
from tests.bench import search_corpus as corpus
from tests.bench.search_sides import Asked, planned
from tests.bench.search_table import Target, Time, limit, percentile, row, timed
from tests.support.relevance_typing import homophone, initials, sound

LARGE, HUGE = 100_000, 1_000_000
Call = Callable[[], object]


def service_target(count: int) -> Target | None:
    """B01; below 10^5 documents the fixed cost of a search decides, so there is none."""
    if count >= HUGE:
        return Target(1.3)
    return Target(1.5, 1.0) if count >= LARGE else None


def marked(searcher: Searcher, request: SearchRequest) -> None:
    """A search and the marking of what a page would show."""
    page = searcher.search(request)
    for hit in page.hits:
        page.highlighter.mark(str((hit.card or {})["summary"]))


def in_turns(ours: Sequence[Call], base: Sequence[Call]) -> tuple[list[Time], list[Time]]:
    """Milliseconds of both; who goes first changes, so that neither always warms the other."""
    found: tuple[list[Time], list[Time]] = ([], [])
    for number, pair in enumerate(zip(ours, base, strict=True)):
        for side in (0, 1) if number % 2 else (1, 0):
            found[side].append(timed(pair[side]))
    return found


@dataclass(frozen=True)
class Side:
    """An engine under the service, and the same work on it without the service."""

    engine: Engine
    analyzer: Analyzer
    raw: Callable[[Asked], None]
    target: Target | None

    def searcher(self) -> Searcher:
        """One that knows nothing yet."""
        return Searcher(self.engine, self.analyzer)

    def planned(self, requests: Sequence[SearchRequest]) -> list[Asked]:
        return planned(self.engine, self.analyzer, requests)


def searches(side: Side, queries: int) -> float:
    """Service against bare engine; returns p50 of two words without anything else."""
    searcher = side.searcher()
    for asked in side.planned(corpus.requests(20, seed=5)):
        side.raw(asked)
        marked(searcher, asked.request)

    def against(
        name: str, requests: Sequence[SearchRequest], target: Target | None = side.target
    ) -> list[Time]:
        asked = side.planned(requests)
        ours = [partial(marked, searcher, each.request) for each in asked]
        cold, base = in_turns(ours, [partial(side.raw, each) for each in asked])
        row(name, cold, base, target, "bare engine")
        return cold

    first = corpus.requests(queries)
    cold = against("two words, 3 filters, 4 facets", first)
    row("… facets warm", [timed(partial(marked, searcher, each)) for each in first], cold)
    # A firm may have several places: with two types each value of a facet is asked for by itself.
    against("… two types chosen", corpus.requests(queries, types=2, seed=12), None)
    bare = [SearchRequest(corpus.DAY, each.q) for each in corpus.requests(queries, seed=13)]
    two = against("two words, nothing else", bare)
    broad(side)
    return median(each.wall for each in two)


def broad(side: Side) -> None:
    """Words that a fifth of all documents have, with all facets; and no words at all."""
    words = [SearchRequest(corpus.DAY, each, facets=corpus.FACETS) for each in corpus.TERMS]
    everything = [SearchRequest(corpus.DAY, facets=corpus.FACETS)] * 20
    for name, requests in (("one common word", words), ("all documents", everything)):
        # A searcher that knows nothing yet for each of them.
        ours = [partial(side.searcher().search, each) for each in requests]
        cold, base = in_turns(ours, [partial(side.raw, each) for each in side.planned(requests)])
        row(f"{name}, 4 facets", cold, base, side.target, "bare engine")
        facets(side, requests)


def facets(side: Side, requests: Sequence[SearchRequest]) -> None:
    """Counting alone: what a search costs more with facets than without, first and again."""
    found: tuple[list[Time], list[Time]] = ([], [])
    for request in requests:
        without = replace(request, facets=())
        first, second = side.searcher(), side.searcher()
        for asked in (without, without):  # both know the words now, neither has counted
            first.search(asked)
            second.search(asked)
        bare, cold = timed(partial(first.search, without)), timed(partial(second.search, request))
        again, warm = timed(partial(first.search, without)), timed(partial(second.search, request))
        found[0].append(Time(cold.wall - bare.wall, cold.cpu - bare.cpu))
        found[1].append(Time(warm.wall - again.wall, warm.cpu - again.cpu))
    embedded = isinstance(side.engine, EmbeddedEngine)
    target = Target(0.25, cpu=embedded) if side.target else None
    row("… its facets warm, against cold", found[1], found[0], target, "cold")


def turning(side: Side) -> None:
    """Page 100 against page 1, both with facets that nobody has counted yet."""

    def page(word: str, number: int) -> SearchRequest:
        return SearchRequest(corpus.DAY, word, page=number, per_page=10, facets=corpus.FACETS)

    def asked(number: int) -> list[Call]:
        return [partial(side.searcher().search, page(word, number)) for word in corpus.TERMS]

    deep, first = in_turns(asked(100), asked(1))
    row("page 100", deep, first, side.target and Target(1.2, cpu=side.target.cpu), "page 1")
    cheap = SearchRequest(corpus.DAY, sort=Sort.PRICE)
    row("browse by price", [timed(partial(side.searcher().search, cheap)) for _ in range(30)])


def typing(side: Side) -> None:
    """Suggestions for what is typed so far, and searches for words typed wrong."""
    dice = random.Random(3)
    names = [document.title[2:8] for document in corpus.documents(3000) if dice.random() < 0.04]
    typed = [way(name)[: dice.randrange(2, 7)] for name in names for way in (str, sound, initials)]
    searcher = side.searcher()
    searcher.suggest("热身")
    found = [timed(partial(searcher.suggest, text)) for text in dict.fromkeys(typed)]
    row("suggestions", found)
    if isinstance(side.engine, EmbeddedEngine):
        limit("suggestions p99 of CPU", percentile([t.cpu for t in found], 0.99), "ms", 4)
    else:
        limit("suggestions p99", percentile([t.wall for t in found], 0.99), "ms", 20)
    long_terms = [term for term in corpus.TERMS if len(term) > 3]
    wrong = [homophone(term, dice) or term for term in long_terms]
    requests = [SearchRequest(corpus.DAY, each) for each in wrong]
    row("a word with a wrong character", [timed(partial(searcher.search, r)) for r in requests])


def freshness(engine: Engine) -> None:
    """From the start of a commit until a reader sees the document."""
    found = []
    for number in range(40):
        document = Document(f"case:new{number}", 1, f"新案例{number}")
        found.append(timed(partial(_appears, engine, document)))
    engine.apply((), [(f"case:new{number}", None) for number in range(40)])
    walls = [each.wall for each in found]
    row("commit → searchable", found)
    limit("commit → searchable p50", median(walls), "ms", 75)
    limit("commit → searchable p95", percentile(walls, 0.95), "ms", 150)


def _appears(engine: Engine, document: Document) -> None:
    engine.apply([document])
    while engine.view().get(document.id) is None:
        time.sleep(0.002)
