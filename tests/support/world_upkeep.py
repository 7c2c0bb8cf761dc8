"""Rows of reports, complaints, checks, activities and awards, and people who meet there."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.models import (
    Activity,
    Attendance,
    Award,
    Complaint,
    CreditFinding,
    Membership,
    Organisation,
    PeriodicReport,
    Provider,
    SpotCheck,
)
from marketplace.phases import Role
from marketplace.services.audit.receipts import digest_of
from marketplace.services.calendar import calendar
from marketplace.services.upkeep import seeding
from tests import factories
from tests.integration.conftest import LoginAs
from tests.support.browser_like import BrowserLike
from tests.support.forms import forms

HERE, THERE = "370212", "370213"
RECEIPT = "7K2M9Q4RTXWZ3B5C"
"""The receipt code of the complaint in ``keep``."""


def make_report(session: Session, membership: Membership, **given: Any) -> PeriodicReport:
    """An owed report of a quarter; any column may be given."""
    values: dict[str, Any] = {
        "duty": "QD-E2", "period": "2026Q1", "since": date(2026, 1, 1),
        "until": date(2026, 3, 31), "due_on": date(2026, 4, 27),
        "due_at": clock.end_of_day(date(2026, 4, 27)), "state": "owed", "phase": "owed",
        "state_since": clock.now(), **given,
    }  # fmt: skip
    row = PeriodicReport(membership_id=membership.id, provider_id=membership.provider_id, **values)
    session.add(row)
    session.flush()
    return row


def make_complaint(session: Session, membership: Membership, **given: Any) -> Complaint:
    """One that waits for the provider's reply; ``organisation_id`` or a receipt is given."""
    now = clock.now()
    values: dict[str, Any] = {
        "channel": "enterprise_account" if "organisation_id" in given else "public_form",
        "subject": "培训没有按合同进行", "text": "合同约定培训三次，只来了一次。",
        "state": "hearing", "phase": "hearing", "state_since": now, "lodged_at": now,
        "acknowledge_by": now + timedelta(days=3), "acknowledged_at": now,
        "reply_by": now + timedelta(days=7), "conclude_by": now + timedelta(days=21), **given,
    }  # fmt: skip
    row = Complaint(membership_id=membership.id, provider_id=membership.provider_id, **values)
    session.add(row)
    session.flush()
    return row


def make_check(session: Session, membership: Membership, **given: Any) -> SpotCheck:
    """A planned check."""
    values: dict[str, Any] = {
        "topic": "服务成效", "planned_on": date(2026, 11, 30), "state": "planned",
        "phase": "planned", "state_since": clock.now(), **given,
    }  # fmt: skip
    row = SpotCheck(membership_id=membership.id, provider_id=membership.provider_id, **values)
    session.add(row)
    session.flush()
    return row


def make_finding(session: Session, **given: Any) -> CreditFinding:
    """A finding that nobody has checked; any column may be given."""
    values: dict[str, Any] = {
        "uscc": factories.uscc(), "name": "青岛测试软件有限公司", "cause": "X07",
        "found_on": date(2026, 3, 1), "source": "信用中国公示", "detail": "列入失信联合惩戒名单",
        "state": "pending", "phase": "pending", "state_since": clock.now(), **given,
    }  # fmt: skip
    row = CreditFinding(**values)
    session.add(row)
    session.flush()
    return row


def make_activity(session: Session, **given: Any) -> Activity:
    """An announced activity in a week."""
    starts = given.pop("starts_at", clock.now() + timedelta(days=7))
    values: dict[str, Any] = {
        "kind": "matching", "title": "家电行业供需对接会", "place": "崂山区会议中心",
        "text": "企业发布需求，服务商介绍产品。", "starts_at": starts,
        "ends_at": starts + timedelta(hours=3), "sign_up_by": starts - timedelta(days=1),
        "state": "announced", "phase": "announced", "state_since": clock.now(), **given,
    }  # fmt: skip
    row = Activity(**values)
    session.add(row)
    session.flush()
    return row


def make_attendance(
    session: Session, activity: Activity, organisation: Organisation, **given: Any
) -> Attendance:
    """Somebody who signed up."""
    values: dict[str, Any] = {
        "state": "signed_up", "phase": "signed_up", "state_since": clock.now(), **given,
    }  # fmt: skip
    row = Attendance(activity_id=activity.id, organisation_id=organisation.id, **values)
    session.add(row)
    session.flush()
    return row


