"""Filing of contracts (合同备案): the provider writes, the enterprise confirms, the district files.

Whether the provider may take new contracts is asked again at every step, in the transaction of
the step and under the locks that actions on its standing take: no page decides it.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Forbidden, Invalid
from marketplace.history import record
from marketplace.models import Membership, Milestone, Organisation, Project, Provider, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import WRITING_PHASES, StandingPhase
from marketplace.programmes import nouns
from marketplace.services.files import files
from marketplace.services.pool import applicants, bans
from marketplace.services.projects import projects
from marketplace.workflow import Data, guard

OPEN_FOR_CONTRACTS = (StandingPhase.LISTED, StandingPhase.WARNED)
BLOCKING = (StandingPhase.RECTIFYING, StandingPhase.SUSPENDED)
SCAN = "contract_scan"


@dataclass(frozen=True, kw_only=True)
class Filing:
    """What the provider writes down of a contract; prices in CNY, milestones ``(name, due)``."""

    title: str
    membership_id: int
    enterprise_uscc: str
    contract_no: str = ""
    common_modules: tuple[str, ...] = ()
    custom_modules: tuple[str, ...] = ()
    subcontractors: tuple[dict[str, str], ...] = ()
    list_price_cny: Decimal | None = None
    pilot_price_cny: Decimal | None = None
    contract_price_cny: Decimal | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    milestones: tuple[tuple[str, date | None], ...] = field(default=())


COLUMNS = (
    "title", "contract_no", "list_price_cny", "pilot_price_cny", "contract_price_cny",
    "signed_on", "starts_on", "ends_on",
)  # fmt: skip


def create(session: Session, actor: Actor, filing: Filing) -> Project:
    """A new draft of the acting provider. Raises Forbidden, Invalid, Conflict (unfit)."""
    require(actor, Permission.PROJECT_DRAFT)
    provider = session.scalars(
        select(Provider).where(Provider.organisation_id == actor.organisation_id)
    ).one_or_none()
    if provider is None or actor.organisation_id is None:
        raise Forbidden
    applicants.lock(session, [actor.organisation_id])
    membership, enterprise = _places(session, provider.id, filing)
    if reason := unfit(session, membership.id):
        raise Conflict(reason, code="provider_unfit")
    workflow = nouns.workflow("project")
    first = workflow.state(workflow.initial)
    project = Project(
        provider_id=provider.id, enterprise_id=enterprise.id, membership_id=membership.id,
        segment=membership.segment, state=first.id, phase=first.phase, state_since=clock.now(),
        **_values(filing),
    )  # fmt: skip
    session.add(project)
    session.flush()
    _set_milestones(session, project, filing)
    record(session, actor, "project_create", project, states=("", first.id))
    return project


def edit(
    session: Session, actor: Actor, project: Project, filing: Filing, expected_version: int
) -> Project:
    """Rewrite a draft or a returned filing. Raises Conflict (stale, sent already), Invalid."""
    require(actor, Permission.PROJECT_DRAFT, project)
    project = projects.lock(session, project)
    if project.phase not in WRITING_PHASES:
        raise Conflict(
            "合同已经提交，不能修改", code="wrong_state", remedy="需要修改的，请先撤回。"
        )
    if project.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    membership, enterprise = _places(session, project.provider_id, filing)
    values = {
        **_values(filing), "membership_id": membership.id, "enterprise_id": enterprise.id,
        "segment": membership.segment, "updated_at": clock.now(),
    }  # fmt: skip
    changed = sorted(name for name, value in values.items() if getattr(project, name) != value)
    for name, value in values.items():
        setattr(project, name, value)
    session.flush()
    _set_milestones(session, project, filing)
    record(session, actor, "project_edit", project, diff={"fields": changed})
    session.expire(project, ["enterprise"])
    return projects.get(session, actor, project.id)


def _values(filing: Filing) -> dict[str, Any]:
    return {
        **{name: getattr(filing, name) for name in COLUMNS},
        "common_modules": list(filing.common_modules),
        "custom_modules": list(filing.custom_modules),
        "subcontractors": [dict(firm) for firm in filing.subcontractors],
    }


def _places(session: Session, provider_id: int, filing: Filing) -> tuple[Membership, Organisation]:
    membership = session.scalars(
        select(Membership).where(
            Membership.id == filing.membership_id, Membership.provider_id == provider_id
        )
    ).one_or_none()
    enterprise = session.scalars(
        select(Organisation).where(
            Organisation.uscc == filing.enterprise_uscc,
            Organisation.buys(),
        )
    ).one_or_none()
    fields = {}
    if membership is None:
        fields["membership_id"] = ["请选择本单位的在池资格"]
    if enterprise is None:
        fields["enterprise_uscc"] = ["没有找到这家企业，请核对代码，或请企业先注册"]
    own = select(Provider.organisation_id).where(Provider.id == provider_id)
    if enterprise is not None and enterprise.id == session.scalar(own):
        fields["enterprise_uscc"] = ["这是本单位的代码，不能备案与自己的合同"]
    if membership is None or enterprise is None or fields:
        raise Invalid(fields=fields)
    return membership, enterprise


def _set_milestones(session: Session, project: Project, filing: Filing) -> None:
    session.execute(delete(Milestone).where(Milestone.project_id == project.id))
    workflow = nouns.workflow("milestone")
    first = workflow.state(workflow.initial)
    session.add_all(
        Milestone(
            project_id=project.id, seq=number, name=name, due_on=due, state=first.id,
            phase=first.phase, state_since=clock.now(),
        )
        for number, (name, due) in enumerate(filing.milestones, 1)
    )  # fmt: skip
    session.flush()


def own_places(session: Session, actor: Actor) -> list[tuple[Membership, Round]]:
    """Places of the acting provider that may take contracts, for the form."""
    rows = session.execute(
        select(Membership, Round)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(
            Provider.organisation_id == actor.organisation_id,
            Membership.phase.in_(OPEN_FOR_CONTRACTS),
        )
        .order_by(Membership.id)
    )
    return [(membership, round_) for membership, round_ in rows]


def unfit(session: Session, membership_id: int) -> str | None:
    """Why the provider of this place may take no new contract now; None when it may.

    The place itself must be listed; another place of the provider in the same programme that is
    being rectified or is suspended stops it as well, and so does a ban. Read as columns: what the
    session holds may be older than the lock.
    """
    own = session.execute(
        select(
            Membership.provider_id, Membership.phase, Membership.state, Round,
            Provider.organisation_id,
        )
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Membership.id == membership_id)
    ).one()  # fmt: skip
    standing = own.Round.programme.workflows["standing"]
    refusal = "服务商目前“{}”，不能备案新合同"
    if own.phase not in OPEN_FOR_CONTRACTS:
        return refusal.format(standing.state(own.state).staff_label)
    if bans.active(session, [own.organisation_id], own.Round.programme_id, clock.today()):
        return refusal.format("禁报期内")
    states = session.scalars(
        select(Membership.state)
        .join(Round, Round.id == Membership.round_id)
        .where(
            Membership.provider_id == own.provider_id,
            Round.programme_id == own.Round.programme_id,
            Membership.phase.in_(BLOCKING),
        )
        .order_by(Membership.id)
    ).all()
    return refusal.format(standing.state(states[0]).staff_label) if states else None


@guard("provider_fit")
def provider_fit(session: Session, subject: Project, actor: Actor, data: Data) -> str | None:
    """No new contract while the provider is rectifying, suspended, removed or banned."""
    return unfit(session, subject.membership_id)


@guard("filing_complete")
def filing_complete(session: Session, subject: Project, actor: Actor, data: Data) -> str | None:
    """Everything that a filing holds is there before it leaves the provider."""
    stages = select(Milestone.id).where(Milestone.project_id == subject.id).limit(1)
    wanted = {
        "共性模块（N）": subject.common_modules,
        "合同价": subject.contract_price_cny is not None,
        "目录价": subject.list_price_cny is not None,
        "让利价": subject.pilot_price_cny is not None,
        "签订日期": subject.signed_on,
        "开始日期": subject.starts_on,
        "结束日期": subject.ends_on,
        "里程碑": session.scalars(stages).first(),
        "合同扫描件": files.of(session, subject, SCAN),
    }
    missing = [name for name, there in wanted.items() if not there]
    return f"还没有填写：{'、'.join(missing)}" if missing else None
