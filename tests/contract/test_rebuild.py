"""A new index beside the old one, and a switch that nobody notices."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest

from search import (
    Differences,
    Document,
    Engine,
    IndexMismatch,
    RebuildFailed,
    Searcher,
    SearchRequest,
    WriterBusy,
    rebuild,
    status,
    verify,
)
from tests.contract.corpus import ANALYZER, DAY, TERMS, Source, some_documents, versions
from tests.contract.labs import Lab
from tests.support.counts import count

Searching = Callable[..., Searcher]
Opening = Callable[[], Engine]


def test_a_rebuild_holds_exactly_the_source_and_tells_its_progress(engine: Engine) -> None:
    source = Source(some_documents(1200))
    told: list[tuple[str, int]] = []
    rebuilt = source.rebuild(engine, progress=lambda stage, done: told.append((stage, done)))
    assert (rebuilt.documents, rebuilt.caught_up) == (1200, 0)
    assert versions(engine) == dict(source.expected())
    assert verify(engine, source.expected()) == Differences()
    stages = [("documents", 500), ("documents", 1000), ("documents", 1200), ("compare", 0)]
    assert told == stages


def test_old_generations_are_dropped_and_writing_goes_on(engine: Engine, lab: Lab) -> None:
    source = Source(some_documents(10))
    first = source.rebuild(engine).generation
    engine.apply([Document("case:x", 1, "甲")])
    source.documents.clear()
    second = source.rebuild(engine).generation
    assert first != second
    assert lab.generations() == lab.kept(first, second)
    assert versions(engine) == {}
    engine.apply([Document("case:y", 1, "乙")])
    assert versions(engine) == {"case:y": 1}
    third = source.rebuild(engine).generation
    assert lab.generations() == lab.kept(second, third)


def test_writes_during_a_rebuild_are_in_the_new_index(searching: Searching) -> None:
    """Also a change that keeps its version, and a thing that is no longer public."""
    source = Source(Document(f"case:{n}", 1, "旧名") for n in range(20))
    searcher = searching(*source.all())
    engine = searcher.engine

    def documents() -> Iterator[Document]:
        snapshot = source.all()
        for number, document in enumerate(snapshot):
            if number == 10:  # while the rebuild reads, a writer goes on
                source.documents["case:3"] = Document("case:3", 1, "新名")
                source.documents["case:99"] = Document("case:99", 1, "新名")
                del source.documents["case:4"]
                engine.apply(source.load(["case:3", "case:99"]), [("case:4", None)])
            yield document

    rebuilt = rebuild(engine, documents, load=source.load, expected=source.expected, terms=TERMS)
    assert rebuilt.caught_up == 3
    assert versions(engine) == dict(source.expected())
    named = searcher.search(SearchRequest(DAY, "新名")).hits
    assert {hit.id for hit in named} == {"case:3", "case:99"}


def test_a_failing_source_leaves_the_old_index(searching: Searching, lab: Lab) -> None:
    engine = searching(Document("case:1", 1, "甲")).engine
    before = lab.generations()

    def broken() -> Iterator[Document]:
        yield Document("case:2", 1, "乙")
        raise OSError("database gone")

    with pytest.raises(OSError, match="database gone"):
        rebuild(engine, broken, load=lambda ids: [], expected=lambda: [])
    assert versions(engine) == {"case:1": 1}
    assert lab.generations() == before
    assert engine.status()["building"] == ""


def test_an_index_that_does_not_agree_is_not_taken_into_use(searching: Searching) -> None:
    engine = searching(Document("case:1", 1, "甲")).engine
    source = Source([Document("case:2", 1, "乙")])
    with pytest.raises(RebuildFailed, match="case:3"):
        rebuild(
            engine,
            source.all,
            load=source.load,
            expected=lambda: [("case:2", 1), ("case:3", 1)],
        )
    assert versions(engine) == {"case:1": 1}


def test_doubled_documents_are_mended(engine: Engine) -> None:
    source = Source([Document("case:1", 1, "甲")])
    rebuild(
        engine,
        lambda: source.all() * 2,
        load=source.load,
        expected=source.expected,
    )
    assert list(engine.view().ids()) == [("case:1", 1)]


def test_what_a_killed_rebuild_left_behind_is_swept(engine: Engine, lab: Lab) -> None:
    source = Source(some_documents(5))
    first = source.rebuild(engine).generation
    leftover = lab.plant_leftover()
    engine.apply([Document("case:x", 1, "甲")])  # still notes what it writes, harmlessly
    assert versions(engine)["case:x"] == 1
    assert leftover in lab.generations()
    second = source.rebuild(engine).generation
    assert lab.generations() == lab.kept(first, second)


def test_two_rebuilds_at_once_are_refused(engine: Engine, open_another: Opening) -> None:
    other = open_another()

    def documents() -> Iterator[Document]:
        with pytest.raises(WriterBusy, match="重建"):
            Source().rebuild(other)
        yield Document("case:1", 1, "甲")

    source = Source([Document("case:1", 1, "甲")])
    rebuild(engine, documents, load=source.load, expected=source.expected)
    assert versions(engine) == {"case:1": 1}


@pytest.mark.parametrize("name", ["schema", "analysis", "words"])
def test_an_index_of_another_version_is_refused(
    searching: Searching, open_another: Opening, lab: Lab, name: str
) -> None:
    searching(Document("case:1", 1, "甲")).engine.close()
    lab.relabel(**{name: "other"})
    engine = open_another()
    for ask in (engine.view, lambda: engine.apply([Document("case:2", 1, "乙")])):
        with pytest.raises(IndexMismatch, match=name):
            ask()
    assert engine.status()["state"] == "IndexMismatch"
    Source([Document("case:3", 1, "丙")]).rebuild(engine)
    assert versions(engine) == {"case:3": 1}


def test_new_terms_are_found_before_the_rebuild_that_they_wait_for(engine: Engine) -> None:
    """The index goes on with the words it was built with; none is lost in between."""
    source = Source([Document("case:1", 1, "差速器齿轮热处理线")])
    rebuild(engine, source.all, load=source.load, expected=source.expected, terms=())
    searcher = Searcher(engine, ANALYZER)
    engine.apply([Document("case:2", 1, "制造执行系统")])
    terms = [*TERMS, "差速器齿轮"]
    assert searcher.search(SearchRequest(DAY, "差速器齿轮")).total == 1
    assert searcher.search(SearchRequest(DAY, "制造执行系统")).total == 1
    assert status(engine, terms)["new_terms"] == 5
    source.documents["case:2"] = Document("case:2", 1, "制造执行系统")
    rebuild(engine, source.all, load=source.load, expected=source.expected, terms=terms)
    assert searcher.search(SearchRequest(DAY, "差速器齿轮")).total == 1
    facts = status(engine, terms)
    assert (facts["new_terms"], facts["documents"], facts["state"]) == (0, 2, "ok")


def test_verify_finds_what_is_missing_stale_and_too_much(engine: Engine) -> None:
    """E27: three planted differences among many, by walking all of them."""
    number = count(test=12_000, soak=100_000)
    source = Source(Document(f"case:{n}", 2, f"案例{n}") for n in range(number))
    source.rebuild(engine)
    ghost = source.documents.pop("case:17")
    source.documents["case:new"] = Document("case:new", 1, "新")
    source.documents["case:23"] = Document("case:23", 3, "改")
    found = verify(engine, source.expected())
    assert found == Differences(("case:new",), ("case:23",), (ghost.id,))
    assert sorted(found.ids) == ["case:17", "case:23", "case:new"]
    assert found and not Differences()


class Traffic:
    """Threads that search and write until told to stop, and what went wrong in them."""

    def __init__(self, writer: Engine, reader: Searcher, source: Source) -> None:
        self.writer, self.reader, self.source = writer, reader, source
        self.stop, self.faults, self.searches = threading.Event(), list[object](), 0
        self.guard = threading.Lock()
        runs = (self.search, self.search, self.write)
        self.threads = [threading.Thread(target=self.until_stopped, args=(run,)) for run in runs]

    def until_stopped(self, run: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                run()
        except Exception as error:
            self.faults.append(error)

    def search(self) -> None:
        page = self.reader.search(SearchRequest(DAY, "注塑", per_page=5))
        self.searches += 1
        if page.total < 200 or len(page.hits) != 5:
            self.faults.append(page.total)

    def write(self) -> None:
        key = f"case:{random.randrange(300)}"
        with self.guard:
            old = self.source.documents.get(key)
            new = Document(key, old.version + 1 if old else 1, "注塑案例")
            self.source.documents[key] = new
        self.writer.apply([new])

    def copied(self) -> Sequence[Document]:
        with self.guard:
            return self.source.all()

    def expected(self) -> list[tuple[str, int]]:
        return [(document.id, document.version) for document in self.copied()]

    def __enter__(self) -> "Traffic":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_nobody_notices_a_rebuild(searching: Searching, open_another: Opening) -> None:
    """E26: searches never come back empty and no write is lost while indexes are replaced."""
    source = Source(Document(f"case:{n}", 1, "注塑案例") for n in range(200))
    writer = searching(*source.all()).engine
    builder = open_another()
    reader = Searcher(open_another(), ANALYZER)
    with Traffic(writer, reader, source) as traffic:
        for _ in range(count(test=4, soak=40)):
            rebuild(
                builder,
                traffic.copied,
                load=source.load,
                expected=traffic.expected,
                terms=TERMS,
            )
    assert traffic.faults == []
    assert traffic.searches > 50
    assert verify(builder, source.expected()) == Differences()
