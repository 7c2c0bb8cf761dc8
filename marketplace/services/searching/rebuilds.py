"""Rebuilds of the search index: asked for, taken up by a process, given up, ended.

    waiting → running → done | failed | cancelled

One is unfinished at a time: the database says so. A process at work renews its beat; when that
grows old, or the process is seen to be gone, the next one takes the rebuild up from the start,
and after three lost processes it has failed. Nothing is ever stuck, and the index in use stays.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, NotFound
from marketplace.history import record
from marketplace.models import IndexRebuild
from marketplace.permissions import SYSTEM, Actor, Permission, require
from marketplace.phases import RebuildPhase
from marketplace.services.accounts import holders

STALE = timedelta(seconds=10)
"""A beat older than this belongs to a dead process; it is renewed every second."""

MOST_ATTEMPTS = 3
LOST = "重建进程连续三次中断，请查看后台日志后再试"


@dataclass(frozen=True)
class Result:
    """How a rebuild ended; the numbers of ``done``, the ``error`` of ``failed``."""

    phase: RebuildPhase
    documents: int = 0
    caught_up: int = 0
    generation: str = ""
    error: str = ""


@dataclass(frozen=True)
class Orders:
    """What the process at work must know: it lost the rebuild, or is asked to give up."""

    lost: bool
    cancel: bool


def live(session: Session) -> IndexRebuild | None:
    """The unfinished rebuild, if there is one."""
    return session.scalars(select(IndexRebuild).where(IndexRebuild.live.is_(True))).one_or_none()


def last(session: Session) -> IndexRebuild | None:
    """The rebuild asked for last."""
    return session.scalars(
        select(IndexRebuild).order_by(IndexRebuild.id.desc()).limit(1)
    ).one_or_none()


def newest(actor: Actor) -> Select[IndexRebuild]:
    """SELECT of all rebuilds, the newest first. Raises Forbidden."""
    require(actor, Permission.SYSTEM_READ)
    return select(IndexRebuild).order_by(IndexRebuild.id.desc())


def ask(session: Session, actor: Actor, *, reason: str) -> tuple[IndexRebuild, bool]:
    """Ask for a rebuild: it, and whether it is new. Who asks during one gets that one."""
    require(actor, Permission.SEARCH_REBUILD)
    return _make(session, actor, reason)


def begin(session: Session, actor: Actor, *, reason: str, holder: str) -> IndexRebuild:
    """Ask for a rebuild and be its process, in one step. Raises Conflict while one is going on."""
    require(actor, Permission.SEARCH_REBUILD)
    job, _ = _make(session, actor, reason)
    job = _locked(session, job.id)
    if job.live is None or not _left(job):
        raise Conflict("搜索索引正在重建", code="rebuild_running", remedy="请等它完成后再试。")
    _take(job, holder)
    session.flush()
    return job


def cancel(session: Session, actor: Actor, rebuild_id: int) -> IndexRebuild:
    """Give a rebuild up; a running one stops within seconds. Raises NotFound, Conflict."""
    require(actor, Permission.SEARCH_REBUILD)
    job = _locked(session, rebuild_id)
    if job.live is None:
        raise Conflict("这次重建已经结束", code="wrong_state")
    job.cancel_asked = True
    if job.phase == RebuildPhase.WAITING:
        _end(job, Result(RebuildPhase.CANCELLED))
    session.flush()
    record(session, actor, "rebuild_cancel", job)
    return job


def due(session: Session) -> int | None:
    """The rebuild that needs a process: it waits, or its process died."""
    job = live(session)
    return job.id if job is not None and _left(job) else None


def claim(session: Session, rebuild_id: int, holder: str) -> IndexRebuild | None:
    """Become the process of a rebuild; None when there is nothing to do (any more)."""
    job = _locked(session, rebuild_id)
    if job.live is None or not _left(job):
        return None
    if job.cancel_asked:
        _end(job, Result(RebuildPhase.CANCELLED))
    elif job.attempts >= MOST_ATTEMPTS:
        _end(job, Result(RebuildPhase.FAILED, error=LOST))
    else:
        _take(job, holder)
        return job
    _record_end(session, SYSTEM, job)
    return None


def beat(
    session: Session, rebuild_id: int, holder: str, *, stage: str, done: int, total: int
) -> Orders:
    """Say that the process lives and how far it is."""
    held = session.execute(
        update(IndexRebuild)
        .where(
            IndexRebuild.id == rebuild_id,
            IndexRebuild.holder == holder,
            IndexRebuild.live.is_(True),
        )
        .values(beat_at=clock.now(), stage=stage, done=done, total=max(total, done))
        .returning(IndexRebuild.cancel_asked)
    ).first()
    return Orders(lost=held is None, cancel=held is not None and held.cancel_asked)


def finish(session: Session, actor: Actor, rebuild_id: int, holder: str, result: Result) -> None:
    """End a rebuild; does nothing when another process has taken it over."""
    job = _locked(session, rebuild_id)
    if job.live is None or job.holder != holder:
        return
    _end(job, result)
    session.flush()
    _record_end(session, actor, job)


def _make(session: Session, actor: Actor, reason: str) -> tuple[IndexRebuild, bool]:
    found = live(session)
    if found is not None:
        return found, False
    job = IndexRebuild(reason=reason, requested_by=actor.user_id)
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()
    except IntegrityError:  # somebody else asked in this very moment
        found = live(session)
        if found is None:
            raise
        return found, False
    record(session, actor, "rebuild_ask", job, why={"reason": reason})
    return job, True


def _locked(session: Session, rebuild_id: int) -> IndexRebuild:
    job = session.get(IndexRebuild, rebuild_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NotFound("没有这次重建")
    return job


def _left(job: IndexRebuild) -> bool:
    """Whether nobody works on an unfinished rebuild."""
    if job.phase == RebuildPhase.WAITING or job.beat_at is None:
        return True
    return job.beat_at < clock.now() - STALE or holders.gone(job.holder)


def _take(job: IndexRebuild, holder: str) -> None:
    now = clock.now()
    job.phase, job.holder, job.beat_at = RebuildPhase.RUNNING.value, holder, now
    job.attempts += 1
    job.started_at = job.started_at or now
    job.stage, job.done, job.total = "", 0, 0


def _end(job: IndexRebuild, result: Result) -> None:
    job.phase, job.live, job.finished_at = result.phase.value, None, clock.now()
    job.documents, job.caught_up = result.documents, result.caught_up
    job.generation, job.error = result.generation, result.error[:2000]


def _record_end(session: Session, actor: Actor, job: IndexRebuild) -> None:
    diff = {"documents": job.documents} if job.phase == RebuildPhase.DONE else {}
    record(session, actor, f"rebuild_{job.phase}", job, diff=diff, why={"reason": job.error})
