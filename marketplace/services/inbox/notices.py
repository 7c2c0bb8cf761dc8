"""Mail of the inbox: composed from what stands when it is sent, under a number that stays.

A worker that is cut off between sending and confirming sends once more, with the same
Message-ID: the reader's mail program can tell, and nothing is lost.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from marketplace import mail
from marketplace.db import Database
from marketplace.mail import Letter, Mailer
from marketplace.models import Message, User
from marketplace.outbox import Entry
from marketplace.services.inbox import message_kinds


class Notifier:
    """Turns queued notices into letters and sends them."""

    def __init__(self, database: Database, mailer: Mailer, base_url: str) -> None:
        self._database = database
        self._mailer = mailer
        self._base_url = base_url

    def handle(self, entries: Sequence[Entry]) -> dict[int, str]:
        """Send each; answers the errors by row."""
        failed = {}
        for entry in entries:
            try:
                with self._database.reading() as session:
                    letter = self.letter(session, entry.key)
                if letter is not None:
                    self._mailer.send(letter, entry.key.replace(":", "-"))
            except Exception as error:  # whatever it is, the others must go out
                failed[entry.id] = f"{type(error).__name__}: {error}"
        return failed

    def letter(self, session: Session, key: str) -> Letter | None:
        """The letter for ``message:ID`` or ``digest:USER:DAY``; None when nobody needs it now."""
        what, _, which = key.partition(":")
        if what == "message":
            return self._single(session, int(which))
        user_id, _, day = which.partition(":")
        return self._digest(session, int(user_id), date.fromisoformat(day))

    def _single(self, session: Session, message_id: int) -> Letter | None:
        row = session.execute(
            select(Message, User).join(User, User.id == Message.user_id)
            .where(Message.id == message_id)
        ).one_or_none()  # fmt: skip
        if row is None or not row[1].active:
            return None
        message, user = row
        return mail.compose(
            "message.txt", to=user.login, name=user.name, title=message.title, text=message.text,
            link=self._link(message.id), choices=f"{self._base_url}/inbox/choices",
        )  # fmt: skip

    def _digest(self, session: Session, user_id: int, day: date) -> Letter | None:
        user = session.get(User, user_id)
        messages = session.scalars(
            select(Message)
            .where(Message.user_id == user_id, Message.digest_on == day, Message.read_at.is_(None))
            .order_by(Message.id)
        ).all()
        if user is None or not user.active or not messages:
            return None
        labels = {name: kind.label for name, kind in message_kinds.kinds().by_name.items()}
        items = [
            (labels.get(message.kind, ""), message.title, self._link(message.id))
            for message in messages
        ]
        return mail.compose(
            "digest.txt", to=user.login, name=user.name, items=items,
            choices=f"{self._base_url}/inbox/choices",
        )  # fmt: skip

    def _link(self, message_id: int) -> str:
        return f"{self._base_url}/inbox/{message_id}"
