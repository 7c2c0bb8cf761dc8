"""Complaints as the plain values that templates show, for each of those who may look."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Complaint
from marketplace.phases import ComplaintPhase
from marketplace.services.checks import complaints
from marketplace.services.files import files
from marketplace.web import uploads
from marketplace.web.context import dt
from marketplace.web.work import upkeep

CHANNELS = {complaints.ACCOUNT: "企业账号", complaints.PUBLIC: "公开渠道"}
OPEN = (ComplaintPhase.LODGED, ComplaintPhase.LEAD)


def state(row: Complaint, *, staff: bool) -> dict[str, str]:
    """Its state as a tag, with the clock that is over."""
    found = upkeep.tag("complaint", row.state, staff=staff)
    if row.concluded_at is None and row.conclude_by <= clock.now():
        return {**found, "note": "已超过办结期限"}
    if row.phase in OPEN and row.acknowledge_by <= clock.now():
        return {**found, "note": "已超过受理期限"}
    return found


def day(instant: Any) -> str:
    """The last day before an exclusive instant, as people read a deadline."""
    return f"{clock.last_day(instant)} 24:00" if instant else ""


def sender(row: Complaint) -> str:
    """Who complains, as far as staff sees it in a list: no person's name."""
    if row.organisation is not None:
        return row.organisation.name
    return "匿名" if row.anonymous else "实名（公开渠道）"


def place(row: Complaint) -> str:
    """The place it is about."""
    if row.membership is None:
        return "还没有确定"
    programme = row.membership.round.programme
    return (
        f"{programme.short_name}·{programme.segment_label(row.membership.segment)}"
        f"·{programme.type_label(row.membership.type)}"
    )


def clocks(row: Complaint) -> list[tuple[str, str]]:
    """Every clock with what became of it."""
    return [
        ("收到", dt(row.lodged_at)),
        ("受理期限", day(row.acknowledge_by)),
        ("受理", dt(row.acknowledged_at) or "还没有"),
        ("服务商答复期限", day(row.reply_by) or "受理后开始计算"),
        ("服务商答复", dt(row.replied_at) or "还没有"),
        ("办结期限", day(row.conclude_by)),
        ("办结", dt(row.concluded_at) or "还没有"),
    ]


def sections(row: Complaint, *, staff: bool, own: bool) -> list[dict[str, Any]]:
    """What both sides read; ``own``: what the sender added for the bureau."""
    found: list[dict[str, Any]] = [
        {"title": "投诉内容", "id": "text", "prose": row.text},
    ]
    if (staff or own) and row.evidence:
        found.append({"title": "投诉人提出的依据", "id": "evidence", "prose": row.evidence})
    if row.reply:
        found.append({"title": "服务商的答复", "id": "reply", "prose": row.reply})
    if row.conclusion:
        found.append({"title": "处理结果", "id": "conclusion", "prose": row.conclusion})
    if staff and row.evidence_of_sender:
        found.append({
            "title": "认定依据", "id": "grounds",
            "facts": [("投诉方依据", row.evidence_of_sender),
                      ("服务商方依据", row.evidence_of_provider)],
        })  # fmt: skip
    found.append({"title": "办理期限", "id": "clocks", "facts": clocks(row)})
    return found


def attached(session: Session, row: Complaint, *slots: str) -> list[dict[str, Any]]:
    """Files of some slots, as sections."""
    labels = {complaints.EVIDENCE: "投诉材料", complaints.REPLY_FILES: "答复材料"}
    return [
        {"title": labels[slot], "id": slot.replace("_", "-"),
         "files": uploads.show(session, slot, row).items}
        for slot in slots
        if files.of(session, row, slot)
    ]  # fmt: skip


def line(row: Complaint, endpoint: str, *, staff: bool) -> dict[str, Any]:
    """A line of a list."""
    found = {
        "subject": {"text": row.subject, "url": url_for(endpoint, row_id=row.id)},
        "provider": row.provider.organisation.name, "state": state(row, staff=staff),
        "lodged": dt(row.lodged_at), "due": day(row.conclude_by),
        "reply": day(row.reply_by),
    }  # fmt: skip
    if staff:
        found |= {"sender": sender(row), "channel": CHANNELS[row.channel]}
    return found
