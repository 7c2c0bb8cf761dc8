"""A market of any size for the search benches: fast to make, the same on every machine.

Made in blocks, each from its number alone: any document can be had again without those before it,
nothing is kept, and 10^6 documents take a small part of the time that indexing them takes.
"""

import random
import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache, lru_cache

from marketplace.demo.source import read
from search import Document, SearchRequest

DAY = date(2026, 11, 2)
BLOCK = 1000
SEGMENTS = ("auto_parts", "rail_equipment", "home_appliance", "general_parts")
TYPES = ("integrator", "product", "chain_leader")
DISTRICTS = tuple(f"3702{number:02d}" for number in range(12))
SCENES = tuple(f"s{number:02d}" for number in range(16))
FACETS = ("segment", "district", "scene", "type")
WORDS = """
    制造执行系统 质量管理系统 仓储管理系统 设备管理系统 能源管理系统 计划排程 生产管控 工艺设计
    产品设计 质量追溯 设备联网 数据采集 智能排产 视觉质检 供应商管理 采购管理 财务管理 人力资源
    协同办公 决策支持 安全生产 能耗管理 售后服务 营销管理 注塑 压铸 冲压 热处理 钣金 转向架
    受电弓 差速器
"""
TERMS = tuple(WORDS.split())
BRANDS = (
    "澜图卓启恒瑞远拓云智鼎盛森博凯铭朗越禾翎沐岚峻桓栩珩锐擎昊辰星科致信宏宇立达明德华创海川"
    "中和佳音优为迅捷力安众联正方元亨新睿易通金石青松天工匠思齐亿东润泽景行溪塑铸衡锵钧砺沛屿"
)
FORMS = ("智造科技", "数科", "信息技术", "软件", "云科技", "工业互联网", "自动化设备", "工业软件")
TAILS = ("", "平台", " MES", " 3.0", "系统", "云", "助手", " Pro")
KINDS = ("provider", "product", "product", "product", *["case"] * 6)
"""By the last digit of the number: ten per cent providers, thirty products, sixty cases."""


def document_id(number: int) -> str:
    """The id of a document, known without making it."""
    return f"{KINDS[number % 10]}:{number}"


def ids(count: int) -> Iterator[tuple[str, int]]:
    """(id, version) of all."""
    return ((document_id(number), 1) for number in range(count))


def documents(count: int) -> Iterator[Document]:
    """All of them, one after the other."""
    for block in range(-(-count // BLOCK)):
        yield from block_of(block)[: count - block * BLOCK]


def load(wanted: Sequence[str]) -> list[Document]:
    """Some of them."""
    numbers = [int(each.partition(":")[2]) for each in wanted]
    return [block_of(number // BLOCK)[number % BLOCK] for number in numbers]


@lru_cache(maxsize=4)
def block_of(block: int) -> list[Document]:
    """The documents ``block * 1000`` … ``block * 1000 + 999``."""
    dice = random.Random(block)
    return [_document(number, dice) for number in range(block * BLOCK, (block + 1) * BLOCK)]


def _document(number: int, dice: random.Random) -> Document:
    words = dice.choices(TERMS, k=5)
    said = dice.choices(clauses(), k=34)
    body = "，".join([*words, *said])
    brand = "".join(dice.choices(BRANDS, k=2))
    title, alias = _named(number, brand, words[0], said[0], dice)
    return Document(
        document_id(number),
        1,
        title,
        alias,
        body,
        {
            "segment": (dice.choice(SEGMENTS),),
            "type": (dice.choice(TYPES),),
            "district": (dice.choice(DISTRICTS),),
            "scene": tuple(dice.sample(SCENES, 2)),
        },
        {"price": dice.randrange(30, 600) * 1000, "updated": 1_700_000_000 + number},
        {"title": title, "summary": body[:120]},
    )


def _named(
    number: int, brand: str, word: str, clause: str, dice: random.Random
) -> tuple[str, tuple[str, ...]]:
    kind = KINDS[number % 10]
    if kind == "provider":
        form = dice.choice(FORMS)
        return f"青岛{brand}{form}有限公司", (f"{brand}{form[:2]}",)
    if kind == "product":
        name = f"{brand}{word}{dice.choice(TAILS)}"
        return f"{name} V{1 + number % 7}.{number % 9}", (name,)
    return f"{word}车间用上{brand}平台，{clause}", ()


@cache
def clauses() -> tuple[str, ...]:
    """What the demo's providers write, clause by clause."""
    source = read()
    texts = [provider.intro for provider in source.providers]
    for provider in source.providers:
        texts += [product.detail for product in provider.products]
        texts += [part for case in provider.cases for part in (case.pain, case.fix)]
    parts = {part for text in texts for part in re.split(r"[，。；、！？\n]", text)}
    return tuple(sorted(part for part in parts if 6 <= len(part) <= 30))


def requests(count: int, types: int = 1, seed: int = 11) -> list[SearchRequest]:
    """Two words, three filters, four facets; all different. ``types``: how many types chosen."""
    dice = random.Random(seed)
    found: dict[str, SearchRequest] = {}
    while len(found) < count:
        first, second = dice.sample(TERMS, 2)
        filters = {
            "segment": (dice.choice(SEGMENTS),),
            "type": tuple(dice.sample(TYPES, types)),
            "district": tuple(dice.sample(DISTRICTS, 6)),
        }
        request = SearchRequest(DAY, f"{first} {second}", None, filters, facets=FACETS)
        found[repr(request)] = request
    return list(found.values())
