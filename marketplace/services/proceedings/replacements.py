"""Replacement (递补): the reserve list of the same segment and type, by score, one by one.

青岛默认方案：按得分从候补递补，复查资格、禁报、关联和信用，公示后入池；没有候补的补充遴选。
A chosen candidate holds its place of the quota from then on, so that nobody else takes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Candidacy, Membership, Provider, Replacement
from marketplace.permissions import SYSTEM, Actor, Permission, can, require, visible
from marketplace.phases import ReplacementPhase, SelectionPhase
from marketplace.programmes import nouns
from marketplace.services.pool import applicants, candidacies, memberships, quotas
from marketplace.services.pool.admission_rules import Finding
from marketplace.services.pool.candidacies import Listing
from marketplace.workflow import Data, effect, guard, lives_in, locked, perform

LOADING = (
    joinedload(Replacement.round),
    joinedload(Replacement.quota),
    joinedload(Replacement.candidacy).options(
        joinedload(Candidacy.round),
        joinedload(Candidacy.quota),
        joinedload(Candidacy.provider).joinedload(Provider.organisation),
    ),
    joinedload(Replacement.vacated).options(
        joinedload(Membership.round),
        joinedload(Membership.quota),
        joinedload(Membership.provider).joinedload(Provider.organisation),
    ),
)
BY_HAND = {"eligibility": "基本条件仍然符合", "credit_report": "信用信息报告（填出具日期）"}
"""Checks of the programme's list that people make; bans and affiliates are looked up."""

lives_in(Replacement, "replacement", *LOADING)


@dataclass(frozen=True)
class Candidate:
    """One of the reserve list with everything that speaks against it today."""

    candidacy: Candidacy
    findings: tuple[Finding, ...]

    @property
    def stops(self) -> list[str]:
        """Why it cannot be listed."""
        return [finding.message for finding in self.findings if finding.stops]


def get(session: Session, actor: Actor, replacement_id: int) -> Replacement:
    """A replacement with round, quota and candidate. Raises NotFound."""
    query = visible(actor, Permission.REPLACEMENT_READ, Replacement)
    found = session.scalars(query.where(Replacement.id == replacement_id).options(*LOADING))
    row = found.one_or_none()
    if row is None:
        raise NotFound("没有这项递补")
    return row


def listed(actor: Actor, phase: str = "") -> Select[Replacement]:
    """SELECT of the replacements, the open first."""
    query = visible(actor, Permission.REPLACEMENT_READ, Replacement)
    if phase:
        query = query.where(Replacement.phase == phase)
    return query.order_by(
        Replacement.phase == ReplacementPhase.CLOSED, Replacement.state_since, Replacement.id
    )


def begin(
    session: Session, actor: Actor, membership: Membership, trigger: str
) -> Replacement | None:
    """Look for who takes the place that ``membership`` left; None without such a rule."""
    supplement = membership.round.programme.supplement
    if supplement is None or "removal" not in supplement.triggers:
        return None
    workflow = nouns.workflow("replacement")
    first = workflow.state(workflow.initial)
    row = Replacement(
        round_id=membership.round_id, quota_id=membership.quota_id, type=membership.type,
        segment=membership.segment, trigger=trigger, vacated_id=membership.id, state=first.id,
        phase=first.phase, state_since=clock.now(), skipped=[], checks={},
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, actor, "replacement_open", row, states=("", first.id),
           diff={"membership": membership.id, "trigger": trigger})  # fmt: skip
    return row


@effect("open_replacement")
def open_replacement(session: Session, subject: Any, actor: Actor, data: Data) -> None:
    """An exit is followed by the search for a replacement (§4.5 supplement.trigger)."""
    session.flush()
    begin(session, actor, subject.membership, subject.kind)


def reserve(session: Session, row: Replacement) -> Sequence[Candidacy]:
    """Who is left of the reserve list of this segment and type: by score, then rank."""
    passed = [item["candidacy"] for item in row.skipped]
    return session.scalars(
        select(Candidacy)
        .where(
            Candidacy.quota_id == row.quota_id, Candidacy.type == row.type,
            Candidacy.segment == row.segment, Candidacy.phase == SelectionPhase.RESERVE,
            Candidacy.id.not_in(passed),
        )
        .order_by(
            Candidacy.score.is_(None), Candidacy.score.desc(), Candidacy.rank.is_(None),
            Candidacy.rank, Candidacy.id,
        )
        .options(
            selectinload(Candidacy.round), selectinload(Candidacy.quota),
            selectinload(Candidacy.provider).selectinload(Provider.organisation),
        )
    ).all()  # fmt: skip


def suggested(session: Session, row: Replacement) -> Candidate | None:
    """The first of the reserve with its findings; None when the list is empty (补充遴选)."""
    first = next(iter(reserve(session, row)), None)
    if first is None:
        return None
    return Candidate(first, tuple(candidacies.findings(session, first, clock.today())))


def asked(row: Replacement) -> dict[str, str]:
    """The checks of the programme's list that people make, with their words."""
    supplement = row.round.programme.supplement
    return {k: v for k, v in BY_HAND.items() if supplement and k in supplement.recheck}


def skip(
    session: Session, actor: Actor, row: Replacement, candidacy_id: int, *, reason: str,
    expected_version: int | None,
) -> None:  # fmt: skip
    """Pass over the first of the reserve, with the reason. Raises Conflict, Invalid."""
    require(actor, Permission.REPLACEMENT_RUN, row)
    row = locked(session, Replacement, row.id)
    _check(row, expected_version)
    first = suggested(session, row)
    if first is None or first.candidacy.id != candidacy_id:
        raise Conflict("候补名单已经有变化", code="stale_version")
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写不递补的理由"]})
    row.skipped = [*row.skipped, _passed(first.candidacy, [*first.stops, reason.strip()])]
    session.flush()
    record(session, actor, "replacement_skip", row, why=Why(reason=reason),
           diff={"candidacy": candidacy_id})  # fmt: skip


