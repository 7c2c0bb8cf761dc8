"""Letters of staff to many providers: words with places in them, seen with real data first."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.errors import Invalid
from marketplace.history import record
from marketplace.models import Event, Membership, Organisation, Provider, RoleGrant, User
from marketplace.permissions import Actor, Permission, require
from marketplace.phases import LIVE_PHASES, Role
from marketplace.services.inbox import inbox
from marketplace.services.inbox.inbox import Reader
from marketplace.services.inbox.message_kinds import Wording
from marketplace.services.pool.standing_notices import TEAM, place_of

PLACE = re.compile(r"\{([^{}\n]{0,20})\}")
PLACES = ("单位", "席位", "收件人")
"""What may stand in braces: the organisation, its places in the pool, who reads it."""
LONGEST = 4000


@dataclass(frozen=True)
class Audience:
    """Which providers in the pool; empty = every one."""

    segment: str = ""
    type: str = ""


@dataclass(frozen=True)
class Recipient:
    """One provider: its organisation, its places in words, and who of its team will read it."""

    organisation_id: int
    name: str
    places: str
    readers: tuple[tuple[int, str], ...]

    def facts(self, reader: str) -> dict[str, str]:
        """What the places of the text become."""
        return {"单位": self.name, "席位": self.places, "收件人": reader}


def check(title: str, text: str) -> None:
    """Refuse words that cannot be sent. Raises Invalid by field."""
    fields: dict[str, list[str]] = {}
    for name, words, longest in (("title", title, 100), ("text", text, LONGEST)):
        unknown = sorted(set(PLACE.findall(words)) - set(PLACES))
        if not words.strip():
            fields[name] = ["请填写" + ("标题" if name == "title" else "正文")]
        elif len(words) > longest:
            fields[name] = [f"不超过{longest}个字"]
        elif unknown:
            known = "、".join(f"{{{place}}}" for place in PLACES)
            fields[name] = [
                f"不认识{'、'.join(f'{{{place}}}' for place in unknown)}，可以用{known}"
            ]
    if fields:
        raise Invalid(fields=fields)


def rendered(title: str, text: str, facts: Mapping[str, str]) -> Wording:
    """The letter as one reader gets it."""

    def put(found: re.Match[str]) -> str:
        return facts[found.group(1)]

    return Wording(PLACE.sub(put, title), PLACE.sub(put, text))


def recipients(session: Session, actor: Actor, audience: Audience) -> Sequence[Recipient]:
    """Providers with a live place in the pool, by name. Raises Forbidden."""
    require(actor, Permission.LETTER_SEND)
    query = (
        select(Membership)
        .options(
            joinedload(Membership.round),
            joinedload(Membership.provider).joinedload(Provider.organisation),
        )
        .where(Membership.phase.in_(LIVE_PHASES))
        .order_by(Membership.id)
    )
    if audience.segment:
        query = query.where(Membership.segment == audience.segment)
    if audience.type:
        query = query.where(Membership.type == audience.type)
    places: dict[int, list[str]] = {}
    found: dict[int, Organisation] = {}
    for membership in session.scalars(query):
        organisation = membership.provider.organisation
        found[organisation.id] = organisation
        places.setdefault(organisation.id, []).append(place_of(membership))
    readers = _readers(session)
    made = [
        Recipient(id_, row.name, "、".join(places[id_]), tuple(readers.get(id_, ())))
        for id_, row in found.items()
    ]
    return sorted(made, key=lambda one: one.name)


def _readers(session: Session) -> dict[int, list[tuple[int, str]]]:
    """The teams that are told, by organisation."""
    rows = session.execute(
        select(RoleGrant.organisation_id, User.id, User.name)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            User.active,
            RoleGrant.role.in_([Role(role).value for role in TEAM]),
            RoleGrant.revoked_at.is_(None),
            (RoleGrant.valid_until.is_(None)) | (RoleGrant.valid_until > clock.now()),
        )
        .distinct()
        .order_by(User.id)
    )
    teams: dict[int, list[tuple[int, str]]] = {}
    for organisation_id, user_id, name in rows:
        teams.setdefault(organisation_id, []).append((user_id, name))
    return teams


def send(
    session: Session, actor: Actor, *, title: str, text: str, audience: Audience, reason: str
) -> Event:
    """Tell every team in the audience, each in its own words, once. Raises Forbidden, Invalid."""
    found = recipients(session, actor, audience)
    check(title, text)
    if not reason.strip():
        raise Invalid(fields={"reason": ["请填写发送依据或理由"]})
    told = [
        (Reader(user_id, one.organisation_id), rendered(title, text, one.facts(name)).__dict__)
        for one in found
        for user_id, name in one.readers
    ]
    if not told:
        raise Invalid("没有收件人：这些服务商都还没有账号")
    event = record(
        session, actor, "letter_send", session.get_one(Organisation, actor.organisation_id),
        diff={
            "letter_title": title, "letter_text": text, "letter_to": len(found),
            "letter_readers": len(told),
        },
        why={"reason": reason.strip()},
    )  # fmt: skip
    session.flush()
    inbox.notify_each(session, "letter", told, cause=f"event:{event.id}", voice="reader")
    return event
