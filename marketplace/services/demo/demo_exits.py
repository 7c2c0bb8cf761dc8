"""Exits of the demo that are over, who took their places, and re-reviews. Never elsewhere."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.demo.codes import credit_code
from marketplace.errors import NotFound
from marketplace.models import (
    Candidacy,
    Membership,
    Milestone,
    Organisation,
    Proceeding,
    Project,
    Provider,
    PublicNotice,
    Replacement,
)
from marketplace.permissions import SYSTEM, Actor
from marketplace.phases import (
    MilestonePhase,
    OrganisationKind,
    ProjectPhase,
    Role,
    SelectionPhase,
)
from marketplace.services.accounts import accounts, roles
from marketplace.services.demo.demo_desk import Desk
from marketplace.services.demo.demo_proceedings_words import PLATFORMS, WORDS
from marketplace.services.pool import memberships, rounds
from marketplace.services.pool.memberships import Admission
from marketplace.services.proceedings import exits, exits_projects, replacements
from marketplace.services.profiles import organisations

RUNNING = (("注塑车间MES升级", exits_projects.FINISH), ("仓储条码管理", exits_projects.TRANSFER))
JUDGE = "appeals@demo.example"
REVIEWED = "cq-2013-2023"


def left(desk: Desk) -> None:
    """A voluntary exit after its days of notice, its projects settled; the next is on notice."""
    place = desk.next(lambda row: _only(desk.session, row) and _reserve(desk.session, row) > 1)
    projects = [running_project(desk.session, place, name) for name, _ in RUNNING]
    owner = desk.actor(Role.PROVIDER_OWNER, place.provider.organisation)
    case = exits.request(desk.session, owner, place, reason=WORDS["leaving"])
    desk.act(case, "accept_request", desk.officer)
    for project, (_, way) in zip(projects, RUNNING, strict=True):
        _settle(desk, case, project, way)
    desk.past(case)
    desk.act(case, "complete", desk.officer)
    _replace(desk, place)


def awaiting_quota(desk: Desk) -> None:
    """Removed and replaced in a full cell; the appeal is right, and the quota is to be decided."""
    place = desk.next(lambda row: _full(row) and _reserve(desk.session, row) > 0)
    case, notice = desk.to_notice(place)
    desk.finish(notice)
    desk.finish(_replace(desk, place))
    appeal = desk.appeal(case, "appeal_removal")
    desk.judge(appeal, _judge(desk), "upheld_removal", upheld=True)


def reviewed(desk: Desk) -> None:
    """Chongqing's re-review after three years: papers asked for, in review, passed."""
    round_ = rounds.by_key(desk.session, REVIEWED)
    listed = round_.listed_on or clock.today()
    for name, steps in PLATFORMS:
        place = memberships.admit(desk.session, SYSTEM, Admission(
            round=round_, provider=_platform(desk.session, name), type="platform",
            segment="general", listed_on=listed, document_no=WORDS["listing"],
        ))  # fmt: skip
        due = date(listed.year + 3, 3, 1) - timedelta(days=1)
        case = exits.open_review(desk.session, place, due)
        for action in steps:
            answers = action == "send_papers"
            more = {"text": WORDS["papers"]} if answers else {}
            desk.act(case, action, desk.owner(case) if answers else desk.officer, **more)


def _only(session: Session, place: Membership) -> bool:
    """Whether the provider leaves the pool with it: then its page says that it left."""
    mine = select(Membership.id).where(Membership.provider_id == place.provider_id)
    return len(session.scalars(mine).all()) == 1


def _full(place: Membership) -> bool:
    return place.quota.used == place.quota.cap


def _reserve(session: Session, place: Membership) -> int:
    """How many wait for a place like this one."""
    waiting = select(Candidacy.id).where(
        Candidacy.quota_id == place.quota_id, Candidacy.phase == SelectionPhase.RESERVE
    )
    return len(session.scalars(waiting).all())


