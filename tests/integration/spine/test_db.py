"""Sessions, types and constraints behave alike on both engines."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from marketplace.db import Database, is_retryable, retrying
from marketplace.models import Organisation, Term, UserSession

USCC = "919999990000000000"


def organisation(**values: object) -> Organisation:
    return Organisation(
        **({"uscc": USCC, "name": "青岛示例科技有限公司", "kind": "provider"} | values)
    )


def test_a_read_session_cannot_write(engine: Engine) -> None:
    with Database(engine).read_session() as session:
        session.add(organisation())
        with pytest.raises(DBAPIError):
            session.flush()


def test_a_write_after_a_read_on_the_same_connection_works(engine: Engine) -> None:
    database = Database(engine)
    with database.reading() as session:
        assert session.query(Organisation).count() == 0
    with database.unit_of_work() as session:
        session.add(organisation())
    with database.reading() as session:
        assert [row.name for row in session.query(Organisation)] == ["青岛示例科技有限公司"]


def test_a_failing_unit_of_work_leaves_nothing(engine: Engine) -> None:
    database = Database(engine)
    with pytest.raises(RuntimeError), database.unit_of_work() as session:
        session.add(organisation())
        session.flush()
        raise RuntimeError
    with database.reading() as session:
        assert session.query(Organisation).count() == 0


def test_instants_come_back_aware_and_in_utc(engine: Engine) -> None:
    database = Database(engine)
    late = datetime(2024, 1, 31, 23, 59, tzinfo=timezone(timedelta(hours=8)))
    with database.unit_of_work() as session:
        session.add(UserSession(token_hash="a" * 64, expires_at=late, created_at=late))
    with database.reading() as session:
        stored = session.query(UserSession).one().expires_at
    assert (stored, stored.tzinfo) == (datetime(2024, 1, 31, 15, 59, tzinfo=UTC), UTC)


def test_a_naive_instant_is_refused(engine: Engine) -> None:
    with Database(engine).write_session() as session:
        session.add(UserSession(token_hash="a", expires_at=datetime(2024, 1, 31)))  # noqa: DTZ001
        with pytest.raises(StatementError, match="naive"):
            session.flush()


@pytest.mark.parametrize(
    "bad", [{"uscc": "9" * 17}, {"uscc": "9" * 19}, {"name": "名" * 121}, {"kind": "ministry"}]
)
def test_bad_rows_are_refused_by_both_engines(engine: Engine, bad: dict[str, object]) -> None:
    """E45: SQLite keeps lengths and choices only because of the CHECKs."""
    with Database(engine).write_session() as session:
        session.add(organisation(**bad))
        with pytest.raises(DBAPIError):
            session.flush()


def test_two_editors_do_not_overwrite_each_other(engine: Engine) -> None:
    database = Database(engine)
    with database.unit_of_work() as session:
        session.add(Term(kind="segment", code="x", name="一"))
    first, second = database.write_session(), database.write_session()
    mine = first.query(Term).one()
    first.commit()
    theirs = second.query(Term).one()
    theirs.name = "二"
    second.commit()
    mine.name = "三"
    with pytest.raises(StaleDataError):
        first.commit()
    first.close()
    second.close()


def test_history_cannot_be_rewritten(engine: Engine) -> None:
    """S86: triggers refuse UPDATE and DELETE, and REPLACE on SQLite too."""
    insert = text(
        "INSERT INTO events (id, at, action, subject_type, subject_id, actor_name, actor_role,"
        " from_state, to_state, reason_code, reason, document_no, diff, request_id, ip)"
        " VALUES (1, '2026-01-01 00:00:00', 'x', 'x', 1, 'x', 'x',"
        " '', '', '', '', '', '{}', '', '')"
    )
    with engine.begin() as connection:
        connection.execute(insert)
    attempts = ["UPDATE events SET reason = 'y'", "DELETE FROM events"]
    if engine.dialect.name == "sqlite":
        attempts.append(str(insert).replace("INSERT", "INSERT OR REPLACE", 1))
    else:
        attempts.append("TRUNCATE events CASCADE")
    for attempt in attempts:
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(attempt))


def test_statements_are_cut_off_on_postgresql(engine: Engine) -> None:
    """S79: a slow statement ends after the timeout, not after the client's patience."""
    if engine.dialect.name != "postgresql":
        with engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
        return
    with engine.connect() as connection:
        connection.execute(text("SET statement_timeout = 200"))
        with pytest.raises(DBAPIError, match="statement timeout"):
            connection.execute(text("SELECT pg_sleep(10)"))
    with engine.connect() as connection:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        values = [connection.scalar(text(f"SHOW {name}")) for name in names]
    assert values == ["5s", "3s", "10s"]


def test_retrying_repeats_only_what_may_pass(engine: Engine) -> None:
    tries: list[int] = []

    def busy() -> str:
        tries.append(1)
        if len(tries) < 3:
            error = DBAPIError("x", {}, type("E", (Exception,), {"sqlstate": "40001"})())
            assert is_retryable(error)
            raise error
        return "done"

    assert (retrying(busy), len(tries)) == ("done", 3)
    with pytest.raises(ZeroDivisionError):
        retrying(lambda: 1 // 0)
