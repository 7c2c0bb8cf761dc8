"""What may be asked and indexed (S53, S62): everything else is refused by name."""

from datetime import date
from typing import Any

import pytest

from search import BadDocument, Document, InvalidRequest, SearchRequest, Sort

DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("kind", {"kind": "user"}),
        ("sort", {"sort": "price"}),
        ("sort", {"sort": None}),
        ("facets", {"facets": ("body",)}),
        ("facets", {"facets": ("provider_id",)}),
        ("page", {"page": 0}),
        ("page", {"page": -1}),
        ("page", {"page": True}),
        ("page", {"page": 1.0}),
        ("page", {"page": 2**63}),
        ("page", {"page": 501, "per_page": 20}),
        ("page", {"page": 101, "per_page": 100}),
        ("per_page", {"per_page": 101}),
        ("per_page", {"per_page": 0}),
        ("body", {"filters": {"body": ("x",)}}),
        ("__class__", {"filters": {"__class__": ("x",)}}),
        ("segment", {"filters": {"segment": "auto"}}),
        ("segment", {"filters": {"segment": ("",)}}),
        ("segment", {"filters": {"segment": ("a\0b",)}}),
        ("segment", {"filters": {"segment": ("\ud800",)}}),
        ("segment", {"filters": {"segment": (5,)}}),
        ("segment", {"filters": {"segment": ("x" * 201,)}}),
        ("segment", {"filters": {"segment": tuple(map(str, range(51)))}}),
        ("kind", {"kind": "case", "filters": {"kind": ("product",)}}),
    ],
)
def test_refused(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        SearchRequest(DAY, **given)
    assert caught.value.field == field
    assert caught.value.message


def test_filters_become_sorted_groups() -> None:
    request = SearchRequest(
        DAY, kind="case", filters={"segment": ("b", "a", "b"), "district": ()}, page=3, per_page=7
    )
    assert request.groups == (("kind", ("case",)), ("segment", ("a", "b")))
    assert (request.offset, request.sort) == (14, Sort.RELEVANCE)


@pytest.mark.parametrize(("page", "per_page"), [(500, 20), (100, 100), (10_000, 1)])
def test_ten_thousand_hits_can_be_reached(page: int, per_page: int) -> None:
    assert SearchRequest(DAY, page=page, per_page=per_page).offset < 10_000


@pytest.mark.parametrize(
    "given",
    [
        {"id": "user:1"},
        {"id": "case"},
        {"id": "case:\ud800"},
        {"id": "case:" + "9" * 200},
        {"version": -1},
        {"version": True},
        {"version": 2**63},
        {"keywords": {"body": ("x",)}},
        {"keywords": {"kind": ("case",)}},
        {"keywords": {"segment": "auto"}},
        {"keywords": {"segment": ("",)}},
        {"keywords": {"segment": ("\0",)}},
        {"numbers": {"tie_0": 1}},
        {"numbers": {"v": 1}},
        {"numbers": {"price": 1.5}},
        {"numbers": {"price": 2**63}},
    ],
)
def test_documents_that_do_not_fit_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(BadDocument):
        Document(**({"id": "case:1", "version": 1, "title": "x"} | given))
