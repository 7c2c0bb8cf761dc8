"""Search against the bare engine: python -m tests.bench.search_bench [DOCUMENTS ...] [--engine E]

Or ``make bench DOCUMENTS="10000 1000000" ENGINE=tantivy``. Prints, for each number of documents
(10,000 and 100,000 unless told; on Elasticsearch the first of them): service and raw engine p50
and p99 with the ratio of the medians (B01), facets cold and warm, page 100, suggestions, typing
errors, rebuild rate against the raw engine fed from memory (B18), size, memory, commit →
searchable; with several numbers the growth from the first to the last (B12). Both sides of a
ratio run in turns in one process. ``--keep FOLDER`` keeps and reuses the embedded indexes.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from search import Analyzer, Engine, open_engine, rebuild
from search.engines.embedded_view import EmbeddedView
from search.engines.meta import current_meta
from tests.bench import search_corpus as corpus
from tests.bench.search_measures import (
    Side,
    freshness,
    searches,
    service_target,
    turning,
    typing,
)
from tests.bench.search_sides import (
    folder_size,
    is_built,
    memory,
    raw_build,
    raw_tantivy,
    tantivy_at,
)
from tests.bench.search_table import HEAD, Target, Time, each, limit, rate, timed
from tests.support.elasticsearch import ServerMissing


def build(engine: Engine, analyzer: Analyzer, count: int) -> Time:
    """Rebuild from the generator; returns the time of one document."""
    work = partial(
        rebuild,
        engine,
        lambda: corpus.documents(count),
        load=corpus.load,
        expected=lambda: corpus.ids(count),
        terms=analyzer.terms,
        progress=_bar(count),
    )
    return each(timed(work), count)


def _bar(count: int) -> Callable[[str, int], None]:
    def show(stage: str, done: int) -> None:
        if sys.stderr.isatty():
            print(f"\r  {stage} {done}/{count} ", end="", file=sys.stderr, flush=True)

    return show


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
    current_meta(analyzer.terms).dictionary.find("热身")  # both have read the dictionary then
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
        base = bare.build(analyzer.terms, count)
        rate("rebuild / bare parallel_bulk", ours, base, 0.35, cpu=False)
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


def measured(engine: str, counts: Sequence[int], queries: int, keep: str | None) -> None:
    """All sizes on one engine, and how the simplest search grows from the first to the last."""
    if engine == "tantivy":
        medians = [on_tantivy(count, queries, keep) for count in counts]
    else:
        medians = [on_elasticsearch(count, queries) for count in counts]
    if len(medians) > 1:
        print(f"\ngrowth of two words, {counts[0]:,} → {counts[-1]:,} documents")
        most = 15 if counts[-1] // counts[0] == 100 else None
        limit("p50 / p50", medians[-1] / medians[0], "×", most)


def main() -> None:
    usual = list(map(int, os.environ.get("DOCUMENTS", "10000 100000").split()))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=usual)
    parser.add_argument(
        "--engine", choices=("tantivy", "elasticsearch", "both"),
        default=os.environ.get("ENGINE", "both"),
    )  # fmt: skip
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--keep", help="folder for the embedded indexes")
    options = parser.parse_args()
    if options.engine != "elasticsearch":
        measured("tantivy", options.counts, options.queries, options.keep)
    if options.engine == "tantivy":
        return
    # Beside tantivy the first size is enough to compare them.
    counts = options.counts[:1] if options.engine == "both" else options.counts
    try:
        measured("elasticsearch", counts, options.queries, None)
    except ServerMissing as missing:
        print(f"\n{missing}")


if __name__ == "__main__":
    main()
