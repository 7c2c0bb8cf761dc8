"""The inbox: who is told about an event, in which words, and how each wants it mailed.

``notify`` belongs into the transaction of its cause: the message stands exactly when the event
does. Mail leaves through the outbox and is composed when it is sent (``services.notices``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from marketplace import clock, outbox
from marketplace.errors import Forbidden, Invalid, NotFound
from marketplace.models import Message, MessageChoice, Organisation, RoleGrant, User
from marketplace.models.inbox import DIGEST, NOW
from marketplace.permissions import Actor
from marketplace.phases import Role
from marketplace.services.inbox import message_kinds
from marketplace.services.inbox.message_kinds import Wording

NOTICE = "notice"
BATCH = 200
PER_PAGE = 30


@dataclass(frozen=True)
class Reader:
    """Somebody who is told, for an organisation that he has a role in."""

    user_id: int
    organisation_id: int | None = None


def team(session: Session, organisation_id: int, *roles: Role) -> list[Reader]:
    """Who holds one of ``roles`` (any role without them) in an organisation now."""
    return _holders(session, roles, [RoleGrant.organisation_id == organisation_id])


def holders(session: Session, *roles: Role, district: str | None = None) -> list[Reader]:
    """Who holds one of ``roles`` now, in a ``district`` if one is given."""
    conditions = [] if district is None else [Organisation.district == district]
    return _holders(session, roles, conditions)


def _holders(
    session: Session, roles: Sequence[Role], conditions: Sequence[ColumnElement[bool]]
) -> list[Reader]:
    now = clock.now()
    query = (
        select(RoleGrant.user_id, func.min(RoleGrant.organisation_id))
        .join(User, User.id == RoleGrant.user_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            User.active,
            RoleGrant.revoked_at.is_(None),
            (RoleGrant.valid_until.is_(None)) | (RoleGrant.valid_until > now),
            *conditions,
        )
        .group_by(RoleGrant.user_id)
        .order_by(RoleGrant.user_id)
    )
    if roles:
        query = query.where(RoleGrant.role.in_([role.value for role in roles]))
    return [Reader(user, organisation) for user, organisation in session.execute(query)]


def notify(
    session: Session,
    kind: str,
    readers: Iterable[Reader],
    *,
    cause: str,
    voice: str,
    url: str = "",
    facts: Mapping[str, str] | None = None,
) -> list[int]:
    """Tell each reader once; answers the ids of the messages that are new.

    ``kind`` and ``voice`` name the words in ``config/messages/inbox.yml``; ``facts`` fills them
    in. ``cause`` names the event, such as ``event:12``: told again, it is not repeated. ``url`` is
    the place of this site where something can be done about it.
    """
    told = [(reader, facts or {}) for reader in set(readers)]
    return notify_each(session, kind, told, cause=cause, voice=voice, url=url)


def notify_each(
    session: Session,
    kind: str,
    told: Iterable[tuple[Reader, Mapping[str, str]]],
    *,
    cause: str,
    voice: str,
    url: str = "",
) -> list[int]:
    """The same with facts of its own for each reader; a few statements for hundreds of readers."""
    rule = message_kinds.get(kind)
    wanted = sorted(told, key=lambda item: item[0].user_id)
    made: list[int] = []
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        chosen = _choices(session, kind, [reader.user_id for reader, _ in some])
        made += _insert(session, [
            {
                "user_id": reader.user_id, "organisation_id": reader.organisation_id,
                "kind": kind, "cause": cause, "title": words.title, "text": words.text,
                "url": url, "mail": _delivery(rule, chosen.get(reader.user_id)),
                "created_at": clock.now(),
            }
            for reader, words in (
                (reader, rule.voices[voice].filled(facts)) for reader, facts in some
            )
        ])  # fmt: skip
    return made


def _delivery(rule: message_kinds.Kind, chosen: str | None) -> str:
    """The reader's choice, unless the kind has become one that must be mailed since."""
    return chosen if chosen in rule.choices else rule.mail


