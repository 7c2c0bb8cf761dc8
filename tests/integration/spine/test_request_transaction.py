"""One transaction per request: it commits once, below 400 only; a passing refusal is retried."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Response
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from marketplace.db import Database, TransactionalFlask, current_session
from marketplace.models import Term

View = Callable[[], Any]


@pytest.fixture
def app(engine: Engine) -> Flask:
    app = TransactionalFlask("test")
    app.extensions["database"] = Database(engine)
    return app


def add_term(code: str = "x") -> None:
    current_session().add(Term(kind="segment", code=code, name="一"))
    current_session().flush()


def terms(app: Flask) -> int:
    with app.extensions["database"].reading() as session:
        return int(session.scalar(select(func.count()).select_from(Term)))


def serve(app: Flask, view: View, method: str = "POST") -> Response:
    app.add_url_rule("/", view_func=view, methods=[method], endpoint="view")
    return app.test_client().open("/", method=method)  # type: ignore[return-value]


def test_a_post_commits(app: Flask) -> None:
    def view() -> str:
        add_term()
        return "好"

    assert serve(app, view).status_code == 200
    assert terms(app) == 1


@pytest.mark.parametrize("status", [404, 409, 422, 500])
def test_an_error_status_rolls_back(app: Flask, status: int) -> None:
    def view() -> tuple[str, int]:
        add_term()
        return "不行", status

    assert serve(app, view).status_code == status
    assert terms(app) == 0


def test_an_exception_rolls_back(app: Flask) -> None:
    def view() -> str:
        add_term()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        app.testing = True
        serve(app, view)
    assert terms(app) == 0


def test_a_get_cannot_write(app: Flask) -> None:
    """S15: the database itself refuses."""
    app.testing = True

    def view() -> str:
        add_term()
        return "好"

    with pytest.raises(DBAPIError):
        serve(app, view, "GET")
    assert terms(app) == 0


def test_a_request_without_queries_opens_no_transaction(app: Flask) -> None:
    database: Database = app.extensions["database"]

    def view() -> str:
        return str(database.engine.pool.checkedout())  # type: ignore[attr-defined]

    assert serve(app, view).get_data(as_text=True) == "0"


def test_the_whole_view_is_repeated_when_the_database_asks_for_it(app: Flask) -> None:
    calls: list[int] = []

    def view() -> str:
        calls.append(1)
        add_term(f"x{len(calls)}")
        if len(calls) < 3:
            raise DBAPIError("x", {}, type("E", (Exception,), {"sqlstate": "40P01"})())
        return "好"

    assert serve(app, view).status_code == 200
    assert (len(calls), terms(app)) == (3, 1)
