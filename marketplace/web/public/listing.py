"""What a results page shows around its hits: facets, pills, the sentence, sorting, paging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from marketplace.indexing import fallback
from marketplace.indexing.building import OUTSIDE
from marketplace.schemas.profile import SIZE_NAMES
from marketplace.services.searching.vocabulary import Vocabulary
from marketplace.web.public.addresses import Params, address
from marketplace.web.public.cards import category_name
from marketplace.web.public.notes import notes
from marketplace.web.public.searching import FILTERS, QUIET, SORTS, Asked, Found
from search import FacetValue, Sort, Way

PATHS = {"provider": "/providers", "product": "/products", "case": "/cases"}
LABELS = {
    "q": "关键词",
    "segment": "细分行业",
    "type": "服务商类型",
    "process_link": "关键环节",
    "scene": "业务场景",
    "category": "产品类别",
    "price": "试点价",
    "district": "区市",
    "delivery": "实施工期",
    "deployment": "部署方式",
    "size": "适用企业规模",
    "local": "本地案例",
    "grade": "评价等次",
    "year": "案例年份",
    "provider": "服务商",
    "round": "批次",
}
SORT_LABELS = {Sort.RELEVANCE: "相关度", Sort.UPDATED: "最近更新", Sort.PRICE: "价格从低到高"}
UNITS = {"provider": "家", "product": "个", "case": "个"}
PLURALS = {"provider": "服务商", "product": "产品", "case": "案例"}


def without(asked: Asked, name: str, value: str | None = None) -> Params:
    """The parameters less one value of a filter, or less the whole filter."""
    gone = ("q", "literal") if name == "q" else (name,)
    pairs = [
        (key, each)
        for key, each in asked.params.items(multi=True)
        if key not in gone or (value is not None and each != value)
    ]
    return MultiDict(pairs)


@dataclass(frozen=True)
class Listing:
    """One results page in the making. ``given`` names values that no vocabulary knows."""

    found: Found
    words: Vocabulary
    given: Mapping[tuple[str, str], str]

    @property
    def asked(self) -> Asked:
        return self.found.asked

    @property
    def path(self) -> str:
        return PATHS[self.asked.kind]

    def name(self, parameter: str, value: str) -> str:
        """How a value is called on the page; an unknown one shows as it stands."""
        if (parameter, value) in self.given:
            return self.given[parameter, value]
        if parameter == "district":
            return "市外" if value == OUTSIDE else self.words.name("district", value)
        if parameter == "category":
            return category_name(self.words, value)
        said = {
            "local": "有青岛本地案例", "year": f"{value}年", "size": SIZE_NAMES.get(value, value),
        }  # fmt: skip
        if parameter in said:
            return said[parameter]
        return self.words.label(FILTERS[self.asked.kind][parameter][1], value)

    def groups(self) -> list[dict[str, Any]]:
        """Options with counts for the ``filter_list`` component.

        Without an engine there are no counts; what the database can filter by is still offered.
        """
        groups = []
        for name, (field, kind) in FILTERS[self.asked.kind].items():
            if name in QUIET:
                continue
            if self.found.degraded:
                options = self._plain(name, kind)
            else:
                options = self._counted(name, kind, self.found.facets.get(field, ()))
            groups.append({"name": name, "label": LABELS[name], "options": options})
        return groups

    def _counted(self, name: str, kind: str, counts: Sequence[FacetValue]) -> list[dict[str, Any]]:
        """In the order of the vocabulary, so that an option keeps its place; newest year first."""
        order = {code: place for place, code in enumerate(self._codes(kind))}
        if name == "year":
            shown = sorted(counts, key=lambda item: item.value, reverse=True)
        else:
            shown = sorted(counts, key=lambda item: (order.get(item.value, len(order)), item.value))
        return [
            {
                "value": item.value,
                "label": self.name(name, item.value),
                "count": item.count,
                "checked": item.selected,
            }
            for item in shown
            if item.count or item.selected
        ]

    def _plain(self, name: str, kind: str) -> list[dict[str, Any]]:
        if name not in fallback.FILTERS:
            return []
        chosen = self.asked.chosen.get(name, ())
        there = self.found.offered.get(name)
        return [
            {
                "value": code,
                "label": self.name(name, code),
                "count": None,
                "checked": code in chosen,
            }
            for code in self._codes(kind)
            if there is None or code in there or code in chosen
        ]

    def _codes(self, kind: str) -> list[str]:
        """In the order of the vocabulary; sizes of enterprises are those of the law, not terms."""
        if kind == "size":
            return list(SIZE_NAMES)
        return [word.code for word in self.words.options(kind)]

    def pills(self) -> list[dict[str, str]]:
        """Every chosen condition as a link that removes it."""
        items = []
        if self.asked.request.q:
            url = address(self.path, without(self.asked, "q"))
            label = f"“{self.asked.request.q}”"
            items.append({"group": LABELS["q"], "label": label, "url": url})
        for name, values in self.asked.chosen.items():
            for value in values:
                url = address(self.path, without(self.asked, name, value))
                label = self.name(name, value)
                items.append({"group": LABELS[name], "label": label, "url": url})
        return items

    def parts(self) -> list[str]:
        """What holds, in words: ``汽车零部件 · 小快轻准 · 含“MES”``."""
        parts = [
            " 或 ".join(self.name(name, value) for value in values)
            for name, values in self.found.applied.items()
        ]
        words = self.found.searched
        return [*parts, f"含“{words}”"] if words and not self.found.degraded else parts

    def sorts(self) -> list[dict[str, Any]]:
        """Links to the other orders; from the database there is the neutral one only."""
        if self.found.degraded:
            return []
        rest = list(without(self.asked, "sort").items(multi=True))
        options = []
        for sort in SORTS[self.asked.kind]:
            pairs = rest if sort is Sort.RELEVANCE else [*rest, ("sort", sort.value)]
            neutral = sort is Sort.RELEVANCE and not self.asked.request.q
            label = "每日轮换" if neutral else SORT_LABELS[sort]
            current = self.asked.request.sort is sort
            options.append({"label": label, "url": address(self.path, pairs), "current": current})
        return options

    def drops(self) -> list[dict[str, Any]]:
        """For an empty page: what to leave out and how many results that would give (F-V4)."""
        return [drop for way in self.found.ways if (drop := self._drop(way))]

    def _drop(self, way: Way) -> dict[str, Any] | None:
        names = [self.asked.fields.get(field, field) for field in way.without]
        names = [name for name in names if name in LABELS]
        if not names:
            return None  # the kind of page itself is no condition of the visitor's
        gone = {*names, "literal"} if "q" in names else names
        rest = [pair for pair in self.asked.params.items(multi=True) if pair[0] not in gone]
        label = "；".join(f"{LABELS[name]}：{self._values(name)}" for name in names)
        return {"label": label, "count": way.total, "url": address(self.path, rest)}

    def _values(self, name: str) -> str:
        if name == "q":
            return self.asked.request.q
        return "、".join(self.name(name, value) for value in self.asked.chosen[name])

    def kinds(self) -> list[dict[str, Any]]:
        """The same words among providers, products and cases, as tabs; nothing without words."""
        counts = {**self.found.siblings, self.asked.kind: self.found.total}
        words = [pair for pair in self.asked.params.items() if pair[0] in ("q", "literal")]
        return [
            {
                "label": PLURALS[kind],
                "url": address(PATHS[kind], words),
                "count": counts[kind],
                "current": kind == self.asked.kind,
            }
            for kind in FILTERS
            if self.found.siblings
        ]

    def frame(self) -> dict[str, Any]:
        """All of it, for the template of a results page."""
        asked = self.asked
        kept = list(asked.params.items(multi=True))
        paging = [*kept, ("day", asked.request.day.isoformat())]
        no_filters = [pair for pair in kept if pair[0] in ("q", "literal", "sort", *QUIET)]
        feed = [pair for pair in kept if pair[0] != "sort"]
        return {
            "found": self.found,
            "kind": asked.kind,
            "q": asked.request.q,
            "page": asked.request.page,
            "path": self.path,
            "unit": UNITS[asked.kind],
            "plural": PLURALS[asked.kind],
            "groups": self.groups(),
            "active": sum(len(v) for n, v in asked.chosen.items() if n not in QUIET),
            "hidden": no_filters,
            "asked": kept,
            "kept": [pair for pair in kept if pair[0] not in ("q", "literal")],
            "pills": self.pills(),
            "parts": self.parts(),
            "sorts": self.sorts(),
            "drops": self.drops(),
            "kinds": self.kinds(),
            "notes": notes(self.found, self.path),
            "save_url": address("/me/searches/new", [("kind", asked.kind), *kept]),
            "feed_url": address(f"{self.path}.rss", feed),
            "file_url": f"{self.path}.xlsx",
            "page_link": lambda number: address(self.path, [*paging, ("page", str(number))]),
            "page_hidden": paging,
        }
