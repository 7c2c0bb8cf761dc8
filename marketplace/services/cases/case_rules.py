"""What ``config/cases.yml`` declares: how long a link for consent lives, rows of the form."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "cases.yml"


@dataclass(frozen=True)
class Rules:
    """``consent``: how long a client may answer; ``metric_rows``: figures a case may have."""

    consent: timedelta
    metric_rows: int


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, ValueError for a file that cannot be."""
    data = read_yaml(FILE)
    found = Rules(timedelta(days=data["consent_days"]), data["metric_rows"])
    if found.consent <= timedelta(0) or found.metric_rows < 1:
        raise ValueError(f"{FILE.name}: {data}")
    return found
