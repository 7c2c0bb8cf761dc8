"""The working-day calendar for staff: years, their exceptions, and a count explained day by day."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from marketplace import clock
from marketplace.clock import CountedDay
from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.permissions import Permission, can
from marketplace.services.calendar import calendar, calendar_notice
from marketplace.services.calendar.calendar import YearOfDays
from marketplace.services.notices import public_notices_changes
from marketplace.web.access import current_actor, needs
from marketplace.web.forms import load, page_again, query_data
from marketplace.web.work import once

blueprint = Blueprint("calendar", __name__, url_prefix="/work/calendar")

LONGEST_COUNT = 60
WEEKDAYS = "一二三四五六日"
LABELS = {
    "year": "年份", "official": "是否官方", "source": "依据", "days": "例外日期", "start": "起算日",
    "count": "工作日数", "notice": "通知原文",
}  # fmt: skip


class CountQuery(Schema):
    """From which day to count how many working days."""

    start = fields.Date(error_messages={"invalid": "请填写日期"})
    count = fields.Integer(
        strict=False,
        validate=validate.Range(1, LONGEST_COUNT, error=f"应在1至{LONGEST_COUNT}之间"),
        error_messages={"invalid": "请填写整数"},
    )


class NoticeText(Schema):
    """The words of the State Council's notice."""

    notice = fields.String(
        required=True, validate=validate.Length(max=10_000, error="内容过长"),
        error_messages={"required": "请粘贴通知原文"},
    )  # fmt: skip


class YearForm(Schema):
    """One year as it is to be: ``before`` is the text the editor started from."""

    official = fields.Boolean(load_default=False)
    source = fields.String(
        load_default="", validate=validate.Length(max=200, error="不超过200个字")
    )
    days = fields.String(load_default="", validate=validate.Length(max=20_000, error="内容过长"))
    before = fields.String(load_default="")


@blueprint.get("")
@needs(Permission.WORK_READ)
def index() -> str:
    """The years, and a count of working days with each step explained."""
    session = current_session()
    errors: dict[str, list[str]] = {}
    values = query_data()
    counted: list[CountedDay] = []
    official = True
    try:
        query = load(CountQuery(), values)
        if "start" in query:
            whole = calendar.load(session)
            counted = whole.count(query["start"], query.get("count", 5))
            official = whole.is_official(query["start"], counted[-1].day)
    except Invalid as error:
        errors = error.fields or {"start": [f"{error.message}。{error.remedy}"]}
    return render_template(
        "calendar/index.html",
        years=[_summary(row) for row in calendar.years(session)],
        values=values,
        errors=errors,
        labels=LABELS,
        counted=[_step(step) for step in counted],
        official=official,
        today=clock.today().isoformat(),
        may_edit=can(current_actor(), Permission.CALENDAR_EDIT),
    )


@blueprint.get("/<int:year>")
@needs(Permission.WORK_READ)
def year(year: int) -> str:
    """One year with its exceptions."""
    found = calendar.year_of_days(current_session(), year)
    return render_template(
        "calendar/year.html",
        year=found,
        days=[_day(day, rule.working, rule.label) for day, rule in sorted(found.days.items())],
        may_edit=can(current_actor(), Permission.CALENDAR_EDIT),
    )


@blueprint.get("/<int:year>/edit")
@needs(Permission.CALENDAR_EDIT)
def edit_year(year: int) -> str:
    """The form: the same for correcting a year and for entering a new one."""
    found = _present(year)
    values = {"source": found.source, "days": found.as_text, "official": found.official}
    return render_template("calendar/edit.html", errors={}, values=values, **_form(found))


@blueprint.post("/<int:year>/import")
@needs(Permission.CALENDAR_EDIT)
def import_year(year: int) -> str | Response:
    """Read the official notice into the form; nothing is kept before it is saved there."""
    found = _present(year)
    sent = once.fields()
    values = {"source": found.source, "days": found.as_text, "official": found.official}
    try:
        days = calendar_notice.read(year, load(NoticeText(), sent)["notice"])
    except Invalid as error:
        given = {**values, "notice": sent.get("notice", "")}
        page = render_template(
            "calendar/edit.html", errors=error.fields, values=given, **_form(found)
        )
        response = make_response(page)
        response.status_code = 422
        return response
    values |= {"days": YearOfDays(year, True, "", days).as_text, "official": True}
    return render_template(
        "calendar/edit.html", errors={}, values=values, imported=len(days), **_form(found)
    )


@blueprint.post("/<int:year>/edit")
@needs(Permission.CALENDAR_EDIT)
@once.once
def save_year(year: int) -> Response:
    """Replace the year."""
    session = current_session()
    before = {row.id: row.ends_on for row in public_notices_changes.running(session, year)}
    try:
        data = load(YearForm(), once.fields())
        calendar.save_year(
            session, current_actor(), year,
            official=data["official"],
            source=data["source"],
            days=calendar.parse_days(year, data["days"]),
            expected=data["before"],
        )  # fmt: skip
    except Invalid as error:
        return page_again("calendar/edit.html", error, **_form(_present(year)))
    except Conflict as error:
        again = Invalid(fields={"days": [f"{error.message}，下方“现有内容”为最新，请核对后再保存"]})
        response = page_again("calendar/edit.html", again, changed=True, **_form(_present(year)))
        response.status_code = 409
        return response
    moved = [
        row
        for row in public_notices_changes.running(session, year)
        if row.ends_on != before.get(row.id)
    ]
    flash(f"{year}年工作日历已保存。", "ok")
    for row in moved:
        flash(f"《{row.title}》的公示截止日顺延到{row.ends_on}，公示页已注明。", "warn")
    return redirect(url_for("calendar.year", year=year), 303)


def _present(year: int) -> YearOfDays:
    """The year as it is; one that is not there yet is empty, if it may be entered."""
    if not calendar.FIRST_YEAR <= year <= calendar.LAST_YEAR:
        raise NotFound
    try:
        return calendar.year_of_days(current_session(), year)
    except NotFound:
        return YearOfDays(year, False, "", {})


def _form(found: YearOfDays) -> dict[str, Any]:
    return {
        "year": found, "before": found.as_text, "labels": LABELS,
        "running": public_notices_changes.running(current_session(), found.year),
    }  # fmt: skip


def _summary(row: Any) -> dict[str, Any]:
    return {
        "year": row.year,
        "official": row.official,
        "source": row.source,
        "edited": row.edited,
        "url": url_for("calendar.year", year=row.year),
    }


def _day(day: date, working: bool, label: str) -> dict[str, Any]:
    return {
        "day": f"{day.isoformat()}（周{WEEKDAYS[day.weekday()]}）",
        "kind": calendar.WORKING if working else calendar.DAY_OFF,
        "label": label,
    }


def _step(step: CountedDay) -> dict[str, Any]:
    shown = _day(step.day, step.working, step.label)
    return {**shown, "number": f"第{step.number}个工作日" if step.working else "不计"}
