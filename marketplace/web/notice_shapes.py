"""Notices, their entries and objections as the plain values that templates show."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    NoticeEntry,
    NoticeErratum,
    Objection,
    PublicNotice,
    Round,
    StoredFile,
)
from marketplace.phases import NoticePhase
from marketplace.programmes import nouns
from marketplace.services.files import files
from marketplace.services.notices import errata, public_notices
from marketplace.services.notices.public_notices_kinds import get as kind_of
from marketplace.web.context import day as day_words
from marketplace.web.context import dt
from marketplace.web.uploads import size_text

TONES = {"success": "ok", "warning": "warn"}
WEEKDAYS = "一二三四五六日"
ATTACHMENT = public_notices.ATTACHMENT


def tag(noun: str, state_id: str, *, staff: bool = True) -> dict[str, str]:
    """A state as status_tag takes it."""
    state = nouns.workflow(noun).state(state_id)
    label = state.staff_label if staff else state.public_label
    return {"tone": TONES.get(state.tone, state.tone), "icon": state.icon, "label": label}


def phase_label(noun: str, phase: str) -> str:
    """What staff call a phase: the label of its state."""
    return next(one.staff_label for one in nouns.workflow(noun).states if one.phase == phase)


def window_words(notice: PublicNotice) -> str:
    """``2024年2月9日至2024年2月21日 24:00（5个工作日）``."""
    if notice.starts_on is None or notice.ends_on is None:
        return ""
    number = (notice.working_days or 0) + notice.extra_days
    first, last = day_words(notice.starts_on), day_words(notice.ends_on)
    return f"{first}至{last} 24:00（{number}个工作日）"


def time_left(notice: PublicNotice, now: datetime) -> str:
    """``剩3天4小时``; empty once it is over."""
    if notice.ends_at is None or now >= notice.ends_at:
        return ""
    left = notice.ends_at - now
    hours, rest = divmod(left.seconds, 3600)
    if left.days:
        return f"还剩{left.days}天{hours}小时"
    if hours:
        return f"还剩{hours}小时{rest // 60}分"
    return f"还剩{rest // 60}分{rest % 60}秒"


def days(notice: PublicNotice) -> list[dict[str, str]]:
    """Every day of the count (怎么算的)."""
    return [counted(one) for one in notice.days]


def counted(one: dict[str, Any]) -> dict[str, str]:
    """One day of a count."""
    on = date.fromisoformat(one["day"])
    return {
        "day": f"{one['day']}（周{WEEKDAYS[on.weekday()]}）", "label": one["label"],
        "number": f"第{one['number']}个工作日" if one["working"] else "不计",
    }  # fmt: skip


def calendars(notice: PublicNotice) -> list[dict[str, str]]:
    """Which calendar it was counted with: source and a short form of its fingerprint."""
    return [
        {
            "year": f"{row['year']}年", "source": row["source"] or "未注明",
            "official": "官方" if row["official"] else "暂定", "mark": row["sha256"][:12],
        }
        for row in notice.calendar
    ]  # fmt: skip


def line(notice: PublicNotice) -> dict[str, Any]:
    """A line of a list; the round is loaded."""
    return {
        "id": notice.id, "title": notice.title, "document_no": notice.document_no or "",
        "kind": kind_of(notice.kind).label, "round": notice.round.label,
        "programme": notice.round.programme.short_name,
        "published": dt(notice.published_at), "window": window_words(notice),
        "ends": f"{notice.ends_on} 24:00" if notice.ends_on else "",
        "updated": dt(notice.updated_at),
        "state": tag("public_notice", notice.state),
        "public": public_tag(notice),
    }  # fmt: skip


def staff_tag(notice: PublicNotice, *, ended: bool) -> dict[str, str]:
    """The state for staff: a window that has ended waits to be finished."""
    if notice.phase == NoticePhase.RUNNING and ended:
        return {"tone": "warn", "icon": "clock", "label": "公示期满，待办理"}
    return tag("public_notice", notice.state)


def public_tag(notice: PublicNotice) -> dict[str, str]:
    """What the public reads: a window that has ended says so, whether finished or not."""
    shown = tag("public_notice", notice.state, staff=False)
    if (
        notice.phase == NoticePhase.RUNNING
        and notice.ends_at is not None
        and clock.now() >= notice.ends_at
    ):
        return {"tone": "neutral", "icon": "clock", "label": "公示期满，待公布"}
    return shown


def entries(rows: Sequence[NoticeEntry], round_: Round, *, staff: bool) -> list[dict[str, Any]]:
    """The list of a notice, in the words of its programme."""
    programme = round_.programme
    return [
        {
            "id": row.id, "seq": row.seq, "name": row.name, "note": row.note,
            "segment": programme.segment_label(row.segment) if row.segment else "",
            "type": programme.type_label(row.type) if row.type else "",
            "state": tag("notice_entry", row.state, staff=staff), "phase": row.phase,
            "provider_url": f"/providers/{row.provider_id}", "version": row.version,
        }
        for row in rows
    ]  # fmt: skip


def corrections(rows: Sequence[NoticeErratum]) -> list[dict[str, str]]:
    """Errata as timeline takes them."""
    return [
        {
            "when": dt(row.at), "title": f"{errata.LABELS[row.subject]}：{row.text}",
            "text": row.reason, "tone": "warn", "icon": "pencil",
        }
        for row in rows
    ]  # fmt: skip


def attachments(session: Session, subject: Any, slot: str) -> list[dict[str, Any]]:
    """Files of a row as file_list takes them."""
    return [attachment(row) for row in files.of(session, subject, slot)]


def attachment(row: StoredFile) -> dict[str, Any]:
    """One file."""
    return {
        "name": row.name, "url": url_for("files.view", file_id=row.id),
        "size": size_text(row.size), "at": dt(row.uploaded_at), "version": row.version,
    }  # fmt: skip


def objection(row: Objection) -> dict[str, Any]:
    """A line of the desk; notice and entry are loaded."""
    return {
        "id": row.id, "url": url_for("work.objection", objection_id=row.id),
        "name": row.entry.name, "notice": row.notice.title,
        "how": "匿名（线索）" if row.anonymous else "实名", "contact": row.contact_masked,
        "filed": dt(row.filed_at), "due": dt(row.reply_by),
        "state": tag("objection", row.state),
    }  # fmt: skip
