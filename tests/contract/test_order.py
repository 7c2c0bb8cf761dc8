"""Order and paging: exact names first, neutral among equals, each hit on one page."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import Document, Engine, Searcher, SearchRequest, Sort, tie_value, tie_values
from search.engines import Glance, Order, Place, Row, View
from search.plan import Best, Everything, Filters, Term, text_nodes
from search.suggest import _inside
from search.ties import FIXED
from search.walk import walk
from tests.contract.corpus import DAY, WORDS
from tests.support.counts import count

Collection = tuple[Searcher, list[Document]]
of_module = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
LAST = 2**62
MOVED = 250


def all_ids(searcher: Searcher, per_page: int = 100, **given: object) -> list[str]:
    """The ids of all hits, page after page."""
    found: list[str] = []
    page = searcher.search(SearchRequest(DAY, per_page=per_page, **given))
    for number in range(1, page.pages + 1):
        request = SearchRequest(DAY, per_page=per_page, page=number, **given)
        found += [hit.id for hit in searcher.search(request).hits]
    assert len(found) == page.total
    return found


@of_module
@given(
    q=st.lists(st.sampled_from(WORDS), max_size=2).map(" ".join),
    sort=st.sampled_from(Sort),
    per_page=st.integers(5, 60),
)
def test_pages_together_are_one_list(
    collection: Collection, q: str, sort: Sort, per_page: int
) -> None:
    searcher, _ = collection
    whole = all_ids(searcher, q=q, sort=sort)
    assert len(set(whole)) == len(whole)
    assert all_ids(searcher, per_page, q=q, sort=sort) == whole


@pytest.mark.parametrize("weekday", range(7))
def test_browsing_follows_the_tie_of_the_day(collection: Collection, weekday: int) -> None:
    searcher, documents = collection
    day = date(2026, 3, 2) + timedelta(days=weekday)
    hits = searcher.search(SearchRequest(day, per_page=100)).hits
    neutral = sorted((document.id for document in documents), key=lambda i: tie_value(i, day))
    assert [hit.id for hit in hits] == neutral[:100]


@pytest.mark.parametrize("sort", [Sort.PRICE, Sort.UPDATED])
@pytest.mark.parametrize("q", ["", "注塑"])
def test_equals_of_a_sort_follow_the_tie(collection: Collection, sort: Sort, q: str) -> None:
    searcher, documents = collection
    by_id = {document.id: document for document in documents}

    def rank(document_id: str) -> tuple[int, int]:
        numbers = by_id[document_id].numbers
        value = numbers.get("price", LAST) if sort is Sort.PRICE else -numbers["updated"]
        return value, tie_value(document_id, DAY)

    ids = all_ids(searcher, 7, q=q, sort=sort)
    assert ids == sorted(ids, key=rank)
    assert len(ids) > 60


def test_equals_of_relevance_follow_the_tie(searching: Callable[..., Searcher]) -> None:
    """Far more equals than one window, inserted in another order than that of the tie."""
    ids = [f"case:{number}" for number in range(700)]
    random.Random(3).shuffle(ids)
    searcher = searching(*(Document(each, 1, "注塑案例") for each in ids))
    neutral = sorted(ids, key=lambda each: tie_value(each, DAY))
    for per_page in (20, 100):
        assert all_ids(searcher, per_page, q="注塑") == neutral


def test_insertion_alone_would_give_another_order(searching: Callable[..., Searcher]) -> None:
    """Control: the engine's own order of equals is not the neutral one."""
    ids = [f"case:{number}" for number in range(50)]
    searcher = searching(*(Document(each, 1, "注塑案例") for each in ids))
    assert all_ids(searcher, q="注塑") != ids


def test_the_exact_name_comes_first(searching: Callable[..., Searcher]) -> None:
    searcher = searching(
        Document("provider:1", 1, "青岛澜图智造科技有限公司", ("澜图",), "澜图 " * 3),
        Document("provider:2", 1, "澜图 澜图 澜图", (), "澜图" * 30),
        Document("product:3", 1, "澜图MES", ("澜图云",), "青岛澜图智造科技有限公司的产品"),
    )
    first = {
        "青岛澜图智造科技有限公司": "provider:1",
        "青島瀾圖智造科技有限公司": "provider:1",
        "澜图": "provider:1",
        "澜图 mes": "product:3",
        "澜图云": "product:3",
    }
    for q, expected in first.items():
        assert searcher.search(SearchRequest(DAY, q)).hits[0].id == expected, q


def test_words_side_by_side_in_a_title_come_before_words_apart(
    searching: Callable[..., Searcher],
) -> None:
    searcher = searching(
        Document("case:1", 1, "注塑项目用机器人取件", body="机器人 注塑"),
        Document("case:2", 1, "注塑机器人取件项目"),
    )
    hits = searcher.search(SearchRequest(DAY, "注塑机器人")).hits
    assert [hit.id for hit in hits] == ["case:2", "case:1"]


def test_no_more_than_ten_thousand_hits_are_shown(collection: Collection) -> None:
    searcher, _ = collection
    page = searcher.search(SearchRequest(DAY, page=100, per_page=100))
    assert (page.total, page.hits, page.pages) == (300, (), 3)


@pytest.mark.parametrize(
    "order",
    [
        Order("tie_2"),
        Order("tie_0", "updated", descending=True),
        Order("tie_0", "price"),
        Order("tie_5", "v"),
    ],
)
@pytest.mark.parametrize("filters", [(), (("segment", ("auto_parts", "rail_equipment")),)])
def test_walking_gives_each_document_once_in_order(
    collection: Collection, order: Order, filters: Filters
) -> None:
    searcher, _ = collection

    def look(view: View) -> tuple[int, list[list[Row]]]:
        total, first = view.top(Everything(), filters, order, 0, 100)
        return total, [
            first,
            list(walk(view, filters, order, 37)),
            list(walk(view, filters, order)),
        ]

    total, (first, walked, at_once) = searcher._asking(look)
    assert walked[:100] == first
    assert len({row.id for row in walked}) == len(walked) == total > 100
    assert [row.id for row in walked] == [row.id for row in at_once]


