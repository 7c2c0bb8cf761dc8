"""S86: edits, deletions, reordering and cuts of the sealed history are found, with their place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.cli import audit as command
from marketplace.crypto import Signer
from marketplace.db import Database
from marketplace.history import record
from marketplace.models import AuditDigest, Organisation, SecurityEvent
from marketplace.permissions import SYSTEM
from marketplace.services.audit import audit_digests, seals
from marketplace.services.audit.seals import Flaw, Head
from tests import factories

SIGNER = Signer(["a key of this installation, long enough"])
DAY = timedelta(days=1)


def happen(session: Session, subject: Organisation, count: int) -> None:
    for number in range(count):
        record(
            session, SYSTEM, "organisation_edit", subject, diff={"name": ["旧名", f"新名{number}"]}
        )
        session.flush()


@pytest.fixture
def database(engine) -> Database:
    """Ten sealed events, a digest, and five sealed ones after it."""
    database = Database(engine)
    with database.unit_of_work() as session:
        subject = factories.make_organisation(session)
        happen(session, subject, 10)
        seals.seal(session)
        audit_digests.make(session, SIGNER, clock.today() - DAY)
        happen(session, subject, 5)
        seals.seal(session)
    return database


def open_up(connection: Connection) -> None:
    """Take the locks off, as somebody who owns the database can."""
    tables = ("events", "event_seals", "audit_digests")
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        return
    connection.execute(text("PRAGMA defer_foreign_keys=ON"))
    for table in tables:
        for verb in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))


def rewrite(session: Session) -> None:
    """Change an event and seal everything anew, so that the chain is right in itself."""
    session.execute(text("UPDATE events SET reason = 'x' WHERE id = 3"))
    session.execute(text("DELETE FROM event_seals"))
    session.expire_all()
    seals.seal(session)
    session.flush()


def sql(*statements: str) -> Callable[[Session], None]:
    def run(session: Session) -> None:
        for statement in statements:
            session.execute(text(statement))

    return run


OLD = "at = (SELECT min(at) FROM events)"
SWAP = ("UPDATE event_seals SET event_id = 99 WHERE seq = 4",
        "UPDATE event_seals SET event_id = 4 WHERE seq = 5",
        "UPDATE event_seals SET event_id = 5 WHERE seq = 4")  # fmt: skip
CUT = ("DELETE FROM event_seals WHERE seq > 8", "DELETE FROM events WHERE id > 8")
TAMPERS: dict[str, tuple[Callable[[Session], None], Flaw, int, int | None]] = {
    "edited": (sql("UPDATE events SET actor_name = 'x' WHERE id = 7"), Flaw.EDITED, 7, 7),
    "edited data": (sql("""UPDATE events SET diff = '{"name": ["旧名", "x"]}' WHERE id = 1"""),
                    Flaw.EDITED, 1, 1),
    "deleted": (sql("DELETE FROM events WHERE id = 6"), Flaw.DELETED, 6, 6),
    "deleted with its link": (
        sql("DELETE FROM event_seals WHERE seq = 6", "DELETE FROM events WHERE id = 6"),
        Flaw.DELETED, 6, None),
    "swapped": (sql(*SWAP), Flaw.EDITED, 4, 5),
    "link changed": (sql("UPDATE event_seals SET prev = hash WHERE seq = 9"), Flaw.REORDERED, 9, 9),
    "tail cut": (sql(*CUT), Flaw.CUT, 9, None),
    "written anew": (rewrite, Flaw.DIGEST, 10, None),
    "digest edited": (sql("UPDATE audit_digests SET seq = 8"), Flaw.DIGEST, 8, None),
}  # fmt: skip


def test_s86_every_tampering_is_found_at_its_place(database):
    with database.reading() as session:
        whole = audit_digests.verify(session, SIGNER.public_keys)
        assert (whole.checked, whole.unsealed, whole.fault) == (15, 0, None)
    found, wanted = {}, {}
    for name, (tamper, flaw, seq, event_id) in TAMPERS.items():
        with database.write_session() as session:
            open_up(session.connection())
            tamper(session)
            session.flush()
            session.expire_all()
            fault = audit_digests.verify(session, SIGNER.public_keys).fault
            found[name] = fault and (fault.flaw, fault.seq, fault.event_id)
            wanted[name] = (flaw, seq, event_id)
            session.rollback()
    assert found == wanted


def test_an_old_event_that_is_slipped_in_later_is_found(database):
    with database.write_session() as session:
        open_up(session.connection())
        session.execute(text("DELETE FROM event_seals"))
        session.execute(text("DELETE FROM events WHERE id = 3"))
        old = clock.now() - 3 * DAY
        seals.seal(session)
        session.flush()
        assert seals.verify(session).fault is None
        subject = session.get_one(Organisation, 1)
        event = record(session, SYSTEM, "organisation_edit", subject)
        event.id, event.at = 3, old
        session.flush()
        assert seals.seal(session) == 0
        fault = seals.verify(session).fault
        assert fault is not None and (fault.flaw, fault.event_id) == (Flaw.SLIPPED_IN, 3)
        session.rollback()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_somebody_kept_convicts_also_those_who_changed_the_digests(database, tmp_path):
    with database.reading() as session:
        kept = [audit_digests.published(row) for row in session.query(AuditDigest)]
    audit_digests.write_out(tmp_path, kept[0])
    assert audit_digests.read_out(tmp_path) == kept
    other = Signer(["another key that somebody made up, long"])
    with database.write_session() as session:
        open_up(session.connection())
        session.execute(text("DELETE FROM audit_digests"))
        rewrite(session)
        audit_digests.make(session, SIGNER, clock.today() - DAY)
        assert audit_digests.verify(session, SIGNER.public_keys).fault is None
        fault = audit_digests.verify(session, SIGNER.public_keys, kept).fault
        assert fault is not None and fault.flaw is Flaw.DIGEST
        assert audit_digests.verify(session, other.public_keys).fault is not None
        session.rollback()
    with database.reading() as session:
        bent = replace(kept[0], seq=15)
        assert audit_digests.verify(session, SIGNER.public_keys, [bent]).fault is not None
        # From a link that is taken as right, only what follows is walked.
        after = seals.Head(
            5, session.execute(text("SELECT hash FROM event_seals WHERE seq = 5")).scalar_one()
        )
        assert seals.verify(session, after).checked == 10
        assert seals.verify(session, Head(5, "0" * 64)).broken_seq == 6


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_day_is_published_once_and_checked(database, tmp_path, monkeypatch):
    with database.unit_of_work() as session:
        happen(session, session.get_one(Organisation, 1), 3)
    tomorrow = clock.now() + DAY
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    made = [audit_digests.daily(database, SIGNER, tmp_path) for _ in range(2)]
    with database.reading() as session:
        rows = session.query(AuditDigest).order_by(AuditDigest.day).all()
        (note,) = session.query(SecurityEvent).filter_by(kind=audit_digests.CHECKED)
    assert made == [1, 0]
    assert [row.seq for row in rows] == [10, 18]
    assert rows[1].prev == rows[0].digest
    assert (note.result, note.detail["checked"]) == ("ok", 18)
    assert audit_digests.read_out(tmp_path) == [audit_digests.published(rows[1])]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_says_what_is_wrong_and_fails(database, settings, tmp_path, monkeypatch):
    with database.write_session() as session, session.begin():
        open_up(session.connection())
        session.execute(text("DELETE FROM audit_digests"))
        signer = Signer(settings.encryption_keys)
        row = audit_digests.make(session, signer, clock.today() - DAY)
        audit_digests.write_out(tmp_path, audit_digests.published(row))
    kept = str(tmp_path / f"{row.day}.json")
    monkeypatch.setattr(command, "database", lambda: database)
    monkeypatch.setattr(command, "settings", lambda: settings)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(command.audit_group, ["verify", *arguments])
        return result.exit_code, result.output

    assert run()[0] == 0
    assert run("--against", kept)[1].startswith("校验通过：已封存 15 条，待封存 0 条")
    with database.write_session() as session, session.begin():
        sql(*CUT)(session)
    assert run() == (1, "校验不通过：第 9 条封存记录，末尾的封存记录缺失"
                        f"（{row.day} 的摘要记到第 15 条）\n")  # fmt: skip
    (tmp_path / "other.json").write_text("[]")
    assert run("--against", str(tmp_path / "other.json"))[0] == 1
