"""Small made-up collections for the engine contract."""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from search import (
    Analyzer,
    Document,
    Engine,
    Rebuilt,
    Searcher,
    SearchRequest,
    Synonym,
    rebuild,
)
from search.index import _versions
from search.places import MEMBERS
from tests.support import timing

DAY = date(2026, 3, 4)  # a Wednesday
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance")
TYPES = ("integrator", "product", "chain_leader")
DISTRICTS = ("370202", "370203", "370281")
TERMS = ("注塑", "压铸", "排产", "MES", "制造执行系统", "质量追溯", "能耗管理", "仓储管理")
RULES = (Synonym(("MES", "制造执行系统")), Synonym(("双碳",), ("能耗管理",)))
ANALYZER = Analyzer(TERMS, RULES)
WORDS = (*TERMS, "车间", "机器人", "澜图", "启恒", "视觉检测", "3.0")


def some_documents(count: int, seed: int = 1) -> list[Document]:
    """Documents of all kinds with many equal scores, prices and dates."""
    dice = random.Random(seed)
    return [_some_document(number, dice) for number in range(count)]


def _some_document(number: int, dice: random.Random) -> Document:
    words = dice.choices(WORDS, k=4)
    places = _some_places(dice)
    return Document(
        f"{dice.choice(('provider', 'product', 'case'))}:{number}",
        dice.randrange(1, 5),
        f"{words[0]}{words[1]}",
        (words[2],) if number % 3 else (),
        f"{words[2]}，用于{words[3]}。",
        {name: tuple({place[name] for place in places}) for name in MEMBERS}
        | {
            "district": (dice.choice(DISTRICTS),),
            "standing": dice.choice((("listed",), ("warned",), ())),
        },
        {"updated": dice.randrange(3)}
        | ({"price": dice.randrange(3) * 1000} if number % 4 else {}),
        places=places if number % 2 else (),
    )


def _some_places(dice: random.Random) -> tuple[dict[str, str], ...]:
    return tuple(
        {
            "type": dice.choice(TYPES),
            "segment": dice.choice(SEGMENTS),
            "round": dice.choice(("r1", "r2")),
        }
        for _ in range(dice.randrange(1, 4))
    )


A = TypeVar("A")


def within(seconds: float, searcher: Searcher, ask: Callable[[Searcher], A]) -> A:
    """The answer of a searcher that remembers nothing, which must take no longer."""

    def fresh() -> Searcher:
        return Searcher(searcher.engine, ANALYZER)

    fresh().search(SearchRequest(DAY, "注塑 车间 排产"))  # words are loaded once per process
    return timing.within(seconds, lambda: ask(fresh()))


def versions(engine: Engine) -> dict[str, int]:
    """What the index holds: versions by id."""
    return _versions(lambda: engine.view().ids())


class Source:
    """The side of the database: what there is now, by id."""

    def __init__(self, documents: Iterable[Document] = ()) -> None:
        self.documents = {document.id: document for document in documents}

    def all(self) -> list[Document]:
        return list(self.documents.values())

    def load(self, ids: Sequence[str]) -> list[Document]:
        return [self.documents[each] for each in ids if each in self.documents]

    def expected(self) -> list[tuple[str, int]]:
        return [(document.id, document.version) for document in self.documents.values()]

    def rebuild(
        self,
        engine: Engine,
        progress: Callable[[str, int], None] | None = None,
        documents: Callable[[], Iterable[Document]] | None = None,
    ) -> Rebuilt:
        """Rebuild an index from here, or from ``documents`` as far as they go."""
        return rebuild(
            engine,
            documents or self.all,
            load=self.load,
            expected=self.expected,
            terms=TERMS,
            progress=progress,
        )
