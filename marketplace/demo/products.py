"""Rows of the sheet ``products``: the written core, and what its category adds."""

from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.demo.choosing import Wheel, number, pick, several
from marketplace.demo.codes import credit_code
from marketplace.demo.source import ProductText, ProviderText, Source

WAN = Decimal(10_000)
PRICES_UNTIL = date(2026, 12, 31)
SHORT = 110
"""Descriptions below this length get a second sentence from their category."""
BY_UNIT = (("/年", "subscription"), ("用户", "per_user"), ("人", "per_user"))
WHOLE_PLANT = ("mom", "data_platform", "plm", "wcs")


def money(wan: Decimal) -> Decimal:
    """10,000 CNY as CNY."""
    return (wan * WAN).quantize(Decimal("0.01"))


def rows(source: Source) -> list[dict[str, Any]]:
    """All products, provider by provider."""
    wheel = Wheel()
    return [
        _row(source, wheel, provider, product)
        for provider in source.providers
        for product in provider.products
    ]


def segments_of(source: Source, provider: ProviderText) -> list[str]:
    """Where a provider works: its places in the pool, then its cases."""
    listed = [segment for _, segment in (*provider.live, *provider.past)]
    worked = [source.clients[case.client].segment for case in provider.cases]
    applied = [row["segment"] for row in source.pool["candidacies"] if row["key"] == provider.key]
    return list(dict.fromkeys([*listed, *worked, *applied]))


def scenes_of(source: Source, product: ProductText) -> list[str]:
    """The business scenes of a product's category."""
    return list(source.categories[product.category]["scenes"])


def deployment_of(source: Source, product: ProductText) -> list[str]:
    """How it is deployed: as written, or as its family usually is."""
    options = source.offers["families"][source.family(product)]["deploy"]
    return list(product.deploy or pick(product.name + "部署", options))


def pricing_of(source: Source, product: ProductText) -> tuple[str, str]:
    """Pricing model and unit."""
    if product.unit:
        found = (model for mark, model in BY_UNIT if mark in product.unit or product.unit == "年")
        unit = "套/年" if product.unit == "年" else product.unit
        return product.model or next(found, "per_device"), unit
    whole = product.category in WHOLE_PLANT
    usual: str = source.offers["families"][source.family(product)]["model"]
    only_cloud = product.deploy == ("saas",)
    model = product.model or ("project" if whole else "subscription" if only_cloud else usual)
    return model, source.offers["units"][model]


def _row(
    source: Source, wheel: Wheel, provider: ProviderText, product: ProductText
) -> dict[str, Any]:
    knowledge, family = source.categories[product.category], source.family(product)
    scenes, key = scenes_of(source, product), provider.key + product.name
    model, unit = pricing_of(source, product)
    listed, pilot = product.price
    return {
        "uscc": credit_code(provider.name),
        "name": product.name,
        "release": product.version,
        "category": product.category,
        "segments": segments_of(source, provider),
        "process_links": source.links(scenes),
        "scenes": scenes,
        "summary": product.summary,
        "description": _description(wheel, product, knowledge["text"]),
        "modules_common": several(key + "共性", knowledge["common"], 6),
        "modules_custom": several(key + "个性", knowledge["custom"], 3),
        "deployment": deployment_of(source, product),
        "interfaces": several(key + "接口", source.offers["families"][family]["interfaces"], 4),
        "suited_sizes": _sizes(pilot),
        "prerequisites": pick(key + "前提", source.offers["prerequisites"][family]),
        "pricing_model": model,
        "list_price_cny": money(listed),
        "pilot_price_cny": money(pilot),
        "price_unit": unit,
        "annual_fee_cny": _annual_fee(key, model, unit, pilot),
        "price_valid_until": PRICES_UNTIL,
        "typical_days": product.days,
        "on_site_days": _on_site(key, product),
        "after_sales": pick(key + "售后", source.offers["after_sales"]),
        "ip_no": _registration(provider, product),
    }


def _description(wheel: Wheel, product: ProductText, known: list[str]) -> str:
    text = product.detail
    turns = 2 if len(text) < SHORT - 40 else 1
    for _ in range(turns):
        text += wheel.next(product.category, known)
    return text


def _sizes(pilot: Decimal) -> list[str]:
    if pilot < 5:
        return ["micro", "small"]
    if pilot < 25:
        return ["small", "medium"]
    return ["medium", "large"]


def _annual_fee(key: str, model: str, unit: str, pilot: Decimal) -> Decimal | None:
    if model == "subscription" or "/年" in unit:
        return None
    share = Decimal(8 + number(key + "年费", 5)) / 100
    return (money(pilot) * share / 100).quantize(Decimal(1)) * Decimal("100.00")


def _on_site(key: str, product: ProductText) -> int:
    share = 15 if "saas" in product.deploy else 30 + number(key + "驻场", 16)
    return max(1, product.days * share // 100)


def _registration(provider: ProviderText, product: ProductText) -> str:
    first = max(2017, provider.founded.year + 1)
    year = first + number(product.name + "登记", 2025 - first)
    return f"示例{year}SR{9_900_000 + number(provider.name + product.name, 100_000)}"
