"""Rows in bulk: written like one by one, refused like one by one, found by lists of any length."""

from typing import cast

import pytest
from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from marketplace.bulk import among, insert_rows
from marketplace.db import Database
from marketplace.models import Organisation
from tests import factories

TABLE = cast("Table", Organisation.__table__)


def records(*numbers: int) -> list[dict[str, str]]:
    """Organisations that differ in nothing but their code."""
    return [
        {"uscc": factories.uscc(n), "name": f"青岛批{n}有限公司", "kind": "provider"}
        for n in numbers
    ]


@pytest.mark.parametrize("already", [1, 9])
def test_a_refused_batch_is_an_integrity_error_and_leaves_nothing(engine, already):
    database = Database(engine)
    database.run(lambda session: insert_rows(session, TABLE, records(already)))

    with pytest.raises(IntegrityError):
        database.run(lambda session: insert_rows(session, TABLE, records(*range(1, 10))))

    with database.reading() as session:
        assert session.scalars(select(Organisation.uscc)).all() == [factories.uscc(already)]


def test_a_list_of_any_length_is_one_parameter(engine):
    database = Database(engine)
    database.run(lambda session: insert_rows(session, TABLE, records(1, 2, 3)))
    ids = [2, 3, *range(1000, 40_000)]

    with database.reading() as session:
        found = session.scalars(select(TABLE.c.id).where(among(session, TABLE.c.id, ids)))
        assert sorted(found) == [2, 3]
        codes = [factories.uscc(1), "'; --", '甲"']
        by_code = select(TABLE.c.id).where(among(session, TABLE.c.uscc, codes))
        assert session.scalars(by_code).all() == [1]
        none = select(TABLE.c.id).where(among(session, TABLE.c.id, []))
        assert session.scalars(none).all() == []
