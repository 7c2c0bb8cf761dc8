"""Activities as the inviting office sees them: drafts, announced, held, and who came."""

import re
from datetime import date, datetime, time
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid
from marketplace.models import Activity
from marketplace.permissions import Actor, Permission, can
from marketplace.phases import ActivityPhase, AttendancePhase
from marketplace.programmes import nouns
from marketplace.schemas.projects import Field, form
from marketplace.services.checks import activities
from marketplace.services.checks.activities import KINDS, Content
from marketplace.web.access import current_actor, needs
from marketplace.web.context import dt, term
from marketplace.web.forms import load
from marketplace.web.work import once, upkeep
from marketplace.web.work.blueprint import blueprint

TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
COLUMNS = [
    {"key": "title", "label": "活动", "head": True}, {"key": "kind", "label": "类别"},
    {"key": "office", "label": "主办"}, {"key": "when", "label": "时间"},
    {"key": "place", "label": "地点"}, {"key": "state", "label": "状态"},
]  # fmt: skip


def office(row: Activity) -> str:
    """Who invites."""
    return term("district", row.district) if row.district else "市级"


def when(row: Activity) -> str:
    """2026-04-01 09:00 至 17:00, or to another day."""
    first, last = clock.beijing(row.starts_at), clock.beijing(row.ends_at)
    end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} 至 {end}"


@blueprint.get("/activities")
@needs(Permission.WORK_READ)
def activity_list() -> str:
    """Activities of the acting office."""
    actor = current_actor()
    phase = upkeep.chosen("phase", [*ActivityPhase])
    rows, pager = upkeep.paged(current_session(), activities.listed(actor, phase))
    states = [("", "全部"), *((s.phase, s.staff_label) for s in nouns.workflow("activity").states)]
    new = {"label": "起草活动", "tone": "primary", "url": url_for("work.new_activity")}
    return render_template(
        upkeep.LIST, **upkeep.frame("work"), **pager, title="活动",
        lead="供需对接会、培训、观摩。公开后通知在池服务商；举办后登记到场，到场次数供评价使用。",
        buttons=[new] if can(actor, Permission.ACTIVITY_MANAGE) else [],
        tabs=upkeep.tabs("work.activity_list", "phase", states, phase), filters=[],
        unit="个活动", columns=COLUMNS, rows=[_line(row) for row in rows],
        empty="没有这样的活动。",
    )  # fmt: skip


def _line(row: Activity) -> dict[str, Any]:
    return {
        "title": {"text": row.title, "url": url_for("work.activity", row_id=row.id)},
        "kind": KINDS[row.kind], "office": office(row), "when": when(row), "place": row.place,
        "state": upkeep.tag("activity", row.state, staff=True),
    }  # fmt: skip


@blueprint.get("/activities/<int:row_id>")
@needs(Permission.WORK_READ)
def activity(row_id: int) -> str:
    """One activity and its guests."""
    session, actor = current_session(), current_actor()
    row = activities.get(session, actor, row_id)
    guests = activities.attendances(session, row)
    manages = can(actor, Permission.ACTIVITY_MANAGE, row)
    buttons = NOUN.buttons("work", row, actor)
    if manages and row.phase in (ActivityPhase.DRAFT, ActivityPhase.ANNOUNCED):
        address = url_for("work.edit_activity", row_id=row.id)
        buttons.insert(0, {"label": "修改", "tone": "neutral", "url": address})
    limit = f"，最多 {row.places} 个单位" if row.places else ""
    return render_template(
        "work/activity.html", **upkeep.frame("work", ("活动", url_for("work.activity_list"))),
        title=row.title, state=upkeep.tag("activity", row.state, staff=True),
        meta=[KINDS[row.kind], office(row)], buttons=buttons,
        sections=[
            {"title": "安排", "id": "facts", "facts": [
                ("时间", when(row)), ("地点", row.place), ("报名截止", dt(row.sign_up_by)),
                ("报名", f"{len(guests)} 个单位，{sum(g.people for g in guests)} 人{limit}"),
            ]},
            {"title": "内容", "id": "text", "prose": row.text},
        ],
        guests=[
            {
                "id": guest.id, "name": guest.organisation.name, "people": guest.people,
                "note": guest.note, "came": guest.phase == AttendancePhase.ATTENDED,
                "state": upkeep.tag("attendance", guest.state, staff=True),
            }
            for guest in guests
        ],
        confirms=manages and row.phase == ActivityPhase.HELD, row=row,
        events=upkeep.events(session, row, "activity"),
    )  # fmt: skip


def _do(session: Session, actor: Actor, row: Any, action: str, data: dict[str, Any]) -> None:
    activities.step(
        session, actor, row, action, reason=data.get("reason", ""),
        expected_version=data["version"],
    )  # fmt: skip


NOUN = upkeep.Noun(
    name="activity", place="activities", label="活动", get=activities.get, do=_do,
    about=lambda row: row.title,
)  # fmt: skip
upkeep.register_steps(
    blueprint, NOUN, reading=Permission.WORK_READ, acting=Permission.ACTIVITY_MANAGE,
    listed="activity_list", one="activity",
)  # fmt: skip