def make_award(session: Session, membership: Membership, **given: Any) -> Award:
    """A proposed award to a place."""
    values: dict[str, Any] = {
        "programme_id": "qd-2024", "clause": "QD-F10", "kind": "provider", "title": "优秀服务商",
        "year": 2026, "grounds": "交付按期，企业评价好。", "state": "proposed",
        "phase": "proposed", "state_since": clock.now(), **given,
    }  # fmt: skip
    row = Award(membership_id=membership.id, provider_id=membership.provider_id, **values)
    session.add(row)
    session.flush()
    return row


def keep(
    session: Session, membership: Membership, client: Organisation, other: Organisation
) -> dict[str, Any]:
    """One of each for ``tests.support.world``: the ids that their addresses ask for."""
    own = make_complaint(session, membership, organisation_id=client.id)
    make_complaint(
        session, membership, receipt_hash=digest_of(RECEIPT), state="lead", phase="lead",
        anonymous=True, acknowledged_at=None, reply_by=None,
    )  # fmt: skip
    activity = make_activity(session)
    make_attendance(session, activity, other)
    return {
        "reports.row_id": make_report(session, membership).id, "reports.action": "report_skip",
        "complaints.row_id": own.id, "complaints.action": "complaint_settle",
        "complaints.code": RECEIPT,
        "spot-checks.row_id": make_check(session, membership).id,
        "spot-checks.action": "check_cancel",
        "credit-findings.row_id": make_finding(session).id,
        "credit-findings.action": "credit_withdraw", "activities.row_id": activity.id,
        "activities.action": "activity_cancel",
        "awards.row_id": make_award(session, membership).id, "awards.action": "award_drop",
        "steps.action": "complaint_settle",
    }  # fmt: skip


def know_2026(session: Session) -> None:
    """The official calendar of the year in which these tests take place."""
    (path,) = (path for path in seeding.calendar_files() if path.stem == "2026")
    calendar.seed_year(session, seeding.read_calendar(path))


@dataclass
class Town:
    """A provider with one place, its client, their district, the city, and a stranger of each."""

    database: Database
    login_as: LoginAs
    provider: Provider
    membership: Membership
    firm: Organisation
    client: Organisation
    desk: Organisation

    def owner(self) -> BrowserLike:
        return self.login_as(Role.PROVIDER_OWNER, organisation=self.firm)

    def enterprise(self) -> BrowserLike:
        return self.login_as(Role.ENTERPRISE, organisation=self.client)

    def district(self) -> BrowserLike:
        return self.login_as(Role.DISTRICT_REVIEWER, organisation=self.desk)

    def city(self) -> BrowserLike:
        return self.login_as(Role.CITY_OFFICER)

    def strangers(self) -> tuple[BrowserLike, BrowserLike, BrowserLike]:
        """Another provider, another enterprise, another district."""
        with self.database.unit_of_work() as session:
            other = factories.make_organisation(session, kind="district_office", district=THERE)
        return (
            self.login_as(Role.PROVIDER_OWNER), self.login_as(Role.ENTERPRISE),
            self.login_as(Role.DISTRICT_REVIEWER, organisation=other),
        )  # fmt: skip

    def row(self, model: type[Any], id_: int) -> Any:
        """A row as it is now."""
        with self.database.reading() as session:
            return session.get_one(model, id_)


def make_town(database: Database, login_as: LoginAs) -> Town:
    """Everybody, and the calendar."""
    with database.unit_of_work() as session:
        know_2026(session)
        for code, name in ((HERE, "崂山区"), (THERE, "李沧区")):
            factories.make_term(session, "district", code, name)
        firm = factories.make_organisation(session, district=HERE)
        provider = factories.make_provider(session, firm)
        round_ = factories.make_round(session)
        membership = factories.make_membership(session, round_, provider)
        client = factories.make_organisation(session, kind="enterprise", district=HERE)
        desk = factories.make_organisation(session, kind="district_office", district=HERE)
    return Town(database, login_as, provider, membership, firm, client, desk)


def step(client: BrowserLike, path: str, **given: Any) -> Any:
    """Open the form at ``path`` and send it with what is given."""
    page = client.get(path)
    found = [f for f in forms(page.text, path) if "form_key" in f.fields]
    if not found:
        return page
    return client.post(found[0].action, data={**found[0].fields, **given})


def at(monkeypatch: Any, *day: int, hour: int = 9) -> None:
    """Nine o'clock in Beijing on that day, from now on."""
    moment = datetime(*day, hour, tzinfo=clock.BEIJING)  # type: ignore[misc, arg-type]
    monkeypatch.setattr(clock, "now", lambda: moment.astimezone(clock.UTC))
