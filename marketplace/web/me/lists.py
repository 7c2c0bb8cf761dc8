"""What the lists of the enterprise centre share: kept things as lines, and paging."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketplace.services.choosing.kept import Thing
from marketplace.services.profiles.catalogue import gravest, state_of
from marketplace.web.public.listing import PLURALS
from marketplace.web.public.parts import names, standing_tag

PER_PAGE = 20
NOUNS = PLURALS
GONE = {"tone": "neutral", "icon": "slash-circle", "label": "已不再公开"}


def total(session: Session, query: Select[*tuple[Any, ...]]) -> int:
    """How many rows a query has."""
    rows = query.order_by(None).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def paged(endpoint: str, number: int, page: int, **given: Any) -> dict[str, Any]:
    """Context of the pager: pages, the present one, and links."""
    return {
        "total": number,
        "page": page,
        "pages": max(1, -(-number // PER_PAGE)),
        "page_link": lambda to: url_for(endpoint, page=to, **given),
    }


def line(thing: Thing | None, kind: str) -> dict[str, Any]:
    """One kept thing as lists show it; what is gone says so."""
    if thing is None:
        return {"kind": NOUNS[kind], "title": "（已不再公开）", "url": "", "by": "", "tag": GONE,
                "about": "", "public": False}  # fmt: skip
    shown = thing.shown
    tag = GONE
    if shown is not None and shown.memberships:
        places = shown.listed or shown.memberships[:1]
        tag = standing_tag(state_of(gravest(places)))
    return {
        "kind": NOUNS[thing.kind],
        "title": thing.title,
        "url": thing.url,
        "by": "" if thing.kind == "provider" else thing.provider,
        "tag": tag if thing.kind == "provider" or thing.public else GONE,
        "about": "、".join(names("segment", shown.segments)) if shown else "",
        "public": thing.public,
    }


def kinds(counts: Mapping[str, int], chosen: str, endpoint: str) -> list[dict[str, Any]]:
    """Tabs by kind, with numbers."""
    every = [("", "全部", sum(counts.values()))]
    every += [(kind, NOUNS[kind], counts.get(kind, 0)) for kind in NOUNS]
    return [
        {
            "label": label,
            "url": url_for(endpoint, kind=kind or None),
            "count": number,
            "current": kind == chosen,
        }
        for kind, label, number in every
    ]


def keys_of(rows: Iterable[Any]) -> list[tuple[str, int]]:
    """Kind and number of rows that name a kept thing."""
    return [(row.kind, row.item_id) for row in rows]
