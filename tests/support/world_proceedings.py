"""A place of the pool under any programme, and the people who act in a proceeding on it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.history import Why, record
from marketplace.models import (
    Appeal,
    Ban,
    CalendarYear,
    HandOver,
    IssuedLetter,
    Membership,
    Organisation,
    Proceeding,
    Provider,
    PublicNotice,
    Quota,
    RemovalCase,
    Replacement,
    Round,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import OrganisationKind, Role
from marketplace.services.notices import public_notices, public_notices_finish
from marketplace.services.notices.public_notices import Content, Ending
from marketplace.services.proceedings import appeals, appeals_deciding, proceedings
from marketplace.services.proceedings import proceedings_all as _all  # noqa: F401  everything registers
from marketplace.services.proceedings.proceedings_checks import Details
from marketplace.services.upkeep import seeding
from tests import factories

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday, 10:00 in Beijing; the year's calendar is the official one."""

BUREAUS = ("青岛市民营经济发展局", "青岛市工业和信息化局", "青岛市财政局")
WHY = Why(reason="经核实情况属实", document_no="测试〔2026〕1号")


class Time:
    """The clock of the test: moves only when told."""

    def __init__(self, patch: pytest.MonkeyPatch, start: datetime = START) -> None:
        self.now = start
        patch.setattr(clock, "now", lambda: self.now)

    def set(self, instant: datetime) -> None:
        self.now = instant

    def on(self, day: date, hour: int = 10) -> None:
        self.now = clock.start_of_day(day) + timedelta(hours=hour)

    def add(self, **given: Any) -> None:
        self.now += timedelta(**given)


def actor_of(session: Session, role: Role, **given: Any) -> Actor:
    """Somebody with this role in an organisation of his own; the user and the grant exist."""
    user = factories.make_user(session)
    organisation = given.pop("organisation", None)
    grant = factories.make_grant(session, user, role, organisation)
    return Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=grant.organisation_id,
        organisation_name=grant.organisation.name, **given,
    )  # fmt: skip


@dataclass
class World:
    """One place and everybody who may act on it."""

    session: Session
    round: Round
    membership: Membership
    officer: Actor
    leader: Actor
    district: Actor
    owner: Actor
    bureaus: dict[str, Actor] = field(default_factory=dict)

    @property
    def provider(self) -> Provider:
        return self.membership.provider

    def open(self, kind: str, cause: str, by: Actor | None = None, **given: Any) -> Proceeding:
        why = given.pop("why", WHY)
        return proceedings.open(
            self.session, by or self.officer, self.membership, kind, cause, why, Details(**given)
        )

    def act(self, case: Proceeding, action: str, by: Actor, **data: Any) -> None:
        why = data.pop("why", WHY)
        proceedings.act(self.session, by, case, action, why=why, **data)
        self.session.refresh(case)

    def place(self) -> tuple[str, int]:
        """State of the place and how many places of its cell are used."""
        self.session.refresh(self.membership)
        used = self.session.scalars(
            select(Quota.used).where(Quota.id == self.membership.quota_id)
        ).one()
        return self.membership.state, used

    def bans(self) -> list[tuple[str, date, date | None]]:
        rows = self.session.scalars(select(Ban).order_by(Ban.id))
        return [(row.reason_code, row.since, row.until) for row in rows]

    def publish(self, time: Time, by: Actor | None = None) -> PublicNotice:
        """Publish the newest notice; the clock then stands right after its end."""
        notice = self.session.scalars(
            select(PublicNotice).order_by(PublicNotice.id.desc()).limit(1)
        ).one()
        content = Content(title=notice.title, document_no="测试公示〔2026〕1号")
        officer = by or self.officer
        public_notices.edit(self.session, officer, notice, content=content, expected_version=None)
        public_notices.publish(self.session, officer, notice)
        self.session.refresh(notice)
        assert notice.ends_at is not None
        time.set(notice.ends_at)
        return notice

    def finish(self, notice: PublicNotice, by: Actor) -> Any:
        ending = Ending(document_no="测试公告〔2026〕1号", reason="公示无异议")
        return public_notices_finish.finish(self.session, by, notice, ending)

    def appeal(self, case: Proceeding, text: str = "原决定所依据的事实有误") -> Any:
        return appeals.file(self.session, self.owner, "proceedings", case.id, text=text)

    def decide(self, appeal: Any, *, upheld: bool, by: Actor | None = None) -> Any:
        judge = by or actor_of(self.session, Role.CITY_OFFICER)
        appeals_deciding.name_panel(
            self.session, self.leader, appeal, [judge.user_id], reason="未参与原决定"
        )
        return appeals_deciding.decide(self.session, judge, appeal, upheld=upheld, why=WHY)


