"""The documents themselves: what visitors may search, filter by and see on a card."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from marketplace.models import CaseStudy, Membership, Product, Provider
from marketplace.services.evaluation import grades
from marketplace.services.profiles import freshness
from marketplace.services.profiles.catalogue import (
    Shown,
    changed_at,
    client_of,
    first_listed,
    gravest,
    state_of,
)
from marketplace.services.searching.vocabulary import Vocabulary
from search import Document

OUTSIDE = "outside"
"""District code of providers registered outside the city."""

CARD_SHAPE = 3
"""Raise it whenever cards get other keys: pages take older ones for an index out of order."""

EXCERPTS = 600
"""Characters of a text that a card keeps to show excerpts from."""


def standing_of(listed: Sequence[Membership]) -> dict[str, str]:
    """Public label, icon and tone of the gravest standing among some memberships."""
    membership = gravest(listed)
    state = state_of(membership)
    return {
        "phase": membership.phase, "label": state.public_label, "icon": state.icon,
        "tone": state.tone,
    }  # fmt: skip


def _codes(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({code for group in groups for code in group if code}))


def _pool_keywords(shown: Shown, listed: Sequence[Membership]) -> dict[str, tuple[str, ...]]:
    return {
        "type": _codes(item.type for item in listed),
        "standing": _codes(item.phase for item in listed),
        "round": _codes(item.round.key for item in listed),
        "district": (shown.provider.organisation.district or OUTSIDE,),
        "provider_id": (str(shown.provider.id),),
    }


def _places(listed: Iterable[Membership]) -> tuple[dict[str, str], ...]:
    """Which type, segment and round belong together: the places on the pool board."""
    return tuple(
        {"type": item.type, "segment": item.segment, "round": item.round.key} for item in listed
    )


def _price(product: Product) -> Decimal | None:
    return (
        product.pilot_price_cny if product.pilot_price_cny is not None else product.list_price_cny
    )


def _bands(words: Vocabulary, kind: str, values: Iterable[Any]) -> tuple[str, ...]:
    return _codes(words.band(kind, value) for value in values if value is not None)


def _stamps(row: Provider | Product | CaseStudy, listed: Iterable[Membership]) -> dict[str, int]:
    return {
        "updated": int(changed_at(row, listed).timestamp()),
        "created": int(row.created_at.timestamp()),
    }


def provider_document(shown: Shown, words: Vocabulary, version: int) -> Document:
    """A provider with the names of its products and cases."""
    provider, products, cases = shown.provider, shown.products, shown.cases
    organisation = provider.organisation
    prices = [price for item in products if (price := _price(item)) is not None]
    local = any(case.district for case in cases)
    keywords = _pool_keywords(shown, shown.listed) | {
        "segment": shown.segments,
        "process_link": _codes(provider.process_links, *(item.process_links for item in products)),
        "scene": _codes(*(item.scenes for item in products), *(case.scenes for case in cases)),
        "category": _codes(item.category for item in products),
        "deployment": _codes(*(item.deployment for item in products)),
        "price_band": _bands(words, "price_band", prices),
        "delivery_band": _bands(words, "delivery_band", (item.typical_days for item in products)),
        "case_year": _codes(str(case.year) for case in cases),
        "has_local_case": ("yes",) if local else (),
        "grade": _codes(card["name"] for i in shown.listed if (card := grades.card(i))),
    }
    numbers = _stamps(provider, shown.listed)
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
        card=_provider_card(shown),
        places=_places(shown.listed),
        detail="、".join(words.label("segment", code) for code in shown.segments),
    )


def _provider_card(shown: Shown) -> dict[str, Any]:
    provider, products, cases = shown.provider, shown.products, shown.cases
    main = min(products, key=lambda item: item.id, default=None)
    prices = [float(price) for item in products if (price := _price(item)) is not None]
    return {
        "shape": CARD_SHAPE,
        "name": provider.organisation.name,
        "short_name": provider.organisation.short_name,
        "intro": provider.intro[:EXCERPTS],
        "places": [
            {
                "type": item.type,
                "segment": item.segment,
                "phase": item.phase,
                "grade": grades.card(item),
            }
            for item in sorted(shown.listed, key=lambda item: (item.segment, item.type))
        ],
        "standing": standing_of(shown.listed),
        "district": provider.organisation.district or OUTSIDE,
        "city": provider.organisation.registered_city,
        "service_areas": provider.service_areas,
        "main_product": f"{main.name} {main.release}" if main else "",
        "products_said": [[item.name, item.summary] for item in products],
        "case_titles": [item.title for item in cases],
        "scenes": _codes(*(item.scenes for item in products), *(item.scenes for item in cases)),
        "categories": sorted({item.category for item in products}),
        "products": len(products),
        "price_from": min(prices, default=None),
        "price_to": max(prices, default=None),
        "cases": len(cases),
        "segment_cases": sum(case.segment in shown.segments for case in cases),
        "local_headcount": provider.local_headcount,
        "fresh_since": freshness.of(provider).since.isoformat(),
        "updated": changed_at(provider, shown.listed).isoformat(),
    }


def product_document(product: Product, shown: Shown, words: Vocabulary, version: int) -> Document:
    """A product in the segments in which its provider is listed."""
    provider, price = shown.provider, _price(product)
    segments = set(product.segments) & set(shown.segments)
    listed = [item for item in shown.listed if item.segment in segments]
    keywords = _pool_keywords(shown, listed) | {
        "segment": _codes(segments),
        "process_link": _codes(product.process_links),
        "scene": _codes(product.scenes),
        "category": _codes([product.category]),
        "deployment": _codes(product.deployment),
        "price_band": _bands(words, "price_band", [price]),
        "delivery_band": _bands(words, "delivery_band", [product.typical_days]),
        "size": _codes(product.suited_sizes),
    }
    numbers = _stamps(product, listed) | ({} if price is None else {"price": int(price)})
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
        card=_product_card(product, provider, listed),
        places=_places(listed),
        detail=_said_by(provider),
    )


def _product_card(
    product: Product, provider: Provider, listed: Sequence[Membership]
) -> dict[str, Any]:
    return {
        "shape": CARD_SHAPE,
        "name": product.name,
        "release": product.release,
        "category": product.category,
        "summary": product.summary,
        "description": product.description[:EXCERPTS],
        "segments": sorted({item.segment for item in listed}),
        "scenes": sorted(product.scenes),
        "deployment": sorted(product.deployment),
        "provider": provider.organisation.name,
        "provider_id": provider.id,
        "standing": standing_of(listed),
        "pilot_price": _number(product.pilot_price_cny),
        "list_price": _number(product.list_price_cny),
        "price_unit": product.price_unit,
        "days": product.typical_days,
        "fresh_since": freshness.of(provider).since.isoformat(),
        "updated": changed_at(product, listed).isoformat(),
    }


def case_document(case: CaseStudy, shown: Shown, words: Vocabulary, version: int) -> Document:
    """A case under its own segment and district; the type is its provider's."""
    provider, entry = shown.provider, (first_listed(shown.listed),)
    keywords = _pool_keywords(shown, shown.listed) | {
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
        numbers=_stamps(case, entry) | {"year": case.year},
        card=_case_card(case, provider, entry),
        detail=_said_by(provider),
    )


