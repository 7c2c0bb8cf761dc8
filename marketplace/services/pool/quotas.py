"""Places of a cell: exact on both engines, because one conditional UPDATE decides (house.md §5)."""

from datetime import date
from typing import Any, Protocol

from sqlalchemy import CursorResult, Update, select, update
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Provider, Quota, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes.cells import cell_key

FULL = "quota_full"


class Places(Protocol):
    """A cell as far as its places go: a ``Quota``, or what an import's check makes of one."""

    @property
    def label(self) -> str: ...
    @property
    def cap(self) -> int | None: ...
    @property
    def used(self) -> int: ...
    @property
    def held(self) -> int: ...


def find(
    session: Session, round_: Round, type_: str, segment: str, provider: Provider, day: date
) -> Quota | None:
    """The cell that a place of this kind counts in, as it is now; None when the round has none."""
    city = provider.organisation.registered_city
    try:
        key = cell_key(round_.programme, type=type_, segment=segment, city=city, year=day.year)
    except ValueError:
        return None  # counted by city, and no city is registered
    return session.scalars(
        select(Quota)
        .where(Quota.round_id == round_.id, Quota.cell == key)
        .execution_options(populate_existing=True)
    ).one_or_none()


def cell_for(
    session: Session, round_: Round, type_: str, segment: str, provider: Provider, day: date
) -> Quota:
    """As :func:`find`. Raises Conflict ``no_quota`` when the round has no such cell."""
    quota = find(session, round_, type_, segment, provider, day)
    if quota is None:
        raise Conflict("本批次没有为这一组合设置名额", code="no_quota")
    return quota


def take(session: Session, quota: Quota) -> None:
    """Take a free place. Raises Conflict ``quota_full``."""
    _occupy(session, quota, {"used": Quota.used + 1})


def take_held(session: Session, quota: Quota) -> None:
    """Turn a held place (decided, in notice) into a used one."""
    statement = (
        update(Quota)
        .where(Quota.id == quota.id, Quota.held > 0)
        .values(used=Quota.used + 1, held=Quota.held - 1)
    )
    if not _changed(session, statement):
        raise Conflict(f"{quota.label}：没有预留的名额", code="nothing_held")


def hold(session: Session, quota: Quota) -> None:
    """Reserve a place for a decided candidacy. Raises Conflict ``quota_full``."""
    _occupy(session, quota, {"held": Quota.held + 1})


def give_back(session: Session, quota_id: int) -> None:
    """Free the place of a membership that left."""
    statement = (
        update(Quota).where(Quota.id == quota_id, Quota.used > 0).values(used=Quota.used - 1)
    )
    if not _changed(session, statement):
        raise Conflict("名额计数与在池数不一致，请联系运维核对", code="quota_broken")


def release_held(session: Session, quota_id: int) -> None:
    """Free the reserved place of a candidacy that will not be listed."""
    statement = (
        update(Quota).where(Quota.id == quota_id, Quota.held > 0).values(held=Quota.held - 1)
    )
    if not _changed(session, statement):
        raise Conflict("预留名额计数不一致，请联系运维核对", code="quota_broken")


def _occupy(session: Session, quota: Quota, values: dict[str, Any]) -> None:
    """Count one place more, if one is free."""
    free = (Quota.cap.is_(None)) | (Quota.used + Quota.held < Quota.cap)
    if not _changed(session, update(Quota).where(Quota.id == quota.id, free).values(**values)):
        raise _full(session, quota)


def _changed(session: Session, statement: Update) -> bool:
    """Whether the one conditional UPDATE found its row."""
    unsynchronised = {"synchronize_session": False}
    rows: CursorResult[Any] = session.execute(statement, execution_options=unsynchronised)  # type: ignore[assignment]
    return rows.rowcount == 1


def is_full(quota: Places) -> bool:
    """Whether a cell takes nobody more."""
    return quota.cap is not None and quota.used + quota.held >= quota.cap


def full_text(quota: Places) -> str:
    """Why a cell takes nobody more."""
    taken = f"已用{quota.used}" + (f"、预留{quota.held}" if quota.held else "")
    return f"{quota.label}：名额已满（上限{quota.cap}，{taken}）"


def _full(session: Session, quota: Quota) -> Conflict:
    session.refresh(quota)
    return Conflict(full_text(quota), code=FULL, remedy="如确需增加，请先由签发人凭文件调整名额。")


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
