"""The texts of a case: written core and wording in turn, filled with the facts of the case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.demo.choosing import Wheel, number
from marketplace.demo.products import deployment_of
from marketplace.demo.source import CaseText, Client, ProductText, Source

SCORES = ((8, 12), (22, 17), (42, 16), (62, 14))
"""First score of a level, and how many points follow (2022 edition: steps of 20 from 20)."""
POOL_OPENED = date(2024, 3, 1)
"""Before that nobody chose from the pool."""
BANDS = ((50, "五十人以下"), (100, "百人以下"), (200, "一两百人"), (300, "两三百人"))
SCALES = {"micro": "微型", "small": "小型", "medium": "中型"}


@dataclass(frozen=True)
class Facts:
    """What a case is about. ``level``: before the project; ``anonymous``: client not named."""

    case: CaseText
    client: Client
    products: tuple[ProductText, ...]
    start: date
    finish: date
    level: int
    anonymous: bool

    @property
    def days(self) -> int:
        """Calendar days from start to acceptance."""
        return (self.finish - self.start).days


class Narrator:
    """Writes the texts of all cases of one data set, one after the other."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._words: Mapping[str, Any] = source.narrative
        self._wheel = Wheel()

    def texts(self, facts: Facts) -> dict[str, str]:
        """``background``, ``pains``, ``solution``, ``process_text``, ``replicability``."""
        slots = self._slots(facts)
        family = self._source.family(facts.products[0])
        return {
            "background": self._background(facts, slots),
            "pains": facts.case.pain,
            "solution": self._solution(facts, slots, family),
            "process_text": self._process(slots, family),
            "replicability": self._replicability(slots, family),
        }

    def _background(self, facts: Facts, slots: Mapping[str, object]) -> str:
        segment, level = facts.client.segment, facts.level
        why = [*self._words["trigger"][segment]]
        if facts.client.district and facts.start >= POOL_OPENED:
            why += self._words["pilot"]
        return "".join(
            (
                self._say("background", self._words["background"], slots),
                self._say(f"level{level}", self._words["level"][level], slots),
                self._say(segment, why, slots),
            )
        )

    def _solution(self, facts: Facts, slots: Mapping[str, object], family: str) -> str:
        count = "one" if len(facts.products) == 1 else "many"
        where = deployment_of(self._source, facts.products[0])[0]
        return "".join(
            (
                self._say(f"opener {count}", self._words["opener"][count], slots),
                facts.case.fix,
                self._say(f"tail {family}", self._words["tail"][family], slots),
                self._say(f"deploy {where}", self._words["deploy"][where], slots),
            )
        )

    def _process(self, slots: Mapping[str, object], family: str) -> str:
        parts = []
        for phase in ("survey", "build", "trial", "close"):
            known = self._words[phase]
            options = [*known.get(family, ()), *known.get("any", ())]
            parts.append(self._say(f"{phase} {family}", options, slots))
        return "".join(parts)

    def _replicability(self, slots: Mapping[str, object], family: str) -> str:
        reuse = self._say(f"reuse {family}", self._words["reuse"][family], slots)
        return reuse + self._say("condition", self._words["condition"], slots)

    def _say(self, pool: str, options: list[str], slots: Mapping[str, object]) -> str:
        return self._wheel.next(pool, options).format_map(slots)

    def _slots(self, facts: Facts) -> dict[str, object]:
        client, key = facts.client, facts.case.title
        days, family = facts.days, self._source.family(facts.products[0])
        steps = client.route.replace("和", "、").split("、")
        first, points = SCORES[facts.level]
        scene = self._source.categories[facts.products[0].category]["scenes"][0]
        dates = self._dates(facts)
        return {
            **vars(client),
            **dates,
            "who": f"某{client.trade}企业" if facts.anonymous else client.name,
            "place": place_name(self._source, client),
            "age": facts.start.year - client.since,
            "scale": SCALES[client.size],
            "first": steps[0],
            "last": steps[-1],
            "steps": len(steps),
            "score": first + number(key + "分", points),
            "scene": self._source.scenes[scene]["name"],
            "product": f"“{facts.products[0].name}”",
            "products": "、".join(f"“{product.name}”" for product in facts.products),
            "champ": self._words["champ"][family],
            "sd": 3 + days // 16,
            "days": days,
            "talk": 6 + number(key + "数", 15),
            "trained": min(120, max(8, client.staff // 4 + number(key + "训", 9))),
            "left": 1 + number(key + "遗", 3),
            "onsite": days * (28 + number(key + "场", 15)) // 100,
            "price": _wan(facts.products[0].price[1]),
            "staff_band": _band(client.staff),
        }

    def _dates(self, facts: Facts) -> dict[str, str]:
        """The days of the four phases; the year is said once and again when it changes."""
        span = facts.finish - facts.start
        inner = [self._source.workday(facts.start + span * share / 100) for share in (36, 63)]
        days, texts = [facts.start, *inner, facts.finish], {}
        for place, day in enumerate(days):
            year = "" if place and day.year == days[place - 1].year else f"{day.year}年"
            texts[f"d{place}"] = f"{year}{day.month}月{day.day}日"
        return texts


def place_name(source: Source, client: Client) -> str:
    """District, or the city outside Qingdao."""
    return source.districts[client.district] if client.district else f"{client.city}市"


def _wan(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _band(staff: int) -> str:
    return next((name for below, name in BANDS if staff < below), "三百人以上")
