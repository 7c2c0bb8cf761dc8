"""Two sizes for one test: short for ``make test``, full for ``make soak``."""

import os
from typing import TypeVar

T = TypeVar("T")

SOAK = os.environ.get("SOAK", "") not in ("", "0")


def count(test: T, soak: T) -> T:
    """``soak`` when SOAK=1 is set, ``test`` otherwise: trials, rows, kills, seconds."""
    return soak if SOAK else test
