"""The count beside a value is the number of hits after choosing it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search import Document, FacetValue, Searcher, SearchRequest, Way
from search.places import MEMBERS
from tests.contract.corpus import DAY, DISTRICTS, SEGMENTS, TYPES, WORDS

Collection = tuple[Searcher, list[Document]]
CHOICES = {
    "segment": SEGMENTS,
    "type": TYPES,
    "round": ("r1", "r2"),
    "district": DISTRICTS,
    "standing": ("listed", "warned"),
    "kind": ("provider", "product", "case"),
}
FACETS = tuple(CHOICES)
QUERIES = st.lists(st.sampled_from((*WORDS, "火星", "“车间”")), max_size=4).map(" ".join)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        name: st.lists(st.sampled_from(values), min_size=1, unique=True).map(tuple)
        for name, values in CHOICES.items()
    },
)
REQUESTS = st.builds(
    lambda q, filters: SearchRequest(DAY, q, filters=filters, facets=FACETS), QUERIES, FILTERS
)
of_module = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@of_module
@given(request=REQUESTS)
def test_counts_are_the_hits_after_the_click(
    collection: Collection, request: SearchRequest
) -> None:
    searcher, _ = collection
    page = searcher.search(request)
    for name, values in page.facets.items():
        shown = {value.value: value.count for value in values}
        for value in CHOICES[name]:
            filters = {**request.filters, name: (value,)}
            clicked = replace(request, filters=filters, facets=())
            assert searcher.search(clicked).total == shown.get(value, 0), (name, value)


@of_module
@given(request=REQUESTS)
def test_filters_are_alternatives_inside_and_add_up_outside(
    collection: Collection, request: SearchRequest
) -> None:
    searcher, documents = collection
    browse = replace(request, q="", per_page=100)
    hits = {
        hit.id for page in range(1, 4) for hit in searcher.search(replace(browse, page=page)).hits
    }
    assert hits == {document.id for document in documents if fits(document, request.filters)}


def fits(document: Document, filters: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a document has a chosen value of each field, and a place with all those of places."""
    has = {**document.keywords, "kind": (document.kind,)}
    chosen = {name: values for name, values in filters.items() if name in MEMBERS}
    together = not document.places or any(
        all(place[name] in values for name, values in chosen.items()) for place in document.places
    )
    return together and all(set(values) & set(has[name]) for name, values in filters.items())


def test_values_are_sorted_and_chosen_ones_stay_visible(
    searching: Callable[..., Searcher],
) -> None:
    searcher = searching(
        Document("case:1", 1, "甲", keywords={"segment": ("b",), "district": ("x",)}),
        Document("case:2", 1, "乙", keywords={"segment": ("a", "b"), "district": ("y",)}),
        Document("case:3", 1, "丙", keywords={"segment": ("c",), "district": ("x",)}),
    )
    request = SearchRequest(
        DAY, filters={"segment": ("c", "none"), "district": ("x",)}, facets=("segment", "district")
    )
    assert searcher.search(request).facets == {
        "segment": (
            FacetValue("b", 1, False),
            FacetValue("c", 1, True),
            FacetValue("none", 0, True),
        ),
        "district": (FacetValue("x", 1, True),),
    }


def test_type_and_segment_hold_for_the_same_place(searching: Callable[..., Searcher]) -> None:
    """An integrator for cars that sells products to railways is no integrator for railways."""
    both = {"type": ("integrator", "product"), "segment": ("auto_parts", "rail_equipment")}
    searcher = searching(
        Document(
            "provider:1",
            1,
            "甲",
            keywords=both,
            places=(
                {"type": "integrator", "segment": "auto_parts", "round": "r1"},
                {"type": "product", "segment": "rail_equipment", "round": "r1"},
            ),
        )
    )
    facets = ("type", "segment")
    request = SearchRequest(DAY, filters={"segment": ("rail_equipment",)}, facets=facets)
    page = searcher.search(request)
    assert (page.total, page.facets["type"]) == (1, (FacetValue("product", 1, False),))
    wrong = replace(request, filters={"segment": ("rail_equipment",), "type": ("integrator",)})
    assert searcher.search(wrong).total == 0
    assert searcher.ways_out(wrong) == (Way(("segment",), 1), Way(("type",), 1))
    either = replace(request, filters={"segment": ("rail_equipment", "auto_parts")})
    assert searcher.search(either).facets["type"] == (
        FacetValue("integrator", 1, False),
        FacetValue("product", 1, False),
    )


def test_counts_change_with_the_index(searching: Callable[..., Searcher]) -> None:
    searcher = searching(Document("case:1", 1, "甲", keywords={"segment": ("a",)}))
    request = SearchRequest(DAY, facets=("segment",))
    assert searcher.search(request).facets["segment"] == (FacetValue("a", 1, False),)
    searcher.engine.apply([Document("case:2", 1, "乙", keywords={"segment": ("a",)})])
    assert searcher.search(request).facets["segment"] == (FacetValue("a", 2, False),)


def test_ways_out_of_an_empty_page(searching: Callable[..., Searcher]) -> None:
    searcher = searching(
        Document("case:1", 1, "注塑", keywords={"segment": ("a",), "district": ("x",)}),
        Document("case:2", 1, "注塑", keywords={"segment": ("a",), "district": ("x",)}),
        Document("product:3", 1, "注塑", keywords={"segment": ("b",), "district": ("y",)}),
    )
    request = SearchRequest(DAY, "注塑", filters={"segment": ("a",), "district": ("y",)})
    assert searcher.ways_out(request) == (Way(("district",), 2), Way(("segment",), 1))
    lost = SearchRequest(
        DAY, "注塑", kind="product", filters={"segment": ("c",), "district": ("z",)}
    )
    assert searcher.ways_out(lost) == (Way(("district", "kind", "segment"), 3),)
    assert searcher.ways_out(SearchRequest(DAY, "火星", filters={"segment": ("a",)})) == ()
