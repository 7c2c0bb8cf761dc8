"""Awards (优秀服务商和“小快轻准”解决方案, QD 三(五)): proposed, announced by document, revoked."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Award, Event, Membership, Organisation, Product, Provider, Round
from marketplace.models.awards import KINDS
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.phases import PUBLIC_PHASES, AwardPhase, Role
from marketplace.programmes import nouns
from marketplace.programmes.process import Award as Clause
from marketplace.programmes.schema import Programme
from marketplace.services.inbox import inbox
from marketplace.workflow import Data, effect, guard, lives_in, perform

PROVIDER, SOLUTION = KINDS
LABELS = {PROVIDER: "优秀服务商", SOLUTION: "优秀解决方案"}
EDITORS = (Role.PROVIDER_OWNER, Role.PROVIDER_EDITOR)
BESIDE = (
    joinedload(Award.provider).joinedload(Provider.organisation),
    joinedload(Award.membership).joinedload(Membership.round),
    joinedload(Award.product),
)
lives_in(Award, "award", *BESIDE)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What is to be honoured: a place in the pool, or a product of its provider."""

    clause: str
    kind: str
    year: int
    grounds: str
    tier: str = ""
    product_id: int | None = None


def clauses(programme: Programme) -> dict[str, Clause]:
    """The awards that a programme foresees, by id."""
    return {clause.id: clause for clause in programme.awards}


def propose(session: Session, actor: Actor, membership: Membership, what: Proposal) -> Award:
    """Put a place, or a product, forward. Raises Invalid, Conflict (twice, not in the pool)."""
    require(actor, Permission.AWARD_DECIDE)
    programme = membership.round.programme
    clause = clauses(programme).get(what.clause)
    if clause is None:
        raise Invalid(fields={"clause": ["方案没有这项评优"]})
    if membership.phase not in PUBLIC_PHASES:
        raise Conflict("服务商现在不在池中或已暂停，不能提名", code="not_listed")
    workflow = nouns.workflow("award")
    first = workflow.state(workflow.initial)
    row = Award(
        programme_id=programme.id, clause=clause.id, kind=what.kind, title=LABELS[what.kind],
        tier=what.tier, amount_cny=_amount(clause, what.tier), year=what.year,
        membership=membership, provider=membership.provider,
        product_id=_product(session, membership, what), grounds=what.grounds, state=first.id,
        phase=first.phase, state_since=clock.now(),
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise Conflict("这一年度已经提名过", code="proposed") from None
    record(session, actor, "award_propose", row, states=("", first.id), diff={
        "year": row.year, "tier": row.tier, "membership_id": membership.id,
    })  # fmt: skip
    session.flush()
    return row


def _amount(clause: Clause, tier: str) -> Decimal | None:
    found = {item.label: item.amount_cny for item in clause.tiers}
    if tier and tier not in found:
        raise Invalid(fields={"tier": ["请从列表中选择"]})
    if found and not tier:
        raise Invalid(fields={"tier": ["请选择等次"]})
    return Decimal(found[tier]) if tier else None


def _product(session: Session, membership: Membership, what: Proposal) -> int | None:
    if what.kind == PROVIDER:
        return None
    found = session.scalars(
        select(Product.id).where(
            Product.id == (what.product_id or 0), Product.provider_id == membership.provider_id,
            Product.hidden_at.is_(None),
        )
    ).one_or_none()  # fmt: skip
    if found is None:
        raise Invalid(fields={"product_id": ["请选择该服务商的产品"]})
    return found


def step(
    session: Session, actor: Actor, row: Award, action: str, *, reason: str,
    document_no: str = "", expected_version: int | None = None,
) -> Event:  # fmt: skip
    """Announce, drop or revoke. Raises as perform."""
    why: Why = {"reason": reason, "document_no": document_no}
    event = perform(session, actor, row, action, why=why, expected_version=expected_version)
    if row.phase in (AwardPhase.ANNOUNCED, AwardPhase.REVOKED):
        _tell(session, row, event)
    return event


def _tell(session: Session, row: Award, event: Event) -> None:
    session.flush()
    state = nouns.workflow("award").state(row.state)
    inbox.notify(
        session, "award", inbox.team(session, row.provider.organisation_id, *EDITORS),
        cause=f"event:{event.id}", voice="provider", url="/awards",
        facts={
            "title": row.title, "year": str(row.year), "who": who(row),
            "step": state.public_label, "reason": f"{event.reason}。" if event.reason else "",
        },
    )  # fmt: skip


def who(row: Award) -> str:
    """Whom or what it honours."""
    name = row.provider.organisation.name
    return f"{row.product.name}（{name}）" if row.product else name


@guard("award_standing")
def award_standing(session: Session, subject: Award, actor: Actor, data: Data) -> str | None:
    """Nobody is honoured who is suspended or has left."""
    there = subject.membership.phase in PUBLIC_PHASES
    return None if there else "服务商已暂停或退出，不能公布"


@effect("note_announced")
def note_announced(session: Session, subject: Award, actor: Actor, data: Data) -> None:
    """The day and the document, with the state."""
    subject.announced_on, subject.document_no = clock.today(), data["document_no"]


def get(session: Session, actor: Actor, award_id: int) -> Award:
    """An award that staff may know of. Raises NotFound."""
    query = visible(actor, Permission.AWARD_READ, Award).where(Award.id == award_id)
    found = session.scalars(query.options(*BESIDE)).one_or_none()
    if found is None:
        raise NotFound("没有这项评优")
    return found


def listed(actor: Actor, phase: str = "", year: int | None = None) -> Select[Award]:
    """SELECT of awards for staff, the latest year first."""
    query = visible(actor, Permission.AWARD_READ, Award)
    if phase:
        query = query.where(Award.phase == phase)
    if year:
        query = query.where(Award.year == year)
    return query.order_by(Award.year.desc(), Award.kind, Award.id.desc())


def announced() -> Select[Award]:
    """SELECT of what everybody may see: announced, and not of a hidden provider."""
    return (
        select(Award)
        .join(Provider, Provider.id == Award.provider_id)
        .where(Award.phase == AwardPhase.ANNOUNCED, Provider.hidden_at.is_(None))
        .order_by(Award.year.desc(), Award.kind, Award.id.desc())
    )


def candidates(session: Session, text: str) -> list[tuple[Membership, Round, str]]:
    """Places that may be put forward, by the provider's name: at most 50."""
    query = (
        select(Membership, Round, Organisation.name)
        .join(Round, Round.id == Membership.round_id)
        .join(Provider, Provider.id == Membership.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(
            Membership.phase.in_(PUBLIC_PHASES),
            Organisation.name.icontains(text, autoescape=True),
        )
        .order_by(Organisation.name, Membership.id)
        .limit(50)
    )  # fmt: skip
    return [(place, round_, name) for place, round_, name in session.execute(query)]


def membership(session: Session, membership_id: int) -> Membership:
    """A place with provider and round. Raises NotFound."""
    found = session.scalars(
        select(Membership)
        .where(Membership.id == membership_id)
        .options(
            joinedload(Membership.provider).joinedload(Provider.organisation),
            joinedload(Membership.round),
        )
    ).one_or_none()
    if found is None:
        raise NotFound("没有这个在池资格")
    return found
