"""Apply links between organisations, then places in the pool: one row, one transaction.

Memberships go through ``memberships.admit`` and reach another standing through the programme's
own workflow; places that exist already are left to the people who manage them.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from marketplace.errors import Conflict, MarketplaceError
from marketplace.history import record
from marketplace.models import (
    Affiliation,
    Candidacy,
    Membership,
    Organisation,
    Provider,
    Round,
)
from marketplace.permissions import Actor
from marketplace.phases import RowPhase, StandingPhase
from marketplace.services.importing import pool_checks
from marketplace.services.importing.applying import Context, Progress, fail, waiting
from marketplace.services.importing.planning import Outcome, Source
from marketplace.services.importing.targets import LINK_SHEETS, POOL_SHEETS
from marketplace.services.importing.writing import settle
from marketplace.services.pool import applicants, candidacies, memberships
from marketplace.services.pool.memberships import Admission, Decision

Work = Callable[[Session, Actor, Source], Outcome]


def apply_links(context: Context, progress: Progress) -> None:
    """Write which organisations belong together; before the pool, which asks for it."""
    for source in _waiting(context, LINK_SHEETS):
        _apply(context, source, _link)
        progress(1)


def apply_pool(context: Context, progress: Progress) -> None:
    """Admit members and enter candidates, in the order in which they were rehearsed."""
    for source in sorted(_waiting(context, POOL_SHEETS), key=pool_checks.order):
        _apply(context, source, WORK[source.sheet])
        progress(1)


def _waiting(context: Context, sheets: tuple[str, ...]) -> list[Source]:
    with context.database.reading() as session:
        return waiting(session, context.job.id, sheets)


def _apply(context: Context, source: Source, work: Work) -> None:
    def once(session: Session) -> None:
        outcome = replace(work(session, context.actor, source), sheet=source.sheet)
        settle(session, context.job.id, {source.id: outcome})

    try:
        context.database.run(once)
    except MarketplaceError as error:
        fail(context.database, source.id, _reason(error))


def _reason(error: MarketplaceError) -> str:
    if isinstance(error, Conflict):
        return "；".join(error.reasons)
    fields = getattr(error, "fields", {})
    return "；".join(text for texts in fields.values() for text in texts) or error.message


def _link(session: Session, actor: Actor, source: Source) -> Outcome:
    one, other = (_organisation(session, source.data[name]) for name in ("uscc", "affiliate_uscc"))
    applicants.lock(session, [one.id, other.id])
    relation = source.data["relation"]
    present = session.scalars(
        select(Affiliation).where(
            Affiliation.organisation_id == one.id, Affiliation.affiliate_id == other.id
        )
    ).one_or_none()
    if present is not None and present.relation == relation:
        return Outcome()
    before = present.relation if present else None
    link = present or Affiliation(organisation_id=one.id, affiliate_id=other.id)
    link.relation = relation
    session.add(link)
    session.flush()
    record(session, actor, "import_link", link, diff={"relation": [before, relation]})
    return Outcome(RowPhase.APPLIED)


def _member(session: Session, actor: Actor, source: Source) -> Outcome:
    data, round_, provider = source.data, _round(session, source), _provider(session, source)
    present = session.scalars(
        select(Membership)
        .where(
            Membership.provider_id == provider.id,
            Membership.round_id == round_.id,
            Membership.type == data["type"],
            Membership.segment == data["segment"],
        )
        .order_by(Membership.id.desc())
    ).first()
    standing = data.get("standing", StandingPhase.LISTED)
    if present is not None:
        differs = [] if present.phase == standing else ["在池状态"]
        return Outcome(kept=differs)
    admission = Admission(
        round=round_,
        provider=provider,
        type=data["type"],
        segment=data["segment"],
        listed_on=date.fromisoformat(data["listed_on"]),
        valid_until=_day(data.get("valid_until")),
        document_no=data.get("document_no", ""),
        chain_mode=data.get("chain_mode", ""),
        reason="导入",
        waiver=data.get("waiver", ""),
    )
    membership = memberships.admit(session, actor, admission)
    if standing != StandingPhase.LISTED:
        _move(session, actor, membership, source)
    return Outcome(RowPhase.APPLIED)


def _move(session: Session, actor: Actor, membership: Membership, source: Source) -> None:
    """Bring a new member to the standing of the file, by the programme's own transition."""
    data = source.data
    transition = pool_checks.way(membership.round.programme, data)
    if transition is None:
        raise Conflict("这个批次没有这种在池状态，或与所填原因不符")
    decision = Decision(
        why={
            "reason": data["reason"],
            "reason_code": data.get("reason_code", ""),
            "document_no": data.get("document_no", ""),
        },
        rectify_by=_day(data.get("rectify_by")),
        exited_on=_day(data.get("exited_on")),
        historical=True,
    )
    memberships.act(session, actor, membership, transition.action, decision)


def _candidate(session: Session, actor: Actor, source: Source) -> Outcome:
    data, round_, provider = source.data, _round(session, source), _provider(session, source)
    present = session.scalars(
        select(Candidacy).where(
            Candidacy.provider_id == provider.id,
            Candidacy.round_id == round_.id,
            Candidacy.type == data["type"],
            Candidacy.segment == data["segment"],
        )
    ).one_or_none()
    if present is not None:
        return Outcome(kept=[] if present.phase == data["phase"] else ["阶段"])
    score = data.get("score")
    entry = candidacies.Entry(
        round=round_,
        provider=provider,
        type=data["type"],
        segment=data["segment"],
        phase=data["phase"],
        day=pool_checks.counting_day(data, round_),
        score=None if score is None else Decimal(score),
        rank=data.get("rank"),
        publicity_from=_day(data.get("publicity_from")),
        publicity_until=_day(data.get("publicity_until")),
    )
    candidacies.enter(session, actor, entry)
    return Outcome(RowPhase.APPLIED)


WORK: dict[str, Work] = {"memberships": _member, "candidacies": _candidate}


def _organisation(session: Session, code: str) -> Organisation:
    return session.scalars(select(Organisation).where(Organisation.uscc == code)).one()


def _provider(session: Session, source: Source) -> Provider:
    found = session.scalars(
        select(Provider)
        .join(Organisation)
        .where(Organisation.uscc == source.unit)
        .options(selectinload(Provider.organisation))
    ).one_or_none()
    if found is None:
        raise Conflict("该单位没有登记为服务商")
    return found


def _round(session: Session, source: Source) -> Round:
    return session.scalars(select(Round).where(Round.key == source.data["round"])).one()


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
