"""Search against the bare engine: python -m tests.bench.search_bench [DOCUMENTS ...]

Prints, for each number of documents (10,000 and 100,000 unless told): service and raw engine p50
and p99 with the ratio of the medians (B01), facets cold and warm, page 100, suggestions, typing
errors, rebuild rate against the raw engine fed from memory (B18), size, memory, commit →
searchable; with several numbers the growth from the first to the last (B12). Both sides of a
ratio run in turns in one process. ``--keep FOLDER`` keeps and reuses the embedded indexes.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median

from search import Analyzer, Document, Engine, Searcher, SearchRequest, Sort, open_engine, rebuild
from search.engines.embedded import EmbeddedEngine
from search.engines.embedded_view import EmbeddedView
from tests.bench import search_corpus as corpus
from tests.bench.search_sides import (
    Asked,
    folder_size,
    is_built,
    memory,
    planned,
    raw_build,
    raw_tantivy,
    tantivy_at,
)
from tests.bench.search_table import HEAD, Target, Time, limit, percentile, rate, row, timed
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


def build(engine: Engine, analyzer: Analyzer, count: int) -> float:
    """Rebuild from the generator; returns documents per second."""
    start = time.perf_counter()
    rebuild(
        engine,
        lambda: corpus.documents(count),
        load=corpus.load,
        expected=lambda: corpus.ids(count),
        terms=analyzer.terms,
        progress=_bar(count),
    )
    return count / (time.perf_counter() - start)


def _bar(count: int) -> Callable[[str, int], None]:
    def show(stage: str, done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r  {stage} {done}/{count} ", end="", file=sys.stderr, flush=True)

    return show


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
    embedded = isinstance(side.engine, EmbeddedEngine)
    limit(
        "suggestions p99",
        percentile([t.wall for t in found], 0.99),
        "ms",
        4.0 if embedded else 20.0,
    )
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


def on_tantivy(count: int, queries: int, keep: str | None) -> float:
    """All measurements at one size; returns p50 of two words in milliseconds."""
    print(f"\ntantivy, {count:,} documents\n{HEAD}", flush=True)
    analyzer = Analyzer(corpus.TERMS)
    analyzer.warm()
    with tantivy_at(keep and f"{keep}/{count}") as url:
        known = is_built(url, count)
        engine = open_engine(url)
        if not known:
            built(engine, analyzer, count, Path(url.removeprefix("tantivy://")))
        view = engine.view()
        assert isinstance(view, EmbeddedView)
        side = Side(engine, analyzer, partial(raw_tantivy, view), service_target(count))
        two = searches(side, queries)
        turning(side)
        typing(side)
        freshness(engine)
        engine.close()
        resident, own = memory(url)
        limit("memory of a reader", resident, f"MB, {own:.0f} of it its own", 800)
    return two


def built(engine: Engine, analyzer: Analyzer, count: int, folder: Path) -> None:
    """Rebuild rate (B18) and size."""
    ours = build(engine, analyzer, count)
    base, size = raw_build(analyzer.terms, count)
    rate("rebuild / bare engine from memory", ours, base, 0.35)
    limit("bytes of index / bytes of JSON", folder_size(folder) / count / size, "", 1.1)


def on_elasticsearch(count: int, queries: int) -> float:
    """The same on a server of its own (B02)."""
    from tests.bench.search_elastic import PREFIX, Bare, node

    print(f"\nElasticsearch, {count:,} documents\n{HEAD}", flush=True)
    analyzer = Analyzer(corpus.TERMS)
    analyzer.warm()
    with node() as server:
        engine, bare = open_engine(server.url(PREFIX)), Bare(server.address)
        ours = build(engine, analyzer, count)
        rate("rebuild / bare parallel_bulk", ours, bare.build(analyzer.terms, count), 0.35)
        limit("bytes of index per document", bare.size() / count, "B")
        side = Side(engine, analyzer, bare.search, Target(1.3, 3.0, cpu=False))
        bare.took.clear()
        two = searches(side, queries)
        limit("… bare engine by its own clock", median(bare.took), "ms")
        turning(side)
        typing(side)
        freshness(engine)
        bare.close()
        engine.close()
    return two


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--engine", choices=("tantivy", "elasticsearch"), default="tantivy")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--keep", help="folder for the embedded indexes")
    options = parser.parse_args()
    if options.engine == "tantivy":
        medians = [on_tantivy(count, options.queries, options.keep) for count in options.counts]
    else:
        medians = [on_elasticsearch(count, options.queries) for count in options.counts]
    if len(medians) > 1:
        first, last = options.counts[0], options.counts[-1]
        print(f"\ngrowth of two words, {first:,} → {last:,} documents")
        limit("p50 / p50", medians[-1] / medians[0], "×", 15 if last // first == 100 else None)


if __name__ == "__main__":
    main()
