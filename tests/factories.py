"""Rows for tests, valid by default. Every function takes the session first and flushes.

Names and numbers are counted up, so that two calls never collide.
"""

import itertools
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.models import (
    Acceptance,
    Affiliation,
    Ban,
    Candidacy,
    CaseStudy,
    CaseVersion,
    ChangeNotice,
    Dispute,
    Membership,
    Milestone,
    Organisation,
    Person,
    Product,
    Project,
    Provider,
    Quota,
    Rating,
    RoleGrant,
    Round,
    Term,
    User,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import (
    FILED_PHASES,
    LIVE_PHASES,
    MilestonePhase,
    OrganisationKind,
    ProjectPhase,
    Role,
    SelectionPhase,
    StandingPhase,
)
from marketplace.programmes import library, nouns
from marketplace.programmes.schema import Programme
from marketplace.services.accounts import passwords
from marketplace.services.pool import rounds
from marketplace.services.pool.rounds import Opening
from marketplace.services.projects import project_rules
from marketplace.settings import ROOT

QINGDAO = "qd-2024"
PASSWORD = "测试口令-Kirschbaum-42"

_numbers = itertools.count(1)

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def uscc(number: int | None = None) -> str:
    """A credit code of an area that does not exist, with a valid check digit (GB 32100)."""
    body = f"91990000MA{next(_numbers) if number is None else number:07d}"
    total = sum(_ALPHABET.index(char) * pow(3, i, 31) for i, char in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


@cache
def programmes() -> dict[str, Programme]:
    """The programmes of the configuration, by id; read once per test process."""
    return dict(library.load(ROOT / "config").programmes)


def make_organisation(session: Session, **given: Any) -> Organisation:
    """A provider's organisation by default; any column may be given."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "uscc": uscc(),
        "name": f"青岛测试{number}号软件有限公司",
        "short_name": f"测试{number}号",
        "kind": OrganisationKind.PROVIDER.value,
        "district": "370202",
        "registered_city": "青岛市",
        "address": f"青岛市市南区测试路{number}号",
        "founded_on": date(2015, 3, 1),
        "headcount": 80,
        "registered_capital_cny": Decimal(10_000_000),
        **given,
    }
    organisation = Organisation(**values)
    session.add(organisation)
    session.flush()
    return organisation


def make_affiliation(session: Session, one: Organisation, other: Organisation) -> Affiliation:
    """``other`` is the parent company of ``one``."""
    row = Affiliation(organisation_id=one.id, affiliate_id=other.id, relation="parent")
    session.add(row)
    session.flush()
    return row


def make_provider(
    session: Session, organisation: Organisation | None = None, **given: Any
) -> Provider:
    """A provider with its organisation loaded; ``organisation`` may be given."""
    organisation = organisation or make_organisation(session)
    values: dict[str, Any] = {
        "organisation": organisation,
        "intro": f"{organisation.name}为制造企业提供生产管理软件和实施服务。",
        "strengths": ["注塑行业经验"],
        "service_areas": ["rd_design"],
        "process_links": ["manufacturing"],
        **given,
    }
    provider = Provider(**values)
    session.add(provider)
    session.flush()
    return provider


def make_product(session: Session, provider: Provider, **given: Any) -> Product:
    """A priced product of ``provider``."""
    values: dict[str, Any] = {
        "name": f"制造执行系统{next(_numbers)}",
        "release": "3.0",
        "category": "MES",
        "segments": ["home_appliance"],
        "process_links": ["manufacturing"],
        "summary": "注塑车间的计划、报工和质量管理",
        "description": "覆盖计划、报工、质量和设备。",
        "deployment": ["saas"],
        "list_price_cny": Decimal(200_000),
        "pilot_price_cny": Decimal(120_000),
        "typical_days": 30,
        **given,
    }
    product = Product(provider_id=provider.id, **values)
    session.add(product)
    session.flush()
    return product


def make_case(session: Session, provider: Provider, **given: Any) -> CaseStudy:
    """A finished case whose client agreed to its being shown."""
    values: dict[str, Any] = {
        "title": f"注塑车间数字化改造{next(_numbers)}",
        "year": 2025,
        "segment": "home_appliance",
        "district": "370202",
        "client_name": "青岛测试塑胶有限公司",
        "client_consent": True,
        "process_links": ["manufacturing"],
        "background": "换模时间长。",
        "pains": "计划靠经验。",
        "solution": "上线制造执行系统。",
        "metrics": [
            {
                "metric": "换模时间", "before": 95, "after": 38, "unit": "分钟",
                "measured_by": "车间班报", "period": "2025",
            }
        ],
        **given,
    }  # fmt: skip
    case = CaseStudy(provider_id=provider.id, **values)
    session.add(case)
    session.flush()
    return case


def make_case_version(session: Session, provider: Provider, **given: Any) -> CaseVersion:
    """A version of a case; a draft by default."""
    values: dict[str, Any] = {
        "title": f"注塑车间数字化改造{next(_numbers)}", "segment": "home_appliance",
        "client_name": "青岛测试塑胶有限公司", "content": {}, "state": "draft", "phase": "draft",
        "state_since": clock.now(), **given,
    }  # fmt: skip
    version = CaseVersion(provider_id=provider.id, **values)
    session.add(version)
    session.flush()
    return version


def make_person(session: Session, provider: Provider, **given: Any) -> Person:
    """A member of the provider's team."""
    values = {"name": f"测试员{next(_numbers)}", "title": "工程师", "is_local": True, **given}
    person = Person(provider_id=provider.id, **values)
    session.add(person)
    session.flush()
    return person


def make_term(session: Session, kind: str, code: str, name: str, **given: Any) -> Term:
    """One word of a vocabulary."""
    term = Term(kind=kind, code=code, name=name, **given)
    session.add(term)
    session.flush()
    return term


def make_user(session: Session, **given: Any) -> User:
    """An account without roles. ``password`` hashes it (slow); left out, nobody can sign in."""
    number = next(_numbers)
    password = given.pop("password", None)
    values = {"login": f"user{number}@test.example", "name": f"用户{number}", **given}
    if password is not None:
        values |= {"password_hash": passwords.hash_(password), "password_changed_at": clock.now()}
    user = User(**values)
    session.add(user)
    session.flush()
    return user


HOME_KIND = {
    Role.ENTERPRISE: OrganisationKind.ENTERPRISE,
    Role.PROVIDER_OWNER: OrganisationKind.PROVIDER,
    Role.PROVIDER_EDITOR: OrganisationKind.PROVIDER,
    Role.PROVIDER_VIEWER: OrganisationKind.PROVIDER,
    Role.DISTRICT_REVIEWER: OrganisationKind.DISTRICT_OFFICE,
    Role.COSIGNER: OrganisationKind.CO_BUREAU,
    Role.THIRD_PARTY: OrganisationKind.THIRD_PARTY,
}
"""Which kind of organisation a role belongs to; all others belong to the lead bureau."""


def make_grant(
    session: Session, user: User, role: Role, organisation: Organisation | None = None, **given: Any
) -> RoleGrant:
    """``user`` holds ``role``, at an organisation of the fitting kind unless one is given."""
    if organisation is None:
        kind = HOME_KIND.get(role, OrganisationKind.LEAD_BUREAU)
        organisation = make_organisation(session, kind=kind.value, name=f"测试单位{next(_numbers)}")
    grant = RoleGrant(user_id=user.id, role=role.value, organisation=organisation, **given)
    session.add(grant)
    session.flush()
    return grant


def make_round(session: Session, programme: str | Programme = QINGDAO, **given: Any) -> Round:
    """A listed round of a programme of the configuration, with its quota cells.

    ``given``: fields of :class:`marketplace.services.pool.rounds.Opening`.
    """
    pinned = programmes()[programme] if isinstance(programme, str) else programme
    number = next(_numbers)
    opening = Opening(key=f"{pinned.id}-{number}", label=f"测试批次{number}")
    return rounds.open_round(session, SYSTEM, pinned, Opening(**{**asdict(opening), **given}))


def make_quota(session: Session, round_: Round, **given: Any) -> Quota:
    """A further cell of a round: at most 20 places by default."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "cell": f"cell-{number}", "label": f"测试名额{number}", "dims": {}, "minimum": 0, "cap": 20,
        **given,
    }  # fmt: skip
    quota = Quota(round_id=round_.id, **values)
    session.add(quota)
    session.flush()
    return quota


def quota_of(session: Session, round_: Round, type_: str, segment: str) -> Quota:
    """The cell of a round in which a type and segment count."""
    cells = session.scalars(select(Quota).where(Quota.round_id == round_.id)).all()
    wanted = {"type": type_, "segment": segment}
    return next(
        cell
        for cell in cells
        if all(wanted.get(name) == value for name, value in cell.dims.items())
    )


def make_membership(
    session: Session,
    round_: Round,
    provider: Provider,
    *,
    phase: StandingPhase = StandingPhase.LISTED,
    **given: Any,
) -> Membership:
    """A place of the pool in any phase, without the checks of admission; a live one counts."""
    type_, segment = given.pop("type", "product"), given.pop("segment", "home_appliance")
    quota = given.pop("quota", None) or quota_of(session, round_, type_, segment)
    workflow = round_.programme.workflows["standing"]
    state = next(state for state in workflow.states if state.phase == phase)
    values: dict[str, Any] = {
        "state": state.id,
        "phase": phase.value,
        "state_since": clock.now(),
        "listed_on": date(2024, 3, 1),
        "exited_on": date(2026, 1, 15) if phase is StandingPhase.EXITED else None,
        **given,
    }
    if phase in LIVE_PHASES:
        quota.used += 1
    membership = Membership(
        provider=provider, round=round_, quota=quota, type=type_, segment=segment, **values
    )
    session.add(membership)
    session.flush()
    return membership


def make_candidacy(
    session: Session,
    round_: Round,
    provider: Provider,
    *,
    phase: SelectionPhase = SelectionPhase.RESERVE,
    **given: Any,
) -> Candidacy:
    """A decided place that is not listed yet; one in notice or decision is held."""
    type_, segment = given.pop("type", "product"), given.pop("segment", "home_appliance")
    quota = given.pop("quota", None) or quota_of(session, round_, type_, segment)
    if phase in (SelectionPhase.DECISION, SelectionPhase.PUBLICITY):
        quota.held += 1
    candidacy = Candidacy(
        provider=provider, round=round_, quota=quota, type=type_, segment=segment,
        phase=phase.value, **given,
    )  # fmt: skip
    session.add(candidacy)
    session.flush()
    return candidacy


def make_ban(session: Session, round_: Round, provider: Provider, **given: Any) -> Ban:
    """A ban of the round's programme that holds from today on without an end."""
    values: dict[str, Any] = {"reason_code": "X07", "since": clock.today(), **given}
    ban = Ban(organisation_id=provider.organisation_id, programme_id=round_.programme_id, **values)
    session.add(ban)
    session.flush()
    return ban


def make_project(
    session: Session,
    membership: Membership,
    enterprise: Organisation | None = None,
    *,
    phase: ProjectPhase = ProjectPhase.RUNNING,
    **given: Any,
) -> Project:
    """A project of a place of the pool with an enterprise, in any phase, without the steps."""
    enterprise = enterprise or make_organisation(session, kind=OrganisationKind.ENTERPRISE.value)
    workflow = nouns.workflow("project")
    values: dict[str, Any] = {
        "title": f"注塑车间数字化改造{next(_numbers)}",
        "contract_no": f"HT-{next(_numbers)}",
        "segment": membership.segment,
        "state": next(state.id for state in workflow.states if state.phase == phase),
        "phase": phase.value,
        "state_since": clock.now(),
        "common_modules": ["生产执行"],
        "custom_modules": ["模具管理"],
        "list_price_cny": Decimal(500_000),
        "pilot_price_cny": Decimal(400_000),
        "contract_price_cny": Decimal(380_000),
        "signed_on": date(2026, 3, 2),
        "starts_on": date(2026, 3, 10),
        "ends_on": date(2026, 9, 10),
        "filed_on": date(2026, 3, 9) if phase in FILED_PHASES else None,
        "accepted_on": date(2026, 9, 8) if phase is ProjectPhase.ACCEPTED else None,
        **given,
    }
    project = Project(
        provider_id=membership.provider_id, enterprise=enterprise, membership=membership, **values
    )
    session.add(project)
    session.flush()
    return project


def make_milestone(
    session: Session,
    project: Project,
    *,
    phase: MilestonePhase = MilestonePhase.PLANNED,
    **given: Any,
) -> Milestone:
    """One stage of a project, the next in order."""
    seq = session.scalar(
        select(func.count()).select_from(Milestone).where(Milestone.project_id == project.id)
    )
    values: dict[str, Any] = {
        "seq": (seq or 0) + 1, "name": f"阶段{(seq or 0) + 1}", "due_on": date(2026, 6, 30),
        "state": phase.value, "phase": phase.value, "state_since": clock.now(), **given,
    }  # fmt: skip
    milestone = Milestone(project=project, **values)
    session.add(milestone)
    session.flush()
    return milestone


def make_rating(session: Session, project: Project, score: int = 4, **given: Any) -> Rating:
    """What the enterprise said of a project, every sub-score the same."""
    values: dict[str, Any] = {
        "scores": dict.fromkeys(project_rules.rules().scores, score), "text": "按期交付。", **given,
    }  # fmt: skip
    rating = Rating(project=project, provider_id=project.provider_id, **values)
    session.add(rating)
    session.flush()
    return rating


def make_project_parts(session: Session, project: Project) -> None:
    """One row of everything that hangs on a project."""
    now = clock.now()
    make_milestone(session, project)
    make_rating(session, project)
    session.add_all([
        ChangeNotice(
            project=project, changes={"ends_on": ["2026-09-10", "2026-10-10"]}, reason="停产检修",
            state="proposed", phase="proposed", state_since=now,
        ),
        Acceptance(project=project, state="applied", phase="applied", state_since=now),
        Dispute(
            project=project, opened_by="enterprise", subject="接口未完成", text="设备未联网。",
            state="mediating", phase="mediating", state_since=now,
        ),
    ])  # fmt: skip
    session.flush()
