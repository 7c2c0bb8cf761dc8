"""Case files of the acting provider, and the request to leave."""

from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy.orm import Session, joinedload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Membership, Provider
from marketplace.permissions import Permission, visible
from marketplace.phases import LIVE_PHASES
from marketplace.schemas.projects import Field, form
from marketplace.services.pool.standing_notices import place_of
from marketplace.services.proceedings import exits, proceedings_rules
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load
from marketplace.web.p.blueprint import MENU, blueprint
from marketplace.web.proceedings import forms, shapes
from marketplace.web.proceedings.views import PART, register
from marketplace.web.work import once

MENU.append((PART, "/p/proceedings", Permission.PROVIDER_DESK))
register(blueprint, "p", Permission.PROVIDER_DESK, Permission.PROCEEDING_ANSWER)


def _places(session: Session) -> list[Membership]:
    query = visible(current_actor(), Permission.MEMBERSHIP_READ, Membership).where(
        Membership.phase.in_(LIVE_PHASES)
    )
    options = (
        joinedload(Membership.round),
        joinedload(Membership.provider).joinedload(Provider.organisation),
    )
    return list(session.scalars(query.options(*options).order_by(Membership.id)))


def _fields(places: list[Membership]) -> list[Field]:
    return [
        Field("membership", "退出的席位", "choice",
              options=[(str(row.id), place_of(row)) for row in places]),
        Field("reason", "退出理由", "area", longest=2000,
              hint="在施项目须在告知期内办理交接；整改、暂停、退出程序办理期间不能申请自愿退出。"),
    ]  # fmt: skip


def _page(places: list[Membership]) -> dict[str, Any]:
    days = sorted({proceedings_rules.notice_days(row.round.programme) for row in places})
    told = "、".join(f"{n}天" for n in days if n)
    return {
        **shapes.frame("p", PART, "proceedings"), "title": "申请自愿退出", "about": "",
        "lead": f"受理后告知期{told}，期满登记退出。" if told else "受理后登记退出。",
        "back": url_for("p.proceedings"), "submit": "提交退出申请", "tone": "danger",
        "version": 1, "draft": None,
    }  # fmt: skip


@blueprint.get("/proceedings/withdrawal")
@needs(Permission.PROVIDER_DESK)
def new_withdrawal() -> str:
    """The form of a voluntary exit."""
    places = _places(current_session())
    return forms.show(_fields(places), **_page(places))


@blueprint.post("/proceedings/withdrawal")
@needs(Permission.PROCEEDING_ANSWER)
@once.once
def request_withdrawal() -> Response:
    """Ask to leave with one place."""
    session, actor = current_session(), current_actor()
    places = _places(session)
    asked, page = _fields(places), _page(places)
    try:
        data = load(form(asked), once.fields())
        chosen = next(row for row in places if str(row.id) == data["membership"])
        case = exits.request(session, actor, chosen, reason=data["reason"])
    except (Invalid, Conflict) as error:
        return forms.again(asked, error, **page)
    flash("退出申请已提交", "ok")
    return redirect(url_for("p.proceeding", proceeding_id=case.id), 303)
