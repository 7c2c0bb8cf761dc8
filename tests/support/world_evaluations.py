"""The worked example of domain.md §4.5 as real rows: 83.3 → 良好, and its twin 79.3 → 合格."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.history import Why
from marketplace.models import (
    Acceptance,
    Complaint,
    EvaluationCycle,
    EvaluationSheet,
    GradeObjection,
    Inquiry,
    InquiryParty,
    Membership,
    Organisation,
    PeriodicReport,
    Project,
    Rating,
    Round,
)
from marketplace.permissions import Actor
from marketplace.phases import MilestonePhase, OrganisationKind, ProjectPhase, Role
from marketplace.services.evaluation import cycles, freezing, pinned, sheets
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.evaluation.publishing import Report
from marketplace.services.evaluation.sheets import Entry
from tests import factories

FROM, UNTIL = date(2026, 1, 1), date(2026, 6, 30)
IN_PERIOD = datetime(2026, 5, 6, 2, tzinfo=UTC)

JUDGED: dict[Role, tuple[Entry, ...]] = {
    Role.EXPERT: (Entry("D3-1", "产品覆盖主要场景", points=Decimal("6.0")),),
    Role.THIRD_PARTY: (Entry("D2-3", "验收材料核对", numerator=6, denominator=8),),
    Role.DISTRICT_REVIEWER: (
        Entry("D3-2", "现场点名", numerator=4, denominator=5),
        Entry("D4-3", "参加两次对接", points=Decimal("2.0")),
    ),
}
"""What people enter in the worked example."""


def acting(session: Session, role: Role, organisation: Organisation | None = None) -> Actor:
    """Somebody who holds ``role``."""
    user = factories.make_user(session)
    home = factories.make_grant(session, user, role, organisation).organisation
    return Actor(
        role=role, user_id=user.id, name=user.name, organisation_id=home.id,
        organisation_name=home.name, district=home.district,
    )  # fmt: skip


@dataclass(frozen=True)
class Example:
    """One place with its rows, and everybody who evaluates it."""

    membership: Membership
    owner: Actor


def make_example(session: Session, round_: Round, *, twin: bool = False) -> Example:
    """A product place whose rows reckon to 83.3; its ``twin`` has a contract less: 79.3."""
    provider = factories.make_provider(session)
    membership = factories.make_membership(session, round_, provider)
    enterprise = factories.make_organisation(
        session, kind=OrganisationKind.ENTERPRISE.value, name="青岛测试塑胶有限公司"
    )
    number = 4 if twin else 5
    for index in range(number):
        _project(session, membership, enterprise, index)
    for _ in range(3):
        factories.make_case(session, provider)
    factories.make_product(session, provider, ip_no="2026SR0000001")
    for index in range(10):
        _inquiry(session, membership, enterprise, answered=index > 0)
    _report(session, membership)
    _complaint(session, membership, enterprise)
    session.flush()
    return Example(membership, acting(session, Role.PROVIDER_OWNER, provider.organisation))


def make_poor(session: Session, round_: Round) -> Membership:
    """A product place whose rows and marks make it fail: one late project of level 1."""
    place = factories.make_membership(session, round_, factories.make_provider(session))
    enterprise = factories.make_organisation(session, kind=OrganisationKind.ENTERPRISE.value)
    _project(session, place, enterprise, 0)
    session.flush()
    return place


def _project(
    session: Session, membership: Membership, enterprise: Organisation, index: int
) -> Project:
    """Accepted in the period; the first had failed once, the first one's level stays 1."""
    project = factories.make_project(
        session, membership, enterprise, phase=ProjectPhase.ACCEPTED,
        filed_on=date(2026, 2, 10), accepted_on=date(2026, 6, 20),
    )  # fmt: skip
    if index == 0:
        make_acceptance(session, project, passed=False, level_after=1)
    make_acceptance(session, project, passed=True, level_after=1 if index == 0 else 2)
    if index < 4:
        late = index == 0
        factories.make_milestone(
            session, project, phase=MilestonePhase.CONFIRMED, due_on=date(2026, 5, 6),
            state_since=IN_PERIOD + timedelta(days=1 if late else 0),
        )  # fmt: skip
    scores = {"quality": 5, "delivery": 4, "service": 4, "effect": 4, "price": 4}
    rating = Rating(
        project=project, provider_id=project.provider_id, scores=scores, created_at=IN_PERIOD
    )
    session.add(rating)
    return project


