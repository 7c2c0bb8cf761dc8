"""Do a rebuild that was asked for: its row gets progress and beats, and may call it off."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.indexing.upkeep import Progress, rebuild_index
from marketplace.indexing.wiring import Catalogue
from marketplace.models import CaseStudy, IndexRebuild, Membership, Product, Provider
from marketplace.permissions import SYSTEM
from marketplace.phases import PUBLIC_PHASES, RebuildPhase
from marketplace.services.searching import rebuilds
from marketplace.services.searching.rebuilds import Orders, Result
from marketplace.worker import COLLECT
from search import SearchError

log = structlog.get_logger()

BEAT_SECONDS = 1.0


class Stopped(Exception):
    """The rebuild must end here: it was cancelled, or another process has taken it over."""


class Pulse:
    """Keeps the row of a rebuild alive and up to date from a thread of its own.

    ``tell(stage, count)`` is the progress of ``rebuild_index``; it raises Stopped when the work
    must end. The beat does not depend on it: a long comparison is no death.
    """

    def __init__(
        self, database: Database, job: IndexRebuild, total: int, also: Progress | None = None
    ) -> None:
        self._database = database
        self._id, self._holder = job.id, job.holder
        self._also = also
        self._total = total
        self._at = ("", 0)
        self._orders = Orders(lost=False, cancel=False)
        self._ended = threading.Event()

    @property
    def lost(self) -> bool:
        """Whether another process has taken the rebuild over."""
        return self._orders.lost

    def tell(self, stage: str, count: int) -> None:
        """Note how far the work is. Raises Stopped."""
        if self._orders.lost or self._orders.cancel:
            raise Stopped
        self._at = (stage, count)
        if self._also is not None:
            self._also(stage, count)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat while inside."""
        thread = threading.Thread(target=self._run, name="rebuild-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _run(self) -> None:
        while True:
            try:
                self._orders = self._database.run(self._beat)
            except Exception as error:  # a database that is busy now will hear the next beat
                log.warning("beat failed", error=repr(error))
            if self._ended.wait(BEAT_SECONDS):
                return

    def _beat(self, session: Session) -> Orders:
        stage, done = self._at
        return rebuilds.beat(
            session, self._id, self._holder, stage=stage, done=done, total=self._total
        )


def work_on(
    catalogue: Catalogue, database: Database, job: IndexRebuild, also: Progress | None = None
) -> Result | None:
    """Do the rebuild ``job``, which this process holds; None when it was taken over."""
    gc.set_threshold(*COLLECT)
    with database.reading() as session:
        total = expected_total(session)
    pulse = Pulse(database, job, total, also)
    with pulse.beating():
        result = _rebuild(catalogue, database, pulse)
    if pulse.lost:
        return None
    database.run(lambda session: rebuilds.finish(session, SYSTEM, job.id, job.holder, result))
    return result


def _rebuild(catalogue: Catalogue, database: Database, pulse: Pulse) -> Result:
    try:
        built = rebuild_index(catalogue, database, pulse.tell)
    except (Stopped, KeyboardInterrupt):
        return Result(RebuildPhase.CANCELLED)
    except SearchError as error:
        return Result(RebuildPhase.FAILED, error=str(error))
    except Exception as error:
        log.exception("rebuild failed", error=repr(error))
        return Result(
            RebuildPhase.FAILED, error=f"程序错误（{type(error).__name__}），详见后台日志"
        )
    return Result(RebuildPhase.DONE, built.documents, built.caught_up, built.generation)


def expected_total(session: Session) -> int:
    """About how many documents there will be, for the progress bar; rather too many."""
    listed = select(Membership.provider_id).where(Membership.phase.in_(PUBLIC_PHASES))
    shown = Provider.hidden_at.is_(None) & Provider.id.in_(listed)
    statements = (
        select(func.count()).select_from(Provider).where(shown),
        select(func.count())
        .select_from(Product)
        .join(Product.provider)
        .where(shown, Product.hidden_at.is_(None)),
        select(func.count())
        .select_from(CaseStudy)
        .join(CaseStudy.provider)
        .where(shown, CaseStudy.hidden_at.is_(None), CaseStudy.client_consent),
    )
    return sum(session.scalar(statement) or 0 for statement in statements)
