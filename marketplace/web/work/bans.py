"""Bans (禁报期): the list, one ban with its history, and the forms that impose and lift."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Invalid, NotFound
from marketplace.history import Why
from marketplace.models import Ban, Organisation, Provider, Round
from marketplace.permissions import Permission, can, visible
from marketplace.schemas.pool import BanForm, BanQuery, BanState, LiftForm
from marketplace.services.pool import bans as service
from marketplace.services.pool import rounds
from marketplace.web.access import current_actor, needs
from marketplace.web.context import vocabulary
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once, shapes
from marketplace.web.work.admissions import provider_of
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.board import chosen_round

PAGE = 20
LABELS = {
    "round": "批次", "provider": "服务商", "reason_code": "原因", "since": "开始日期",
    "reason": "理由", "document_no": "依据文号", "form": "核对结果",
}  # fmt: skip


@blueprint.get("/bans")
@needs(Permission.POOL_READ)
def bans() -> str:
    """Who is or was banned, and the form."""
    query = load(BanQuery(), query_data())
    return render_template("work/bans.html", errors={}, values={}, **_page(query))


@blueprint.post("/bans")
@needs(Permission.BAN_IMPOSE)
@once.once
def impose_ban() -> Response:
    """Ban a firm."""
    session, actor = current_session(), current_actor()
    data: dict[str, Any] = {}
    try:
        data = load(BanForm(), once.fields())
        round_ = session.get(Round, data["round"])
        if round_ is None:
            raise NotFound("没有这个批次")
        provider = provider_of(session, data["provider"])
        ban = service.impose(session, actor, provider, round_, since=data["since"], why=_why(data))
    except Invalid as error:
        return page_again("work/bans.html", error, **_page(data))
    flash(f"已登记禁报期：{provider.organisation.name}", "ok")
    return redirect(url_for("work.ban", ban_id=ban.id), 303)


@blueprint.get("/bans/<int:ban_id>")
@needs(Permission.POOL_READ)
def ban(ban_id: int) -> str:
    """One ban."""
    return render_template("work/ban.html", errors={}, values={}, **_one(_get(ban_id)))


@blueprint.post("/bans/<int:ban_id>/lift")
@needs(Permission.BAN_LIFT)
@once.once
def lift_ban(ban_id: int) -> Response:
    """Lift it."""
    session, actor, found = current_session(), current_actor(), _get(ban_id)
    try:
        service.lift(session, actor, found, _why(load(LiftForm(), once.fields())))
    except Invalid as error:
        return page_again("work/ban.html", error, **_one(found))
    flash("已解除禁报期，今天起可以重新申报。", "ok")
    return redirect(url_for("work.ban", ban_id=ban_id), 303)


def _why(data: dict[str, Any]) -> Why:
    return Why(
        reason_code=data.get("reason_code", ""),
        reason=data["reason"],
        document_no=data["document_no"],
    )


def _get(ban_id: int) -> Ban:
    found = current_session().scalars(_seen().where(Ban.id == ban_id)).one_or_none()
    if found is None:
        raise NotFound("没有这项禁报期")
    return found


def _seen() -> Select[Ban]:
    """The bans the actor may know of: a district sees those of its own firms."""
    known = visible(current_actor(), Permission.PROVIDER_READ, Provider).with_only_columns(
        Provider.organisation_id
    )
    return select(Ban).where(Ban.organisation_id.in_(known))


def _page(query: dict[str, Any]) -> dict[str, Any]:
    session, actor = current_session(), current_actor()
    round_, every = chosen_round(session, query.get("round"))
    if round_ is None:
        raise NotFound("还没有批次")
    may = can(actor, Permission.BAN_IMPOSE)
    page, state, text = query.get("page", 1), query.get("state", ""), query.get("q", "")
    total, rows = _rows(session, state, text, page)
    return {
        "round": round_,
        "rounds": [(item["id"], item["label"]) for item in shapes.round_choices(every, round_)],
        "rows": rows,
        "total": total,
        "pages": max(1, -(-total // PAGE)),
        "page_link": lambda number: url_for("work.bans", q=text, state=state, page=number),
        "states": [(key, words) for key, (_, _, words) in shapes.BAN_STATES.items()],
        "query": {**query, "state": state, "q": text, "page": page},
        "provider": provider_of(session, query["provider"])
        if may and "provider" in query
        else None,
        "reasons": _reasons(round_),
        "today": clock.today(),
        "may": may,
        "labels": LABELS,
    }


def _reasons(round_: Round) -> list[tuple[str, str]]:
    """The reasons that the programme bans for, with how long."""
    words = vocabulary()
    return [
        (code, f"{words.name('exit_reason', code)}（{_term(clause.years, clause.until)}）")
        for clause in round_.programme.bans
        if clause.years != 0
        for code in clause.reasons
    ]


def _term(years: int | None, until: str) -> str:
    return f"{years}年" if years else until or "至复核通过"


def _rows(session: Session, state: str, text: str, page: int) -> tuple[int, list[dict[str, Any]]]:
    statement = _seen().join(Organisation, Organisation.id == Ban.organisation_id)
    if state:
        statement = statement.where(_in_state(BanState(state)))
    if text:
        columns = (Organisation.name, Organisation.short_name, Organisation.uscc)
        statement = statement.where(or_(*(c.icontains(text, autoescape=True) for c in columns)))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    found = session.execute(
        statement.join(Provider, Provider.organisation_id == Organisation.id)
        .with_only_columns(Ban, Organisation.name, Provider.id)
        .order_by(Ban.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE)
    )
    names = _programmes(session)
    return total, [_line(row, name, provider, names) for row, name, provider in found]


def _in_state(state: BanState) -> ColumnElement[bool]:
    today = clock.today()
    if state is BanState.ACTIVE:
        return service.holding(today)
    if state is BanState.LIFTED:
        return Ban.lifted_on.is_not(None)
    return and_(Ban.lifted_on.is_(None), Ban.until < today)


def _programmes(session: Session) -> dict[str, str]:
    """Names of the programmes that rounds follow."""
    return {item.programme_id: item.programme.short_name for item in rounds.newest_first(session)}


def _line(row: Ban, name: str, provider_id: int, programmes: dict[str, str]) -> dict[str, Any]:
    return {
        **shapes.ban(row),
        "name": name,
        "provider_url": url_for("work.provider", provider_id=provider_id),
        "programme": programmes.get(row.programme_id, row.programme_id),
    }


def _one(row: Ban) -> dict[str, Any]:
    session = current_session()
    name, provider_id = session.execute(
        select(Organisation.name, Provider.id)
        .join(Provider, Provider.organisation_id == Organisation.id)
        .where(Organisation.id == row.organisation_id)
    ).one()
    lifting = can(current_actor(), Permission.BAN_LIFT) and shapes.ban_state(row) is BanState.ACTIVE
    return {
        "ban": row,
        "line": _line(row, name, provider_id, _programmes(session)),
        "place_url": url_for("work.membership", membership_id=row.membership_id)
        if row.membership_id
        else "",
        "events": shapes.events(session, row, {}),
        "may": lifting,
        "labels": LABELS,
    }
