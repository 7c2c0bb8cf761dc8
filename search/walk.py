"""Through everything that some filters leave, however many there are: for files and checks.

Pages by number end at 10,000 hits; a walk goes on behind the last document it gave.
"""

from collections.abc import Iterator

from search.engines import Order, Place, Row, View
from search.plan import Filters

STEP = 500


def walk(view: View, filters: Filters, order: Order, step: int = STEP) -> Iterator[Row]:
    """Every document that fits the filters, in order, each once; ``step`` at a time.

    All are of the moment of the view. Raises Unavailable when the engine stops answering.
    """
    place: Place | None = None
    while found := view.after(filters, order, place, step):
        for _, row in found:
            yield row
        place = found[-1][0]
