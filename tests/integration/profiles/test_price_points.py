"""Prices that bulk work writes: the history takes them from the table, on both engines."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from marketplace import clock
from marketplace.db import Database
from marketplace.models import ChangeRequest, PricePoint, Product
from marketplace.permissions import SYSTEM
from marketplace.phases import RequestPhase
from marketplace.services.profiles import prices
from tests import factories
from tests.support.world_changes import make_change_request


def test_many_at_once(engine):
    database = Database(engine)
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        some = [factories.make_product(session, provider) for _ in range(3)]
        prices.note(session, SYSTEM, some[0], since=clock.today() - timedelta(days=9))
        # An import that brings one price only: the other one is as it was.
        session.execute(
            update(Product.__table__)
            .where(Product.id == some[0].id)
            .values(pilot_price_cny=Decimal(90_000))
        )
        prices.note_many(session, SYSTEM, [row.id for row in some[:2]])
        ids = [row.id for row in some]
    with database.reading() as session:
        found = [
            [(price.list_cny, price.pilot_cny) for price in prices.history(session, id_)]
            for id_ in ids
        ]
        by = {
            (who, day) for who, day in session.execute(select(PricePoint.by_role, PricePoint.since))
        }
    full = (Decimal(200_000), Decimal(120_000))
    assert found == [[(Decimal(200_000), Decimal(90_000)), full], [full], []]
    assert by == {("system", clock.today()), ("system", clock.today() - timedelta(days=9))}


def test_one_open_request_of_a_subject(engine):
    database = Database(engine)
    with database.unit_of_work() as session:
        provider = factories.make_provider(session)
        make_change_request(session, provider)
        new = {"subject_type": "product", "subject_id": None}
        for _ in range(2):
            make_change_request(session, provider, **new)
        id_ = provider.id
    with pytest.raises(IntegrityError), database.unit_of_work() as session:
        session.execute(
            update(ChangeRequest.__table__)
            .where(ChangeRequest.subject_id.is_(None))
            .values(phase=RequestPhase.APPROVED.value)
        )
    with pytest.raises(IntegrityError), database.unit_of_work() as session:
        session.add(
            ChangeRequest(
                provider_id=id_, subject_type="provider", subject_id=id_, title="又一份",
                state="returned", phase="returned", state_since=clock.now(),
            )
        )  # fmt: skip
