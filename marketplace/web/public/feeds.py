"""RSS 2.0 of every list and every search: the newest things that meet the conditions (F-V9).

A feed says what its page says: the same index, the same conditions, absolute addresses. It is
ordered by the day on which the public last got something new, so that a new listing comes first.
An answer has an ETag and no Last-Modified: leaving the pool takes an item away without any newer
date, and a reader that only asked by date would keep it for ever.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

import structlog
from flask import Response, current_app, request

from marketplace.db import current_session
from marketplace.indexing import fallback
from marketplace.indexing.wiring import Catalogue
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.web import limits
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.parts import settings
from marketplace.web.public import blueprint
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import CARDS
from marketplace.web.public.listing import PATHS, PLURALS, Listing
from marketplace.web.public.results import given
from marketplace.web.public.searching import Asked, Found, ask
from search import Highlighter, Hit, Sort, Unavailable

log = structlog.get_logger()

MOST_ITEMS = 50
MINUTES_KEPT = 10
RSS = "application/rss+xml"
ATOM = "http://www.w3.org/2005/Atom"
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What a text may hold and an XML 1.0 document may not; the serialiser does not look."""

register_namespace("atom", ATOM)


@blueprint.get("/providers.rss")
@public
def providers_feed() -> Response:
    """Providers in the pool."""
    return _feed("provider")


@blueprint.get("/products.rss")
@public
def products_feed() -> Response:
    """Products of providers in the pool."""
    return _feed("product")


@blueprint.get("/cases.rss")
@public
def cases_feed() -> Response:
    """Public cases."""
    return _feed("case")


def _feed(kind: str) -> Response:
    limits.read("feed")
    asked = ask(kind, request.args)
    found, words = _newest(asked), vocabulary()
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _head(channel, found, words)
    for hit in found.hits:
        _item(channel, hit, words)
    text = tostring(root, encoding="utf-8", xml_declaration=True)
    response = Response(text, content_type=f"{RSS}; charset=utf-8")
    if found.degraded:
        response.headers["Cache-Control"] = "no-store"
    return response


def _newest(asked: Asked) -> Found:
    """The newest hits. Without the engine those of the database, if it can tell; else none."""
    catalogue: Catalogue = current_app.extensions["search"]
    wanted = replace(asked.request, sort=Sort.UPDATED, page=1, per_page=MOST_ITEMS, facets=())
    try:
        page = catalogue.search(wanted)
    except Unavailable as error:
        log.warning("search unavailable", error=str(error))
    else:
        return Found(asked, page.hits, page.total, 1, {}, Highlighter(()))
    documents = []
    if _listable(asked):
        documents = fallback.newest(
            current_session(), catalogue.words(), asked.kind, wanted.filters, MOST_ITEMS
        )
    hits = tuple(Hit(item.id, item.version, item.card) for item in documents)
    return Found(asked, hits, len(hits), 1, {}, Highlighter(()), degraded=True)


def _listable(asked: Asked) -> bool:
    """Whether the database can tell what meets the conditions."""
    return not asked.request.q and asked.request.filters.keys() <= set(fallback.FILTERS)


def _head(channel: Element, found: Found, words: Vocabulary) -> None:
    asked = found.asked
    name, path = PLURALS[asked.kind], PATHS[asked.kind]
    conditions = " · ".join(Listing(replace(found, degraded=False), words, given(found)).parts())
    pairs = [pair for pair in asked.params.items(multi=True) if pair[0] != "sort"]
    title = f"{settings().site.name} · {name}"
    told = f"符合条件的{name}，最近更新的在前，最多 {MOST_ITEMS} 条。"
    if found.degraded and not _listable(asked):
        told = "搜索暂时不可用，这里暂时没有内容，恢复后自动更新。"
    _put(channel, "title", f"{title}：{conditions}" if conditions else title)
    _put(channel, "link", _absolute(address(path, pairs)))
    _put(channel, "description", told)
    _put(channel, "language", "zh-CN")
    _put(channel, "ttl", str(MINUTES_KEPT))
    own = {"href": _absolute(address(f"{path}.rss", pairs)), "rel": "self", "type": RSS}
    SubElement(channel, f"{{{ATOM}}}link", own)
    if found.hits:
        _put(channel, "lastBuildDate", _date(found.hits[0]))


def _item(channel: Element, hit: Hit, words: Vocabulary) -> None:
    card = CARDS[hit.kind](hit, words, Highlighter(()))
    url = _absolute(str(card["url"]))
    item = SubElement(channel, "item")
    title, about = LINES[hit.kind](card)
    _put(item, "title", title)
    _put(item, "link", url)
    _put(item, "guid", url)  # a permanent address is what guid means when nothing else is said
    _put(item, "pubDate", _date(hit))
    _put(item, "description", " · ".join(filter(None, about)))


def _provider(card: dict[str, Any]) -> tuple[str, list[str]]:
    types = "、".join(full for _, full, _ in card["types"])
    about = [types, "、".join(card["segments"]), card["district"], card["products_line"]]
    return _plain(card["name"]), [*about, card["price_text"], _plain(card["intro"])]


def _product(card: dict[str, Any]) -> tuple[str, list[str]]:
    about = [card["provider_name"], card["category"], "、".join(card["segments"])]
    title = f"{_plain(card['name'])} {card['version']}".strip()
    return title, [*about, card["price_text"], _plain(card["summary"])]


def _case(card: dict[str, Any]) -> tuple[str, list[str]]:
    about = [card["client"], card["segment"], f"{card['year']}年", card["provider_name"]]
    return _plain(card["title"]), [*about, _plain(card["excerpt"])]


LINES = {"provider": _provider, "product": _product, "case": _case}
"""Title and facts of an item, from its card."""


def _plain(marked: Sequence[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in marked)


def _date(hit: Hit) -> str:
    """When it last changed, as RSS writes dates (RFC 822)."""
    card = hit.card or {}
    return format_datetime(datetime.fromisoformat(card["updated"]))


def _absolute(path: str) -> str:
    return settings().base_url + path


def _put(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = NOT_XML.sub("", text)