@blueprint.post("/activities/<int:row_id>/attendance")
@needs(Permission.ACTIVITY_MANAGE)
@once.once
def confirm_attendance(row_id: int) -> Response:
    """Note who came: those ticked came, the others did not."""
    session, actor = current_session(), current_actor()
    row = activities.get(session, actor, row_id)
    came = {int(text) for text in request.form.getlist("came") if text.isdecimal()}
    there, absent = activities.confirm(session, actor, row, came)
    flash(f"已登记：到场{there}个单位，未到场{absent}个单位。", "ok")
    return redirect(url_for("work.activity", row_id=row.id), 303)


def _asked(row: Activity | None) -> list[Field]:
    def local(instant: datetime | None, shape: str) -> str:
        return format(clock.beijing(instant), shape) if instant else ""

    given = row.sign_up_by if row else None
    return [
        Field("kind", "类别", "choice", options=list(KINDS.items()), value=row.kind if row else ""),
        Field("title", "名称", longest=120, value=row.title if row else ""),
        Field("day", "日期", "day", value=local(row.starts_at if row else None, "%Y-%m-%d")),
        Field("starts", "开始时间", longest=5, value=local(row.starts_at if row else None, "%H:%M"),
              hint="写成 09:00 的样子。"),
        Field("ends", "结束时间", longest=5, value=local(row.ends_at if row else None, "%H:%M"),
              hint="写成 17:00 的样子。"),
        Field("place", "地点", longest=120, value=row.place if row else ""),
        Field("sign_up", "报名截止日", "day", hint="当日24:00截止，要早于活动日期。",
              value=f"{clock.last_day(given)}" if given else ""),
        Field("places", "名额", required=False, longest=4, hint="最多几个单位，不限的不填。",
              value=str(row.places or "") if row else ""),
        Field("text", "内容", "area", longest=5000, value=row.text if row else ""),
    ]  # fmt: skip


def _content(data: dict[str, Any]) -> Content:
    errors: dict[str, list[str]] = {}
    times: dict[str, time] = {}
    for name in ("starts", "ends"):
        match = TIME.fullmatch(data[name])
        if match is None:
            errors[name] = ["请写成 09:00 的样子"]
        else:
            times[name] = time(int(match[1]), int(match[2]))
    places = data["places"]
    if places and not (places.isdecimal() and 0 < int(places) <= 9999):
        errors["places"] = ["请填写整数，不限的不填"]
    day: date = data["day"]
    if data["sign_up"] >= day:
        errors["sign_up"] = ["要早于活动日期"]
    if not errors and times["ends"] <= times["starts"]:
        errors["ends"] = ["要晚于开始时间"]
    if errors:
        raise Invalid(fields=errors)
    return Content(
        kind=data["kind"], title=data["title"], text=data["text"], place=data["place"],
        starts_at=datetime.combine(day, times["starts"], clock.BEIJING),
        ends_at=datetime.combine(day, times["ends"], clock.BEIJING),
        sign_up_by=clock.end_of_day(data["sign_up"]), places=int(places) if places else None,
    )  # fmt: skip


def _page(row: Activity | None) -> dict[str, Any]:
    listed = url_for("work.activity_list")
    back = url_for("work.activity", row_id=row.id) if row else listed
    return {
        **upkeep.frame("work", ("活动", listed)), "title": "修改活动" if row else "起草活动",
        "about": row.title if row else "", "back": back, "submit": "保存",
        "lead": "先存草稿，核对后再公开。", "version": row.version if row else "",
    }  # fmt: skip


@blueprint.get("/activities/new")
@needs(Permission.ACTIVITY_MANAGE)
def new_activity() -> str:
    """The form."""
    return upkeep.show_form(_asked(None), **_page(None))


@blueprint.post("/activities/new")
@needs(Permission.ACTIVITY_MANAGE)
@once.once
def create_activity() -> Response:
    """Keep a draft."""
    fields = _asked(None)
    try:
        data = load(form(fields, versioned=False), once.fields())
        row = activities.create(current_session(), current_actor(), _content(data))
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **_page(None))
    flash("草稿已保存。核对后可以公开。", "ok")
    return redirect(url_for("work.activity", row_id=row.id), 303)


@blueprint.get("/activities/<int:row_id>/edit")
@needs(Permission.ACTIVITY_MANAGE)
def edit_activity(row_id: int) -> str:
    """The form of an activity that is still to come."""
    row = activities.get(current_session(), current_actor(), row_id)
    return upkeep.show_form(_asked(row), **_page(row))


@blueprint.post("/activities/<int:row_id>/edit")
@needs(Permission.ACTIVITY_MANAGE)
@once.once
def save_activity(row_id: int) -> Response:
    """Change it."""
    session, actor = current_session(), current_actor()
    row = activities.get(session, actor, row_id)
    fields, page = _asked(row), _page(row)
    try:
        data = load(form(fields), once.fields())
        activities.edit(session, actor, row, _content(data), data["version"])
    except (Invalid, Conflict) as error:
        return upkeep.form_again(fields, error, **page)
    flash("已保存。", "ok")
    return redirect(url_for("work.activity", row_id=row_id), 303)
