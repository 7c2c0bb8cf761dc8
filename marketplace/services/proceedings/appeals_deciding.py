"""Who decides an appeal, and what follows: never somebody who decided before (§4.5 appeal)."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Conflict, Invalid
from marketplace.history import Why
from marketplace.models import (
    Appeal,
    AppealPanelist,
    Event,
    Membership,
    Provider,
    Replacement,
    RoleGrant,
    User,
)
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import AppealPhase, Role
from marketplace.services.pool import applicants, quotas
from marketplace.services.proceedings import appeals
from marketplace.workflow import Data, effect, guard, locked, perform

PANEL_ROLES = (Role.CITY_OFFICER, Role.CITY_LEADER, Role.COSIGNER)
UPHELD, REJECTED = "upheld", "rejected"


def deciders(session: Session, appeal: Appeal) -> set[int]:
    """Everybody on the offices' side who acted in what is appealed against."""
    rows = session.scalars(
        select(Event.actor_id).where(
            Event.subject_type == appeal.subject_type, Event.subject_id == appeal.subject_id,
            Event.actor_id.is_not(None),
            Event.organisation_id.is_distinct_from(appeal.provider.organisation_id),
        )
    )  # fmt: skip
    found = {id_ for id_ in rows if id_ is not None}
    more = appeals.DECIDERS.get(appeal.subject_type)
    return found | (set(more(session, appeal.subject_id)) if more else set())


def candidates(session: Session, appeal: Appeal) -> Sequence[User]:
    """Who may sit on the panel: holders of an office who did not decide, by name."""
    office = select(RoleGrant.user_id).where(
        RoleGrant.revoked_at.is_(None),
        (RoleGrant.valid_until.is_(None)) | (RoleGrant.valid_until > clock.now()),
        RoleGrant.role.in_([role.value for role in PANEL_ROLES]),
    )
    rows = session.scalars(
        select(User)
        .where(User.active, User.id.in_(office), User.id.not_in(deciders(session, appeal)))
        .order_by(User.name, User.id)
    )
    return rows.all()


def panel(session: Session, appeal: Appeal) -> Sequence[User]:
    """The members of the panel by name."""
    query = select(User).join(AppealPanelist, AppealPanelist.user_id == User.id)
    return session.scalars(
        query.where(AppealPanelist.appeal_id == appeal.id).order_by(User.name, User.id)
    ).all()


def name_panel(
    session: Session, actor: Actor, appeal: Appeal, user_ids: Iterable[int], *, reason: str,
    expected_version: int | None = None,
) -> None:  # fmt: skip
    """Say who decides. Raises Conflict ``decided_before`` when one of them decided before."""
    require(actor, Permission.APPEAL_RUN, appeal)
    appeal = locked(session, Appeal, appeal.id)
    wanted = set(user_ids)
    if not wanted:
        raise Invalid(fields={"panel": ["请至少选择一人"]})
    if stale := wanted & deciders(session, appeal):
        raise _decided_before(session, stale)
    if wanted - {user.id for user in candidates(session, appeal)}:
        raise Invalid(fields={"panel": ["请从名单中选择"]})
    for row in session.scalars(
        select(AppealPanelist).where(AppealPanelist.appeal_id == appeal.id)
    ).all():
        session.delete(row)
    session.flush()
    session.add_all(AppealPanelist(appeal_id=appeal.id, user_id=id_) for id_ in sorted(wanted))
    session.flush()
    event = perform(
        session, actor, appeal, "name_panel", why=Why(reason=reason),
        expected_version=expected_version,
    )  # fmt: skip
    appeals.tell(session, appeal, event)


def _decided_before(session: Session, ids: set[int]) -> Conflict:
    names = session.scalars(select(User.name).where(User.id.in_(ids)).order_by(User.name)).all()
    return Conflict(f"{'、'.join(names)}参与过原决定，不能办理这件申诉", code="decided_before")


@guard("panel_is_fresh")
def panel_is_fresh(session: Session, subject: Appeal, actor: Actor, data: Data) -> str | None:
    """Asked in the transaction of the decision: nobody on the panel decided before."""
    members = {user.id for user in panel(session, subject)}
    stale = members & deciders(session, subject)
    return _decided_before(session, stale).message if stale else None


