"""选型清单: named lists with notes, one for each plan."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.models import Shortlist
from marketplace.permissions import Permission
from marketplace.schemas.accounts import Nothing
from marketplace.schemas.choosing import (
    ItemQuery,
    NoteForm,
    PageQuery,
    PutForm,
    ShortlistEditForm,
    ShortlistForm,
)
from marketplace.services.choosing import kept
from marketplace.services.choosing import shortlists as service
from marketplace.services.choosing.kept import Key
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, page_again, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import blueprint

LABELS = {"name": "名称", "note": "说明", "shortlist": "清单", "item": "内容"}
CHOICES = 50
NO_THING = Invalid("没有说明要加入什么", remedy="请从服务商、产品或案例的页面点“加入清单”。")


@blueprint.get("/shortlists")
@needs(Permission.SHORTLIST_KEEP)
def shortlists() -> str:
    """All lists, the last changed first."""
    session, page = current_session(), load(PageQuery(), query_data())["page"]
    query = service.listed(current_actor())
    rows = session.execute(query.limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)).all()
    return render_template(
        "me/shortlists.html",
        rows=[{"row": row, "number": number} for row, number in rows],
        **lists.paged("me.shortlists", lists.total(session, query), page),
    )


@blueprint.get("/shortlists/new")
@needs(Permission.SHORTLIST_KEEP)
def new_shortlist() -> str:
    """A name for a new list; what was compared or chosen before the login comes along."""
    keys = load(ItemQuery(), query_data(("item",)))["item"][: service.MOST_ITEMS]
    return render_template(
        "me/shortlist_new.html", errors={}, values={}, labels=LABELS, items=_named(keys)
    )


@blueprint.post("/shortlists/new")
@needs(Permission.SHORTLIST_KEEP)
def create_shortlist() -> Response:
    """Make it."""
    session, actor = current_session(), current_actor()
    keys: list[Key] = []
    try:
        data = form_data(("item",))
        keys = load(ItemQuery(), {"item": data.get("item", [])})["item"]
        form = load(ShortlistForm(), data)
        row = service.create(session, actor, name=form["name"], note=form["note"], keys=keys)
    except Invalid as error:
        return page_again("me/shortlist_new.html", error, labels=LABELS, items=_named(keys))
    flash("已建立清单。", "ok")
    return redirect(url_for("me.shortlist", shortlist_id=row.id), 303)


@blueprint.get("/shortlists/add")
@needs(Permission.SHORTLIST_KEEP)
def add_to_shortlist() -> str:
    """Which list something goes on: one of the present ones, or a new one."""
    keys = load(ItemQuery(), query_data(("item",)))["item"][: service.MOST_ITEMS]
    return render_template("me/shortlist_add.html", errors={}, **_adding(keys))


@blueprint.post("/shortlists/add")
@needs(Permission.SHORTLIST_KEEP)
def put_on_shortlist() -> Response:
    """Put it there."""
    session, actor = current_session(), current_actor()
    keys: list[Key] = []
    try:
        data = form_data(("item",))
        keys = load(ItemQuery(), {"item": data.get("item", [])})["item"]
        form = load(PutForm(), data)
    except Invalid as error:
        return page_again("me/shortlist_add.html", error, **_adding(keys))
    row = service.get(session, actor, form["shortlist"])
    number = service.put(session, actor, row, keys)
    flash(f"已加入清单“{row.name}”。" if number else f"清单“{row.name}”里已经有了。", "ok")
    return redirect(url_for("me.shortlist", shortlist_id=row.id), 303)


@blueprint.get("/shortlists/<int:shortlist_id>")
@needs(Permission.SHORTLIST_KEEP)
def shortlist(shortlist_id: int) -> str:
    """One list with the notes."""
    row = service.get(current_session(), current_actor(), shortlist_id)
    return render_template("me/shortlist.html", errors={}, values={}, **_one(row))


@blueprint.post("/shortlists/<int:shortlist_id>")
@needs(Permission.SHORTLIST_KEEP)
def edit_shortlist(shortlist_id: int) -> Response:
    """Another name or description."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, shortlist_id)
    try:
        form = load(ShortlistEditForm(), form_data())
        service.edit(session, actor, row, **form)
    except Invalid as error:
        return page_again("me/shortlist.html", error, **_one(row))
    flash("已保存。", "ok")
    return redirect(url_for("me.shortlist", shortlist_id=row.id), 303)


@blueprint.post("/shortlists/<int:shortlist_id>/items/<int:item_id>/note")
@needs(Permission.SHORTLIST_KEEP)
def note_item(shortlist_id: int, item_id: int) -> Response:
    """What stands beside one thing."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, shortlist_id)
    try:
        service.note(session, actor, row, item_id, load(NoteForm(), form_data())["note"])
    except Invalid as error:
        fields = {f"note-{item_id}": texts for texts in error.fields.values()}
        return page_again("me/shortlist.html", Invalid(fields=fields), **_one(row))
    flash("已保存备注。", "ok")
    return redirect(url_for("me.shortlist", shortlist_id=row.id, _anchor=f"item-{item_id}"), 303)


@blueprint.post("/shortlists/<int:shortlist_id>/items/<int:item_id>/take")
@needs(Permission.SHORTLIST_KEEP)
def take_item(shortlist_id: int, item_id: int) -> Response:
    """Take one thing off."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, shortlist_id)
    load(Nothing(), form_data())
    service.take(session, actor, row, item_id)
    flash("已移出清单。", "ok")
    return redirect(url_for("me.shortlist", shortlist_id=row.id), 303)


@blueprint.post("/shortlists/<int:shortlist_id>/delete")
@needs(Permission.SHORTLIST_KEEP)
def delete_shortlist(shortlist_id: int) -> Response:
    """Delete the list."""
    session, actor = current_session(), current_actor()
    row = service.get(session, actor, shortlist_id)
    load(Nothing(), form_data())
    service.delete(session, actor, row)
    flash("已删除清单。", "ok")
    return redirect(url_for("me.shortlists"), 303)


def _named(keys: list[Key]) -> list[dict[str, Any]]:
    things = kept.things(current_session(), keys)
    return [
        {**lists.line(things.get(key), key[0]), "key": f"{key[0]}:{key[1]}"}
        for key in dict.fromkeys(keys)
        if key in things and things[key].public
    ]


def _adding(keys: list[Key]) -> dict[str, Any]:
    rows = current_session().execute(service.listed(current_actor()).limit(CHOICES)).all()
    items = _named(keys)
    if not items:
        raise NO_THING if not keys else NotFound("要保存的内容不存在，或已不再公开")
    options = [(row.id, f"{row.name}（{number}项）") for row, number in rows]
    return {"items": items, "options": options, "labels": LABELS}


def _one(row: Shortlist) -> dict[str, Any]:
    things = kept.things(current_session(), lists.keys_of(row.items))
    items = [
        {**lists.line(things.get((item.kind, item.item_id)), item.kind), "row": item}
        for item in row.items
    ]
    compared = [
        ("id", str(item.item_id))
        for item, found in zip(row.items, items, strict=True)
        if item.kind == "provider" and found["public"]
    ]
    return {"shortlist": row, "items": items, "labels": LABELS, "compare": compared}