def _cell(session: Session, round_: Round, type_: str, segment: str) -> Quota:
    """The cell by type and segment, or the only one of a programme that counts otherwise."""
    cells = session.scalars(select(Quota).where(Quota.round_id == round_.id)).all()
    wanted = {"type": type_, "segment": segment}
    return next(c for c in cells if all(c.dims[k] == v for k, v in wanted.items() if k in c.dims))


def world(session: Session, programme: str = factories.QINGDAO, **given: Any) -> World:
    """A listed place of ``programme``; ``given`` for the membership and its round."""
    if session.get(CalendarYear, 2026) is None:
        seeding.seed_calendar(session)
        seeding.seed_vocabulary(session)
    pinned = factories.programmes()[programme] if isinstance(programme, str) else programme
    opening = {name: given.pop(name) for name in ("cities", "year") if name in given}
    round_ = given.pop("round", None) or factories.make_round(session, pinned, **opening)
    provider = given.pop("provider", None) or factories.make_provider(session)
    type_ = given.pop("type", pinned.types[-1].id if len(pinned.types) < 2 else "product")
    usual = "home_appliance" if type_ == "product" else pinned.segments[0].id
    segment = given.pop("segment", usual)
    membership = factories.make_membership(
        session, round_, provider, type=type_, segment=segment,
        quota=_cell(session, round_, type_, segment), **given,
    )  # fmt: skip
    lead = factories.make_organisation(
        session, kind=OrganisationKind.LEAD_BUREAU.value, name=f"{BUREAUS[0]}（测试）"
    )
    own: Organisation = provider.organisation
    made = World(
        session, round_, membership,
        officer=actor_of(session, Role.CITY_OFFICER, organisation=lead),
        leader=actor_of(session, Role.CITY_LEADER, organisation=lead),
        district=actor_of(session, Role.DISTRICT_REVIEWER, district=own.district),
        owner=actor_of(session, Role.PROVIDER_OWNER, organisation=own),
    )  # fmt: skip
    for name in BUREAUS[1:]:
        office = factories.make_organisation(
            session, kind=OrganisationKind.CO_BUREAU.value, name=f"{name}（测试）"
        )
        made.bureaus[name] = actor_of(session, Role.COSIGNER, organisation=office)
    return made


__all__ = ["BUREAUS", "START", "SYSTEM", "WHY", "Time", "World", "actor_of", "world"]


def keep(
    session: Session, provider: Provider, client: Organisation, round_: Round
) -> dict[str, Any]:
    """One row of everything, for generated tests of routes; ids by argument of a rule."""
    place = factories.make_membership(session, round_, provider, segment="auto_parts")
    taker = factories.make_membership(
        session, round_, factories.make_provider(session), segment="auto_parts"
    )
    project = factories.make_project(session, place, client)
    now = clock.now()
    case = RemovalCase(
        membership=place, provider=provider, cause="X03", proposer="district", findings="测试",
        state="heard", phase="city", state_since=now, opened_at=now,
    )  # fmt: skip
    session.add(case)
    session.flush()
    event = record(session, SYSTEM, "decide", case)
    session.flush()
    appeal = Appeal(
        provider=provider, membership=place, against="removal", subject_type="proceedings",
        subject_id=case.id, event_id=event.id, text="测试", filed_at=now, state="filed",
        filed_by=factories.make_user(session).id, phase="filed", state_since=now,
        window_until=now, decide_by=now + timedelta(days=9),
    )  # fmt: skip
    replacement = Replacement(
        round_id=round_.id, quota_id=place.quota_id, type=place.type, segment=place.segment,
        trigger="removal", state="open", phase="open", state_since=now, skipped=[], checks={},
    )  # fmt: skip
    hand_over = HandOver(
        proceeding_id=case.id, project_id=project.id, way="transfer", to_membership_id=taker.id
    )
    session.add_all([appeal, replacement, hand_over])
    session.flush()
    letters = [
        IssuedLetter(
            subject_type=row.__tablename__, subject_id=row.id, provider_id=provider.id,
            kind="test", title="测试", addressee="测试", paragraphs=["测试"], sender="测试",
            day=clock.today(), event_id=event.id,
        )
        for row in (case, appeal)
    ]  # fmt: skip
    session.add_all(letters)
    session.flush()
    return {
        "proceeding_id": case.id, "proceedings.step": "dismiss", "proceedings.kind": "pdf",
        "proceedings.letter_id": letters[0].id, "proceedings.project_id": project.id,
        "appeal_id": appeal.id, "appeals.step": "panel", "appeals.kind": "pdf",
        "appeals.letter_id": letters[1].id, "replacement_id": replacement.id,
        "replacements.step": "give_up", "hand_over_id": hand_over.id,
        "memberships.kind": "removal", "new.subject": "proceedings", "new.subject_id": case.id,
    }  # fmt: skip
