"""What a page is about, for search engines: schema.org as JSON-LD, nothing the page does not show.

A data block is no script: browsers never run it, and the policy against inline code lets it be.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from marketplace.models import CaseStudy, Organisation, Product, Provider
from marketplace.web.parts import settings

Thing = dict[str, Any]


def organisation(row: Organisation, provider_id: int) -> Thing:
    """A provider in short, as other things point at it."""
    url = _url(f"/providers/{provider_id}")
    return {"@type": "Organization", "@id": url, "name": row.name, "url": url}


def provider(
    row: Provider, *, place: str, knows: Iterable[str], products: Iterable[Mapping[str, Any]]
) -> Thing:
    """A provider with what it offers; ``products`` as their lines show them."""
    firm = row.organisation
    return _whole(
        {
            **organisation(firm, row.id),
            "description": row.intro,
            "foundingDate": _day(firm.founded_on),
            "address": {"@type": "PostalAddress", "addressLocality": place, "addressCountry": "CN"},
            "knowsAbout": list(knows),
            "award": list(row.honours),
            "makesOffer": [
                {
                    "@type": "Offer",
                    "itemOffered": {
                        "@type": "SoftwareApplication",
                        "name": item["name"],
                        "url": _url(item["url"]),
                    },
                }
                for item in products
            ],
        }
    )


def product(row: Product, firm: Organisation, *, category: str) -> Thing:
    """A product with its price; without a price there is no offer."""
    price = row.pilot_price_cny if row.pilot_price_cny is not None else row.list_price_cny
    return _whole(
        {
            "@type": "SoftwareApplication",
            "name": row.name,
            "url": _url(f"/products/{row.id}"),
            "softwareVersion": row.release,
            "applicationCategory": category,
            "description": row.summary or row.description,
            "featureList": [*row.modules_common, *row.modules_custom],
            "provider": organisation(firm, row.provider_id),
            "offers": _offer(price, row),
        }
    )


def case(row: CaseStudy, firm: Organisation, *, about: Iterable[str]) -> Thing:
    """A case as an article of its provider."""
    return _whole(
        {
            "@type": "Article",
            "headline": row.title,
            "url": _url(f"/cases/{row.id}"),
            "description": row.pains,
            "about": list(about),
            "temporalCoverage": str(row.year),
            "author": organisation(firm, row.provider_id),
            "inLanguage": "zh-CN",
        }
    )


def _offer(price: Decimal | None, row: Product) -> Thing | None:
    if price is None:
        return None
    return _filled(
        {
            "@type": "Offer",
            "price": f"{price:.2f}",
            "priceCurrency": "CNY",
            "priceValidUntil": _day(row.price_valid_until),
        }
    )


def _whole(thing: Thing) -> Thing:
    return {"@context": "https://schema.org", **_filled(thing)}


def _filled(thing: Thing) -> Thing:
    """Only what is known: an empty value would be a statement."""
    return {name: value for name, value in thing.items() if value not in (None, "", [])}


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _url(path: str) -> str:
    return settings().base_url + path