@guard("on_panel")
def on_panel(session: Session, subject: Appeal, actor: Actor, data: Data) -> str | None:
    """Only the panel decides."""
    members = {user.id for user in panel(session, subject)}
    return None if actor.user_id in members else "只有申诉小组成员可以作出决定"


def decide(
    session: Session, actor: Actor, appeal: Appeal, *, upheld: bool, why: Why,
    expected_version: int | None = None,
) -> Appeal:  # fmt: skip
    """Uphold or reject. Upheld with the place given to another: a quota decision is waited for.

    Raises Conflict (decided before, not on the panel, stale), Invalid, Forbidden.
    """
    require(actor, Permission.APPEAL_DECIDE, appeal)
    owner = select(Provider.organisation_id).where(Provider.id == appeal.provider_id)
    applicants.lock(session, [session.scalars(owner).one()])
    appeal = locked(session, Appeal, appeal.id)
    action = "reject"
    if upheld:
        action = "uphold" if _place_free(session, appeal) else "uphold_full"
    event = perform(
        session, actor, appeal, action, why=why, expected_version=expected_version,
        rule=appeal.membership.round.programme.removal.id,
    )  # fmt: skip
    appeals.letter(session, appeal, event)
    appeals.tell(session, appeal, event)
    return appeal


def _place_free(session: Session, appeal: Appeal) -> bool:
    """Whether no place is needed, or one was free and is taken now."""
    needs = appeals.NEEDS_PLACE.get(appeal.subject_type)
    if needs is None or not needs(session, appeal):
        return True
    # Who chooses a replacement locks it before the cell; the same order here.
    session.execute(
        select(Replacement.id)
        .where(Replacement.vacated_id == appeal.membership_id)
        .with_for_update()
    ).all()
    membership = locked(session, Membership, appeal.membership_id)
    try:
        with session.begin_nested():
            quotas.take(session, membership.quota)
    except Conflict as full:
        if full.code != quotas.FULL:
            raise
        return False
    return True


def restore(
    session: Session, actor: Actor, appeal: Appeal, *, why: Why, expected_version: int | None
) -> Appeal:
    """Give the place back once the quota allows it. Raises Conflict ``quota_full``."""
    require(actor, Permission.APPEAL_RUN, appeal)
    owner = select(Provider.organisation_id).where(Provider.id == appeal.provider_id)
    applicants.lock(session, [session.scalars(owner).one()])
    appeal = locked(session, Appeal, appeal.id)
    if appeal.phase == AppealPhase.QUOTA:
        quotas.take(session, locked(session, Membership, appeal.membership_id).quota)
    event = perform(
        session, actor, appeal, "restore_place", why=why, expected_version=expected_version
    )
    appeals.tell(session, appeal, event)
    return appeal


def _note(subject: Appeal, outcome: str, data: Data) -> None:
    subject.outcome, subject.decided_at = outcome, clock.now()
    subject.answer, subject.document_no = data.get("reason", ""), data.get("document_no", "")


@effect("note_upheld")
def note_upheld(session: Session, subject: Appeal, actor: Actor, data: Data) -> None:
    """Upheld; what follows waits for the quota."""
    _note(subject, UPHELD, data)


@effect("note_rejected")
def note_rejected(session: Session, subject: Appeal, actor: Actor, data: Data) -> None:
    """The decision stands."""
    _note(subject, REJECTED, data)


@effect("give_right")
def give_right(session: Session, subject: Appeal, actor: Actor, data: Data) -> None:
    """Upheld, and put right at once."""
    _note(subject, UPHELD, data)
    session.flush()
    give_place(session, subject, actor, data)


@effect("give_place")
def give_place(session: Session, subject: Appeal, actor: Actor, data: Data) -> None:
    """What was decided is undone by whoever knows how; its place has been taken already."""
    why = Why(reason=f"申诉成立：{subject.answer}", document_no=subject.document_no)
    appeals.UPHOLDERS[subject.subject_type](session, actor, subject, why)
