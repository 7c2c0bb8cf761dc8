"""Places of a cell: exact on both engines, because one conditional UPDATE decides (house.md §5)."""

from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Quota
from marketplace.permissions import Actor, Permission, require

FULL = "quota_full"


def _changed(result: Any) -> bool:
    rows: CursorResult[Any] = result
    return rows.rowcount == 1


def take(session: Session, quota: Quota) -> None:
    """Take a free place. Raises Conflict ``quota_full``."""
    statement = (
        update(Quota)
        .where(Quota.id == quota.id)
        .where((Quota.cap.is_(None)) | (Quota.used + Quota.held < Quota.cap))
        .values(used=Quota.used + 1)
    )
    if not _changed(session.execute(statement, execution_options={"synchronize_session": False})):
        raise _full(session, quota)


def take_held(session: Session, quota: Quota) -> None:
    """Turn a held place (decided, in notice) into a used one."""
    statement = (
        update(Quota)
        .where(Quota.id == quota.id, Quota.held > 0)
        .values(used=Quota.used + 1, held=Quota.held - 1)
    )
    if not _changed(session.execute(statement, execution_options={"synchronize_session": False})):
        raise Conflict(f"“{quota.label}”没有预留的名额", code="nothing_held")


def hold(session: Session, quota: Quota) -> None:
    """Reserve a place for a decided candidacy. Raises Conflict ``quota_full``."""
    statement = (
        update(Quota)
        .where(Quota.id == quota.id)
        .where((Quota.cap.is_(None)) | (Quota.used + Quota.held < Quota.cap))
        .values(held=Quota.held + 1)
    )
    if not _changed(session.execute(statement, execution_options={"synchronize_session": False})):
        raise _full(session, quota)


def give_back(session: Session, quota_id: int) -> None:
    """Free the place of a membership that left."""
    statement = (
        update(Quota).where(Quota.id == quota_id, Quota.used > 0).values(used=Quota.used - 1)
    )
    if not _changed(session.execute(statement, execution_options={"synchronize_session": False})):
        raise Conflict("名额计数与在库数不一致，请联系运维核对", code="quota_broken")


def _full(session: Session, quota: Quota) -> Conflict:
    session.refresh(quota)
    taken = f"已用{quota.used}" + (f"、预留{quota.held}" if quota.held else "")
    return Conflict(
        f"“{quota.label}”名额已满（上限{quota.cap}，{taken}）",
        code=FULL,
        remedy="如确需增加，请先由签发人凭文件调整名额。",
    )


def change(
    session: Session,
    actor: Actor,
    quota: Quota,
    *,
    minimum: int | None,
    cap: int | None,
    expected_version: int,
    why: Why,
) -> Quota:
    """Change the range of a cell, by a document. Raises Invalid, Conflict (below what is taken)."""
    require(actor, Permission.QUOTA_CHANGE)
    fields = {}
    if not why.get("reason", "").strip():
        fields["reason"] = ["请填写调整理由"]
    if not why.get("document_no", "").strip():
        fields["document_no"] = ["请填写依据文号"]
    if cap is not None and minimum is not None and minimum > cap:
        fields["minimum"] = ["下限不能大于上限"]
    if fields:
        raise Invalid(fields=fields)
    session.refresh(quota, with_for_update=True)
    if quota.version != expected_version:
        raise Conflict("名额已被他人调整", code="stale_version")
    if cap is not None and quota.used + quota.held > cap:
        raise Conflict(
            f"上限不能低于已占用的{quota.used + quota.held}个名额", code="cap_below_taken"
        )
    diff = {"minimum": [quota.minimum, minimum], "cap": [quota.cap, cap]}
    quota.minimum, quota.cap, quota.version = minimum, cap, quota.version + 1
    session.flush()
    record(session, actor, "quota_change", quota, diff=diff, why=why)
    return quota
