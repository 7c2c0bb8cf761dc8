"""Candidacies: decided places (拟入池, 公示中) and the reserve list (候补) until listing."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from marketplace import clock
from marketplace.errors import Conflict, Invalid, NotFound
from marketplace.history import Why, record
from marketplace.models import Candidacy, Membership, NoticeEntry, Objection, Provider, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import (
    CANDIDACY_PHASES,
    HOLDING_PHASES,
    LIVE_ENTRIES,
    OPEN_OBJECTIONS,
    EntryPhase,
    SelectionPhase,
)
from marketplace.services.pool import applicants, conflicts, memberships, quotas
from marketplace.services.pool.admission_rules import Finding, Level, refuse
from marketplace.services.pool.conflicts import Place
from marketplace.services.pool.memberships import Admission

OPEN_PHASES = tuple(phase for phase in CANDIDACY_PHASES if phase != SelectionPhase.CLOSED)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A candidacy as decided elsewhere. ``day`` is the day whose year the cell may count by."""

    round: Round
    provider: Provider
    type: str
    segment: str
    phase: str
    day: date
    score: Decimal | None = None
    rank: int | None = None
    publicity_from: date | None = None
    publicity_until: date | None = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What is written down when a candidacy becomes a membership."""

    listed_on: date
    valid_until: date | None = None
    document_no: str = ""
    reason: str = ""
    chain_mode: str = ""
    expected_version: int | None = None


def enter(session: Session, actor: Actor, entry: Entry) -> Candidacy:
    """Record a candidacy; a decided one reserves its place. Raises Invalid, Conflict."""
    require(actor, Permission.CANDIDACY_LIST)
    _check(entry)
    provider = applicants.locked_provider(session, entry.provider.id)
    quota = quotas.cell_for(session, entry.round, entry.type, entry.segment, provider, entry.day)
    if entry.phase in HOLDING_PHASES:
        quotas.hold(session, quota)
    candidacy = Candidacy(
        provider=provider,
        round=entry.round,
        quota=quota,
        type=entry.type,
        segment=entry.segment,
        phase=entry.phase,
        score=entry.score,
        rank=entry.rank,
        publicity_from=entry.publicity_from,
        publicity_until=entry.publicity_until,
    )
    session.add(candidacy)
    session.flush()
    diff = {"provider": provider.id, "cell": quota.cell, "rank": entry.rank}
    record(session, actor, "candidacy_enter", candidacy, states=("", entry.phase), diff=diff)
    return candidacy


def get(session: Session, candidacy_id: int) -> Candidacy:
    """A candidacy with round, quota, provider and organisation. Raises NotFound."""
    found = session.scalars(_loaded().where(Candidacy.id == candidacy_id)).one_or_none()
    if found is None:
        raise NotFound
    return found


def findings(session: Session, candidacy: Candidacy, listed_on: date) -> list[Finding]:
    """Everything that speaks against listing it on ``listed_on``: checked again, as for anybody."""
    place = Place(
        round=candidacy.round,
        provider=candidacy.provider,
        type=candidacy.type,
        segment=candidacy.segment,
        listed_on=listed_on,
        held=candidacy.phase in HOLDING_PHASES,
    )
    return [
        *_by_phase(candidacy, listed_on), *_objected(session, candidacy),
        *conflicts.findings(session, place),
    ]  # fmt: skip


def list_candidacy(
    session: Session, actor: Actor, candidacy: Candidacy, listing: Listing
) -> Membership:
    """Make it a membership: a reserved place is used, a reserve candidate takes a free one."""
    require(actor, Permission.CANDIDACY_LIST, candidacy)
    provider = applicants.locked_provider(session, candidacy.provider_id)
    candidacy = _locked(session, candidacy.id)
    if listing.expected_version not in (None, candidacy.version):
        raise Conflict("内容已被他人更新", code="stale_version")
    refuse(findings(session, candidacy, listing.listed_on))
    admission = Admission(
        round=candidacy.round,
        provider=provider,
        type=candidacy.type,
        segment=candidacy.segment,
        listed_on=listing.listed_on,
        valid_until=listing.valid_until,
        document_no=listing.document_no,
        chain_mode=listing.chain_mode,
        reason=listing.reason,
    )
    memberships.check_words(admission)
    take = quotas.take_held if candidacy.phase in HOLDING_PHASES else quotas.take
    take(session, candidacy.quota)
    candidacy.phase = SelectionPhase.CLOSED.value
    return memberships.enter(session, actor, admission, candidacy.quota, action="list")


def close(session: Session, actor: Actor, candidacy: Candidacy, why: Why) -> None:
    """Take it off the list (gives up, objection upheld); a reserved place is freed."""
    require(actor, Permission.CANDIDACY_LIST, candidacy)
    if not why.get("reason", "").strip():
        raise Invalid(fields={"reason": ["请填写理由"]})
    candidacy = _locked(session, candidacy.id)
    before = candidacy.phase
    if before == SelectionPhase.CLOSED:
        raise Conflict("这项候选已经办结", code="wrong_state")
    if _entry(session, candidacy) is not None:
        raise Conflict("列在公示中，请在公示中撤下", code="on_notice")
    if before in HOLDING_PHASES:
        quotas.release_held(session, candidacy.quota_id)
    candidacy.phase = SelectionPhase.CLOSED.value
    session.flush()
    record(session, actor, "candidacy_close", candidacy, states=(before, candidacy.phase), why=why)


def put_on_notice(
    session: Session, actor: Actor, candidacy: Candidacy, first: date, last: date
) -> Candidacy:
    """It is shown to the public from ``first`` to ``last``; a reserve candidate takes a place.

    Raises Conflict (closed, no place free). A longer window is noted the same way.
    """
    require(actor, Permission.CANDIDACY_LIST, candidacy)
    candidacy = _locked(session, candidacy.id)
    before = candidacy.phase
    if before == SelectionPhase.CLOSED:
        raise Conflict(f"{candidacy.provider.organisation.name}：这项候选已经办结", "wrong_state")
    if before not in HOLDING_PHASES:
        quotas.hold(session, candidacy.quota)
    candidacy.phase = SelectionPhase.PUBLICITY.value
    candidacy.publicity_from, candidacy.publicity_until = first, last
    session.flush()
    record(
        session, actor, "candidacy_notice", candidacy, states=(before, candidacy.phase),
        diff={"publicity_until": last.isoformat()},
    )  # fmt: skip
    return candidacy


def take_off_notice(session: Session, actor: Actor, candidacy: Candidacy) -> None:
    """Its notice was withdrawn: it is decided as before and keeps its place."""
    require(actor, Permission.CANDIDACY_LIST, candidacy)
    candidacy = _locked(session, candidacy.id)
    before = candidacy.phase
    if before != SelectionPhase.PUBLICITY:
        return
    candidacy.phase = SelectionPhase.DECISION.value
    candidacy.publicity_from = candidacy.publicity_until = None
    session.flush()
    record(session, actor, "candidacy_off_notice", candidacy, states=(before, candidacy.phase))


def next_reserve(session: Session, quota_id: int) -> Candidacy | None:
    """The first of the reserve list of a cell: by rank, then score."""
    return session.scalars(
        _loaded()
        .where(Candidacy.quota_id == quota_id, Candidacy.phase == SelectionPhase.RESERVE)
        .order_by(Candidacy.rank.is_(None), Candidacy.rank, Candidacy.score.desc(), Candidacy.id)
        .limit(1)
    ).one_or_none()


def _loaded() -> Select[Candidacy]:
    return select(Candidacy).options(
        selectinload(Candidacy.round),
        selectinload(Candidacy.quota),
        selectinload(Candidacy.provider).selectinload(Provider.organisation),
    )


def _locked(session: Session, candidacy_id: int) -> Candidacy:
    statement = _loaded().where(Candidacy.id == candidacy_id)
    return session.scalars(
        statement.with_for_update(of=Candidacy).execution_options(populate_existing=True)
    ).one()


def _by_phase(candidacy: Candidacy, listed_on: date) -> list[Finding]:
    if candidacy.phase == SelectionPhase.CLOSED:
        return [Finding("wrong_state", Level.REFUSED, "这项候选已经办结")]
    if candidacy.phase == SelectionPhase.DECISION:
        return [Finding("no_notice", Level.REFUSED, "尚未公示，不能入池")]
    until = candidacy.publicity_until
    if candidacy.phase == SelectionPhase.PUBLICITY and until is None:
        text = "没有登记公示截止日期，请核实公示已期满"
        return [Finding("notice_undated", Level.TO_VERIFY, text)]
    if until is not None and min(listed_on, clock.today()) <= until:
        return [Finding("in_notice", Level.REFUSED, f"公示至{until:%Y-%m-%d}，期满后才能入池")]
    return []


def _entry(session: Session, candidacy: Candidacy) -> NoticeEntry | None:
    """The entry of a notice, drafted or running, that it stands on."""
    return session.scalars(
        select(NoticeEntry).where(
            NoticeEntry.subject_type == Candidacy.__tablename__,
            NoticeEntry.subject_id == candidacy.id, NoticeEntry.phase.in_(LIVE_ENTRIES),
        )
    ).one_or_none()  # fmt: skip


def _objected(session: Session, candidacy: Candidacy) -> list[Finding]:
    """公示无异议的才发布 (青岛通知三(三)): whatever page somebody lists it from."""
    entry = _entry(session, candidacy)
    if entry is None:
        return []
    waiting = session.scalar(
        select(Objection.id)
        .where(Objection.entry_id == entry.id, Objection.phase.in_(OPEN_OBJECTIONS))
        .limit(1)
    )
    if waiting is None and entry.phase != EntryPhase.HELD:
        return []
    return [Finding("objection_open", Level.REFUSED, "公示中的异议尚未办结，不能入池")]


def _check(entry: Entry) -> None:
    fields = {}
    if entry.phase not in OPEN_PHASES:
        fields["phase"] = ["请选择拟入池、公示或候补"]
    if entry.type not in {item.id for item in entry.round.programme.types}:
        fields["type"] = ["本批次没有这个服务商类型"]
    if entry.segment not in {item.id for item in entry.round.programme.segments}:
        fields["segment"] = ["本批次没有这个细分行业"]
    if entry.rank is not None and entry.rank < 1:
        fields["rank"] = ["名次从1开始"]
    if fields:
        raise Invalid(fields=fields)