def make_acceptance(
    session: Session, project: Project, *, passed: bool, level_after: int
) -> Acceptance:
    """A sealed acceptance of a project."""
    phase = "passed" if passed else "failed"
    row = Acceptance(
        project=project, level_before=1, level_after=level_after, passed=passed,
        evaluated_on=date(2026, 6, 18), state=phase, phase=phase, state_since=IN_PERIOD,
        evaluator_id=factories.make_organisation(
            session, kind=OrganisationKind.THIRD_PARTY.value
        ).id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def _inquiry(
    session: Session, membership: Membership, enterprise: Organisation, *, answered: bool
) -> None:
    sent = IN_PERIOD - timedelta(days=20)
    asked = Inquiry(
        organisation_id=enterprise.id, title="上线周期", text="多久能上线？",
        created_by=factories.make_user(session).id,
    )  # fmt: skip
    session.add(asked)
    session.flush()
    phase = "answered" if answered else "overdue"
    session.add(InquiryParty(
        inquiry_id=asked.id, provider_id=membership.provider_id, state=phase, phase=phase,
        state_since=sent, sent_at=sent, reply_by=sent + timedelta(days=7),
        answered_at=sent + timedelta(days=1) if answered else None,
        minutes=1440 if answered else None, last_at=sent,
    ))  # fmt: skip


def _report(session: Session, membership: Membership) -> None:
    due = datetime(2026, 4, 25, 16, tzinfo=UTC)
    session.add(PeriodicReport(
        membership_id=membership.id, provider_id=membership.provider_id, duty="QD-E2",
        period="2026Q1", since=date(2026, 1, 1), until=date(2026, 3, 31), due_at=due,
        due_on=date(2026, 4, 25), state="submitted", phase="submitted", state_since=due,
        number=1, first_sent_at=due - timedelta(days=2), sent_at=due - timedelta(days=2),
    ))  # fmt: skip


def _complaint(session: Session, membership: Membership, enterprise: Organisation) -> None:
    session.add(Complaint(
        provider_id=membership.provider_id, membership_id=membership.id,
        organisation_id=enterprise.id, channel="enterprise_account", subject="响应慢",
        text="三天没有回复。", state="upheld", phase="upheld", state_since=IN_PERIOD,
        lodged_at=IN_PERIOD, acknowledge_by=IN_PERIOD, conclude_by=IN_PERIOD,
        acknowledged_at=IN_PERIOD, reply_by=IN_PERIOD, evidence_of_sender="记录",
        evidence_of_provider="说明", concluded_at=IN_PERIOD,
    ))  # fmt: skip


@dataclass
class Panel:
    """Who evaluates: the city, its leader, three experts, a third party and the district."""

    session: Session

    def __post_init__(self) -> None:
        self.city = acting(self.session, Role.CITY_OFFICER)
        self.leader = acting(self.session, Role.CITY_LEADER)
        self.experts = [acting(self.session, Role.EXPERT) for _ in range(3)]
        self.third = acting(self.session, Role.THIRD_PARTY)
        office = factories.make_organisation(
            self.session, kind=OrganisationKind.DISTRICT_OFFICE.value, district="370202"
        )
        self.district = acting(self.session, Role.DISTRICT_REVIEWER, office)

    def open(self, round_: Round, **given: Any) -> EvaluationCycle:
        """A cycle over the first half of 2026."""
        values = {"label": "2026年上半年评价", "period_from": FROM, "period_until": UNTIL, **given}
        return cycles.open_cycle(self.session, self.city, Opening(round=round_, **values))

    def frozen(self, round_: Round, **given: Any) -> EvaluationCycle:
        """The same with its data frozen."""
        cycle = self.open(round_, **given)
        cycles.freeze(self.session, self.city, cycle, cycle.version)
        return cycle

    def sheet_of(self, cycle: EvaluationCycle, membership: Membership) -> EvaluationSheet:
        """The sheet of one place."""
        found = self.session.query(EvaluationSheet).filter_by(
            cycle_id=cycle.id, membership_id=membership.id
        )
        return sheets.get(self.session, self.city, found.one().id)

    def judge(self, sheet: EvaluationSheet, *, poorly: bool = False) -> None:
        """Everybody declares and enters what the worked example says, or nothing but zeros."""
        for actor in (*self.experts, self.third, self.district):
            sheets.declare(self.session, actor, sheet, "none", "")
            assert actor.role is not None
            entries = JUDGED[actor.role]
            if poorly:
                entries = tuple(
                    replace(e, points=e.points and Decimal(0), numerator=e.numerator and 0)
                    for e in entries
                )
            sheets.score(self.session, actor, sheet, entries)

    def shown(self, cycle: EvaluationCycle) -> None:
        """The drafts are shown, whatever is missing, and the window ends at once."""
        cycles.show(self.session, self.city, cycle, cycle.version, incomplete=True)
        cycle.objections_until = clock.now() - timedelta(seconds=1)
        self.session.flush()

    def published(self, cycle: EvaluationCycle) -> Report:
        """Shown and published by the leader."""
        self.shown(cycle)
        why: Why = {"document_no": "青民评〔2026〕3号"}
        return cycles.publish(self.session, self.leader, cycle, cycle.version, why)


def keep(session: Session, membership: Membership) -> dict[str, Any]:
    """A cycle whose drafts were shown, a sheet of the place and an objection to it."""
    scheme = membership.round.programme.evaluation
    assert scheme is not None
    data, digest = pinned.pin(scheme)
    now = clock.now()
    cycle = EvaluationCycle(
        programme_id=membership.round.programme_id, round=membership.round, label="测试评价",
        period_from=FROM, period_until=UNTIL, scheme=data, scheme_sha256=digest, frozen_at=now,
        shown_at=now, objections_until=now + timedelta(days=5), state="drafted", phase="drafted",
        state_since=now,
    )  # fmt: skip
    sheet = EvaluationSheet(
        cycle=cycle, membership=membership, provider=membership.provider, type=membership.type,
        segment=membership.segment,
    )  # fmt: skip
    objection = GradeObjection(
        sheet=sheet, provider=membership.provider, text="有一份合同没有计入", state="open",
        phase="open", state_since=now,
    )  # fmt: skip
    session.add_all([cycle, sheet, objection])
    session.flush()
    freezing.reckon_all(session, cycle)
    return {"cycle_id": cycle.id, "sheet_id": sheet.id, "grade_objection_id": objection.id}
