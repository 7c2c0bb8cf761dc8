"""Rounds (批次): opened from a programme, which they pin; amended only on purpose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Membership, Quota, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import RoundPhase
from marketplace.programmes.cells import QuotaCell, cells
from marketplace.programmes.schema import Programme
from marketplace.programmes.snapshot import to_snapshot
from marketplace.services.pool import programme_texts


@dataclass(frozen=True, kw_only=True)
class Opening:
    """What a round is opened with. ``cities`` and ``year`` give the cells counted by them."""

    key: str
    label: str
    seq: int = 1
    phase: RoundPhase = RoundPhase.LISTED
    cities: tuple[str, ...] = ()
    year: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    listed_on: date | None = None


def open_round(session: Session, actor: Actor, programme: Programme, opening: Opening) -> Round:
    """Start a round: pin the programme and lay out its quota cells. Raises Invalid."""
    require(actor, Permission.ROUND_MANAGE)
    if not opening.key.strip() or not opening.label.strip():
        raise Invalid(fields={"key": ["请填写批次编号和名称"]})
    if session.scalar(select(Round.id).where(Round.key == opening.key)) is not None:
        raise Conflict(f"批次编号“{opening.key}”已经使用", code="round_exists")
    round_ = Round(
        key=opening.key,
        label=opening.label,
        seq=opening.seq,
        phase=opening.phase.value,
        programme_id=programme.id,
        programme_hash=programme.file_sha256,
        programme_snapshot=to_snapshot(programme),
        opens_at=opening.opens_at,
        closes_at=opening.closes_at,
        listed_on=opening.listed_on,
    )
    session.add(round_)
    session.flush()
    programme_texts.keep(session, programme)
    laid_out = _cells(programme, opening.cities, opening.year)
    session.add_all(_row(round_, cell) for cell in laid_out)
    session.flush()
    record(
        session, actor, "round_open", round_,
        states=("", round_.phase),
        diff={"programme": programme.id, "hash": programme.file_sha256, "cells": len(laid_out)},
    )  # fmt: skip
    return round_


def by_key(session: Session, key: str) -> Round:
    """The round with this key. Raises NotFound."""
    found = session.scalars(select(Round).where(Round.key == key)).one_or_none()
    if found is None:
        raise NotFound("没有这个批次")
    return found


def newest_first(session: Session) -> list[Round]:
    """All rounds, the newest of each programme first."""
    order = (Round.programme_id, Round.seq.desc(), Round.id.desc())
    return list(session.scalars(select(Round).order_by(*order)))


def current(session: Session, programme_id: str) -> Round | None:
    """The newest round of a programme that is not a draft; None before the first."""
    return session.scalars(
        select(Round)
        .where(Round.programme_id == programme_id, Round.phase != RoundPhase.DRAFT)
        .order_by(Round.seq.desc(), Round.id.desc())
        .limit(1)
    ).one_or_none()


@dataclass(frozen=True)
class Amendment:
    """What pinning another text would change. ``blocked`` are reasons that forbid it."""

    rules_added: tuple[str, ...] = ()
    rules_removed: tuple[str, ...] = ()
    rules_changed: tuple[str, ...] = ()
    cells_added: tuple[str, ...] = ()
    ranges_differ: tuple[str, ...] = ()
    """Cells whose range in the new text is another: quotas change only by document."""
    members: int = 0
    blocked: tuple[str, ...] = field(default=())


def newest_of(every: Sequence[Round], programme_id: str) -> Round | None:
    """As :func:`current`, from rounds that were read already (:func:`newest_first`)."""
    wanted = (
        round_
        for round_ in every
        if round_.programme_id == programme_id and round_.phase != RoundPhase.DRAFT
    )
    return next(wanted, None)


def amendment(session: Session, round_: Round, programme: Programme) -> Amendment:
    """The effect of amending, shown before it is done."""
    old, new = round_.programme, programme
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    quotas = {q.cell: q for q in session.scalars(_quotas(round_))}
    laid_out = _cells(new, _dimension(quotas.values(), "city"), _year(quotas.values()))
    ranges = [
        f"{cell.label}：现为{_range(quotas[cell.key].minimum, quotas[cell.key].cap)}，"
        f"文件为{_range(cell.min, cell.cap)}"
        for cell in laid_out
        if cell.key in quotas
        and (quotas[cell.key].minimum, quotas[cell.key].cap) != (cell.min, cell.cap)
    ]
    members = session.scalar(select(func.count()).where(Membership.round_id == round_.id))
    return Amendment(
        rules_added=tuple(sorted(after.keys() - before.keys())),
        rules_removed=tuple(sorted(before.keys() - after.keys())),
        rules_changed=tuple(
            sorted(id_ for id_ in before.keys() & after.keys() if before[id_] != after[id_])
        ),
        cells_added=tuple(cell.label for cell in laid_out if cell.key not in quotas),
        ranges_differ=tuple(ranges),
        members=members or 0,
        blocked=tuple(_blocked(session, round_, programme)),
    )


def amend(
    session: Session,
    actor: Actor,
    round_: Round,
    programme: Programme,
    *,
    expected_version: int,
    why: Why,
) -> Round:
    """Pin another text of the same programme; quota ranges stay as they are."""
    require(actor, Permission.ROUND_MANAGE)
    if not why.get("reason", "").strip():
        raise Invalid(fields={"reason": ["请填写修订理由"]})
    session.refresh(round_, with_for_update=True)
    if round_.version != expected_version:
        raise Conflict("批次已被他人修改", code="stale_version")
    change = amendment(session, round_, programme)
    if change.blocked:
        raise Conflict("；".join(change.blocked), code="amendment_blocked", reasons=change.blocked)
    old_hash = round_.programme_hash
    quotas = session.scalars(_quotas(round_)).all()
    known = {quota.cell for quota in quotas}
    round_.programme_hash = programme.file_sha256
    round_.programme_snapshot = to_snapshot(programme)
    programme_texts.keep(session, programme)
    laid_out = _cells(programme, _dimension(quotas, "city"), _year(quotas))
    session.add_all(_row(round_, cell) for cell in laid_out if cell.key not in known)
    session.flush()
    record(
        session, actor, "round_amend", round_,
        diff={
            "hash": [old_hash, programme.file_sha256],
            "rules_added": change.rules_added,
            "rules_removed": change.rules_removed,
            "rules_changed": change.rules_changed,
            "cells_added": change.cells_added,
        },
        why=why,
    )  # fmt: skip
    return round_


def _blocked(session: Session, round_: Round, programme: Programme) -> Iterable[str]:
    """Living memberships must keep their state, phase, type and segment in the new text."""
    if programme.id != round_.programme_id:
        yield f"这是另一个项目（{programme.short_name}）的文件"
        return
    states = {state.id: state.phase for state in programme.workflows["standing"].states}
    types = {item.id for item in programme.types}
    segments = {item.id for item in programme.segments}
    columns = (Membership.state, Membership.phase, Membership.type, Membership.segment)
    for state, phase, type_, segment in session.execute(
        select(*columns).where(Membership.round_id == round_.id).distinct()
    ):
        if states.get(state) != phase:
            yield f"现有成员处于状态“{state}”，新文件中没有这个状态或含义不同"
        if type_ not in types or segment not in segments:
            yield f"现有成员属于“{type_} · {segment}”，新文件中没有这一组合"


def _quotas(round_: Round) -> Select[Quota]:
    return select(Quota).where(Quota.round_id == round_.id).order_by(Quota.id)


def _dimension(quotas: Iterable[Quota], name: str) -> tuple[str, ...]:
    return tuple(sorted({quota.dims[name] for quota in quotas if name in quota.dims}))


def _year(quotas: Iterable[Quota]) -> int | None:
    years = _dimension(quotas, "year")
    return int(years[0]) if years else None


def _cells(programme: Programme, cities: tuple[str, ...], year: int | None) -> list[QuotaCell]:
    return list(cells(programme, cities=cities, year=year))


def _row(round_: Round, cell: QuotaCell) -> Quota:
    return Quota(
        round_id=round_.id,
        cell=cell.key,
        label=cell.label,
        dims=dict(cell.dims),
        minimum=cell.min,
        cap=cell.cap,
    )


def _range(minimum: int | None, cap: int | None) -> str:
    return "不限" if cap is None else f"{minimum or 0}–{cap}"
