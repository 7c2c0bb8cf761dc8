"""The sets are what they claim to be, and still fit the market."""

import pytest

from tests.relevance.conftest import Market
from tests.relevance.generate import SIZES, contents
from tests.relevance.generate_asked import ASKED, TERM_SIZES
from tests.support.relevance import FOLDER, grade, items, lines, needs
from tests.support.relevance_market import capabilities, vocabulary

pytestmark = [pytest.mark.xdist_group("relevance"), pytest.mark.timeout(600)]


def test_sizes():
    known = items("known_item")
    sizes = {**SIZES, **TERM_SIZES}

    assert {group: sum(i.group == group for i in known) for group in sizes} == sizes
    assert len(known) == sum(sizes.values()) >= 2000
    assert len(items("attribute")) == ASKED
    assert len(lines("parity")) == 300
    assert len(needs()) >= 150


@pytest.mark.parametrize("name", ["known_item", "attribute", "negative", "needs", "parity"])
def test_nothing_stands_twice(name: str):
    rows = lines(name)
    ids = [row["id"] for row in rows]
    texts = [
        (row.get("q", row.get("text")), row.get("kind"), row.get("class"), str(row.get("filters")))
        for row in rows
    ]

    assert len(set(ids)) == len(ids)
    # Two requests of the parity set may share their words and differ in the page.
    assert name == "parity" or len(set(texts)) == len(texts)


def test_every_query_has_its_answer_in_the_market(market: Market):
    titles = {(document.kind, document.title) for document in market.documents}
    lost = [
        (item.q, title)
        for item in items("known_item")
        for title in item.titles
        if (item.kind, title) not in titles
    ]
    assert lost == [], "run python -m tests.relevance.generate"
    unmet = [
        item.q
        for item in [*items("attribute"), *items("known_item")]
        if item.asked
        and not any(
            document.kind == item.kind and grade(item.asked, document) == 3
            for document in market.documents
        )
    ]
    assert unmet == [], "run python -m tests.relevance.generate"


def test_no_negative_query_stands_in_the_market(market: Market):
    texts = [
        "\n".join((document.title, *document.alias, document.body)).lower()
        for document in market.documents
    ]
    assert [
        row["q"] for row in lines("negative") if any(row["q"].lower() in text for text in texts)
    ] == []


def test_grades_name_capabilities_and_each_need_has_an_answer():
    codes = {term["code"] for kind in ("categories", "scenes") for term in vocabulary(kind)}

    graded = {code for need in needs() for code in need.grades}

    assert graded <= codes
    assert {grade for need in needs() for grade in need.grades.values()} == {1, 2, 3}
    assert [need.id for need in needs() if 3 not in need.grades.values()] == []
    assert (
        codes - {code for need in needs() for code, grade in need.grades.items() if grade == 3}
        == set()
    )


@pytest.mark.soak
def test_the_market_gives_these_sets(market: Market):
    with market.database.reading() as session:
        wares = capabilities(session)

    for name, rows in contents(market.documents, wares).items():
        assert (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines() == rows, name
