"""What changes leave to do: to mend what came back, to check what was sent."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace.models import ChangeRequest, Organisation, Provider
from marketplace.permissions import Actor, Permission, visible
from marketplace.phases import RequestPhase, Role
from marketplace.services.inbox.tasks import MOST, Lines, Task, listed, source
from marketplace.services.profiles.change_requests_notices import EDITORS


@listed(*EDITORS)
def returned_changes(actor: Actor) -> Iterable[Lines]:
    """Providers: changes that came back."""
    query = (
        visible(actor, Permission.CHANGE_READ, ChangeRequest)
        .where(ChangeRequest.phase == RequestPhase.RETURNED)
        .order_by(ChangeRequest.state_since, ChangeRequest.id)
    )
    yield Lines(
        query,
        lambda row: Task(
            f"修改被退回：{row.one}", f"/p/profile/changes/{row.id}", None, "资料", row.two[:80]
        ),
        id=ChangeRequest.id, one=ChangeRequest.title, two=ChangeRequest.answer,
    )  # fmt: skip


@source(Role.CITY_OFFICER)
def changes_to_check(session: Session, actor: Actor) -> Iterable[Task]:
    """Staff: changes that wait, the oldest first."""
    rows = session.execute(
        visible(actor, Permission.CHANGE_DECIDE, ChangeRequest)
        .join(Provider, Provider.id == ChangeRequest.provider_id)
        .join(Organisation, Organisation.id == Provider.organisation_id)
        .where(ChangeRequest.phase == RequestPhase.PENDING)
        .order_by(ChangeRequest.state_since, ChangeRequest.id)
        .limit(MOST)
        .with_only_columns(ChangeRequest.id, ChangeRequest.title, Organisation.name)
    )
    for id_, title, name in rows:
        yield Task(f"审核资料修改：{title}", f"/work/changes/{id_}", None, "资料", name)


def next_to_check(session: Session, actor: Actor, after: int) -> int | None:
    """The oldest waiting request beside one: whoever decided goes on with it."""
    query = (
        visible(actor, Permission.CHANGE_READ, ChangeRequest)
        .where(ChangeRequest.phase == RequestPhase.PENDING, ChangeRequest.id != after)
        .order_by(ChangeRequest.state_since, ChangeRequest.id)
        .limit(1)
    )
    return session.scalar(select(query.subquery().c.id))
