"""Kinds of messages as data: ``config/messages/inbox.yml``, checked when it is read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from typing import Any

from marketplace.models.inbox import DELIVERIES, DIGEST, NOW
from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "messages" / "inbox.yml"
FACT = re.compile(r"\{([a-z_]+)\}")
LONGEST_TITLE = 200


@dataclass(frozen=True)
class Wording:
    """Title and text for one kind of reader, with ``{facts}`` to be filled in."""

    title: str
    text: str

    @property
    def facts(self) -> set[str]:
        """The names of what must be filled in."""
        return set(FACT.findall(self.title + self.text))

    def filled(self, facts: Mapping[str, str]) -> "Wording":
        """The words as a reader sees them. Raises KeyError for a fact that is missing.

        Only names are replaced: what a fact itself says is never read as a template.
        """
        missing = self.facts - set(facts)
        if missing:
            raise KeyError(", ".join(sorted(missing)))

        def put(found: re.Match[str]) -> str:
            return str(facts[found.group(1)])

        title = " ".join(FACT.sub(put, self.title).split())
        return Wording(title[:LONGEST_TITLE], FACT.sub(put, self.text).strip())


@dataclass(frozen=True)
class Kind:
    """One kind of message. ``must``: its readers cannot keep it out of their mail."""

    name: str
    label: str
    mail: str
    voices: Mapping[str, Wording]
    must: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """How a reader may have it mailed."""
        return (NOW, DIGEST) if self.must else DELIVERIES


@dataclass(frozen=True)
class Kinds:
    """All of them, and when the letter of the day goes out (Beijing time)."""

    by_name: Mapping[str, Kind]
    digest_at: time


@cache
def kinds() -> Kinds:
    """What the configuration says. Raises ValueError, KeyError for a kind that cannot be."""
    data = read_yaml(FILE)
    found = {name: _kind(name, given) for name, given in data["kinds"].items()}
    return Kinds(found, time.fromisoformat(data["digest_at"]))


def _kind(name: str, given: Mapping[str, Any]) -> Kind:
    voices = {voice: Wording(**words) for voice, words in given["voices"].items()}
    kind = Kind(name, given["label"], given["mail"], voices, given.get("must", False))
    if kind.mail not in kind.choices or not voices or len(name) > 40:
        raise ValueError(f"{FILE.name}: {name}: {dict(given)}")
    return kind


def get(name: str) -> Kind:
    """One kind. Raises KeyError: only code names kinds, so an unknown one is a mistake."""
    return kinds().by_name[name]