def test_small_questions_are_answered_together(
    collection: Collection,
) -> None:
    searcher, documents = collection
    kind, word = (("kind", ("case",)),), Term("title_b", "注塑")
    asked = [Glance(Everything(), kind, 7), Glance(word, kind, 300)]
    first, cases = searcher._asking(lambda view: view.glance("tie_3", asked))
    order = Order("tie_3")
    assert first == searcher._asking(lambda view: view.top(Everything(), kind, order, 0, 7))[1]
    ids = {document.id for document in documents if "注塑" in document.title}
    assert [row.id for row in cases] == sorted(
        (each for each in ids if each.startswith("case:")), key=lambda each: tie_values(each)[3]
    )
    assert searcher._asking(lambda view: view.glance("tie_3", [])) == []


def test_pairs_of_characters_leave_no_name_out(collection: Collection) -> None:
    """What is typed is looked for where its pairs are: the same as in all names of the kind."""
    searcher, documents = collection
    dice = random.Random(8)
    titles = sorted({document.title for document in documents})
    typed = {title[at : at + dice.randrange(2, 6)] for title in titles for at in range(0, 4, 2)}
    chosen = [*dice.sample(sorted(typed), 30), "es", "S系", "排产 ME"]
    dictionary = searcher._asking(lambda view: view.meta.dictionary)
    asked = [
        Glance(Best(tuple(text_nodes(text, dictionary)[:2])), filters, 20)
        for text in chosen
        for kind in ("provider", "product")
        for filters in (_inside(kind, text), (("kind", (kind,)),))
    ]
    answers = searcher._asking(lambda view: view.glance(FIXED, asked))
    assert answers[::2] == answers[1::2]
    assert sum(bool(rows) for rows in answers) > len(chosen)
    assert {filters[0][0] for _, filters, _ in asked} == {"pair", "kind"}


def test_a_place_stays_good_while_the_index_changes(searching: Callable[..., Searcher]) -> None:
    """It is a value and a tie, not a number of hits: nothing is skipped or given twice."""
    engine = searching(*(Document(f"case:{n}", 1, "甲") for n in range(60))).engine
    order, seen = Order("tie_0"), list[str]()
    place: Place | None = None
    while found := engine.view().after((), order, place, 20):
        seen += [row.id for _, row in found]
        place = found[-1][0]
        if len(seen) == 20:
            more = [Document(f"case:{n}", 1, "乙") for n in range(60, 70)]
            engine.apply(more, [(each, 1) for each in seen[:5]])
    assert len(set(seen)) == len(seen)
    assert {f"case:{n}" for n in range(60)} <= set(seen)


def test_paging_by_number_would_skip(searching: Callable[..., Searcher]) -> None:
    """Control: by offset, documents removed from the first page pull others out of the second."""
    engine = searching(*(Document(f"case:{n}", 1, "甲") for n in range(60))).engine

    def page(offset: int) -> list[str]:
        _, rows = engine.view().top(Everything(), (), Order("tie_0"), offset, 20)
        return [row.id for row in rows]

    seen = page(0)
    engine.apply([], [(each, 1) for each in seen[:5]])
    seen += page(20) + page(40)
    assert len(set(seen)) == 55


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("q", ["", "注塑"])
def test_the_first_hits_are_those_of_the_pages(collection: Collection, q: str, sort: Sort) -> None:
    searcher, _ = collection
    whole = all_ids(searcher, q=q, sort=sort)
    page = searcher.first(SearchRequest(DAY, q, sort=sort, page=9, per_page=7), 1000)
    assert [hit.id for hit in page.hits] == whole
    assert (page.total, page.facets) == (len(whole), {})
    assert [hit.id for hit in searcher.first(SearchRequest(DAY, q, sort=sort), 123).hits] == (
        whole[:123]
    )


class Mover:
    """Renews documents without pause, which moves them to the front of the newest."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.stop = engine, threading.Event()
        self.thread = threading.Thread(target=self.move)

    def move(self) -> None:
        dice, version = random.Random(4), 1
        while not self.stop.is_set():
            version += 1
            key = f"case:{dice.randrange(MOVED)}"
            self.engine.apply([Document(key, version, "注塑", numbers={"updated": version})])

    def __enter__(self) -> "Mover":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


@pytest.mark.parametrize("q", ["", "注塑"])
def test_the_first_hits_are_of_one_moment(searching: Callable[..., Searcher], q: str) -> None:
    """While documents move to the front; by page numbers some come twice (control)."""
    searcher = searching(*(Document(f"case:{n}", 1, "注塑") for n in range(MOVED)))
    request = SearchRequest(DAY, q, sort=Sort.UPDATED, per_page=50)
    everything = sorted(f"case:{n}" for n in range(MOVED))
    slipped = False
    with Mover(searcher.engine) as mover:
        for _ in range(count(test=8, soak=200)):
            assert sorted(hit.id for hit in searcher.first(request, 1000).hits) == everything
        end = time.monotonic() + 20
        while not slipped and time.monotonic() < end:
            paged: list[str] = []
            for number in range(1, MOVED // 50 + 1):
                paged += [hit.id for hit in searcher.search(replace(request, page=number)).hits]
                time.sleep(0.02)
            slipped = sorted(paged) != everything
        assert mover.thread.is_alive()
    assert slipped
