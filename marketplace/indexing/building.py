"""The documents themselves: what visitors may search, filter by and see on a card."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from marketplace.models import CaseStudy, Membership, Product, Provider
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.services.vocabulary import Vocabulary
from search import Document

OUTSIDE = "outside"
"""District code of providers registered outside the city."""

ANONYMOUS_CLIENT = "（企业名称未公开）"


_GRAVITY = {phase: place for place, phase in enumerate(PUBLIC_PHASES)}


def standing_of(listed: Sequence[Membership]) -> dict[str, str]:
    """Public label, icon and tone of the gravest standing among some memberships."""
    gravest = max(listed, key=lambda item: _GRAVITY.get(StandingPhase(item.phase), 0))
    state = gravest.round.programme.workflows["standing"].state(gravest.state)
    return {
        "phase": gravest.phase,
        "label": state.public_label,
        "icon": state.icon,
        "tone": state.tone,
    }


def listed_segments(listed: Iterable[Membership]) -> set[str]:
    """The segments in which a provider may be shown."""
    return {item.segment for item in listed}


def _codes(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({code for group in groups for code in group if code}))


def _pool_keywords(provider: Provider, listed: Sequence[Membership]) -> dict[str, tuple[str, ...]]:
    return {
        "type": _codes(item.type for item in listed),
        "standing": _codes(item.phase for item in listed),
        "round": _codes(item.round.key for item in listed),
        "district": (provider.organisation.district or OUTSIDE,),
        "provider_id": (str(provider.id),),
    }


def _price(product: Product) -> Decimal | None:
    return (
        product.pilot_price_cny if product.pilot_price_cny is not None else product.list_price_cny
    )


def _bands(words: Vocabulary, kind: str, values: Iterable[Any]) -> tuple[str, ...]:
    return _codes(words.band(kind, value) for value in values if value is not None)


def _stamps(row: Provider | Product | CaseStudy) -> dict[str, int]:
    return {
        "updated": int(row.updated_at.timestamp()),
        "created": int(row.created_at.timestamp()),
    }


def provider_document(
    provider: Provider,
    listed: Sequence[Membership],
    products: Sequence[Product],
    cases: Sequence[CaseStudy],
    words: Vocabulary,
    version: int,
) -> Document:
    organisation = provider.organisation
    prices = [price for item in products if (price := _price(item)) is not None]
    local = any(case.district for case in cases)
    keywords = _pool_keywords(provider, listed) | {
        "segment": _codes(listed_segments(listed)),
        "process_link": _codes(provider.process_links, *(item.process_links for item in products)),
        "scene": _codes(*(item.scenes for item in products), *(case.scenes for case in cases)),
        "category": _codes(item.category for item in products),
        "deployment": _codes(*(item.deployment for item in products)),
        "price_band": _bands(words, "price_band", prices),
        "delivery_band": _bands(words, "delivery_band", (item.typical_days for item in products)),
        "case_year": _codes(str(case.year) for case in cases),
        "has_local_case": ("yes",) if local else (),
    }
    numbers = _stamps(provider)
    if prices:
        numbers["price"] = int(min(prices))
    body = [
        provider.intro, *provider.strengths, *provider.qualifications, *provider.honours,
        *(f"{item.name} {item.summary}" for item in products),
        *(case.title for case in cases),
        *_names(words, keywords),
    ]  # fmt: skip
    return Document(
        id=f"provider:{provider.id}",
        version=version,
        title=organisation.name,
        alias=tuple(filter(None, [organisation.short_name])),
        body="\n".join(body),
        keywords=keywords,
        numbers=numbers,
        card=_provider_card(provider, listed, products, cases),
    )


def _provider_card(
    provider: Provider,
    listed: Sequence[Membership],
    products: Sequence[Product],
    cases: Sequence[CaseStudy],
) -> dict[str, Any]:
    segments = listed_segments(listed)
    main = min(products, key=lambda item: (item.category, item.id), default=None)
    prices = [float(price) for item in products if (price := _price(item)) is not None]
    return {
        "name": provider.organisation.name,
        "short_name": provider.organisation.short_name,
        "intro": provider.intro,
        "places": [
            {"type": item.type, "segment": item.segment, "phase": item.phase}
            for item in sorted(listed, key=lambda item: (item.segment, item.type))
        ],
        "standing": standing_of(listed),
        "district": provider.organisation.district or OUTSIDE,
        "service_areas": provider.service_areas,
        "main_product": f"{main.name} {main.release}" if main else "",
        "categories": sorted({item.category for item in products}),
        "products": len(products),
        "price_from": min(prices, default=None),
        "price_to": max(prices, default=None),
        "cases": len(cases),
        "segment_cases": sum(case.segment in segments for case in cases),
        "local_headcount": provider.local_headcount,
        "updated": provider.updated_at.isoformat(),
    }


def product_document(
    product: Product,
    provider: Provider,
    listed: Sequence[Membership],
    words: Vocabulary,
    version: int,
) -> Document:
    price = _price(product)
    segments = set(product.segments) & listed_segments(listed)
    keywords = _pool_keywords(provider, [item for item in listed if item.segment in segments]) | {
        "segment": _codes(segments),
        "process_link": _codes(product.process_links),
        "scene": _codes(product.scenes),
        "category": _codes([product.category]),
        "deployment": _codes(product.deployment),
        "price_band": _bands(words, "price_band", [price]),
        "delivery_band": _bands(words, "delivery_band", [product.typical_days]),
    }
    numbers = _stamps(product) | ({} if price is None else {"price": int(price)})
    body = [
        product.summary, product.description, *product.modules_common, *product.modules_custom,
        *product.interfaces, product.prerequisites, provider.organisation.name,
        *_names(words, keywords),
    ]  # fmt: skip
    return Document(
        id=f"product:{product.id}",
        version=version,
        title=f"{product.name} {product.release}",
        alias=(product.name,),
        body="\n".join(body),
        keywords=keywords,
        numbers=numbers,
        card={
            "name": product.name,
            "release": product.release,
            "category": product.category,
            "summary": product.summary,
            "segments": sorted(segments),
            "scenes": sorted(product.scenes),
            "deployment": sorted(product.deployment),
            "provider": provider.organisation.name,
            "provider_id": provider.id,
            "standing": standing_of(listed),
            "pilot_price": _number(product.pilot_price_cny),
            "list_price": _number(product.list_price_cny),
            "price_unit": product.price_unit,
            "days": product.typical_days,
            "updated": product.updated_at.isoformat(),
        },
    )


def case_document(
    case: CaseStudy,
    provider: Provider,
    listed: Sequence[Membership],
    words: Vocabulary,
    version: int,
) -> Document:
    keywords = _pool_keywords(provider, listed) | {
        "segment": _codes([case.segment]),
        "process_link": _codes(case.process_links),
        "scene": _codes(case.scenes),
        "category": _codes(case.categories),
        "case_year": (str(case.year),),
        "district": (case.district or OUTSIDE,),
        "has_local_case": ("yes",) if case.district else (),
    }
    body = [
        case.background, case.pains, case.solution, case.process_text, case.replicability,
        *case.product_names, client_of(case), provider.organisation.name,
        *(str(item.get("metric", "")) for item in case.metrics),
        *_names(words, keywords),
    ]  # fmt: skip
    return Document(
        id=f"case:{case.id}",
        version=version,
        title=case.title,
        body="\n".join(body),
        keywords=keywords,
        numbers=_stamps(case) | {"year": case.year},
        card={
            "title": case.title,
            "year": case.year,
            "segment": case.segment,
            "district": case.district or OUTSIDE,
            "client": client_of(case),
            "client_size": case.client_size,
            "process_links": sorted(case.process_links),
            "scenes": sorted(case.scenes),
            "categories": sorted(case.categories),
            "pains": case.pains,
            "provider": provider.organisation.name,
            "provider_id": provider.id,
            "investment": _number(case.investment_cny),
            "days": case.days,
            "metrics": case.metrics[:3],
            "level_before": case.level_before,
            "level_after": case.level_after,
        },
    )


def client_of(case: CaseStudy) -> str:
    """The client as it may be shown: its name only when it agreed to be named."""
    if case.client_anonymous or not case.client_name:
        return ANONYMOUS_CLIENT
    return case.client_name


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


NAMED_KINDS = ("segment", "type", "process_link", "scene", "category")


def _names(words: Vocabulary, keywords: dict[str, tuple[str, ...]]) -> list[str]:
    """Names of the codes, so that a search by word finds what a filter finds."""
    kinds = {"type": "provider_type"}
    return [
        words.name(kinds.get(field, field), code)
        for field in NAMED_KINDS
        for code in keywords.get(field, ())
    ]
