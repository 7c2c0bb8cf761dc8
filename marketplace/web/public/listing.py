"""What a results page shows around its hits: facets, pills, the sentence, sorting, paging."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from marketplace.indexing.building import OUTSIDE
from marketplace.services.vocabulary import Vocabulary
from marketplace.web.public.searching import FILTERS, SORTS, Asked, Found
from search import FacetValue, Sort

LABELS = {
    "segment": "细分行业",
    "type": "服务商类型",
    "process_link": "关键环节",
    "scene": "业务场景",
    "category": "产品类别",
    "price": "试点价",
    "district": "区市",
    "delivery": "实施工期",
    "deployment": "部署方式",
    "local": "本地案例",
    "year": "案例年份",
}
SORT_LABELS = {Sort.RELEVANCE: "相关度", Sort.UPDATED: "最近更新", Sort.PRICE: "价格从低到高"}
UNITS = {"provider": "家", "product": "个", "case": "个"}
PLURALS = {"provider": "服务商", "product": "产品", "case": "案例"}


def address(path: str, params: MultiDict[str, str] | Sequence[tuple[str, str]]) -> str:
    """``path`` with its parameters in order."""
    pairs = list(params.items(multi=True)) if isinstance(params, MultiDict) else list(params)
    return f"{path}?{urlencode(pairs)}" if pairs else path


def value_name(words: Vocabulary, kind: str, name: str, value: str) -> str:
    """How a chosen value is called on the page; an unknown one shows as it stands."""
    if name == "district" and value == OUTSIDE:
        return "市外"
    if name == "local":
        return "有青岛本地案例"
    if name == "year":
        return f"{value}年"
    return words.label(FILTERS[kind][name][1], value)


def without(asked: Asked, name: str, value: str | None = None) -> MultiDict[str, str]:
    """The parameters less one value of a filter, or less the whole filter."""
    pairs = [
        (key, each)
        for key, each in asked.params.items(multi=True)
        if key != name or (value is not None and each != value)
    ]
    return MultiDict(pairs)


def facet_groups(found: Found, words: Vocabulary) -> list[dict[str, Any]]:
    """Groups of options with counts for the ``filter_list`` component.

    Without an engine there are no counts; what the database can filter by is still offered.
    """
    asked = found.asked
    groups = []
    for name, (field, kind) in FILTERS[asked.kind].items():
        if found.degraded:
            options = _plain_options(asked, words, name, kind)
        else:
            options = _counted_options(asked, words, name, kind, found.facets.get(field, ()))
        groups.append({"name": name, "label": LABELS[name], "options": options})
    return groups


def _counted_options(
    asked: Asked, words: Vocabulary, name: str, kind: str, counts: Sequence[FacetValue]
) -> list[dict[str, Any]]:
    """In the order of the vocabulary, so that an option keeps its place; years newest first."""
    order = {word.code: place for place, word in enumerate(words.options(kind))}
    if name == "year":
        shown = sorted(counts, key=lambda item: item.value, reverse=True)
    else:
        shown = sorted(counts, key=lambda item: (order.get(item.value, len(order)), item.value))
    return [
        {
            "value": item.value,
            "label": value_name(words, asked.kind, name, item.value),
            "count": item.count,
            "checked": item.selected,
        }
        for item in shown
        if item.count or item.selected
    ]


def _plain_options(asked: Asked, words: Vocabulary, name: str, kind: str) -> list[dict[str, Any]]:
    if name not in ("segment", "type", "district"):
        return []
    chosen = asked.chosen.get(name, ())
    return [
        {"value": w.code, "label": w.label, "count": None, "checked": w.code in chosen}
        for w in words.options(kind)
    ]


def pills(asked: Asked, words: Vocabulary, path: str) -> list[dict[str, str]]:
    """Every chosen condition as a link that removes it."""
    items = []
    if asked.request.q:
        url = address(path, without(asked, "q"))
        items.append({"group": "含", "label": f"“{asked.request.q}”", "url": url})
    for name, values in asked.chosen.items():
        for value in values:
            label = value_name(words, asked.kind, name, value)
            url = address(path, without(asked, name, value))
            items.append({"group": LABELS[name], "label": label, "url": url})
    return items


def sentence_parts(asked: Asked, words: Vocabulary) -> list[str]:
    """``汽车零部件 · 小快轻准 · 含“MES”``"""
    parts = [
        " 或 ".join(value_name(words, asked.kind, name, value) for value in values)
        for name, values in asked.chosen.items()
    ]
    return [*parts, f"含“{asked.request.q}”"] if asked.request.q else parts


def sort_options(asked: Asked, path: str) -> list[dict[str, Any]]:
    """Links to the other orders."""
    rest = without(asked, "sort")
    options = []
    for sort in SORTS[asked.kind]:
        pairs = list(rest.items(multi=True))
        if sort is not Sort.RELEVANCE:
            pairs.append(("sort", sort.value))
        label = SORT_LABELS[sort]
        if sort is Sort.RELEVANCE and not asked.request.q:
            label = "每日轮换"
        current = asked.request.sort is sort
        options.append({"label": label, "url": address(path, pairs), "current": current})
    return options


def way_links(found: Found, words: Vocabulary, path: str) -> list[dict[str, Any]]:
    """For an empty page: which filter to leave out and how many results that would give (F-V4)."""
    fields = {field: name for name, (field, _) in FILTERS[found.asked.kind].items()}
    links = []
    for way in found.ways:
        names = [fields[field] for field in way.without if field in fields]
        if not names:
            continue  # the kind of page itself is no filter of the visitor's
        rest = [
            (key, value) for key, value in found.asked.params.items(multi=True) if key not in names
        ]
        values = [
            value_name(words, found.asked.kind, name, value)
            for name in names
            for value in found.asked.chosen[name]
        ]
        label = f"去掉{'、'.join(LABELS[name] for name in names)}“{'、'.join(values)}”"
        links.append({"label": label, "total": way.total, "url": address(path, rest)})
    return links


def frame(found: Found, words: Vocabulary, path: str) -> dict[str, Any]:
    """All of it, for the template of a results page."""
    asked = found.asked
    paging = [*asked.params.items(multi=True), ("day", asked.request.day.isoformat())]
    return {
        "asked": asked,
        "found": found,
        "path": path,
        "unit": UNITS[asked.kind],
        "plural": PLURALS[asked.kind],
        "groups": facet_groups(found, words),
        "active": sum(len(values) for values in asked.chosen.values()),
        "hidden": [("q", asked.request.q)] * bool(asked.request.q),
        "pills": pills(asked, words, path),
        "parts": sentence_parts(asked, words),
        "sorts": sort_options(asked, path),
        "ways": way_links(found, words, path),
        "kept": list(asked.params.items(multi=True)),
        "page_link": lambda number: address(path, [*paging, ("page", str(number))]),
        "page_hidden": paging,
    }
