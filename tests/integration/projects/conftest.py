"""A provider in the pool, its client, their district and the city; a project in any phase."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from marketplace.db import Database
from marketplace.models import Membership, Organisation, Project, Provider, Round, StoredFile
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, ProjectPhase, Role
from marketplace.services.projects import filings, projects
from marketplace.services.projects.filings import Filing
from tests import factories

DISTRICT = "370212"


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A writing session that is never committed."""
    with Database(engine).write_session() as session:
        yield session


def acting(session: Session, role: Role, organisation: Organisation | None = None) -> Actor:
    """Somebody who holds ``role``; his messages arrive."""
    user = factories.make_user(session)
    grant = factories.make_grant(session, user, role, organisation)
    place = grant.organisation
    return Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=place.id,
        organisation_name=place.name, district=place.district,
    )  # fmt: skip


def put_file(session: Session, actor: Actor, subject: Any, slot: str) -> StoredFile:
    """A file of ``subject``, as if it had been uploaded."""
    row = StoredFile(
        sha256="ab" * 32, name="扫描件.pdf", media_type="application/pdf", size=10, purpose=slot,
        subject_type=subject.__tablename__, subject_id=subject.id, uploaded_by=actor.user_id,
        organisation_id=actor.organisation_id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


@dataclass
class World:
    """Everybody of one contract, and short ways."""

    session: Session
    round: Round = field(init=False)
    provider: Provider = field(init=False)
    membership: Membership = field(init=False)
    enterprise: Organisation = field(init=False)
    owner: Actor = field(init=False)
    client: Actor = field(init=False)
    district: Actor = field(init=False)
    city: Actor = field(init=False)

    def __post_init__(self) -> None:
        session = self.session
        self.round = factories.make_round(session)
        self.provider = factories.make_provider(session)
        self.membership = factories.make_membership(session, self.round, self.provider)
        self.enterprise = factories.make_organisation(
            session, kind=OrganisationKind.ENTERPRISE.value, district=DISTRICT,
            name="青岛测试塑胶有限公司",
        )  # fmt: skip
        desk = factories.make_organisation(
            session, kind=OrganisationKind.DISTRICT_OFFICE.value, district=DISTRICT
        )
        self.owner = acting(session, Role.PROVIDER_OWNER, self.provider.organisation)
        self.client = acting(session, Role.ENTERPRISE, self.enterprise)
        self.district = acting(session, Role.DISTRICT_REVIEWER, desk)
        self.city = acting(session, Role.CITY_OFFICER)

    def filing(self, **given: Any) -> Filing:
        """What a filing says, whole by default."""
        values: dict[str, Any] = {
            "title": "注塑车间数字化改造", "membership_id": self.membership.id,
            "enterprise_uscc": self.enterprise.uscc, "contract_no": "HT-1",
            "common_modules": ("生产执行",), "custom_modules": ("模具管理",),
            "list_price_cny": Decimal(500_000), "pilot_price_cny": Decimal(400_000),
            "contract_price_cny": Decimal(380_000), "signed_on": date(2026, 3, 2),
            "starts_on": date(2026, 3, 10), "ends_on": date(2026, 9, 10),
            "milestones": (("上线", date(2026, 5, 1)), ("验收准备", None)), **given,
        }  # fmt: skip
        return Filing(**values)

    def draft(self, **given: Any) -> Project:
        """A draft with its scan."""
        project = filings.create(self.session, self.owner, self.filing(**given))
        put_file(self.session, self.owner, project, filings.SCAN)
        return projects.get(self.session, self.owner, project.id)

    def step(self, actor: Actor, project: Project, action: str, reason: str = "") -> None:
        """One step of the project itself."""
        projects.act(self.session, actor, project, project, action, why={"reason": reason})

    def running(self) -> Project:
        """A filed project."""
        project = self.draft()
        self.step(self.owner, project, "submit")
        self.step(self.client, project, "confirm")
        self.step(self.district, project, "accept")
        return project

    def project(self, phase: ProjectPhase, **given: Any) -> Project:
        """A project in any phase, without the steps."""
        membership = given.pop("membership", self.membership)
        enterprise = given.pop("enterprise", self.enterprise)
        made = factories.make_project(self.session, membership, enterprise, phase=phase, **given)
        self.session.refresh(made, ["provider"])
        return made


@pytest.fixture
def world(session: Session) -> World:
    """Everybody, and no project yet."""
    return World(session)
