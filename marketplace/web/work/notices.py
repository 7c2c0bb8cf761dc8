"""Staff: public notices by state, and one notice with its steps."""

from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from marketplace.db import current_session
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why
from marketplace.models import NoticeEntry, PublicNotice
from marketplace.permissions import Permission, can
from marketplace.phases import LIVE_ENTRIES, UNFINISHED_NOTICES, NoticePhase
from marketplace.programmes import nouns
from marketplace.schemas.notices import (
    NOTICE_LABELS,
    CorrectForm,
    ExtendForm,
    NoticesQuery,
    StepForm,
)
from marketplace.services.calendar import database_clock
from marketplace.services.notices import (
    objections,
    public_notices,
    public_notices_changes,
    public_notices_finish,
)
from marketplace.services.notices import public_notices_tasks as _tasks  # noqa: F401  registers itself
from marketplace.services.notices.public_notices_kinds import Ending
from marketplace.web import notice_shapes as shapes
from marketplace.web.access import current_actor, needs
from marketplace.web.auth.confirm import recently_confirmed
from marketplace.web.forms import load, query_data
from marketplace.web.public.notices import page as public_page
from marketplace.web.work import once
from marketplace.web.work.blueprint import blueprint
from marketplace.web.work.notice_form import blocks, typed
from marketplace.web.work.shapes import events

PER_PAGE = 30
TABS = (
    NoticePhase.DRAFT, NoticePhase.RUNNING, NoticePhase.PARTLY, NoticePhase.FINISHED,
    NoticePhase.WITHDRAWN, NoticePhase.DISCARDED,
)  # fmt: skip


@blueprint.get("/notices")
@needs(Permission.NOTICE_READ)
def notices() -> str:
    """Notices by state, the newest first."""
    session, query = current_session(), load(NoticesQuery(), query_data())
    phase = next((item for item in TABS if item.value == query["phase"]), NoticePhase.RUNNING)
    counted = select(PublicNotice.phase, func.count()).group_by(PublicNotice.phase)
    counts = dict(session.execute(counted).all())
    rows = session.scalars(
        select(PublicNotice)
        .options(joinedload(PublicNotice.round))
        .where(PublicNotice.phase == phase)
        .order_by(PublicNotice.id.desc())
        .limit(PER_PAGE)
        .offset((query["page"] - 1) * PER_PAGE)
    ).all()
    total = counts.get(phase.value, 0)
    return render_template(
        "work/notices.html",
        rows=[
            {**shapes.line(row), "url": url_for("work.notice", notice_id=row.id)} for row in rows
        ],
        tabs=[
            {
                "label": shapes.phase_label("public_notice", item),
                "url": url_for("work.notices", phase=item.value), "current": item == phase,
                "count": counts.get(item.value, 0),
            }
            for item in TABS
        ],
        total=total, page=query["page"], pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("work.notices", phase=phase.value, page=number),
        may_draft=can(current_actor(), Permission.NOTICE_EDIT),
    )  # fmt: skip


def _get(notice_id: int) -> PublicNotice:
    return public_notices.get(current_session(), current_actor(), notice_id)


@blueprint.get("/notices/<int:notice_id>")
@needs(Permission.NOTICE_READ)
def notice(notice_id: int) -> str:
    """One notice as the public sees it, and what may be done with it."""
    return _page(_get(notice_id))


def _page(row: PublicNotice, **given: Any) -> str:
    session, actor = current_session(), current_actor()
    entries = public_notices.entries(session, row)
    waiting = public_notices_finish.objected(session, row)
    over = public_notices.is_over(session, row)
    unfinished = row.phase in UNFINISHED_NOTICES
    live = [one for one in entries if one.phase in LIVE_ENTRIES]
    context: dict[str, Any] = {
        **public_page(session, row),
        "entries": shapes.entries(entries, row.round, staff=True),
        "waiting": waiting, "labels": NOTICE_LABELS, "errors": {}, "values": {}, "clash": [],
        "state": shapes.staff_tag(row, ended=over), "ended": over,
        "preview": _preview(row) if row.phase == NoticePhase.DRAFT else None,
        "counts": objections.of_notice(session, row),
        "finish_label": public_notices.finish_label(row),
        "finishable": len([one for one in live if one.id not in waiting and one.phase != "held"]),
        "left_over": len(live), "unfinished": unfinished, "text": typed(row.body),
        "may": {
            "edit": can(actor, Permission.NOTICE_EDIT),
            "publish": can(actor, Permission.NOTICE_PUBLISH),
            "finish": can(actor, Permission.NOTICE_FINISH)
            and can(actor, public_notices.kind(row.kind).permission),
        },
        "events": events(session, row, {
            item.action: item for item in nouns.workflow("public_notice").transitions
        }),
        **given,
    }  # fmt: skip
    return render_template("work/notice.html", **context)


def _preview(row: PublicNotice) -> dict[str, Any]:
    """The window if it were published now, or why it cannot be."""
    session = current_session()
    try:
        window = public_notices.window_from(session, row, database_clock.now(session))
    except Invalid as error:
        return {"refusal": f"{error.message}。{error.remedy}", "days": [], "ends": ""}
    if window is None:
        return {"refusal": "还没有设定公示工作日数。", "days": [], "ends": ""}
    provisional = "、".join(f"{year}年" for year in window.provisional)
    refusal = f"{provisional}的工作日历只是暂定，官方安排录入前不能发布。" if provisional else ""
    return {
        "refusal": refusal, "days": [shapes.counted(one) for one in window.plain_days()],
        "ends": f"{window.ends_on} 24:00", "starts": str(window.starts_on),
        "number": window.working_days,
    }  # fmt: skip


