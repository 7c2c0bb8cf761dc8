"""The market in which relevance is measured: the demo, and a crowd of firms beside it.

The crowd makes the task hard: names of a few common characters, many of the same sound, the same
goods under other brands. Same on every machine.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.demo import dataset
from marketplace.demo.source import Client, Source, read
from marketplace.indexing.upkeep import public_documents
from marketplace.models import Provider, Quota, Round, Term
from marketplace.services.upkeep import seeding
from marketplace.settings import ROOT
from search import Document
from tests import factories
from tests.integration.importing import books

FIRMS = 240
BRANDS = (
    "澜图卓启恒瑞远拓云智鼎盛森博凯铭朗越禾翎沐岚峻桓栩珩锐擎昊辰星科致信宏宇立达明德"
    "华创海川中和佳音优为迅捷力安众联正方元亨新睿易通金石青松天工匠思齐亿东方润泽景行"
)
LEGAL = (
    ("青岛", "智造", "科技有限公司"),
    ("青岛", "数科", "有限公司"),
    ("青岛", "信息", "技术有限公司"),
    ("青岛", "软件", "股份有限公司"),
    ("青岛", "云", "科技有限公司"),
    ("山东", "工联", "网络有限公司"),
    ("济南", "自动化", "设备有限公司"),
    ("上海", "工软", "有限公司青岛分公司"),
)
TAILS = ("", "平台", "云", "助手", "一体机", "标准版", "轻量版", "Pro")
RESULTS = (
    "换型时间缩短{n}%", "不良率下降{n}%", "库存周转加快{n}%", "停机减少{n}%", "准时交付提高{n}%",
    "每班少填{n}张表", "{n}台设备全部联网", "追溯由{n}小时变成几分钟", "单件能耗降低{n}%",
)  # fmt: skip
TYPES = ("product", "product", "product", "integrator", "chain_leader")


@dataclass(frozen=True)
class Words:
    """What a capability is called, and its scene."""

    code: str
    name: str
    short: str
    aliases: tuple[str, ...]
    scene: str
    link: str


def fill(database: Database, folder: Path) -> None:
    """Vocabulary, demo and crowd into a migrated, empty database."""
    database.run(seeding.seed_vocabulary)
    database.run(seeding.seed_rounds)
    books.load(database, books.write(database, folder / "demo.xlsx", dataset.build()))
    database.run(crowd)


def documents(database: Database) -> list[Document]:
    """Every public document, as it is indexed."""
    return list(public_documents(database))


def capabilities(session: Session) -> list[Words]:
    """The product categories of the vocabulary."""
    links = {
        row.code: row.data["process_link"]
        for row in session.scalars(select(Term).where(Term.kind == "scene"))
    }
    rows = session.scalars(select(Term).where(Term.kind == "category").order_by(Term.code))
    return [
        Words(
            row.code, row.name, row.short_name or row.name, tuple(row.aliases),
            row.data["scene"], links[row.data["scene"]],
        )
        for row in rows
    ]  # fmt: skip


@cache
def vocabulary(name: str) -> list[dict[str, Any]]:
    """The terms of one vocabulary file."""
    path = ROOT / "config" / "vocabulary" / f"{name}.yml"
    terms: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8"))["terms"]
    return terms


def crowd(session: Session) -> None:
    """The firms beside the demo's."""
    dice, source = random.Random(20), read()
    wares = capabilities(session)
    districts = sorted(source.districts)
    round_ = session.scalars(select(Round).order_by(Round.id)).first()
    assert round_ is not None
    for quota in session.query(Quota):
        quota.cap = None
    segments = sorted({client.segment for client in source.clients.values()})
    for number, brand in enumerate(_brands(dice)):
        segment = segments[number % len(segments)]
        firm = _Firm(session, round_, source, dice, brand, segment, districts)
        firm.open(LEGAL[number % len(LEGAL)], TYPES[number % len(TYPES)])
        for words in dice.sample(wares, 3):
            firm.offer(words)
        firm.tell(2)
    session.flush()


def _brands(dice: random.Random) -> Iterator[str]:
    seen: set[str] = set()
    while len(seen) < FIRMS:
        brand = "".join(dice.sample(BRANDS, 2))
        if brand not in seen:
            seen.add(brand)
            yield brand


@dataclass
class _Firm:
    """One firm while it is being made."""

    session: Session
    round_: Round
    source: Source
    dice: random.Random
    brand: str
    segment: str
    districts: list[str]

    def open(self, form: tuple[str, str, str], type_: str) -> None:
        city, word, legal = form
        outside = city in ("济南", "上海")
        organisation = factories.make_organisation(
            self.session,
            name=f"{city}{self.brand}{word}{legal}",
            short_name=f"{self.brand}{word}",
            district=None if outside else self.dice.choice(self.districts),
            registered_city=f"{city}市",
        )
        self.provider: Provider = factories.make_provider(
            self.session,
            organisation,
            intro=f"{self.brand}{word}为中小制造企业提供软件和实施，团队常驻现场，先试用一条线再推广。",
            strengths=[f"{self._client().trade}经验", "按效果分期付款"],
            confirmed_on=date(2026, 9, 1),
        )
        factories.make_membership(
            self.session, self.round_, self.provider, type=type_, segment=self.segment,
            listed_on=date(2024, 3, 1), valid_until=date(2027, 2, 28),
        )  # fmt: skip
        self.offers: list[tuple[str, Words]] = []

    def offer(self, words: Words) -> None:
        called = self.dice.choice((words.name, words.short, words.short, *words.aliases))
        gap = " " if called.isascii() else ""
        name = f"{self.brand}{gap}{called}{self.dice.choice(TAILS)}"
        known = self.source.categories[words.code]
        factories.make_product(
            self.session, self.provider, name=name,
            release=f"V{self.dice.randrange(1, 7)}.{self.dice.randrange(10)}",
            category=words.code, segments=[self.segment], scenes=[words.scene],
            process_links=[words.link], summary=self.dice.choice(known["text"]),
            description="".join(known["text"]), modules_common=known["common"][:5],
            modules_custom=known["custom"][:2], deployment=["on_prem"],
            pilot_price_cny=Decimal(self.dice.randrange(4, 40)) * 10_000,
            typical_days=self.dice.randrange(10, 80),
        )  # fmt: skip
        self.offers.append((name, words))

    def tell(self, count: int) -> None:
        for name, words in self.offers[:count]:
            client = self._client()
            result = self.dice.choice(RESULTS).format(n=self.dice.randrange(12, 68))
            factories.make_case(
                self.session, self.provider,
                title=f"{client.trade}企业用上{words.short}，{result}",
                year=self.dice.randrange(2022, 2027), segment=client.segment,
                district=client.district or None, client_name=client.name,
                process_links=[words.link], scenes=[words.scene], categories=[words.code],
                product_names=[name], metrics=[],
                background=f"企业生产{client.makes}，工序有{client.route}，{client.sells}。",
                pains=f"{client.shop}{client.output}，记录靠手写，出了问题说不清。",
                solution=f"上线{name}。{self.dice.choice(self.source.categories[words.code]['text'])}",
            )  # fmt: skip

    def _client(self) -> Client:
        of_segment = [c for c in self.source.clients.values() if c.segment == self.segment]
        return self.dice.choice(of_segment)
