"""What very many documents have is asked of the early ones first; the answer is the same."""

from collections.abc import Iterator

import pytest

from search import Document, open_engine, tie_values
from search.engines import Glance, View
from search.engines.embedded_view import EmbeddedView
from search.engines.meta import current_meta
from search.plan import Best, Boost, Combine, Exactly, Node, Nothing, Phrase, Term
from search.ties import EARLY, FIXED, YES

DOCUMENTS = 2600
IDS = tuple(f"case:{number}" for number in range(DOCUMENTS))
OFTEN, SELDOM = Phrase("title_b", ("车间", "间排")), Term("title_b", "注塑")


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Iterator[View]:
    """Of every document ``车间排产`` is said, of every hundredth ``注塑``."""
    engine = open_engine(f"tantivy://{tmp_path_factory.mktemp('index')}")
    with engine.build(current_meta()) as build:
        build.add(
            Document(id_, 1, f"车间排产{'注塑' if number % 100 == 0 else ''}")
            for number, id_ in enumerate(IDS)
        )
        with build.frozen():
            build.swap()
    yield engine.view()
    engine.close()


@pytest.mark.parametrize(
    ("node", "step"),
    [
        (OFTEN, 1),
        (SELDOM, 100),
        (Best((Boost(OFTEN, 2.0), SELDOM)), 1),
        (Best((SELDOM, Nothing())), 100),
        (Combine(must=(Exactly(OFTEN, 1.0),), should=(SELDOM,)), 1),
        (Combine(must=(OFTEN, SELDOM)), 100),
        (Combine(should=(OFTEN, SELDOM), at_least=2), 100),
        (Nothing(), DOCUMENTS + 1),
    ],
)
@pytest.mark.parametrize("size", [1, 8, 30])
def test_the_first_are_the_same(view: View, node: Node, step: int, size: int) -> None:
    expected = sorted(IDS[::step] if step <= DOCUMENTS else (), key=lambda id_: tie_values(id_)[0])
    (rows,) = view.glance(FIXED, [Glance(node, (), size)])
    assert [row.id for row in rows] == expected[:size]


def test_only_the_early_ones_are_asked(view: View, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: where many may be found, and few are wanted, the others are not looked at."""
    assert view.count(Term("early", YES), ()) == sum(tie_values(id_)[0] < EARLY for id_ in IDS) > 2
    asked: list[bool] = []
    before = EmbeddedView._before

    def watched(self: EmbeddedView, *given: object) -> object:
        asked.append(("early", (YES,)) in given[1])  # type: ignore[operator]
        return before(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(EmbeddedView, "_before", watched)
    for node, size in ((OFTEN, 1), (OFTEN, 2), (SELDOM, 1), (OFTEN, 100)):
        view.glance(FIXED, [Glance(node, (), size)])
        view.glance("tie_3", [Glance(node, (), size)])
    assert asked == [True, False, True, False, False, False, False, False]
