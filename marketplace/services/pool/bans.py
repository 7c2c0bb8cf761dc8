"""Bans (禁报期): times in which an organisation may not enter the pool."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why, record
from marketplace.models import Ban, Membership, Provider, Round
from marketplace.permissions import Actor, Permission, require
from marketplace.programmes.schema import Programme
from marketplace.programmes.standing import Ban as BanClause
from marketplace.services.calendar import durations
from marketplace.services.pool import applicants


def holding(day: date) -> ColumnElement[bool]:
    """The condition that a ban holds on ``day``."""
    return and_(
        Ban.since <= day,
        or_(Ban.until.is_(None), Ban.until >= day),
        or_(Ban.lifted_on.is_(None), Ban.lifted_on > day),
    )


def active(
    session: Session, organisation_ids: Sequence[int], programme_id: str, day: date
) -> Sequence[Ban]:
    """Bans of these organisations that hold on ``day``, oldest first."""
    return session.scalars(
        select(Ban)
        .where(Ban.organisation_id.in_(organisation_ids), Ban.programme_id == programme_id)
        .where(holding(day))
        .order_by(Ban.id)
    ).all()


def clause_for(programme: Programme, reason_code: str) -> BanClause | None:
    """The programme's ban for an exit reason; None when that reason brings no ban."""
    found = next((item for item in programme.bans if reason_code in item.reasons), None)
    return None if found is None or found.years == 0 else found


def last_day(clause: BanClause, since: date) -> date | None:
    """Last day of a ban that begins on ``since``; None = until its condition is met."""
    return None if clause.years is None else durations.last_day(since, clause.years)


def start(session: Session, actor: Actor, membership: Membership, why: Why) -> Ban | None:
    """Ban the organisation of a membership that just left, as its programme orders."""
    clause = clause_for(membership.round.programme, membership.reason_code)
    if clause is None:
        return None
    since = membership.exited_on or clock.today()
    ban = Ban(
        organisation_id=membership.provider.organisation_id,
        programme_id=membership.round.programme_id,
        reason_code=membership.reason_code,
        since=since,
        until=last_day(clause, since),
        membership_id=membership.id,
    )
    return _begin(session, actor, "ban_start", ban, why)


def impose(
    session: Session, actor: Actor, provider: Provider, round_: Round, *, since: date, why: Why
) -> Ban:
    """Ban a firm that is not leaving the pool, for a reason that the programme bans for.

    Raises Invalid, Conflict (banned already), Forbidden.
    """
    require(actor, Permission.BAN_IMPOSE)
    code = why.get("reason_code", "")
    clause = clause_for(round_.programme, code)
    fields = _without_grounds(why)
    if clause is None:
        fields["reason_code"] = ["请选择一项原因"]
    if since > clock.today():
        fields["since"] = ["不能晚于今天"]
    until = last_day(clause, since) if clause else None
    if until is not None and until < clock.today():
        fields["since"] = [f"从这一天起算，禁报期已于{until:%Y-%m-%d}结束"]
    if fields:
        raise Invalid(fields=fields)
    owner = provider.organisation_id
    applicants.lock(session, [owner])
    if active(session, [owner], round_.programme_id, clock.today()):
        raise Conflict("该服务商已处于禁报期", code="banned")
    ban = Ban(
        organisation_id=owner,
        programme_id=round_.programme_id,
        reason_code=code,
        since=since,
        until=until,
    )
    return _begin(session, actor, "ban_impose", ban, why)


def lift(session: Session, actor: Actor, ban: Ban, why: Why) -> None:
    """End a ban today: the condition is met, or the decision is revised. Raises as ``impose``."""
    require(actor, Permission.BAN_LIFT)
    if fields := _without_grounds(why):
        raise Invalid(fields=fields)
    applicants.lock(session, [ban.organisation_id])
    session.refresh(ban, with_for_update=True)
    if ban.lifted_on is not None:
        raise Conflict("这项禁报期已经解除", code="wrong_state")
    if ban.until is not None and ban.until < clock.today():
        raise Conflict("这项禁报期已经届满", code="wrong_state")
    ban.lifted_on = clock.today()
    session.flush()
    diff = {"lifted_on": ban.lifted_on.isoformat()}
    record(session, actor, "ban_lift", ban, diff=diff, why=why)


def _begin(session: Session, actor: Actor, action: str, ban: Ban, why: Why) -> Ban:
    session.add(ban)
    session.flush()
    until = ban.until and ban.until.isoformat()
    record(session, actor, action, ban, diff={"since": ban.since.isoformat(), "until": until},
           why=why)  # fmt: skip
    return ban


def _without_grounds(why: Why) -> dict[str, list[str]]:
    words = {"reason": "请填写理由", "document_no": "请填写依据文号"}
    return {name: [text] for name, text in words.items() if not str(why.get(name, "")).strip()}
