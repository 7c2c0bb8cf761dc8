"""Rows of the sheets ``memberships``, ``candidacies`` and ``affiliates``."""

from decimal import Decimal
from typing import Any

from marketplace.demo.codes import credit_code
from marketplace.demo.source import Place, ProviderText, Source

LIMIT = 2
"""From the third segment on a waiver is needed (QD 二(一)7, 原则上)."""


def memberships(source: Source) -> list[dict[str, Any]]:
    """All places, those given up included."""
    return [
        _membership(source, provider, place)
        for provider in source.providers
        for place in (*provider.past, *provider.live)
    ]


def candidacies(source: Source) -> list[dict[str, Any]]:
    """Places decided, in notice, and on the reserve list."""
    return [
        {
            "uscc": credit_code(source.provider(row["key"]).name),
            "type": row["type"],
            "segment": row["segment"],
            "round": source.pool["round"],
            "phase": row["phase"],
            "score": Decimal(row["score"]),
            "rank": row["rank"],
            "publicity_from": row.get("publicity_from"),
            "publicity_until": row.get("publicity_until"),
        }
        for row in source.pool["candidacies"]
    ]


def affiliates(source: Source) -> list[dict[str, Any]]:
    """Which organisations count as one subject."""
    return [
        {
            "uscc": credit_code(source.provider(row["key"]).name),
            "affiliate_uscc": credit_code(source.provider(row["affiliate"]).name),
            "relation": row["relation"],
        }
        for row in source.pool["affiliates"]
    ]


def _membership(source: Source, provider: ProviderText, place: Place) -> dict[str, Any]:
    kind, segment = place
    mine = {"key": provider.key, "type": kind, "segment": segment}
    later = mine in source.pool["supplement"]["places"]
    listing = source.pool["supplement" if later else "first"]
    standing = _standing(source, mine)
    segments = list(dict.fromkeys(segment for _, segment in provider.live))
    beyond = segment in segments[LIMIT:]
    return {
        "uscc": credit_code(provider.name),
        "type": kind,
        "segment": segment,
        "round": source.pool["round"],
        "listed_on": listing["listed_on"],
        # The notice names no end of the title.
        "valid_until": None,
        "document_no": standing.get("document_no", listing["document_no"]),
        "standing": standing.get("standing", "listed"),
        "reason_code": standing.get("reason_code", ""),
        "reason": standing.get("reason", ""),
        "exited_on": standing.get("exited_on"),
        "rectify_by": standing.get("rectify_by"),
        "chain_mode": provider.chain_mode if kind == "chain_leader" else "",
        "waiver": provider.waiver if beyond else "",
    }


def _standing(source: Source, mine: dict[str, str]) -> dict[str, Any]:
    for row in source.pool["standing"]:
        if mine.items() <= row.items():
            found: dict[str, Any] = row
            return found
    return {}
