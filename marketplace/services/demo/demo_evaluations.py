"""Evaluations of the demo in every state: published with every grade, in scoring, drafted.

Never elsewhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.bulk import insert_rows
from marketplace.errors import Forbidden
from marketplace.history import Why
from marketplace.models import (
    Acceptance,
    EvaluationCycle,
    EvaluationSheet,
    IndicatorValue,
    InterestDeclaration,
    Membership,
    Milestone,
    Organisation,
    Proceeding,
    Project,
    Provider,
    Rating,
    RoleGrant,
    Round,
    User,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import OrganisationKind, Role, StandingPhase
from marketplace.services.demo import demo_drafts
from marketplace.services.demo.demo_stage import LOGINS
from marketplace.services.evaluation import cycles, pinned, scoring
from marketplace.services.evaluation.cycles import Opening
from marketplace.services.evaluation.formulas import half_up
from marketplace.services.pool import rounds
from marketplace.settings import Settings

EXPERT = "expert@demo.example"
PAST = ("2025年下半年评价", date(2025, 7, 1), date(2025, 12, 31))
RUNNING = ("2026年上半年评价", date(2026, 1, 1), date(2026, 6, 30))
COMING = ("2026年下半年评价", date(2026, 7, 1), date(2026, 12, 31))
QUARTER = (date(2026, 1, 1), date(2026, 3, 31))
PLACES = 12


@dataclass(frozen=True)
class Quality:
    """How well a place of the demo does: contracts, of them well done, and marks in percent."""

    contracts: int
    well: int
    rating: int
    marks: int


QUALITIES = (
    Quality(6, 6, 5, 96), Quality(5, 5, 5, 85), Quality(5, 4, 4, 75), Quality(3, 2, 4, 65),
    Quality(2, 0, 2, 25),
)  # fmt: skip
"""From 优秀 to 不合格; the last one is given to one place only."""


def ensure(session: Session, settings: Settings) -> int:
    """Make them if there are none; answers how many cycles. Raises Forbidden outside the demo."""
    if not settings.demo:
        raise Forbidden("演示评价只能在演示模式下创建")
    round_ = rounds.current(session, settings.home_programme)
    known = session.scalar(select(EvaluationCycle.id).limit(1))
    if known is not None or round_ is None or round_.programme.evaluation is None:
        return 0
    places = _places(session, round_)
    firms = session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.ENTERPRISE)
        .order_by(Organisation.id)
    ).all()
    lab = session.scalars(
        select(Organisation.id).where(Organisation.kind == OrganisationKind.THIRD_PARTY)
    ).first()
    if len(places) < len(QUALITIES) or not firms or lab is None:
        return 0
    for since in (PAST[1], RUNNING[1]):
        for number, (place, quality) in enumerate(places):
            _contracts(session, place, quality, firms[number % len(firms)], lab, since)
    session.flush()
    _published(session, round_, places)
    _in_scoring(session, round_, places)
    _given_up(session, round_, places)
    _cycle_of(session, round_, COMING)
    demo_drafts.show(session, round_, places, _judge)
    return len(session.scalars(select(EvaluationCycle.id)).all())


def _places(session: Session, round_: Round) -> list[tuple[Membership, Quality]]:
    """Listed places without a case file, the demo's own provider among them."""
    busy = select(Proceeding.membership_id)
    own = (
        select(RoleGrant.organisation_id)
        .join(User, User.id == RoleGrant.user_id)
        .where(User.login == LOGINS[Role.PROVIDER_OWNER])
    )
    found = session.scalars(
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            Membership.round_id == round_.id, Membership.phase == StandingPhase.LISTED,
            Membership.listed_on <= PAST[2], Membership.id.not_in(busy),
        )
        .options(joinedload(Membership.round))
        .order_by(Organisation.id.not_in(own), Membership.id)
        .limit(PLACES)
    ).all()  # fmt: skip
    last = len(found) - 1
    return [
        (place, QUALITIES[-1] if number == last else QUALITIES[number % (len(QUALITIES) - 1)])
        for number, place in enumerate(found)
    ]


def _contracts(
    session: Session, place: Membership, quality: Quality, firm: Organisation, lab: int, since: date
) -> None:
    """Contracts of half a year, accepted at its end."""
    filed, done = since + timedelta(days=20), since + timedelta(days=160)
    at = clock.start_of_day(done)
    price = Decimal(360_000)
    plain = {"state_since": at}
    for number in range(quality.contracts):
        good = number < quality.well
        project = Project(
            title=f"{firm.short_name or firm.name[:12]}产线改造{since.year % 100}-{number + 1}",
            provider_id=place.provider_id, enterprise_id=firm.id, membership_id=place.id,
            segment=place.segment, contract_no=f"示例评价-{place.id}-{since.year}-{number + 1}",
            state="accepted", phase="accepted", common_modules=["生产执行"],
            list_price_cny=price * 2, pilot_price_cny=price, contract_price_cny=price,
            signed_on=filed - timedelta(days=5), starts_on=filed, ends_on=done, filed_on=filed,
            accepted_on=done, evaluator_id=lab, **plain,
        )  # fmt: skip
        session.add(project)
        session.add(Milestone(
            project=project, seq=1, name="系统上线试运行", due_on=done if good else filed,
            state="confirmed", phase="confirmed", **plain,
        ))  # fmt: skip
        result = {"evaluator_id": lab, "level_before": 1, "evaluated_on": done, **plain}
        if not good:
            session.add(Acceptance(
                project=project, level_after=1, passed=False, state="failed", phase="failed",
                **result,
            ))  # fmt: skip
        session.add(Acceptance(
            project=project, level_after=2 if good else 1, passed=True, state="passed",
            phase="passed", **result,
        ))  # fmt: skip
        marks = dict.fromkeys(("quality", "delivery", "service", "effect", "price"), quality.rating)
        rating = Rating(
            project=project, provider_id=place.provider_id, scores=marks, text="按合同完成。",
            created_at=at,
        )  # fmt: skip
        session.add(rating)


