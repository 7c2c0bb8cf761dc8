"""Documents in, out and in again: versions, faults, one writer."""

import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from search import (
    Applied,
    BadDocument,
    Document,
    Engine,
    IndexMissing,
    Searcher,
    SearchRequest,
    Unavailable,
    WriterBusy,
    open_engine,
)
from tests.contract.corpus import ANALYZER, DAY, Source, versions
from tests.support.counts import count

Searching = Callable[..., Searcher]


def test_a_written_document_is_found_at_once(searching: Searching) -> None:
    searcher = searching()
    card = {"name": "澜图MES", "price": None, "tags": ["a"]}
    applied = searcher.engine.apply([Document("product:1", 4, "澜图MES", card=card)])
    assert applied == Applied(written=1, deleted=0)
    (hit,) = searcher.search(SearchRequest(DAY, "澜图")).hits
    assert (hit.id, hit.kind, hit.key, hit.version, hit.card) == (
        "product:1", "product", "1", 4, card,
    )  # fmt: skip


def test_late_writes_never_beat_newer_ones(searching: Searching) -> None:
    engine = searching(Document("case:1", 5, "新"), Document("case:2", 5, "新")).engine
    assert engine.apply([Document("case:1", 4, "旧")], [("case:2", 4)]) == Applied(
        0, 0, ("case:1", "case:2")
    )
    assert engine.apply([], [("case:2", 6)]) == Applied(0, 1)
    assert engine.apply([Document("case:2", 5, "旧")]) == Applied(0, 0, ("case:2",))
    assert versions(engine) == {"case:1": 5}
    assert engine.apply([Document("case:2", 7, "再")]) == Applied(1, 0)
    assert versions(engine) == {"case:1": 5, "case:2": 7}


def test_replayed_and_shuffled_events_end_in_the_same_index(searching: Searching) -> None:
    """E16: every event three times, in any order, in batches of any size."""
    engine = searching().engine
    dice = random.Random(5)
    kinds: dict[tuple[str, int], bool] = {}
    events = []
    for _ in range(count(test=600, soak=10_000)):
        key, version = f"case:{dice.randrange(100)}", dice.randrange(1, 30)
        kinds.setdefault((key, version), dice.random() < 0.7)
        events.append((key, version))
    events *= 3
    dice.shuffle(events)
    while events:
        size = dice.randrange(1, 400)
        batch, events = events[:size], events[size:]
        engine.apply(
            [Document(key, v, f"v{v}") for key, v in batch if kinds[key, v]],
            [(key, v) for key, v in batch if not kinds[key, v]],
        )
    newest = {key: max(v for k, v in kinds if k == key) for key, _ in kinds}
    assert versions(engine) == {key: v for key, v in newest.items() if kinds[key, v]}


def test_a_bad_document_stops_its_batch_and_nothing_else(searching: Searching) -> None:
    """E23: the caller learns which one it is, and can write the rest without it."""
    engine = searching().engine
    batch = [Document("case:1", 1, "甲"), Document("case:2", 1, "乙", card={"x": object()})]
    with pytest.raises(BadDocument) as caught:
        engine.apply(batch)
    assert caught.value.document_id == "case:2"
    assert versions(engine) == {}
    engine.apply(batch[:1])
    assert versions(engine) == {"case:1": 1}


def test_texts_of_any_kind_can_be_indexed(searching: Searching) -> None:
    texts = ["", "\0", "\ud800", "a" * 100_000, "注" * 100_000, "|" * 1000, "\u202e", "ﷺ" * 500]
    engine = searching().engine
    documents = [
        Document(f"case:{number}", 1, text, (text,), text) for number, text in enumerate(texts)
    ]
    assert engine.apply(documents).written == len(texts)
    assert len(versions(engine)) == len(texts)


def test_an_index_that_was_never_built_says_so(engine: Engine) -> None:
    for ask in (engine.view, lambda: engine.apply([Document("case:1", 1, "甲")])):
        with pytest.raises(IndexMissing, match="search rebuild"):
            ask()
    assert engine.status()["state"] == "IndexMissing"


@pytest.mark.parametrize("url", ["", "sqlite:///x", "tantivy", "://x"])
def test_engines_that_are_not_built_in_are_refused(url: str) -> None:
    with pytest.raises(Unavailable, match="tantivy"):
        open_engine(url)


def test_a_second_writer_is_refused_in_words(tmp_path: Path) -> None:
    """In a folder; on a server several may write."""
    url = f"tantivy://{tmp_path}"
    engine, second = open_engine(url), open_engine(url)
    Source().rebuild(engine)
    engine.apply([Document("case:1", 1, "甲")])
    with pytest.raises(WriterBusy, match="另一个进程"):
        second.apply([Document("case:2", 1, "乙")])
    assert versions(second) == {"case:1": 1}  # reading goes on
    engine.close()
    assert second.apply([Document("case:2", 1, "乙")]).written == 1
    second.close()


def test_deletions_in_one_batch_leave_the_mark_of_the_newest(searching: Searching) -> None:
    engine = searching(Document("case:1", 2, "甲")).engine
    assert engine.apply([], [("case:1", 5), ("case:1", 3)]) == Applied(0, 1)
    assert engine.apply([Document("case:1", 4, "晚")]) == Applied(0, 0, ("case:1",))
    assert versions(engine) == {}


def test_a_thing_that_is_gone_is_removed_whatever_its_version(searching: Searching) -> None:
    engine = searching(Document("case:1", 7, "甲")).engine
    assert engine.apply([], [("case:1", None), ("case:none", None)]) == Applied(0, 2)
    assert versions(engine) == {}
    assert engine.apply([Document("case:1", 7, "又")]) == Applied(1, 0)
    assert versions(engine) == {"case:1": 7}


def test_another_process_sees_what_was_written(searching: Searching, engine_url: str) -> None:
    searching(Document("case:1", 1, "甲")).engine.close()
    program = """
        import sys
        from search import open_engine
        print(sorted(open_engine(sys.argv[1]).view().ids()))
    """
    shown = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), engine_url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.strip() == "[('case:1', 1)]"


def test_readers_of_another_engine_follow_within_a_moment(
    searching: Searching, open_another: Callable[[], Engine]
) -> None:
    engine = searching().engine
    reader = open_another()
    assert versions(reader) == {}
    engine.apply([Document("case:1", 1, "甲")])
    deadline = time.monotonic() + 5
    while not versions(reader) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert versions(reader) == {"case:1": 1}


def test_many_threads_search_while_one_writes(searching: Searching) -> None:
    source = Source(Document(f"case:{n}", 1, "注塑案例") for n in range(200))
    searcher = searching(*source.all())
    stop, faults = threading.Event(), list[object]()

    def search() -> None:
        try:
            while not stop.is_set():
                page = searcher.search(SearchRequest(DAY, "注塑", facets=("kind",)))
                counted = sum(value.count for value in page.facets["kind"])
                # One page is of one moment: its facets add up to its total.
                if not 200 <= page.total == counted:
                    faults.append((page.total, counted))
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(200, 230):
        searcher.engine.apply([Document(f"case:{number}", 1, "注塑案例")])
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert Searcher(searcher.engine, ANALYZER).search(SearchRequest(DAY, "注塑")).total == 230
