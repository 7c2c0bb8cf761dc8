"""What ``config/projects.yml`` declares: sub-scores, minimum for averages, clause, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "projects.yml"


@dataclass(frozen=True)
class Rules:
    """``scores``: sub-scores with their labels; ``minimum``: ratings that an average needs;
    ``clause`` and ``quote``: why nobody evaluates what he built; ``todo``: words for messages."""

    minimum: int
    scores: Mapping[str, str]
    clause: str
    quote: str
    todo: Mapping[str, str]


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, ValueError for a file that cannot be."""
    data = read_yaml(FILE)
    rating, separation = data["rating"], data["separation"]
    found = Rules(
        rating["minimum"], rating["scores"], separation["clause"], separation["quote"],
        data["todo"],
    )  # fmt: skip
    if found.minimum < 1 or not found.scores:
        raise ValueError(f"{FILE.name}: rating")
    return found
