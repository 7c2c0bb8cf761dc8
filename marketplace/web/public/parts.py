"""Pieces of the detail pages as plain values: names for codes, lines of tables, small cards."""

from collections.abc import Iterable, Sequence
from typing import Any

from marketplace.models import CaseStudy, Membership, Organisation, Product
from marketplace.programmes.workflows import State
from marketplace.services.profiles.catalogue import client_of
from marketplace.web.context import vocabulary
from marketplace.web.public.cards import TONES, category_name
from marketplace.web.public.metrics import metrics


def names(kind: str, codes: Iterable[str]) -> list[str]:
    """Full names of codes in the order of the vocabulary."""
    words, wanted = vocabulary(), set(codes)
    known = [word.name for word in words.options(kind) if word.code in wanted]
    return known + sorted(wanted - {word.code for word in words.options(kind)})


def type_names(codes: Sequence[str]) -> list[tuple[str, str]]:
    """(short, full) names of provider types."""
    words = vocabulary()
    ordered = [word.code for word in words.options("provider_type") if word.code in codes]
    return [
        (words.label("provider_type", code), words.name("provider_type", code)) for code in ordered
    ]


def standing_tag(state: State) -> dict[str, str]:
    """Tag of a standing: tone, icon, public label."""
    tone = TONES.get(state.tone, state.tone)
    return {"tone": tone, "icon": state.icon, "label": state.public_label}


def place_name(membership: Membership) -> str:
    """``汽车零部件 · 综合集成型``."""
    words = vocabulary()
    segment = words.label("segment", membership.segment)
    return f"{segment} · {words.label('provider_type', membership.type)}"


def city_or_district(organisation: Organisation) -> str:
    """Where an organisation sits: a district of the city, or another city."""
    if organisation.district:
        return vocabulary().name("district", organisation.district)
    return organisation.registered_city


def product_lines(products: Sequence[Product]) -> list[dict[str, Any]]:
    """Rows of the table of products; prices stay numbers in CNY."""
    return [
        {
            "url": f"/products/{item.id}",
            "name": item.name,
            "release": item.release,
            "category": category_name(vocabulary(), item.category),
            "pilot": item.pilot_price_cny,
            "list": item.list_price_cny,
            "unit": item.price_unit,
            "deployment": "、".join(names("deployment", item.deployment)),
            "days": item.typical_days,
        }
        for item in products
    ]


def case_lines(cases: Iterable[CaseStudy], segments: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Small cards of cases: those of ``segments`` first, then the latest."""
    words = vocabulary()
    ordered = sorted(cases, key=lambda item: (item.segment not in segments, -item.year, -item.id))
    return [
        {
            "url": f"/cases/{item.id}",
            "title": item.title,
            "line": f"{client_of(item)} · {words.label('segment', item.segment)} · {item.year}年",
            "metrics": metrics(item.metrics, words),
        }
        for item in ordered
    ]
