"""RSS 2.0 of rows that are not in the search index."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from flask import Response

from marketplace.web.parts import settings
from marketplace.web.public.feeds import ATOM, MINUTES_KEPT, NOT_XML, RSS


@dataclass(frozen=True)
class Item:
    """One entry; ``path`` is its permanent address on this site."""

    title: str
    path: str
    at: datetime
    text: str


def feed(name: str, path: str, own_path: str, about: str, items: Iterable[Item]) -> Response:
    """The answer: the newest first, with absolute addresses."""
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    rows = list(items)
    _put(channel, "title", f"{settings().site.name} · {name}")
    _put(channel, "link", _absolute(path))
    _put(channel, "description", about)
    _put(channel, "language", "zh-CN")
    _put(channel, "ttl", str(MINUTES_KEPT))
    own = {"href": _absolute(own_path), "rel": "self", "type": RSS}
    SubElement(channel, f"{{{ATOM}}}link", own)
    if rows:
        _put(channel, "lastBuildDate", format_datetime(rows[0].at))
    for row in rows:
        item = SubElement(channel, "item")
        _put(item, "title", row.title)
        _put(item, "link", _absolute(row.path))
        _put(item, "guid", _absolute(row.path))
        _put(item, "pubDate", format_datetime(row.at))
        _put(item, "description", row.text)
    text = tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(text, content_type=f"{RSS}; charset=utf-8")


def _put(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = NOT_XML.sub("", text)


def _absolute(path: str) -> str:
    return settings().base_url + path
