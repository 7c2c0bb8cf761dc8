"""The bare engines that the search service is measured against, and servers to measure on."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

import orjson
from tantivy import Index

from search import Analyzer, Engine, Searcher, SearchRequest, open_engine
from search.analysis.dictionary import Dictionary
from search.analysis.entries import Entry, entry_of
from search.engines.embedded_view import EmbeddedView
from search.engines.tantivy_queries import prepare, schema, tantivy_document, tantivy_query
from search.plan import Filters, Node
from tests.bench import search_corpus as corpus
from tests.bench.search_table import Time, each, timed

RAW_BUILD = 100_000


@dataclass(frozen=True)
class Asked:
    """One request with the plan the service makes of it."""

    request: SearchRequest
    node: Node


def planned(engine: Engine, analyzer: Analyzer, requests: Sequence[SearchRequest]) -> list[Asked]:
    """What the engine is asked for each request, found out with a searcher of its own.

    Facets are not counted meanwhile: an engine may keep what it has counted once.
    """
    watched = _Watched(engine)
    searcher = Searcher(watched, analyzer)
    found = []
    for request in requests:
        searcher.search(replace(request, facets=(), per_page=1))
        found.append(Asked(request, watched.nodes[-1]))
    return found


class _Watched:
    """An engine whose views note the plans they are given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.nodes: list[Node] = []

    def view(self) -> "_WatchedView":
        return _WatchedView(self._engine.view(), self.nodes)

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)


class _WatchedView:
    def __init__(self, view: object, nodes: list[Node]) -> None:
        self._view, self._nodes = view, nodes

    def top(self, match: Node, *others: object) -> object:
        self._nodes.append(match)
        return self._view.top(match, *others)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


def raw_tantivy(view: EmbeddedView, asked: Asked) -> None:
    """What cannot be spared: one search, the facets, the documents of a page. Filters count as
    they stand, each facet under the filters of the others.
    """
    request, groups = asked.request, asked.request.groups
    query = tantivy_query(asked.node, groups)
    hits = view.searcher.search(query, request.per_page, offset=request.offset).hits
    chosen = [name for name, _ in groups if name in request.facets]
    free = [name for name in request.facets if name not in chosen]
    if free:
        view.searcher.aggregate(query, _terms(free))
    for name in chosen:
        others: Filters = tuple(group for group in groups if group[0] != name)
        view.searcher.aggregate(tantivy_query(asked.node, others), _terms([name]))
    for _, address in hits:
        view.searcher.doc(address)


def _terms(fields: Sequence[str]) -> dict[str, object]:
    return {name: {"terms": {"field": name, "size": 1000}} for name in fields}


def raw_build(terms: Sequence[str], count: int) -> tuple[Time, float]:
    """The time of one document of the bare engine fed with analysed documents from memory, merges
    included; and its bytes of JSON.
    """
    dictionary = Dictionary(terms)
    documents = list(islice(corpus.documents(count), RAW_BUILD))
    entries = [entry_of(document, dictionary) for document in documents]
    size = sum(len(orjson.dumps(_plain(document))) for document in documents[:2000]) / 2000
    return each(timed(partial(_fill, entries)), len(entries)), size


def _plain(document: object) -> dict[str, object]:
    names = ("id", "version", "title", "alias", "body", "keywords", "numbers", "card")
    return {name: getattr(document, name) for name in names}


def _fill(entries: Sequence[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index = Index(schema(), path=folder)
        prepare(index)
        writer = index.writer(128_000_000, 2)
        for entry in entries:
            writer.add_document(tantivy_document(entry))
        writer.commit()
        writer.wait_merging_threads()


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


ANSWERING = """
import sys
from search import Analyzer, Searcher, open_engine
from tests.bench import search_corpus as corpus
searcher = Searcher(open_engine(sys.argv[1]), Analyzer(corpus.TERMS))
for request in corpus.requests(100):
    searcher.search(request)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(*(int(status[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon")))
"""


def memory(url: str) -> tuple[float, float]:
    """Megabytes of a fresh process after 100 searches: resident, and of that its own."""
    command = [sys.executable, "-c", ANSWERING, url]
    environment = {**os.environ, "PYTHONPATH": "."}
    answer = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
    resident, own = map(float, answer.stdout.split())
    return resident, own


@contextmanager
def tantivy_at(folder: str | None) -> Iterator[str]:
    """URL of an embedded index, in ``folder`` if it is to be kept."""
    if folder is not None:
        yield f"tantivy://{Path(folder).resolve()}"
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield f"tantivy://{temporary}"


def is_built(url: str, count: int) -> bool:
    """Whether a kept index holds these documents and fits the program."""
    engine = open_engine(url)
    facts = engine.status()
    engine.close()
    return facts.get("state") == "ok" and facts.get("documents") == count