def _said_by(provider: Provider) -> str:
    """Whose it is, in suggestions."""
    return provider.organisation.short_name or provider.organisation.name


def _case_card(case: CaseStudy, provider: Provider, entry: Iterable[Membership]) -> dict[str, Any]:
    return {
        "shape": CARD_SHAPE,
        "title": case.title,
        "year": case.year,
        "segment": case.segment,
        "district": case.district or OUTSIDE,
        "client": client_of(case),
        "client_size": case.client_size,
        "process_links": sorted(case.process_links),
        "scenes": sorted(case.scenes),
        "categories": sorted(case.categories),
        "pains": case.pains[:EXCERPTS],
        "solution": case.solution[:EXCERPTS],
        "background": case.background[:EXCERPTS],
        "provider": provider.organisation.name,
        "provider_id": provider.id,
        "investment": _number(case.investment_cny),
        "days": case.days,
        "metrics": case.metrics[:3],
        "level_before": case.level_before,
        "level_after": case.level_after,
        "updated": changed_at(case, entry).isoformat(),
    }


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


NAMED_KINDS = ("segment", "type", "process_link", "scene", "category", "district")


def _names(words: Vocabulary, keywords: dict[str, tuple[str, ...]]) -> list[str]:
    """Names of the codes, so that a search by word finds what a filter finds."""
    kinds = {"type": "provider_type"}
    return [
        words.name(kinds.get(field, field), code)
        for field in NAMED_KINDS
        for code in keywords.get(field, ())
        if code != OUTSIDE
    ]
