"""Who counts as one subject in a selection (关联方), and the locks that keep it so.

Lock order of every command on the pool: organisations ascending, provider, membership or
candidacy, quota. ``FOR NO KEY UPDATE`` leaves foreign keys to the organisation free.
"""

from collections.abc import Iterable

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from marketplace.errors import Conflict, NotFound
from marketplace.models import Affiliation, Organisation, Provider


def group_of(session: Session, organisation_id: int) -> set[int]:
    """Ids of all organisations that hang together with this one, itself included."""
    group = {organisation_id}
    fresh = group
    while fresh:
        pairs = session.execute(
            select(Affiliation.organisation_id, Affiliation.affiliate_id).where(
                or_(
                    Affiliation.organisation_id.in_(fresh),
                    Affiliation.affiliate_id.in_(fresh),
                )
            )
        )
        fresh = {id_ for pair in pairs for id_ in pair} - group
        group |= fresh
    return group


def lock(session: Session, organisation_ids: Iterable[int]) -> None:
    """Lock the affiliate groups of these organisations: no second admission runs beside ours."""
    wanted: set[int] = set()
    for id_ in set(organisation_ids):
        wanted |= group_of(session, id_)
    session.execute(
        select(Organisation.id)
        .where(Organisation.id.in_(wanted))
        .order_by(Organisation.id)
        .with_for_update(key_share=True)
    ).all()
    # The lock may have been waited for; a link entered meanwhile would leave somebody unlocked.
    if any(not group_of(session, id_) <= wanted for id_ in set(organisation_ids)):
        raise Conflict("关联关系刚刚有变动，请重新提交", code="affiliates_changed")


def locked_provider(session: Session, provider_id: int) -> Provider:
    """The provider with its organisation, both as they are now, under the group's lock."""
    organisation_id = session.scalar(
        select(Provider.organisation_id).where(Provider.id == provider_id)
    )
    if organisation_id is None:
        raise NotFound("没有找到这家服务商")
    lock(session, [organisation_id])
    return session.scalars(
        select(Provider)
        .where(Provider.id == provider_id)
        .options(selectinload(Provider.organisation))
        .with_for_update(of=Provider, key_share=True)
        .execution_options(populate_existing=True)
    ).one()