def _replace(desk: Desk, place: Membership) -> PublicNotice:
    """Whoever may be listed of the reserve stands on notice; those before are passed over."""
    row = desk.session.scalars(
        select(Replacement).where(Replacement.vacated_id == place.id).options(*replacements.LOADING)
    ).one()
    first = replacements.suggested(desk.session, row)
    while first is not None and first.stops:
        replacements.skip(
            desk.session, desk.officer, row, first.candidacy.id, reason=WORDS["passed_over"],
            expected_version=None,
        )  # fmt: skip
        first = replacements.suggested(desk.session, row)
    if first is None:
        raise NotFound("示例候补名单里没有可以递补的")
    checks = {"eligibility": WORDS["eligible"], "credit_report": f"{clock.today()}"}
    replacements.choose(
        desk.session, desk.officer, row, first.candidacy.id, checks=checks, reason=WORDS["first"]
    )
    return desk.publish()


def running_project(session: Session, place: Membership, name: str) -> Project:
    """A project that runs, with one milestone to come."""
    firm = session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.ENTERPRISE)
        .order_by(Organisation.id)
    ).first()
    filed, price = clock.today() - timedelta(days=70), Decimal(280_000)
    project = Project(
        title=name, provider_id=place.provider_id, enterprise=firm, membership_id=place.id,
        segment=place.segment, contract_no=f"示例交接-{place.id}-{name[:2]}", state="running",
        phase=ProjectPhase.RUNNING.value, common_modules=["生产执行"], list_price_cny=price * 2,
        pilot_price_cny=price, contract_price_cny=price, signed_on=filed, starts_on=filed,
        ends_on=filed + timedelta(days=200), filed_on=filed, state_since=clock.now(),
    )  # fmt: skip
    session.add(project)
    session.add(Milestone(
        project=project, seq=1, name="系统上线试运行", due_on=filed + timedelta(days=120),
        state="planned", phase=MilestonePhase.PLANNED.value, state_since=clock.now(),
    ))  # fmt: skip
    session.flush()
    return project


def _settle(desk: Desk, case: Proceeding, project: Project, way: str) -> None:
    """What becomes of a running project; the enterprise agrees to a transfer."""
    hands_over = way == exits_projects.TRANSFER
    taker = exits_projects.takers(desk.session, case)[0] if hands_over else None
    row = exits_projects.settle(
        desk.session, desk.officer, case, project.id, way=way,
        to_membership_id=taker.id if taker else None, note=WORDS[way],
    )  # fmt: skip
    if taker is not None:
        client = desk.actor(Role.ENTERPRISE, project.enterprise)
        exits_projects.answer(
            desk.session, client, row.id, agrees=True, reason="", expected_version=row.version
        )


def _judge(desk: Desk) -> Actor:
    """An officer who took no part in any of it; nobody signs in as him."""
    user = accounts.create(desk.session, SYSTEM, login=JUDGE, name="演示申诉经办")
    home = desk.session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.LEAD_BUREAU)
        .order_by(Organisation.id)
    ).first()
    if home is None:
        raise NotFound("示例机构不全")
    roles.grant(desk.session, SYSTEM, user=user, role=Role.CITY_OFFICER, organisation=home)
    return Actor(
        role=Role.CITY_OFFICER, user_id=user.id, name=user.name, organisation_id=home.id,
        organisation_name=home.name,
    )  # fmt: skip


def _platform(session: Session, name: str) -> Provider:
    """A firm of another city, with the profile that a title needs."""
    firm = organisations.create(
        session, SYSTEM, uscc=credit_code(name), name=name, short_name=name[2:6],
        kind=OrganisationKind.PROVIDER.value, registered_city="重庆市", address="",
    )  # fmt: skip
    provider = Provider(organisation=firm, intro=WORDS["platform"])
    session.add(provider)
    session.flush()
    return provider


SCENES = (left, awaiting_quota, reviewed)
