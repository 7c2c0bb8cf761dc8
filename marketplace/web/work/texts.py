"""Edit and hide the public texts of providers, products and cases."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.models import CaseStudy, Product, Provider
from marketplace.permissions import Permission, visible
from marketplace.schemas import texts as schema
from marketplace.schemas.pool import HideForm
from marketplace.schemas.texts import TextField
from marketplace.services.profiles import texts as service
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import load
from marketplace.web.work import once, shapes
from marketplace.web.work.blueprint import blueprint


@dataclass(frozen=True)
class Kind:
    """One kind of text: its model, fields, permissions and how it is called."""

    path: str
    model: type[Any]
    word: str
    fields: tuple[TextField, ...]
    edit: Permission
    hide: Permission
    title: Callable[[Any], str]


KINDS = (
    Kind("providers", Provider, "服务商", schema.PROVIDER, Permission.PROVIDER_EDIT,
         Permission.PROVIDER_HIDE, lambda row: str(row.organisation.name)),
    Kind("products", Product, "产品", schema.PRODUCT, Permission.PRODUCT_EDIT,
         Permission.PRODUCT_HIDE, lambda row: f"{row.name} {row.release}"),
    Kind("cases", CaseStudy, "案例", schema.CASE, Permission.CASE_EDIT,
         Permission.CASE_HIDE, lambda row: str(row.title)),
)  # fmt: skip


def _get(session: Session, kind: Kind, id_: int) -> Any:
    load_owner = (
        [selectinload(Provider.organisation)]
        if kind.model is Provider
        else [selectinload(kind.model.provider).selectinload(Provider.organisation)]
    )
    row = session.scalars(
        visible(current_actor(), Permission.PROVIDER_READ, kind.model)
        .where(kind.model.id == id_)
        .options(*load_owner)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _owner_url(row: Any) -> str:
    owner = row.id if isinstance(row, Provider) else row.provider_id
    return url_for("work.provider", provider_id=owner)


def _codes(kind: str) -> list[str]:
    return [word.code for word in vocabulary().options(kind)]


def _stored(kind: Kind, row: Any) -> dict[str, Any]:
    """The texts of a row as the form shows them."""
    return {
        field.name: "\n".join(getattr(row, field.name))
        if field.widget == "lines"
        else getattr(row, field.name)
        for field in kind.fields
    }


def _typed(kind: Kind) -> dict[str, Any]:
    """What was typed, as the form shows it."""
    return {
        field.name: request.form.getlist(field.name)
        if field.widget == "tags"
        else request.form.get(field.name, "")
        for field in kind.fields
    }


def _page(session: Session, kind: Kind, row: Any, **more: Any) -> str:
    words = vocabulary()
    context: dict[str, Any] = {
        "kind": kind,
        "row": row,
        "title": kind.title(row),
        "fields": kind.fields,
        "options": {
            field.kind: [(w.code, w.name) for w in words.options(field.kind)]
            for field in kind.fields
            if field.kind
        },
        "shown": _stored(kind, row),
        "theirs": [],
        "errors": {},
        "reason": "",
        "labels": {**{field.name: field.label for field in kind.fields}, "reason": "理由"},
        "owner_url": _owner_url(row),
        "events": shapes.events(session, row, {}),
        **more,
    }
    return render_template("work/text.html", **context)


def _answer(page: str, status: int) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


def _differences(kind: Kind, mine: dict[str, Any], row: Any) -> list[dict[str, Any]]:
    """Both versions of every field that differs, for the page that shows them."""
    words = vocabulary()

    def plain(field: TextField, value: Any) -> str:
        if field.widget == "tags":
            return "、".join(words.name(field.kind, code) for code in value)
        return str(value)

    stored = _stored(kind, row)
    return [
        {
            "label": field.label,
            "mine": plain(field, mine[field.name]),
            "theirs": plain(field, stored[field.name]),
        }
        for field in kind.fields
        if mine[field.name] != stored[field.name]
    ]


def _form(kind: Kind) -> Any:
    def form(id_: int) -> str:
        session = current_session()
        return _page(session, kind, _get(session, kind, id_))

    return form


def _edit(kind: Kind) -> Any:
    def edit(id_: int) -> Response:
        session, actor = current_session(), current_actor()
        row = _get(session, kind, id_)
        mine: dict[str, Any] = {"shown": _typed(kind), "reason": request.form.get("reason", "")}
        try:
            lists = tuple(field.name for field in kind.fields if field.widget == "tags")
            data = load(schema.form(kind.fields, _codes), once.fields(lists))
            version, reason = data.pop("version"), data.pop("reason")
            changed = service.edit(
                session, actor, row, changes=data, expected_version=version, reason=reason
            )
        except Invalid as error:
            return _answer(_page(session, kind, row, errors=error.fields, **mine), 422)
        except Conflict:
            theirs = _differences(kind, mine["shown"], row)
            return _answer(_page(session, kind, row, theirs=theirs, **mine), 409)
        flash(f"已保存{len(changed)}项修改" if changed else "内容没有变化，没有保存", "ok")
        return redirect(_owner_url(row), 303)

    return edit


def _visibility(kind: Kind, verb: Callable[..., None], said: str) -> Any:
    def change(id_: int) -> Response:
        session, actor = current_session(), current_actor()
        row = _get(session, kind, id_)
        try:
            data = load(HideForm(), once.fields())
            verb(
                session, actor, row,
                expected_version=data["version"], reason=data["reason"],
            )  # fmt: skip
        except Invalid as error:
            return _answer(_page(session, kind, row, errors=error.fields), 422)
        flash(f"{said}：{kind.title(row)}", "ok")
        return redirect(_owner_url(row), 303)

    return change


def _register(kind: Kind) -> None:
    rule, name = f"/{kind.path}/<int:id_>", kind.path.removesuffix("s")
    blueprint.add_url_rule(
        f"{rule}/edit", f"{name}_form", needs(kind.edit)(_form(kind)), methods=["GET"]
    )
    for path, permission, view in (
        ("edit", kind.edit, _edit(kind)),
        ("hide", kind.hide, _visibility(kind, service.hide, "已隐藏")),
        ("show", kind.hide, _visibility(kind, service.show, "已恢复显示")),
    ):
        blueprint.add_url_rule(
            f"{rule}/{path}", f"{name}_{path}", needs(permission)(once.once(view)),
            methods=["POST"],
        )  # fmt: skip


for _kind in KINDS:
    _register(_kind)


def rows_of(session: Session, model: type[Any], provider_id: int) -> list[Any]:
    """Products or cases of a provider, hidden ones included."""
    return list(
        session.scalars(select(model).where(model.provider_id == provider_id).order_by(model.id))
    )
