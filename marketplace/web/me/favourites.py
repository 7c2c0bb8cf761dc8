"""收藏: what the enterprise marked."""

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Invalid
from marketplace.models import Favourite
from marketplace.permissions import Permission
from marketplace.schemas.choosing import FavouriteForm, ItemQuery, PageQuery
from marketplace.services.choosing import favourites as service
from marketplace.services.choosing import kept
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import form_data, load, local_path, query_data
from marketplace.web.me import lists
from marketplace.web.me.blueprint import blueprint


@blueprint.get("/favourites")
@needs(Permission.FAVOURITE_KEEP)
def favourites() -> str:
    """The list, the latest first."""
    session, actor = current_session(), current_actor()
    query = load(PageQuery(), query_data())
    kind, page = query["kind"], query["page"]
    numbers = service.listed(actor).order_by(None).group_by(Favourite.kind)
    rows = session.execute(numbers.with_only_columns(Favourite.kind, func.count()))
    counts: dict[str, int] = dict(rows.all())
    shown = session.scalars(
        service.listed(actor, kind).limit(lists.PER_PAGE).offset((page - 1) * lists.PER_PAGE)
    ).all()
    things = kept.things(session, lists.keys_of(shown))
    items = [
        {
            **lists.line(things.get((row.kind, row.item_id)), row.kind),
            "key": f"{row.kind}:{row.item_id}", "at": row.created_at,
        }
        for row in shown
    ]  # fmt: skip
    number = counts.get(kind, 0) if kind else sum(counts.values())
    return render_template(
        "me/favourites.html",
        items=items,
        kinds=lists.kinds(counts, kind, "me.favourites"),
        back=request.full_path,
        **lists.paged("me.favourites", number, page, kind=kind or None),
    )


@blueprint.get("/favourites/new")
@needs(Permission.FAVOURITE_KEEP)
def new_favourite() -> str:
    """Where visitors come after the login: what they wanted to mark, and the button."""
    found = load(ItemQuery(), query_data(("item",)))["item"][:1]
    things = kept.require_public(current_session(), found)
    if not found:
        raise Invalid("没有说明要收藏什么", remedy="请从服务商、产品或案例的页面点“收藏”。")
    (thing,) = things.values()
    return render_template(
        "me/favourite.html", item=lists.line(thing, thing.kind), key=f"{thing.kind}:{thing.id}"
    )


@blueprint.post("/favourites")
@needs(Permission.FAVOURITE_KEEP)
def mark() -> Response:
    """Mark or unmark one thing, and go back to where it stood."""
    session, actor = current_session(), current_actor()
    data = load(FavouriteForm(), form_data())
    if ("add" in data) == ("drop" in data):
        raise Invalid("没有说明要收藏还是取消", remedy="请返回上一页重试。")
    if "add" in data:
        service.add(session, actor, data["add"])
        flash("已收藏，可以在企业中心的“收藏”中找到。", "ok")
    else:
        service.drop(session, actor, data["drop"])
        flash("已取消收藏。", "ok")
    return redirect(local_path(data["back"], url_for("me.favourites")), 303)