def _answer(row_id: int, status: int, **given: Any) -> Response:
    current_session().expire_all()
    response = make_response(_page(_get(row_id), values=dict(request.form.items()), **given))
    response.status_code = status
    return response


def _do(notice_id: int, said: str, work: Callable[[PublicNotice], str | None]) -> Response:
    """One step; what is wrong with it is said on the page of the notice."""
    row = _get(notice_id)
    try:
        told = work(row) or said
    except Invalid as error:
        fields = dict(error.fields) or {"form": [f"{error.message}。{error.remedy}"]}
        return _answer(notice_id, 422, errors=fields)
    except Conflict as error:
        return _answer(notice_id, 409, clash=[*error.reasons, error.remedy])
    flash(told, "ok")
    return redirect(url_for("work.notice", notice_id=notice_id), 303)


def _why(data: dict[str, Any]) -> Why:
    return Why(reason=data["reason"], document_no=data.get("document_no", ""))


@blueprint.post("/notices/<int:notice_id>/publish")
@needs(Permission.NOTICE_PUBLISH)
@recently_confirmed
@once.once
def publish_notice(notice_id: int) -> Response:
    """Show it to the public."""

    def work(row: PublicNotice) -> str:
        data = load(StepForm(), once.fields())
        done = public_notices.publish(
            current_session(), current_actor(), row, expected_version=data["version"]
        )
        return f"已发布，公示期{shapes.window_words(done)}。"

    return _do(notice_id, "", work)


@blueprint.post("/notices/<int:notice_id>/discard")
@needs(Permission.NOTICE_EDIT)
@once.once
def discard_notice(notice_id: int) -> Response:
    """Give the draft up."""

    def work(row: PublicNotice) -> None:
        version = load(StepForm(), once.fields())["version"]
        public_notices.discard(current_session(), current_actor(), row, expected_version=version)

    return _do(notice_id, "草稿已作废。", work)


@blueprint.post("/notices/<int:notice_id>/withdraw")
@needs(Permission.NOTICE_PUBLISH)
@once.once
def withdraw_notice(notice_id: int) -> Response:
    """Take a running one back."""

    def work(row: PublicNotice) -> None:
        data = load(StepForm(), once.fields())
        public_notices.withdraw(
            current_session(), current_actor(), row, _why(data), expected_version=data["version"]
        )

    return _do(notice_id, "公示已撤回，公开页面注明了理由。", work)


@blueprint.post("/notices/<int:notice_id>/extend")
@needs(Permission.NOTICE_PUBLISH)
@once.once
def extend_notice(notice_id: int) -> Response:
    """Let it run longer."""

    def work(row: PublicNotice) -> str:
        data = load(ExtendForm(), once.fields())
        done = public_notices_changes.extend(
            current_session(), current_actor(), row, data["days"], _why(data),
            expected_version=data["version"],
        )  # fmt: skip
        return f"公示期已延长，{shapes.window_words(done)}。"

    return _do(notice_id, "", work)


@blueprint.post("/notices/<int:notice_id>/correct")
@needs(Permission.NOTICE_PUBLISH)
@once.once
def correct_notice(notice_id: int) -> Response:
    """Correct its words."""

    def work(row: PublicNotice) -> None:
        data = load(CorrectForm(), once.fields())
        public_notices_changes.correct(
            current_session(), current_actor(), row, title=data["title"],
            body=blocks(data["text"]), why=_why(data), expected_version=data["version"],
        )  # fmt: skip

    return _do(notice_id, "已更正，更正说明会显示在公示页。", work)


@blueprint.post("/notices/<int:notice_id>/entries/<int:entry_id>/drop")
@needs(Permission.NOTICE_PUBLISH)
@once.once
def drop_entry(notice_id: int, entry_id: int) -> Response:
    """Take one entry off."""

    def work(row: PublicNotice) -> None:
        session, data = current_session(), load(StepForm(), once.fields())
        entry = session.scalars(
            select(NoticeEntry)
            .where(NoticeEntry.id == entry_id, NoticeEntry.notice_id == row.id)
            .options(joinedload(NoticeEntry.notice).joinedload(PublicNotice.round))
        ).one_or_none()
        if entry is None:
            raise NotFound
        public_notices_changes.drop(
            session, current_actor(), entry, _why(data), expected_version=data["version"]
        )

    return _do(notice_id, "已撤下该条目，更正说明会显示在公示页。", work)


@blueprint.post("/notices/<int:notice_id>/finish")
@needs(Permission.NOTICE_FINISH)
@recently_confirmed
@once.once
def finish_notice(notice_id: int) -> Response:
    """Bring about what it was for."""

    def work(row: PublicNotice) -> str:
        data = load(StepForm(), once.fields())
        ending = Ending(document_no=data["document_no"], reason=data["reason"])
        report = public_notices_finish.finish(
            current_session(), current_actor(), row, ending, expected_version=data["version"]
        )
        told = [f"已办结{len(report.done)}项"]
        if report.held:
            told.append(f"暂缓{len(report.held)}项（异议未办结）：{'、'.join(report.held)}")
        told += [f"{name}没有办成：{text}" for name, text in report.failed.items()]
        return "；".join(told) + "。"

    return _do(notice_id, "", work)
