"""Running projects of a provider that leaves, as the pages of its case show them."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from marketplace.models import Proceeding
from marketplace.services.proceedings import exits_projects
from marketplace.web.proceedings.shapes import STAFF


def projects(
    session: Session, row: Proceeding, centre: str, *, may_settle: bool
) -> list[dict[str, Any]]:
    """The running projects of the place, what becomes of each, and those that went with it."""
    settled = {one.project_id: one for one in exits_projects.of(session, row)}
    here = [
        {
            "title": item.project.title, "enterprise": item.project.enterprise.name,
            "url": url_for(f"{centre}.project", project_id=item.project.id),
            "way": way(settled.get(item.project.id)),
            "settle_url": url_for(
                f"{centre}.settle_project", proceeding_id=row.id, project_id=item.project.id
            ) if may_settle else "",
        }
        for item in exits_projects.running(session, row)
    ]  # fmt: skip
    return here + [
        {
            "title": one.project.title, "enterprise": one.project.enterprise.name,
            "url": url_for("work.project", project_id=one.project_id) if centre == STAFF else "",
            "way": f"已转交{one.to_membership.provider.organisation.name}", "settle_url": "",
        }
        for one in settled.values()
        if one.done_at is not None and one.to_membership is not None
    ]  # fmt: skip


def way(row: Any) -> str:
    """What becomes of a project, in words."""
    if row is None or row.way == exits_projects.FINISH:
        return f"在监督下完成{_said(row)}"
    taker = row.to_membership.provider.organisation.name
    if row.agreed is None:
        return f"拟转交{taker}，等待企业答复"
    return f"企业同意转交{taker}"


def _said(row: Any) -> str:
    """What the enterprise said about a project that its provider finishes."""
    if row is None or not (row.answer or row.wish):
        return ""
    if row.answer:
        return f"（企业不同意转交：{row.answer}）"
    return f"（企业希望转交：{row.wish_reason}）" if row.wish == "transfer" else "（企业同意）"
