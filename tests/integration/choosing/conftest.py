"""An enterprise, and providers in the pool to choose from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Organisation, Provider, SavedSearch, Selection
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.choosing import saved_searches, selections
from marketplace.services.choosing.saved_searches import Wanted
from tests import factories

SEGMENTS = ("home_appliance", "auto_parts", "rail_equipment", "general_parts")
EVERYTHING = Wanted(
    "provider", [("q", "MES")], {"q": "MES", "literal": False, "filters": {}}, "含“MES”"
)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Database(engine).write_session() as session:
        yield session


@dataclass
class Firm:
    """An enterprise and somebody who acts for it."""

    organisation: Organisation
    actor: Actor


def make_firm(session: Session, **given: object) -> Firm:
    values = {"kind": OrganisationKind.ENTERPRISE.value, "district": "370202", **given}
    organisation = factories.make_organisation(session, **values)
    user = factories.make_user(session)
    factories.make_grant(session, user, Role.ENTERPRISE, organisation)
    session.flush()
    actor = Actor(
        role=Role.ENTERPRISE, user_id=user.id, name=user.name, organisation_id=organisation.id
    )
    return Firm(organisation, actor)


@pytest.fixture
def firm(session: Session) -> Firm:
    return make_firm(session)


def make_listed(session: Session, number: int, **given: object) -> list[Provider]:
    """Providers with a place in the pool, one product each."""
    round_ = given.pop("round_", None) or factories.make_round(session)
    found = []
    cells = [(type_, segment) for type_ in ("product", "integrator") for segment in SEGMENTS]
    for at in range(number):
        type_, segment = cells[at // 6 % len(cells)]
        provider = factories.make_provider(session)
        factories.make_membership(
            session, round_, provider, **{"type": type_, "segment": segment, **given}
        )
        factories.make_product(session, provider, segments=[segment])
        found.append(provider)
    session.flush()
    return found


def save(session: Session, firm: Firm, name: str = "注塑 MES", **given: object) -> SavedSearch:
    found = given.pop("found", {})
    return saved_searches.save(
        session, firm.actor, EVERYTHING, found, name=name, alert=True, **given
    )


Locked = Callable[..., Selection]


@pytest.fixture
def locked(session: Session, firm: Firm) -> Locked:
    """``locked(providers)``: a selection file with its results locked."""

    def make(providers: list[Provider], title: str = "注塑车间选型") -> Selection:
        search = save(session, firm, name=title)
        row = selections.start(session, firm.actor, search, title=title, need="两台注塑机联网")
        return selections.lock(session, firm.actor, row, [item.id for item in providers])

    return make
