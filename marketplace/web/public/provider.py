"""The page of one provider, of one that left the pool, and the step to its own website."""

from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, render_template, url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.crypto import Cipher, Unsealable
from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import Membership, Provider
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.programmes.workflows import State
from marketplace.services.evaluation import grades
from marketplace.services.inquiries import response_rates
from marketplace.services.profiles import catalogue, freshness
from marketplace.services.profiles.catalogue import Shown, gravest, state_of
from marketplace.web import profile_shapes
from marketplace.web.access import public
from marketplace.web.context import day as day_text
from marketplace.web.context import vocabulary
from marketplace.web.marks import marks
from marketplace.web.public import blueprint, ratings, structured
from marketplace.web.public.addresses import address
from marketplace.web.public.cards import grade_tag
from marketplace.web.public.parts import (
    case_lines,
    city_or_district,
    names,
    place_name,
    product_lines,
    standing_tag,
    type_names,
)
from marketplace.web.public.similar import others

CASES_SHOWN = 6
TAKES_CONTRACTS = (StandingPhase.LISTED.value, StandingPhase.WARNED.value)
"""Who is told to others as an alternative: during rectification no new contract is taken."""


@blueprint.get("/providers/<int:provider_id>")
@public
def provider(provider_id: int) -> str:
    """A provider in the pool, or what became of it (F-V6, F-V16)."""
    session = current_session()
    shown = catalogue.provider(session, provider_id)
    if not shown.in_pool:
        return _left(session, shown)
    common = _common(session, shown)
    segments, products = names("segment", shown.segments), product_lines(shown.products)
    areas = names("service_area", shown.provider.service_areas)
    responses, team = response_rates.beside_team(session, provider_id)
    return render_template(
        "public/provider.html",
        marks=marks("provider", [provider_id]),
        **common,
        updated=catalogue.changed_at(shown.provider, shown.listed),
        fresh=profile_shapes.freshness(freshness.of(shown.provider)),
        types=type_names(shown.types),
        type_codes=shown.types,
        segments=segments,
        service_areas=areas,
        process_links=names("process_link", shown.provider.process_links),
        products=products,
        structured=structured.provider(
            shown.provider, place=common["place"], knows=[*segments, *areas], products=products
        ),
        cases=case_lines(shown.cases, shown.segments)[:CASES_SHOWN],
        cases_total=len(shown.cases),
        team=team,
        ratings=ratings.shown(session, shown.provider),
        responses=responses,
        asks=any(item.phase in TAKES_CONTRACTS for item in shown.listed),
        phone=_phone(shown.provider),
        website=_website(shown.provider),
        similar=others(
            "provider",
            {"segment": shown.segments, "type": shown.types, "standing": TAKES_CONTRACTS},
            str(provider_id),
            3,
        ),
    )


def _left(session: Session, shown: Shown) -> str:
    """Status, date, public reason, advice for running projects, and who else there is."""
    wanted = {
        "segment": sorted({item.segment for item in shown.memberships}),
        "type": sorted({item.type for item in shown.memberships}),
    }
    free = {**wanted, "standing": TAKES_CONTRACTS}
    latest = _telling(shown)
    return render_template(
        "public/provider_left.html",
        **_common(session, shown),
        latest=_membership(latest),
        note=state_of(latest).note,
        alternatives=others("provider", free, str(shown.provider.id)),
        alternatives_url=address("/providers", [(n, v) for n in wanted for v in wanted[n]]),
    )


def _telling(shown: Shown) -> Membership:
    """The place whose standing heads the page: the gravest in the pool, or the last to leave it.

    Suspended goes before exited: the provider may come back.
    """
    if shown.in_pool:
        return gravest(shown.listed)
    return max(shown.memberships, key=lambda item: (item.exited_on is None, item.state_since))


def _common(session: Session, shown: Shown) -> dict[str, Any]:
    organisation = shown.provider.organisation
    memberships = [_membership(item) for item in shown.memberships]
    return {
        "provider": shown.provider,
        "organisation": organisation,
        "standing": standing_tag(state_of(_telling(shown))),
        "place": city_or_district(organisation),
        "memberships": memberships,
        "warnings": [item for item in memberships if item["public"] and item["reason"]],
        "changes": _changes(session, shown),
        "since": min((item.listed_on for item in shown.listed), default=None),
        "until": max((item.valid_until for item in shown.listed if item.valid_until), default=None),
    }


def _membership(item: Membership) -> dict[str, Any]:
    words, state = vocabulary(), state_of(item)
    return {
        "type": words.label("provider_type", item.type),
        "segment": words.name("segment", item.segment),
        "round": item.round.label,
        "standing": standing_tag(state),
        "public": item.phase in PUBLIC_PHASES,
        "listed_on": item.listed_on,
        "valid_until": item.valid_until,
        "rectify_by": item.rectify_by,
        "since": item.exited_on or clock.beijing(item.state_since).date(),
        "reason": item.public_reason,
        "grade": _grade(item),
        "document_no": item.document_no,
        "why": url_for("public.why_page", provider_id=item.provider_id, membership_id=item.id),
    }


def _grade(item: Membership) -> dict[str, Any] | None:
    """The latest published grade of the place, with its cycle and score."""
    found = grades.of(item)
    if found is None:
        return None
    score = f"，{found.score}分" if found.score else ""
    return {"tag": grade_tag(found.name, found.rank), "note": f"{found.cycle}{score}"}


def _changes(session: Session, shown: Shown) -> list[dict[str, Any]]:
    """What happened to its places, as the timeline takes it, the latest first."""
    dated = [
        (item.day, f"{place_name(item.membership)}：{item.state.public_label}", "", item.state)
        for item in catalogue.changes(session, shown.memberships)
    ]
    listings: dict[tuple[date, str], list[str]] = {}
    for item in shown.memberships:
        listings.setdefault((item.listed_on, item.round.label), []).append(place_name(item))
    look = {"tone": "info", "icon": "list-check"}
    entries = [(on, title, text, _tone(state)) for on, title, text, state in dated]
    entries += [
        (on, f"列入{label}名单", "；".join(names), look) for (on, label), names in listings.items()
    ]
    return [
        {"when": day_text(on), "title": title, "text": text, **look}
        for on, title, text, look in sorted(entries, key=lambda entry: entry[0], reverse=True)
    ]


def _tone(state: State) -> dict[str, str]:
    tag = standing_tag(state)
    return {"tone": tag["tone"], "icon": tag["icon"]}


def _phone(provider: Provider) -> str:
    """The number as the public may see it; nothing when it cannot be opened."""
    if provider.contact_phone_encrypted is None:
        return ""
    cipher: Cipher = current_app.extensions["cipher"]
    try:
        place = f"providers.contact_phone:{provider.id}"
        return catalogue.masked(cipher.open(provider.contact_phone_encrypted, place))
    except Unsealable:
        return ""


def _website(provider: Provider) -> str:
    """The host to show, if the address is one that browsers open as a page."""
    parts = urlsplit(provider.website)
    return parts.netloc if parts.scheme in ("http", "https") and parts.netloc else ""


@blueprint.get("/providers/<int:provider_id>/website")
@public
def website(provider_id: int) -> str:
    """Says that this site is left, before it is."""
    shown = catalogue.provider(current_session(), provider_id)
    host = _website(shown.provider)
    if not shown.in_pool or not host:
        raise NotFound("这家服务商没有登记网址")
    return render_template(
        "public/website.html", organisation=shown.provider.organisation, host=host,
        address=shown.provider.website, provider_id=provider_id,
    )  # fmt: skip
