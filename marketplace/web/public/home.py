"""The home page: one search box, ways in by segment and type, the board, the latest cases."""

from typing import Any

from flask import current_app, render_template
from sqlalchemy.orm import Session

from marketplace.db import current_session
from marketplace.models import Round
from marketplace.services.pool import rounds
from marketplace.settings import Settings
from marketplace.web import programmes
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.public import blueprint
from marketplace.web.public.board import public_board, shaped
from marketplace.web.public.similar import cards, found
from search import Page

LATEST = 4
PLAIN_ICON = "grid-3x3-gap-fill"


@blueprint.get("/")
@public
def home() -> str:
    """What is in the pool, at a glance. Without the search engine the counts are left out."""
    providers = found("provider", {}, 1, facets=("segment", "type"))
    products = found("product", {}, 1)
    cases = found("case", {}, 1, facets=("case_year",))
    settings: Settings = current_app.extensions["settings"]
    session = current_session()
    round_ = rounds.current(session, settings.home_programme)
    return render_template(
        "public/home.html",
        segments=_doors(providers, "segment", "segment"),
        types=_doors(providers, "type", "provider_type"),
        totals={"provider": _total(providers), "product": _total(products), "case": _total(cases)},
        cases=_latest(cases),
        board=_board(session, round_) if round_ else None,
    )


def _total(page: Page | None) -> int | None:
    return page.total if page else None


def _board(session: Session, round_: Round) -> dict[str, Any]:
    """The public board in small: short names for its columns, the same numbers and links."""
    found, places = public_board(session, round_)
    words = vocabulary()
    cells = found.lines[0].cells if found.lines else ()
    heads = [words.label("provider_type", cell.dims.get("type", "")) for cell in cells]
    shape = shaped(found, places)
    return {
        **shape,
        "label": round_.label,
        "heads": [name or head.label for name, head in zip(heads, found.heads, strict=False)],
        "rows": [
            {**row, "short": words.label("segment", line.segment) if line.segment else line.label}
            for row, line in zip(shape["rows"], found.lines, strict=True)
        ],
        "places": len(places),
    }


def _latest(cases: Page | None) -> list[dict[str, Any]]:
    """Cases of the latest years: as many years as it takes to fill the row."""
    if cases is None:
        return []
    years: list[str] = []
    enough = 0
    for item in sorted(cases.facets["case_year"], key=lambda item: item.value, reverse=True):
        years.append(item.value)
        enough += item.count
        if enough >= LATEST:
            break
    return cards(found("case", {"case_year": years}, LATEST))


def _doors(page: Page | None, field: str, kind: str) -> list[dict[str, Any]]:
    """The home programme's words with the number of providers under each; without counts all."""
    counts = {item.value: item.count for item in page.facets[field]} if page else {}
    return [
        {
            "name": word.name,
            "icon": word.data.get("icon", PLAIN_ICON),
            "about": word.data.get("about", ""),
            "count": counts.get(word.code),
            "url": f"/providers?{field}={word.code}",
        }
        for word in vocabulary().options(kind)
        if programmes.at_home(kind, word.code)
        and (word.code in counts or (page is None and "icon" in word.data))
    ]
