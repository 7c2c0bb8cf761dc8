"""What ``config/webhooks.yml`` declares: which events are told to other systems, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import cache
from typing import Any

from marketplace.phases import NoticePhase, StandingPhase
from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "webhooks.yml"
NEW = "new"
PING = "ping"
"""The kind of a test message, which somebody asks for on the page."""
TABLES: dict[str, type[StrEnum]] = {"memberships": StandingPhase, "public_notices": NoticePhase}
"""What can be told about, and the phases its rules may name."""


@dataclass(frozen=True)
class Told:
    """A rule: a step of a row of the table ``of`` that makes an event of ``kind``.

    Empty ``from_``, ``to`` and ``by`` hold for any phase and any action. ``ways``: how somebody
    left, by action; ``way`` for the others.
    """

    kind: str
    of: str
    from_: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    way: str = ""
    ways: Mapping[str, str] = field(default_factory=dict)

    def holds(self, table: str, action: str, before: str, after: str) -> bool:
        """Whether the step from phase ``before`` (``new``: there was none) is meant."""
        pairs = ((self.from_, before), (self.to, after), (self.by, action))
        return self.of == table and all(not wanted or given in wanted for wanted, given in pairs)


@dataclass(frozen=True)
class Rules:
    """``kinds``: words of each kind. ``delays``: from a failed try to the next one, in turn."""

    kinds: Mapping[str, str]
    told: tuple[Told, ...]
    delays: tuple[timedelta, ...]
    timeout_seconds: float
    keep: timedelta
    former_secret: timedelta

    def rule(self, table: str, action: str, before: str, after: str) -> Told | None:
        """The first rule that holds; None when nothing is told."""
        return next((one for one in self.told if one.holds(table, action, before, after)), None)

    def label(self, kind: str) -> str:
        """A kind in words; one that is no longer declared by its name."""
        return "测试" if kind == PING else self.kinds.get(kind, kind)


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, TypeError, ValueError for a wrong file."""
    return parsed(read_yaml(FILE))


def parsed(data: Mapping[str, Any]) -> Rules:
    """The same for the content of a file."""
    told = tuple(_told(given, data["kinds"]) for given in data["told"])
    delays = tuple(timedelta(seconds=number) for number in data["delays_seconds"])
    found = Rules(
        data["kinds"], told, delays, data["timeout_seconds"],
        timedelta(days=data["keep_days"]), timedelta(hours=data["former_secret_hours"]),
    )  # fmt: skip
    nothing = timedelta(0)
    lengths = (*delays, found.keep, found.former_secret)
    if not delays or found.timeout_seconds <= 0 or any(length <= nothing for length in lengths):
        raise ValueError(f"{FILE.name}: lengths of time must be above zero")
    return found


def _told(given: Mapping[str, Any], kinds: Mapping[str, str]) -> Told:
    lists: dict[str, Any] = {
        name: tuple(given.get(key, ()))
        for name, key in (("from_", "from"), ("to", "to"), ("by", "by"))
    }
    rest = {key: given[key] for key in ("kind", "of", "way", "ways") if key in given}
    rule = Told(**rest, **lists)
    known = {str(phase) for phase in TABLES[rule.of]}
    if rule.kind not in kinds or not {*rule.from_, *rule.to} <= known | {NEW}:
        raise ValueError(f"{FILE.name}: {rule}")
    return rule
