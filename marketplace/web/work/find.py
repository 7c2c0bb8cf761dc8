"""Quick find for staff (F-X20): pages of the menu and things by name; Ctrl-K opens it anywhere."""

from typing import Any

from flask import render_template, url_for
from marshmallow import Schema, fields, validate

from marketplace.db import current_session
from marketplace.permissions import Permission, can
from marketplace.services.searching import staff_search
from marketplace.services.searching.staff_search import LONGEST, Found
from marketplace.web.access import current_actor, needs
from marketplace.web.context import staff_nav
from marketplace.web.forms import load, query_data
from marketplace.web.work.blueprint import blueprint

_ORGANISATIONS = Permission.ORGANISATION_READ
PLACES = {
    "providers": ("服务商", "work.provider", "provider_id", Permission.WORK_READ),
    "projects": ("项目", "work.project", "project_id", Permission.WORK_READ),
    "case_versions": ("案例", "work.case", "version_id", Permission.WORK_READ),
    "products": ("产品", "work.provider", "provider_id", Permission.WORK_READ),
    "organisations": (
        "单位",
        "admin.organisation",
        "organisation_id",
        Permission.ORGANISATION_READ,
    ),
}
"""By kind: its word, the page of one, the name of its number there, and who may open it."""


class FindQuery(Schema):
    """What is looked for; ``part`` asks for the list alone, as the dialog shows it."""

    q = fields.String(
        load_default="", validate=validate.Length(max=LONGEST, error=f"不超过{LONGEST}个字")
    )
    part = fields.Boolean(load_default=False)


@blueprint.get("/find")
@needs(Permission.WORK_READ)
def find() -> str:
    """Pages and things whose name, number or code holds the text."""
    query = load(FindQuery(), query_data())
    text = query["q"].strip()
    page = "work/_found.html" if query["part"] else "work/find.html"
    return render_template(page, text=text, groups=_groups(text))


def _groups(text: str) -> list[dict[str, Any]]:
    actor = current_actor()
    pages = [
        {"name": item["label"], "hint": item["group"], "url": item["url"]}
        for item in staff_nav(actor)
        if text and text.casefold() in item["label"].casefold()
    ]
    groups = [{"label": "页面", "items": pages}]
    found = staff_search.find(current_session(), actor, text)
    for kind, (label, _, _, permission) in PLACES.items():
        rows = [_line(item) for item in found if item.kind == kind and can(actor, permission)]
        groups.append({"label": label, "items": rows})
    return [group for group in groups if group["items"]]


def _line(item: Found) -> dict[str, str]:
    _, endpoint, argument, _ = PLACES[item.kind]
    place: dict[str, Any] = {argument: item.id}
    return {"name": item.name, "hint": item.hint, "url": url_for(endpoint, **place)}
