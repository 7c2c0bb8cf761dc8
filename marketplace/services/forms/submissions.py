"""A form takes effect once: its key is written first, in the transaction of the effect."""

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.errors import Forbidden, Invalid
from marketplace.models import SubmittedForm
from marketplace.permissions import Actor

KEPT = timedelta(days=30)


def claim(session: Session, actor: Actor, key: str, digest: str) -> tuple[SubmittedForm, bool]:
    """The row of this form, and whether it is the first time that it comes.

    A parallel twin waits here until the first one ended. Raises Invalid when the same key comes
    with other contents.
    """
    if actor.user_id is None:
        raise Forbidden
    _forget(session, actor.user_id)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {
        "user_id": actor.user_id, "key": key, "digest": digest,
        "location": "", "report": [], "created_at": clock.now(),
    }  # fmt: skip
    statement = insert(SubmittedForm).values(values).on_conflict_do_nothing()
    first = session.scalar(statement.returning(SubmittedForm.id)) is not None
    row = session.scalars(
        select(SubmittedForm).where(
            SubmittedForm.user_id == actor.user_id, SubmittedForm.key == key
        )
    ).one()
    if not first and row.digest != digest:
        raise Invalid("这张表单已经提交过，内容不同，没有再次办理", remedy="请重新打开页面填写。")
    return row, first


def find(session: Session, actor: Actor, key: str) -> SubmittedForm | None:
    """A form this user sent before."""
    return session.scalars(
        select(SubmittedForm).where(
            SubmittedForm.user_id == actor.user_id, SubmittedForm.key == key
        )
    ).one_or_none()


def _forget(session: Session, user_id: int) -> None:
    old = clock.now() - KEPT
    session.execute(
        delete(SubmittedForm).where(
            SubmittedForm.user_id == user_id, SubmittedForm.created_at < old
        )
    )
