"""Through everything that some filters leave, however many there are: for exports and checks.

Pages by number end at 10,000 hits and slip when the index changes between two of them; a walk
goes on behind the last document it gave.
"""

from collections.abc import Iterator

from search.engines import Engine, Order, Place, Row
from search.plan import Filters

STEP = 500


def walk(engine: Engine, filters: Filters, order: Order, step: int = STEP) -> Iterator[Row]:
    """Every document that fits the filters, in order, each once; ``step`` at a time.

    Documents that change while the walk goes on are given as they are when it comes to them.
    Raises Unavailable when the engine stops answering.
    """
    place: Place | None = None
    while found := engine.view().after(filters, order, place, step):
        for _, row in found:
            yield row
        place = found[-1][0]
