"""保存的搜索: run again with one click; new matches are told."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.indexing import matching
from marketplace.indexing.wiring import Catalogue
from marketplace.models import SavedSearch
from marketplace.models.favourites import KEPT_KINDS
from marketplace.permissions import Permission
from marketplace.schemas.accounts import Nothing
from marketplace.schemas.choosing import PageQuery, SearchEditForm, SearchForm
from marketplace.services.choosing import kept
from marketplace.services.choosing import saved_searches as service
from marketplace.services.choosing.saved_searches import Found, Wanted
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import form_data, load, page_again, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import blueprint
from marketplace.web.public.addresses import address
from marketplace.web.public.listing import PATHS, Listing
from marketplace.web.public.results import given
from marketplace.web.public.searching import Asked, ask, find

LABELS = {"name": "名称", "alert": "提醒"}
LONGEST_NAME = 40


@blueprint.get("/searches")
@needs(Permission.SEARCH_SAVE)
def searches() -> str:
    """All of them, the latest first."""
    session, page = current_session(), load(PageQuery(), query_data())["page"]
    query = service.listed(current_actor())
    rows = session.scalars(query.limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)).all()
    return render_template(
        "me/searches.html",
        rows=[_shape(row) for row in rows],
        **lists.paged("me.searches", lists.total(session, query), page),
    )


@blueprint.get("/searches/new")
@needs(Permission.SEARCH_SAVE)
def new_search() -> str:
    """A name for the search that the address holds."""
    asked = _asked()
    values = {"name": _words(asked)[:LONGEST_NAME], "alert": "1"}
    return render_template("me/search_new.html", errors={}, values=values, **_new(asked))


@blueprint.post("/searches/new")
@needs(Permission.SEARCH_SAVE)
def save_search() -> Response:
    """Keep it. What it finds now is known, so only later matches are told."""
    asked = _asked()
    filters = {name: list(values) for name, values in asked.request.filters.items()}
    index = {"q": asked.request.q, "literal": asked.request.literal, "filters": filters}
    try:
        form = load(SearchForm(), form_data())
        alert = form["alert"] == "1"
        found = _found(asked.kind, index) if alert else {}
        pairs = list(asked.params.items(multi=True))
        wanted = Wanted(asked.kind, pairs, index, _words(asked))
        row = service.save(
            current_session(), current_actor(), wanted, found, name=form["name"], alert=alert
        )
    except Invalid as error:
        return page_again("me/search_new.html", error, **_new(asked))
    flash("已保存搜索。" + ("有新结果时会提醒您。" if alert else ""), "ok")
    return redirect(url_for("me.search", search_id=row.id), 303)


@blueprint.get("/searches/<int:search_id>")
@needs(Permission.SEARCH_SAVE)
def search(search_id: int) -> str:
    """One search, what it has told, and what can be done with it."""
    row = service.get(current_session(), current_actor(), search_id)
    return render_template("me/search.html", errors={}, values={}, **_one(row))


@blueprint.post("/searches/<int:search_id>")
@needs(Permission.SEARCH_SAVE)
def edit_search(search_id: int) -> Response:
    """Another name; alerts on or off."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, search_id)
    try:
        form = load(SearchEditForm(), form_data())
        alert = form["alert"] == "1"
        found = _found(row.kind, row.wanted) if alert and not row.alert else {}
        service.edit(
            session, actor, row, found, name=form["name"], alert=alert, version=form["version"]
        )
    except Invalid as error:
        return page_again("me/search.html", error, **_one(row))
    flash("已保存。", "ok")
    return redirect(url_for("me.search", search_id=row.id), 303)


@blueprint.post("/searches/<int:search_id>/delete")
@needs(Permission.SEARCH_SAVE)
def delete_search(search_id: int) -> Response:
    """Forget it."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, search_id)
    load(Nothing(), form_data())
    service.delete_(session, actor, row)
    flash("已删除保存的搜索。", "ok")
    return redirect(url_for("me.searches"), 303)


def _asked() -> Asked:
    """The search in the address. Raises Invalid."""
    kind = request.args.get("kind", "")
    if kind not in KEPT_KINDS:
        raise Invalid("没有说明要保存哪个搜索", remedy="请在搜索结果页点“保存搜索”。")
    return ask(kind, request.args)


def _found(kind: str, index: dict[str, Any]) -> Found:
    catalogue: Catalogue = current_app.extensions["search"]
    return matching.found(catalogue, kind, index)


def _words(asked: Asked) -> str:
    """The conditions as the results page says them."""
    found = find(asked, around=False)
    parts = Listing(found, vocabulary(), given(found)).parts()
    return (" · ".join(parts) or f"全部{lists.NOUNS[asked.kind]}")[:2000]


def _new(asked: Asked) -> dict[str, Any]:
    pairs = list(asked.params.items(multi=True))
    return {
        "noun": lists.NOUNS[asked.kind],
        "conditions": _words(asked),
        "action": address("/me/searches/new", [("kind", asked.kind), *pairs]),
        "url": address(PATHS[asked.kind], pairs),
        "labels": LABELS,
    }


def _shape(row: SavedSearch) -> dict[str, Any]:
    pairs = [(pair[0], pair[1]) for pair in row.params]
    feed = [pair for pair in pairs if pair[0] != "sort"]
    return {
        "row": row,
        "noun": lists.NOUNS[row.kind],
        "url": address(PATHS[row.kind], pairs),
        "feed": address(f"{PATHS[row.kind]}.rss", feed),
    }


def _one(row: SavedSearch) -> dict[str, Any]:
    session, page = current_session(), load(PageQuery(), query_data())["page"]
    told = service.told(row)
    rows = session.scalars(told.limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)).all()
    things = kept.things(session, [(row.kind, match.item_id) for match in rows])
    matches = [
        {**lists.line(things.get((row.kind, match.item_id)), row.kind), "at": match.told_at}
        for match in rows
    ]
    return {
        **_shape(row),
        "matches": matches,
        "labels": LABELS,
        **lists.paged("me.search", lists.total(session, told), page, search_id=row.id),
    }
