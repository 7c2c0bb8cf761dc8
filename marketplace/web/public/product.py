"""The page of one product."""

from flask import redirect, render_template
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.phases import NEW_CONTRACT_PHASES
from marketplace.services.choosing.compare_facts import sizes
from marketplace.services.profiles import catalogue, freshness, prices, product_editing_logo
from marketplace.services.profiles.catalogue import gravest, state_of
from marketplace.web import profile_shapes
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.marks import marks
from marketplace.web.public import blueprint, structured
from marketplace.web.public.cards import category_name
from marketplace.web.public.parts import case_lines, names, standing_tag, type_names
from marketplace.web.public.similar import others

CASES_SHOWN = 4


@blueprint.get("/products/<int:product_id>")
@public
def product(product_id: int) -> Response | str:
    """A product; when its provider left the pool, the provider's page tells so."""
    shown, item = catalogue.product(current_session(), product_id)
    if item not in shown.products:
        return redirect(f"/providers/{shown.provider.id}")
    segments = set(item.segments) & set(shown.segments)
    listed = [place for place in shown.listed if place.segment in segments]
    cases = [case for case in shown.cases if item.name in case.product_names]
    category = category_name(vocabulary(), item.category)
    return render_template(
        "public/product.html",
        marks=marks("product", [item.id]),
        product=item,
        updated=catalogue.changed_at(item, listed),
        fresh=profile_shapes.freshness(freshness.of(shown.provider)),
        logo=product_editing_logo.of(current_session(), item),
        prices=profile_shapes.price_lines(prices.history(current_session(), item.id)),
        provider=shown.provider,
        asks=any(place.phase in NEW_CONTRACT_PHASES for place in shown.listed),
        organisation=shown.provider.organisation,
        types=type_names(shown.types),
        standing=standing_tag(state_of(gravest(shown.listed))),
        category=category,
        segments=names("segment", segments),
        scenes=names("scene", item.scenes),
        process_links=names("process_link", item.process_links),
        deployment=names("deployment", item.deployment),
        structured=structured.product(item, shown.provider.organisation, category=category),
        sizes=sizes(item.suited_sizes),
        cases=case_lines(cases, sorted(segments))[:CASES_SHOWN],
        similar=others(
            "product", {"category": [item.category], "segment": segments}, str(item.id), 3
        ),
    )