def _passed(candidacy: Candidacy, reasons: list[str]) -> dict[str, Any]:
    return {
        "candidacy": candidacy.id, "name": candidacy.provider.organisation.name,
        "score": str(candidacy.score or ""), "reasons": reasons,
    }  # fmt: skip


def _check(row: Replacement, expected_version: int | None) -> None:
    if expected_version is not None and row.version != expected_version:
        raise Conflict("内容已被他人更新", code="stale_version")
    if row.phase != ReplacementPhase.OPEN:
        raise Conflict("这项递补已经在办理", code="wrong_state")


def choose(
    session: Session, actor: Actor, row: Replacement, candidacy_id: int, *, checks: dict[str, str],
    reason: str, expected_version: int | None = None,
) -> Replacement:  # fmt: skip
    """Take the first of the reserve: checked again, its place held, its notice drafted.

    Raises Conflict (every finding; ``quota_full``), Invalid, Forbidden.
    """
    require(actor, Permission.REPLACEMENT_RUN, row)
    provider_id = session.scalar(select(Candidacy.provider_id).where(Candidacy.id == candidacy_id))
    if provider_id is None:
        raise NotFound("没有这位候补")
    applicants.locked_provider(session, provider_id)
    row = locked(session, Replacement, row.id)
    _check(row, expected_version)
    first = suggested(session, row)
    if first is None or first.candidacy.id != candidacy_id:
        raise Conflict("请按得分次序，从第一位候补开始", code="not_first")
    missing = {name: ["请填写"] for name in asked(row) if not checks.get(name, "").strip()}
    if missing:
        raise Invalid(fields=missing)
    if first.stops:
        raise Conflict("；".join(first.stops), code="findings", reasons=first.stops)
    candidacy = locked_candidacy(session, candidacy_id)
    quotas.hold(session, row.quota)
    candidacy.phase = SelectionPhase.PUBLICITY.value
    row.candidacy, row.checks = candidacy, {name: checks[name].strip() for name in asked(row)}
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("这位候补正在递补另一个名额", code="wrong_state") from error
    perform(session, actor, row, "choose", why=Why(reason=reason), candidacy=candidacy.id)
    return row


def locked_candidacy(session: Session, candidacy_id: int) -> Candidacy:
    """The candidacy under a lock, as it is now; still a reserve. Raises Conflict."""
    found = session.scalars(
        select(Candidacy)
        .where(Candidacy.id == candidacy_id)
        .options(
            selectinload(Candidacy.round),
            selectinload(Candidacy.quota),
            selectinload(Candidacy.provider).selectinload(Provider.organisation),
        )
        .with_for_update(of=Candidacy)
        .execution_options(populate_existing=True)
    ).one()
    if found.phase != SelectionPhase.RESERVE:
        raise Conflict("这位候补已经在办理", code="wrong_state")
    return found


def list_chosen(
    session: Session, actor: Actor, row: Replacement, *, document_no: str, reason: str
) -> Membership:
    """The end of the notice: checked once more, listed on the place it held.

    Raises Conflict (every finding), Invalid, Forbidden.
    """
    if row.candidacy is not None:
        applicants.lock(session, [row.candidacy.provider.organisation_id])
    row = locked(session, Replacement, row.id)
    if row.candidacy is None:
        raise Conflict("还没有选定候补", code="wrong_state")
    acting = actor if can(actor, Permission.CANDIDACY_LIST) else SYSTEM
    day = clock.today()
    listing = Listing(
        listed_on=day, valid_until=memberships.default_valid_until(row.round, day),
        document_no=document_no, reason=reason,
    )  # fmt: skip
    membership = candidacies.list_candidacy(session, acting, row.candidacy, listing)
    why = Why(reason=reason, document_no=document_no)
    perform(session, acting, row, "list_it", why=why, by_notice=True, membership=membership.id)
    row.listed_id = membership.id
    session.flush()
    return membership


def drop(session: Session, actor: Actor, row: Replacement, why: Why) -> None:
    """The chosen one is not listed (objection, gives up): its place is free, the next is asked."""
    row = locked(session, Replacement, row.id)
    candidacy = row.candidacy
    if candidacy is None:
        raise Conflict("还没有选定候补", code="wrong_state")
    acting = actor if can(actor, Permission.CANDIDACY_LIST) else SYSTEM
    row.skipped = [*row.skipped, _passed(candidacy, [why.get("reason", "")])]
    perform(session, acting, row, "drop", why=why, candidacy=candidacy.id)
    row.candidacy, row.checks = None, {}
    session.flush()
    candidacies.close(session, acting, candidacy, why)


def finish(
    session: Session, actor: Actor, row: Replacement, action: str, *, why: Why,
    expected_version: int | None,
) -> None:  # fmt: skip
    """Nobody is left (补充遴选), or nobody is wanted. Raises Conflict, Invalid, Forbidden."""
    perform(session, actor, row, action, why=why, expected_version=expected_version)


@guard("reserve_is_empty")
def reserve_is_empty(
    session: Session, subject: Replacement, actor: Actor, data: Data
) -> str | None:
    """As long as somebody waits, he is asked first."""
    left = len(reserve(session, subject))
    return f"候补名单还有{left}家" if left else None


@guard("replacement_notice_over")
def notice_over(session: Session, subject: Replacement, actor: Actor, data: Data) -> str | None:
    """Listing comes with the result of the notice."""
    return None if data.get("by_notice") else "递补公示期满后，在公示页面公布结果"