def _cycle_of(session: Session, round_: Round, which: tuple[str, date, date]) -> EvaluationCycle:
    label, since, until = which
    opening = Opening(round=round_, label=label, period_from=since, period_until=until)
    return cycles.open_cycle(session, SYSTEM, opening)


def _cycle(session: Session, round_: Round, which: tuple[str, date, date]) -> EvaluationCycle:
    cycle = _cycle_of(session, round_, which)
    cycles.freeze(session, SYSTEM, cycle, cycle.version)
    return cycle


def _published(
    session: Session, round_: Round, places: Sequence[tuple[Membership, Quality]]
) -> None:
    """A whole cycle; the days of its draft lie behind."""
    cycle = _cycle(session, round_, PAST)
    _judge(session, cycle, places, demo_drafts.EXPERTS)
    cycles.show(session, SYSTEM, cycle, cycle.version, incomplete=True)
    today = clock.today()
    cycle.frozen_at = _before(today, 30)
    cycle.shown_at = _before(today, 20)
    cycle.objections_until = _before(today, 9)
    session.flush()
    why: Why = {"document_no": "示例评〔2026〕1号", "reason": "演示"}
    cycles.publish(session, SYSTEM, cycle, cycle.version, why)


def _before(today: date, days: int) -> datetime:
    return clock.start_of_day(today - timedelta(days=days))


def _in_scoring(
    session: Session, round_: Round, places: Sequence[tuple[Membership, Quality]]
) -> None:
    """One expert of three has scored, and one evaluator stands back."""
    cycle = _cycle(session, round_, RUNNING)
    _judge(session, cycle, [places[0], places[2]], demo_drafts.EXPERTS[:1])
    expert = session.scalars(select(User).where(User.login == EXPERT)).one_or_none()
    sheet = session.scalars(
        select(EvaluationSheet).where(
            EvaluationSheet.cycle_id == cycle.id,
            EvaluationSheet.membership_id == places[1][0].id,
        )
    ).one()
    if expert is not None:
        session.add(InterestDeclaration(
            sheet_id=sheet.id, user_id=expert.id, user_name=expert.name, interest="contract",
            note="曾为该公司做过咨询",
        ))  # fmt: skip
    session.flush()


def _given_up(
    session: Session, round_: Round, places: Sequence[tuple[Membership, Quality]]
) -> None:
    """Opened and frozen by mistake, and cancelled."""
    since, until = QUARTER
    opening = Opening(
        round=round_, label="2026年第一季度专项评价", period_from=since, period_until=until,
        kind="ad_hoc", memberships=(places[2][0].id,),
    )  # fmt: skip
    cycle = cycles.open_cycle(session, SYSTEM, opening)
    cycles.freeze(session, SYSTEM, cycle, cycle.version)
    why: Why = {"reason": "范围选错，另行开展"}
    cycles.cancel(session, SYSTEM, cycle, cycle.version, why)


def _judge(
    session: Session, cycle: EvaluationCycle, places: Sequence[tuple[Membership, Quality]],
    experts: Sequence[str],
) -> None:  # fmt: skip
    """What experts, third parties and districts enter, by the quality of each place."""
    by_place = {place.id: quality for place, quality in places}
    sheets = session.execute(
        select(EvaluationSheet.id, EvaluationSheet.membership_id).where(
            EvaluationSheet.cycle_id == cycle.id, EvaluationSheet.membership_id.in_(by_place)
        )
    ).all()
    wanted = [
        item
        for item in scoring.indicators_of(pinned.scheme_of(cycle))
        if item.by in ("expert", "third_party", "district")
    ]
    rows: list[dict[str, Any]] = []
    for sheet, place in sheets:
        share = by_place[place].marks
        for item in wanted:
            judged = item.measure == "judged"
            given = {
                "sheet_id": sheet, "indicator": item.id, "rater": item.by, "n": 1 if judged else 20,
                "points": half_up(Fraction(item.points * share, 100)) if judged else None,
                "numerator": None if judged else share // 5, "denominator": None if judged else 20,
                "justification": "核对材料后评定", "evaluator_id": None,
            }  # fmt: skip
            who = experts if item.by == "expert" else ("示例评价人",)
            rows += [{**given, "evaluator_name": name} for name in who]
    insert_rows(session, cast("Table", IndicatorValue.__table__), rows)
