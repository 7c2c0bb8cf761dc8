"""Public notices for everybody: the list, its feed, and one notice with the count of its days."""

from typing import Any

from flask import Response, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.db import current_session
from marketplace.models import PublicNotice
from marketplace.phases import PUBLIC_NOTICES, EntryPhase, NoticePhase
from marketplace.programmes.process import Publicity
from marketplace.schemas.notices import NoticesQuery
from marketplace.services.calendar import database_clock
from marketplace.services.notices import errata, public_notices
from marketplace.services.notices import public_notices_changes as _changes  # noqa: F401  follows edits
from marketplace.services.notices import public_notices_selection as _kind  # noqa: F401  registers itself
from marketplace.services.notices.public_notices_kinds import get as kind
from marketplace.web import limits
from marketplace.web import notice_shapes as shapes
from marketplace.web.access import public
from marketplace.web.forms import load, query_data
from marketplace.web.public import blueprint, rss

PER_PAGE = 20
MOST_ITEMS = 50
OPEN, OVER = "open", "over"
TABS = (("", "全部"), (OPEN, "公示中"), (OVER, "已结束"))


def _published(wanted: str = "") -> Any:
    query = select(PublicNotice).where(PublicNotice.phase.in_(PUBLIC_NOTICES))
    if wanted == OPEN:
        return query.where(
            PublicNotice.phase == NoticePhase.RUNNING, PublicNotice.ends_at > clock.now()
        )
    if wanted == OVER:
        return query.where(
            (PublicNotice.phase != NoticePhase.RUNNING) | (PublicNotice.ends_at <= clock.now())
        )
    return query


def _newest(query: Any) -> Any:
    return query.options(joinedload(PublicNotice.round)).order_by(
        PublicNotice.published_at.desc(), PublicNotice.id.desc()
    )


@blueprint.get("/notices")
@public
def notices() -> str:
    """Every published notice, the newest first."""
    session, query = current_session(), load(NoticesQuery(), query_data())
    wanted = query["phase"] if query["phase"] in (OPEN, OVER) else ""
    found = _published(wanted)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    offset = (query["page"] - 1) * PER_PAGE
    rows = session.scalars(_newest(found).limit(PER_PAGE).offset(offset)).all()
    return render_template(
        "public/notices.html",
        rows=[shapes.line(row) for row in rows],
        total=total,
        page=query["page"],
        pages=max(1, -(-total // PER_PAGE)),
        page_link=lambda number: url_for("public.notices", phase=wanted or None, page=number),
        tabs=[
            {
                "label": label, "url": url_for("public.notices", phase=name or None),
                "current": name == wanted,
            }
            for name, label in TABS
        ],
    )  # fmt: skip


@blueprint.get("/notices.rss")
@public
def notices_feed() -> Response:
    """The newest notices as a feed."""
    limits.read("feed")
    rows = current_session().scalars(_newest(_published()).limit(MOST_ITEMS))
    items = [
        rss.Item(
            row.title, f"/notices/{row.id}", row.published_at or clock.now(),
            " · ".join(filter(None, [row.document_no, f"公示期{shapes.window_words(row)}"])),
        )
        for row in rows
    ]  # fmt: skip
    return rss.feed("公示公告", "/notices", "/notices.rss", "资源池名单等公示，最新的在前。", items)


@blueprint.get("/notices/<int:notice_id>")
@public
def notice(notice_id: int) -> str:
    """One notice."""
    session = current_session()
    row = public_notices.public(session, notice_id)
    return render_template("public/notice.html", **page(session, row))


def page(session: Session, row: PublicNotice) -> dict[str, Any]:
    """What the page of a notice shows; the preview of a draft is the same page."""
    now = database_clock.now(session)
    entries = public_notices.entries(session, row)
    standing = [one for one in entries if one.phase != EntryPhase.STRUCK]
    corrections = errata.of(session, row)
    return {
        "notice": row,
        "line": shapes.line(row),
        "window": shapes.window_words(row),
        "left": shapes.time_left(row, now),
        "open": row.phase == NoticePhase.RUNNING and row.ends_at is not None and now < row.ends_at,
        "days": shapes.days(row),
        "calendars": shapes.calendars(row),
        "entries": shapes.entries(standing, row.round, staff=False),
        "held": sum(one.phase == EntryPhase.HELD for one in entries),
        "errata": shapes.corrections(corrections),
        "moved": any(item.subject == errata.WINDOW for item in corrections),
        "attachments": shapes.attachments(session, row, shapes.ATTACHMENT),
        "clause": _clause(row),
    }


def _clause(row: PublicNotice) -> Publicity | None:
    """The clause that orders the notice, where it is the programme's own one on publicity."""
    publicity = row.round.programme.publicity
    return publicity if kind(row.kind).rule(row.round.programme) == publicity.id else None


def paths(session: Session) -> list[str]:
    """Addresses of all published notices, for the site map."""
    ids = session.scalars(
        select(PublicNotice.id)
        .where(PublicNotice.phase.in_(PUBLIC_NOTICES))
        .order_by(PublicNotice.id)
    )
    return [f"/notices/{id_}" for id_ in ids]
