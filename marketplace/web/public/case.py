"""The page of one case."""

from typing import Any

from flask import make_response, redirect, render_template
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import NotFound
from marketplace.models import CaseStudy
from marketplace.schemas.import_columns import SIZES
from marketplace.services.cases import case_studies
from marketplace.services.profiles import catalogue
from marketplace.services.profiles.catalogue import Shown, client_of, gravest, state_of
from marketplace.web.access import public
from marketplace.web.context import vocabulary
from marketplace.web.marks import marks
from marketplace.web.public import blueprint, structured
from marketplace.web.public.metrics import metrics
from marketplace.web.public.parts import names, standing_tag, type_names
from marketplace.web.public.similar import others

LEVELS = ("未达一级", "一级（初始级）", "二级（规范级）", "三级（集成级）", "四级（协同级）")
"""Levels of the 评测指标（2024年版）; 0 is below the first."""


@blueprint.get("/cases/<int:case_id>")
@public
def case(case_id: int) -> Response | str:
    """A case; when its provider left the pool, the provider's page tells so."""
    try:
        shown, item = catalogue.case(current_session(), case_id)
    except NotFound:
        return _withdrawn(case_id)
    if item not in shown.cases:
        return redirect(f"/providers/{shown.provider.id}")
    segment, scenes = vocabulary().name("segment", item.segment), names("scene", item.scenes)
    return render_template(
        "public/case.html",
        marks=marks("case", [item.id]),
        case=item,
        structured=structured.case(item, shown.provider.organisation, about=[segment, *scenes]),
        client=client_of(item),
        named=not item.client_anonymous and bool(item.client_name),
        segment=segment,
        district=vocabulary().name("district", item.district) if item.district else "青岛市外",
        size=SIZES.get(item.client_size, item.client_size),
        process_links=names("process_link", item.process_links),
        scenes=scenes,
        chapters=_chapters(item),
        metrics=metrics(item.metrics, vocabulary()),
        pictures=_pictures(item),
        levels=_levels(item),
        products=_products(shown, item),
        provider=shown.provider,
        organisation=shown.provider.organisation,
        types=type_names(shown.types),
        standing=standing_tag(state_of(gravest(shown.listed))),
        related=others("case", {"segment": [item.segment], "scene": item.scenes}, str(item.id), 3),
    )


def _withdrawn(case_id: int) -> Response:
    """410 with an explanation for a case whose client took its consent back; 404 for others."""
    gone = case_studies.withdrawn(current_session(), case_id)
    if gone is None:
        raise NotFound("没有这个案例，或它不再公开")
    page = render_template(
        "public/case_withdrawn.html", at=gone.state_since, provider=gone.provider
    )
    response = make_response(page)
    response.status_code = 410
    return response


def _chapters(item: CaseStudy) -> list[tuple[str, str, str]]:
    """The story in the order in which cases are told: (anchor, heading, text)."""
    chapters = [
        ("background", "企业背景", item.background),
        ("pains", "改造前的问题", item.pains),
        ("solution", "解决方案", item.solution),
        ("process", "实施过程", item.process_text),
    ]
    return [chapter for chapter in chapters if chapter[2]]


def _pictures(item: CaseStudy) -> list[dict[str, str]]:
    rows = case_studies.pictures(current_session(), item.id)
    return [{"url": f"/files/{row.id}/picture", "alt": row.alt} for row in rows]


def _levels(item: CaseStudy) -> tuple[str, str] | None:
    if item.level_before is None or item.level_after is None:
        return None
    before = LEVELS[item.level_before].partition("（")[0]
    return before, LEVELS[item.level_after]


def _products(shown: Shown, item: CaseStudy) -> list[dict[str, Any]]:
    """Products used, with the page of those that are still shown."""
    pages = {product.name: f"/products/{product.id}" for product in shown.products}
    return [{"name": name, "url": pages.get(name, "")} for name in item.product_names]
