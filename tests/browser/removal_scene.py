"""A full cell of the pool for the journey of a removal, and everybody who acts in it."""

from datetime import date
from typing import Any

from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import Membership, Proceeding, Quota
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, ProjectPhase, Role
from marketplace.services.proceedings import proceedings
from tests import factories
from tests.browser.stage import DESK, Stage, press
from tests.support.world_proceedings import World, world

WORDS = "经核实情况属实"
CELL = {"type": "product", "segment": "home_appliance"}


class Scene:
    """A full cell: the place of the story, its firm's other place, neighbours and the reserve."""

    def __init__(self, stage: Stage, *, reserve: bool = True) -> None:
        self.stage = stage
        stage.time.on(date(2026, 3, 2))
        with stage.database.unit_of_work() as session:
            made = world(session)
            office = factories.make_organisation(
                session, kind=OrganisationKind.DISTRICT_OFFICE.value,
                district=made.provider.organisation.district,
            )  # fmt: skip
            self.other = factories.make_membership(
                session, made.round, made.provider, segment="auto_parts"
            ).id
            for _ in range(2):
                provider = factories.make_provider(session)
                factories.make_membership(session, made.round, provider)
            made.membership.quota.minimum = made.membership.quota.cap = 3
            waiting = factories.make_provider(session)
            if reserve:
                factories.make_candidacy(session, made.round, waiting, rank=1, score=81)
            for _ in range(3):
                factories.make_case(session, waiting)
                factories.make_case(session, made.provider)
            firm = factories.make_organisation(session, kind=OrganisationKind.ENTERPRISE.value)
            factories.make_project(
                session, made.membership, firm, phase=ProjectPhase.RUNNING,
                filed_on=date(2026, 1, 6), title="在施的项目",
            )  # fmt: skip
            self.names = {"own": made.provider.organisation.name,
                          "reserve": waiting.organisation.name}  # fmt: skip
            self.place, self.provider, self.reserve = (
                made.membership.id, made.provider.id, waiting.id,
            )  # fmt: skip
            self.people: dict[str, Actor] = {
                "officer": made.officer, "leader": made.leader, "owner": made.owner,
                **made.bureaus,
            }  # fmt: skip
            self.bureaus = list(made.bureaus)
            self.quota, district = made.membership.quota_id, office.id
        self.people["district"] = stage.somebody(Role.DISTRICT_REVIEWER, district)
        self.people["judge"] = stage.somebody(Role.CITY_OFFICER, made.officer.organisation_id)

    def who(self, name: str, size: dict[str, Any] = DESK) -> Page:
        return self.stage.window(self.people[name], size)

    def state(self, place: int | None = None) -> str:
        with self.stage.database.reading() as session:
            return session.get_one(Membership, place or self.place).state

    def cell(self) -> tuple[int, int, int | None]:
        with self.stage.database.reading() as session:
            row = session.get_one(Quota, self.quota)
            return row.used, row.held, row.cap

    def newest(self) -> Proceeding:
        with self.stage.database.reading() as session:
            query = select(Proceeding).order_by(Proceeding.id.desc()).limit(1)
            return session.scalars(query).one()

    def world(self, session: Session, case: int) -> World:
        """The steps beside those that are clicked, by their services."""
        place = proceedings.get(session, SYSTEM, case).membership
        bureaus = {name: self.people[name] for name in self.bureaus}
        posts = [self.people[name] for name in ("officer", "leader", "district", "owner")]
        return World(session, place.round, place, *posts, bureaus=bureaus)

    def order(self, findings: str = "上半年评价57.8分") -> int:
        """S5 by its page: the officer opens the rectification."""
        officer = self.who("officer")
        officer.goto(f"/work/memberships/{self.place}")
        officer.get_by_role("link", name="责令整改").click()
        press(officer, "确认责令整改", cause="X03", findings=findings, reason=WORDS)
        expect(officer.locator("h1")).to_contain_text("限期整改")
        return int(officer.url.rpartition("/")[2])