def _choices(session: Session, kind: str, users: Sequence[int]) -> dict[int, str]:
    rows = session.execute(
        select(MessageChoice.user_id, MessageChoice.mail).where(
            MessageChoice.kind == kind, MessageChoice.user_id.in_(users)
        )
    )
    return dict(rows.all())


def _insert(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Message).values(rows).on_conflict_do_nothing()
    made = session.execute(statement.returning(Message.id, Message.mail)).all()
    outbox.put_many(session, NOTICE, [f"message:{id_}" for id_, mail in made if mail == NOW])
    return [id_ for id_, _ in made]


def preview(kind: str, *, voice: str, facts: Mapping[str, str]) -> Wording:
    """The words of a message before it is sent. Raises KeyError for a missing fact."""
    return message_kinds.get(kind).voices[voice].filled(facts)


@dataclass(frozen=True)
class Page:
    """One page of an inbox, newest first."""

    messages: Sequence[tuple[Message, str]]
    """Each with the name of the organisation it concerns."""
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PER_PAGE))


def listed(
    session: Session, actor: Actor, *, unread: bool = False, kind: str = "", page: int = 1
) -> Page:
    """The messages of the acting user."""
    conditions = [Message.user_id == actor.user_id]
    if unread:
        conditions.append(Message.read_at.is_(None))
    if kind:
        conditions.append(Message.kind == kind)
    total = session.scalar(select(func.count()).select_from(Message).where(*conditions)) or 0
    rows = session.execute(
        select(Message, func.coalesce(Organisation.name, ""))
        .outerjoin(Organisation, Organisation.id == Message.organisation_id)
        .where(*conditions)
        .order_by(Message.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Page([(message, name) for message, name in rows], total, page)


def get(session: Session, actor: Actor, message_id: int) -> Message:
    """One message of the acting user; others' do not exist. Raises NotFound."""
    row = session.get(Message, message_id)
    if row is None or actor.user_id is None or row.user_id != actor.user_id:
        raise NotFound
    return row


def read(session: Session, actor: Actor, message_id: int) -> Message:
    """The message, noted as read. Raises NotFound."""
    row = get(session, actor, message_id)
    if row.read_at is None:
        row.read_at = clock.now()
        session.flush()
    return row


def read_all(session: Session, actor: Actor, *, kind: str = "") -> int:
    """Note all unread messages (of one kind) as read; answers how many."""
    rows = update(Message).where(Message.user_id == actor.user_id, Message.read_at.is_(None))
    if kind:
        rows = rows.where(Message.kind == kind)
    return int(getattr(session.execute(rows.values(read_at=clock.now())), "rowcount", 0))


def choices(session: Session, actor: Actor) -> dict[str, str]:
    """How the acting user gets each kind mailed."""
    rows = session.execute(
        select(MessageChoice.kind, MessageChoice.mail).where(MessageChoice.user_id == actor.user_id)
    )
    chosen = dict(rows.all())
    rules = message_kinds.kinds().by_name
    return {name: _delivery(rule, chosen.get(name)) for name, rule in rules.items()}


def choose(session: Session, actor: Actor, wanted: Mapping[str, str]) -> None:
    """Keep how the acting user wants kinds mailed. Raises Forbidden, Invalid by kind."""
    if actor.user_id is None:
        raise Forbidden
    rules = message_kinds.kinds().by_name
    wrong = {
        kind: ["重要消息不能不发邮件"] if kind in rules and rules[kind].must else ["请从选项中选择"]
        for kind, mail in wanted.items()
        if kind not in rules or mail not in rules[kind].choices
    }
    if wrong:
        raise Invalid(fields=wrong)
    for kind, mail in wanted.items():
        session.merge(MessageChoice(user_id=actor.user_id, kind=kind, mail=mail))
    session.flush()


WAITING_FOR_DIGEST = (Message.mail == DIGEST, Message.digest_on.is_(None))
