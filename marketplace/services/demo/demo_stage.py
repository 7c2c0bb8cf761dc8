"""Who meets in the projects of the demo: its accounts' provider and enterprise, and their desks."""

import io
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pikepdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import Membership, Organisation, Project, User
from marketplace.permissions import Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.files.files import add
from marketplace.services.projects import filings, projects
from marketplace.services.projects.filings import Filing
from marketplace.storage import Kept

LOGINS = {
    Role.PROVIDER_OWNER: "owner@demo.example", Role.ENTERPRISE: "enterprise@demo.example",
    Role.DISTRICT_REVIEWER: "district@demo.example", Role.CITY_OFFICER: "officer@demo.example",
}  # fmt: skip


def document() -> bytes:
    """One empty page: a file of the demo holds nothing about anybody."""
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page(page_size=(595, 842))
    made.save(out, deterministic_id=True)
    return out.getvalue()


def office(session: Session, district: str | None) -> Organisation | None:
    """The office of a district."""
    return session.scalars(
        select(Organisation)
        .where(
            Organisation.kind == OrganisationKind.DISTRICT_OFFICE,
            Organisation.district == district,
        )
        .order_by(Organisation.id)
    ).first()


@dataclass
class Stage:
    """The provider and enterprise of the demo accounts, and everybody they meet."""

    session: Session
    paper: Kept
    membership: Membership
    firms: list[Organisation]

    @cached_property
    def owner(self) -> Actor:
        """The provider's team."""
        return self._actor(Role.PROVIDER_OWNER, self.membership.provider.organisation)

    @cached_property
    def city(self) -> Actor:
        """The bureau."""
        return self._actor(Role.CITY_OFFICER, None)

    def client(self, project: Project) -> Actor:
        """The enterprise of a project."""
        return self._actor(Role.ENTERPRISE, project.enterprise)

    def district(self, project: Project) -> Actor:
        """The district office of a project."""
        desk = office(self.session, project.enterprise.district)
        return self._actor(Role.DISTRICT_REVIEWER, desk, project.enterprise.district)

    def _actor(
        self, role: Role, organisation: Organisation | None, district: str | None = None
    ) -> Actor:
        user = self.session.scalars(select(User).where(User.login == LOGINS[role])).one()
        return Actor(
            role=role, user_id=user.id, name=user.name,
            organisation_id=organisation.id if organisation else None,
            district=district or (organisation.district if organisation else None),
        )  # fmt: skip

    def put(self, actor: Actor, subject: Any, slot: str) -> None:
        """A file of the demo."""
        add(self.session, actor, self.paper, slot, subject)

    def step(
        self, actor: Actor, project: Project, subject: Any, action: str, why: str = ""
    ) -> None:
        """One step."""
        projects.act(self.session, actor, project, subject, action, why={"reason": why})

    def draft(self, number: int, enterprise: Organisation, title: str, **given: Any) -> Project:
        """A contract as the provider writes it."""
        begins = clock.today() - timedelta(days=150 - number)
        price = Decimal(300_000 + 20_000 * number)
        values: dict[str, Any] = {
            "title": title, "membership_id": self.membership.id,
            "enterprise_uscc": enterprise.uscc, "contract_no": f"示例合同-{number:03d}",
            "common_modules": ("生产执行", "质量管理"), "custom_modules": ("模具管理",),
            "list_price_cny": price * Decimal("1.3"), "pilot_price_cny": price * Decimal("1.1"),
            "contract_price_cny": price, "signed_on": begins - timedelta(days=5),
            "starts_on": begins, "ends_on": begins + timedelta(days=240),
            "milestones": stages(begins), **given,
        }  # fmt: skip
        made = filings.create(self.session, self.owner, Filing(**values))
        self.put(self.owner, made, filings.SCAN)
        return projects.get(self.session, self.owner, made.id)

    def part(self, project: Project, kind: str, id_: int) -> Any:
        """A part of a project with everything beside it."""
        return projects.part(self.session, project, kind, id_)


def stages(begins: date) -> tuple[tuple[str, date | None], ...]:
    """Three milestones."""
    return (
        ("现场调研与方案确认", begins + timedelta(days=20)),
        ("系统上线试运行", begins + timedelta(days=120)),
        ("培训与验收准备", begins + timedelta(days=200)),
    )
