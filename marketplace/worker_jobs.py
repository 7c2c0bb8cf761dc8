"""What the worker does, assembled from the parts that know how."""

from datetime import timedelta

import structlog
from sqlalchemy import delete

from marketplace import clock, outbox
from marketplace.crypto import Signer
from marketplace.db import Database
from marketplace.indexing import matching
from marketplace.indexing.indexer import Indexer
from marketplace.indexing.wiring import Catalogue
from marketplace.mail import Mailer
from marketplace.models import OneTimeLink, RateCounter, UserSession
from marketplace.services.audit import audit_digests, seals
from marketplace.services.checks import complaints_hearing, credit_checks
from marketplace.services.files import files_upkeep
from marketplace.services.forms import drafts
from marketplace.services.importing import uploads
from marketplace.services.inbox import digest, inbox
from marketplace.services.inbox.notices import Notifier
from marketplace.services.inquiries import inquiry_clock
from marketplace.services.proceedings import proceedings_tick
from marketplace.services.profiles import freshness_reminders
from marketplace.services.reports import opening, reminders
from marketplace.services.searching import rebuild_process
from marketplace.services.upkeep import retention
from marketplace.services.uploads.scanner import Scanner
from marketplace.services.webhooks import deliveries
from marketplace.services.webhooks.fan_out import FanOut
from marketplace.services.webhooks.sending import Sender
from marketplace.settings import Settings
from marketplace.storage import open_storage
from marketplace.worker import Job

log = structlog.get_logger()

KEEP_SESSIONS = timedelta(days=30)


def jobs(settings: Settings, database: Database) -> list[Job]:
    """Index every 30 ms; mail, imports, rebuilds and seals every second; the rest rarely."""
    catalogue = Catalogue(settings.search_url, database)
    indexer = Indexer(catalogue, database)
    mailer = Mailer(settings)
    notifier = Notifier(database, mailer, settings.base_url)
    told = FanOut(database, settings.base_url)
    signer = Signer(settings.encryption_keys)
    digests = audit_digests.folder_of(settings.data_dir, settings.database_url)
    storage, scanner = open_storage(settings.storage_url), Scanner(settings.scanner_url)
    return [
        Job(
            "index",
            lambda: outbox.drain(database, outbox.INDEX, indexer.handle, kin=indexer.kin),
            0.03,
        ),
        Job("mail", lambda: outbox.drain(database, outbox.MAIL, mailer.handle), 1.0),
        Job("import", uploads.Launcher(database).step, 1.0),
        Job("rebuild", rebuild_process.Launcher(database).step, 1.0),
        Job("notice", lambda: outbox.drain(database, inbox.NOTICE, notifier.handle), 1.0),
        Job("events", lambda: outbox.drain(database, outbox.WEBHOOK, told.handle), 1.0),
        Job("webhook", Sender(database, settings).step, 1.0),
        Job("digest", lambda: digest.collect(database), 30.0),
        Job("alert", lambda: matching.check(catalogue, database), 30.0),
        Job("scan", lambda: files_upkeep.scan_waiting(database, storage, scanner), 30.0),
        Job("freshness", lambda: freshness_reminders.remind(database), 3600.0),
        Job("reports", lambda: opening.run(database) + reminders.run(database), 60.0),
        Job("complaints", lambda: complaints_hearing.run(database), 60.0),
        Job("credit", lambda: credit_checks.run(database), 60.0),
        Job("proceedings", lambda: proceedings_tick.run(database), 30.0),
        Job("sweep", lambda: files_upkeep.sweep(database, storage), 3600.0),
        Job("clocks", lambda: inquiry_clock.run(database), 30.0),
        Job("seal", lambda: database.run(seals.seal), 1.0),
        Job("audit", lambda: audit_digests.daily(database, signer, digests), 60.0),
        Job("watch", lambda: watch(database), 30.0),
        Job("clear", lambda: clear_up(database), 600.0),
    ]


def watch(database: Database) -> int:
    """Say it in the log when an index row waits too long or was given up (E23)."""
    with database.reading() as session:
        queue = outbox.status(session, outbox.INDEX)
    if queue.alarming:
        log.error(
            "outbox late",
            outbox_oldest_seconds=round(queue.oldest_seconds),
            outbox_waiting=queue.waiting,
            outbox_parked=queue.parked,
        )
    return 0


def clear_up(database: Database) -> int:
    """Forget counters, links, sessions, unfinished forms and messages that have long ended."""
    now = clock.now()
    with database.unit_of_work() as session:
        session.execute(delete(RateCounter).where(RateCounter.expires_at < now))
        session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < now - KEEP_SESSIONS))
        session.execute(delete(UserSession).where(UserSession.expires_at < now - KEEP_SESSIONS))
        drafts.forget(session)
        retention.run(session)
        deliveries.forget(session)
    return 0
