"""Who could help with a demand, and why: from its words to capabilities, from there to providers.

Read from the index alone, outside any transaction. Only listed, unhidden providers are in it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace import clock
from marketplace.errors import Unavailable
from marketplace.indexing.wiring import Catalogue
from marketplace.phases import NEW_CONTRACT_PHASES
from search import Hit, SearchRequest
from search import Unavailable as NoAnswer

WINDOW = 100
CAPABILITIES = 6
WORTH = 0.5
"""A capability counts when it scores at least this share of the best."""
LONGEST = 2000


@dataclass(frozen=True)
class Capability:
    """A product category that the words ask for, and the words that speak for it."""

    code: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """One provider: which of the capabilities and process links it has, and its local cases."""

    provider_id: int
    name: str
    capabilities: tuple[Capability, ...]
    process_links: tuple[str, ...]


def matches(
    catalogue: Catalogue, text: str, segment: str, process_links: Sequence[str], most: int
) -> list[Match]:
    """The best ``most``, those with more of what is asked for first; among equals the neutral
    order of the day. Raises Unavailable."""
    needs = catalogue.needs()
    ranked = [item for item in needs.rank(text[:LONGEST], CAPABILITIES, kind="category")
              if item.words or needs.fused]  # fmt: skip
    wanted = [
        Capability(item.capability.code, tuple(item.words))
        for item in ranked
        if item.score >= WORTH * ranked[0].score
    ]
    try:
        every = _ids(catalogue, segment, {})
        linked = {
            code: {hit.key for hit in _ids(catalogue, segment, {"process_link": (code,)})}
            for code in process_links
        }
    except NoAnswer as error:
        raise Unavailable("搜索暂时不可用") from error
    found = [_match(hit, wanted, linked) for hit in every]
    worth = [item for item in found if item.capabilities or item.process_links]
    return sorted(worth, key=_rank)[:most]


def _rank(item: Match) -> tuple[int, int]:
    return -len(item.capabilities), -len(item.process_links)


def _ids(catalogue: Catalogue, segment: str, more: dict[str, tuple[str, ...]]) -> Iterable[Hit]:
    filters = {
        "segment": (segment,), "standing": tuple(p.value for p in NEW_CONTRACT_PHASES), **more,
    }  # fmt: skip
    request = SearchRequest(day=clock.today(), kind="provider", filters=filters, per_page=WINDOW)
    return catalogue.search(request).hits


def _match(hit: Hit, wanted: Sequence[Capability], linked: dict[str, set[str]]) -> Match:
    own = set((hit.card or {}).get("categories", ()))
    return Match(
        int(hit.key),
        hit.title,
        tuple(item for item in wanted if item.code in own),
        tuple(code for code, ids in linked.items() if hit.key in ids),
    )
