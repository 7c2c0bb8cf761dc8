"""``allows`` for one object and ``where`` for a list agree: every permission × actor × object."""

from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from sqlalchemy import Engine, Select, inspect, select
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.atoms.core import Rule
from marketplace.db import Database
from marketplace.models import (
    Acceptance,
    Candidacy,
    CaseStudy,
    CaseVersion,
    ChangeNotice,
    ChangeRequest,
    Dispute,
    Membership,
    Milestone,
    Objection,
    Organisation,
    Person,
    Product,
    Project,
    Provider,
    Rating,
)
from marketplace.permissions import NOBODY, RULES, SYSTEM, Actor, Permission, visible
from marketplace.phases import ObjectionPhase, ProjectPhase, Role
from tests import factories
from tests.support.world_changes import make_change_request
from tests.support.world_notices import make_entry, make_notice, make_objection

PARTS = (Milestone, ChangeNotice, Acceptance, Dispute, Rating)
MODELS = (
    Organisation, Provider, Product, CaseStudy, CaseVersion, ChangeRequest, Person, Membership,
    Candidacy, Objection, Project, *PARTS,
)  # fmt: skip
DISTRICTS = ("370202", "370212", None)


@pytest.fixture
def session(engine: Engine) -> Any:
    with Database(engine).write_session() as session:
        yield session


def fill(session: Session) -> list[int]:
    """Everything a provider may have, for two providers per district; ids of organisations:
    of a provider and its client in turn."""
    round_ = factories.make_round(session)
    ids = []
    for district, _ in product(DISTRICTS, range(2)):
        organisation = factories.make_organisation(session, district=district)
        provider = factories.make_provider(session, organisation)
        factories.make_product(session, provider)
        factories.make_case(session, provider)
        for sent_at in (None, clock.now()):
            factories.make_case_version(session, provider, sent_at=sent_at)
        factories.make_person(session, provider)
        make_change_request(session, provider)
        membership = factories.make_membership(session, round_, provider)
        candidacy = factories.make_candidacy(session, round_, provider, segment="auto_parts")
        entry = make_entry(session, make_notice(session, round_), candidacy, provider)
        for phase in (ObjectionPhase.RECEIVED, ObjectionPhase.REPLYING):
            make_objection(session, entry, provider, phase=phase)
        enterprise = factories.make_organisation(session, kind="enterprise", district=district)
        for phase in ProjectPhase:
            project = factories.make_project(session, membership, enterprise, phase=phase)
            factories.make_project_parts(session, project)
        ids += [organisation.id, enterprise.id]
    return ids


def actors(organisations: list[int]) -> list[Actor]:
    """Every role at every kind of place and in every district, and the two without a role."""
    places = [*organisations[::4], organisations[1], 10**6]
    whereabouts = [
        *((place, None) for place in (*places, None)),
        *((None, district) for district in (*DISTRICTS[:2], "")),
        (organisations[0], DISTRICTS[1]),
    ]
    found = [
        Actor(role=role, user_id=1, organisation_id=place, district=district)
        for role, (place, district) in product(Role, whereabouts)
    ]
    return [*found, SYSTEM, NOBODY]


def distinct_rules() -> list[Rule]:
    """The rules of all permissions; many permissions share one."""
    return list({_shape(rule): rule for rule in RULES.values()}.values())


def _shape(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return tuple(_shape(one) for one in part)
    fields = getattr(part, "__dict__", None)
    if fields is None or isinstance(part, type | StrEnum):
        return part
    return type(part), tuple((name, _shape(value)) for name, value in sorted(fields.items()))


def loaded(session: Session, model: type[Any]) -> list[Any]:
    """All rows with what the atoms look at."""
    options: list[Any] = []
    if model is Project:
        options = [selectinload(Project.provider), selectinload(Project.enterprise)]
    elif model in PARTS:
        way = selectinload(model.project)
        options = [way.selectinload(Project.provider), way.selectinload(Project.enterprise)]
    elif model is Provider:
        options = [selectinload(Provider.organisation)]
    elif "provider" in inspect(model).relationships and model is not Organisation:
        options = [selectinload(model.provider).selectinload(Provider.organisation)]
    return list(session.scalars(select(model).options(*options).order_by(model.id)))


def same_question(statement: Select[Any]) -> tuple[object, ...]:
    """Equal for statements with the same text and the same values: many actors ask the same."""
    key = statement._generate_cache_key()
    assert key is not None
    return (key.key, *(repr(value.effective_value) for value in key.bindparams))


@pytest.mark.timeout(300)
def test_one_object_and_the_list_agree(session: Session) -> None:
    organisations = fill(session)
    session.flush()
    pairs = list(product(distinct_rules(), actors(organisations)))
    if session.get_bind().dialect.name == "postgresql":
        pairs = pairs[::5]  # the same SQL once more: a share shows that it means the same there
    for model in MODELS:
        rows = loaded(session, model)
        assert len(rows) >= 6, model
        answers: dict[Any, set[int]] = {}
        for rule, actor in pairs:
            listed = select(model.id).where(rule.where(actor, model))
            key = same_question(listed)
            if key not in answers:
                answers[key] = set(session.scalars(listed))
            one_by_one = {row.id for row in rows if rule.allows(actor, row)}
            assert one_by_one == answers[key], (model, rule, actor)


def test_visible_asks_the_rule_of_the_permission(session: Session) -> None:
    for permission in Permission:
        asked = visible(SYSTEM, permission, Project).whereclause
        assert str(asked) == str(RULES[permission].where(SYSTEM, Project))


def test_the_comparison_sees_rules_that_narrow(session: Session) -> None:
    """Not everything is all or nothing: districts and teams see a part."""
    organisations = fill(session)
    district = Actor(role=Role.DISTRICT_REVIEWER, user_id=1, district="370202")
    team = Actor(role=Role.PROVIDER_OWNER, user_id=1, organisation_id=organisations[0])
    for actor, number in ((district, 2), (team, 1)):
        statement = visible(actor, Permission.MEMBERSHIP_READ, Membership)
        assert len(session.scalars(statement).all()) == number
