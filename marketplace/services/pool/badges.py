"""Badges that providers show on their own sites (F-P19).

They read the standing of this moment: a badge turns to 已退出 by itself, wherever it was copied to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from marketplace.errors import NotFound
from marketplace.models import Membership, Provider
from marketplace.phases import PUBLIC_PHASES, StandingPhase
from marketplace.services.profiles.catalogue import gravest, state_of

LEFT, SUSPENDED = "已退出", "已暂停"
COLOURS = {"success": "#1b6e3c", "warning": "#8a5a00", "danger": "#a4201a"}
GREY = "#4a5360"
CHARACTER, MARGIN, HEIGHT = 13, 12, 28


@dataclass(frozen=True)
class Badge:
    """What a badge says: its words, colour, and the places behind it."""

    name: str
    text: str
    colour: str
    valid: bool
    places: tuple[Membership, ...]


def of(session: Session, provider_id: int) -> Badge:
    """The badge of a provider that was ever listed and is not hidden. Raises NotFound."""
    found = session.scalars(places().where(Membership.provider_id == provider_id)).all()
    if not found:
        raise NotFound("没有这家服务商，或它不再公开")
    return _badge(found)


def places() -> Select[Membership]:
    """Every place that visitors may hear of, with its round and provider, the oldest first."""
    return (
        select(Membership)
        .join(Provider, Provider.id == Membership.provider_id)
        .where(Provider.hidden_at.is_(None))
        .options(
            joinedload(Membership.round),
            joinedload(Membership.provider).joinedload(Provider.organisation),
        )
        .order_by(Membership.listed_on, Membership.id)
    )


def _badge(places: Sequence[Membership]) -> Badge:
    rows = tuple(places)
    name = rows[0].provider.organisation.name
    shown = [row for row in rows if row.phase in PUBLIC_PHASES]
    if shown:
        state = state_of(gravest(shown))
        first = min(shown, key=lambda row: (row.listed_on, row.id))
        year, label = str(first.listed_on.year), first.round.label
        text = f"{state.public_label} · {label if year in label else f'{year} {label}'}"
        return Badge(name, text, COLOURS.get(state.tone, GREY), True, rows)
    waiting = any(row.phase == StandingPhase.SUSPENDED for row in rows)
    return Badge(name, SUSPENDED if waiting else LEFT, GREY, False, rows)


def svg(badge: Badge, label: str) -> str:
    """The badge as a picture that needs nothing from elsewhere; ``label`` stands on its left."""
    left = MARGIN * 2 + CHARACTER * len(label)
    width = left + MARGIN * 2 + sum(_width(char) for char in badge.text)
    title = escape(f"{badge.name}：{badge.text}")
    middle = (left + width) // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" role="img" '
        f'aria-label="{title.replace(chr(34), "&quot;")}"><title>{title}</title>'
        f'<rect width="{width}" height="{HEIGHT}" rx="4" fill="#22324a"/>'
        f'<path d="M{left} 0h{width - left - 4}a4 4 0 0 1 4 4v{HEIGHT - 8}a4 4 0 0 1 -4 4H{left}z" '
        f'fill="{badge.colour}"/>'
        '<g fill="#fff" font-family="sans-serif" font-size="13" text-anchor="middle">'
        f'<text x="{left // 2}" y="19">{escape(label)}</text>'
        f'<text x="{middle}" y="19">{escape(badge.text)}</text></g></svg>'
    )


def _width(char: str) -> int:
    return CHARACTER if ord(char) > 0x2E80 else CHARACTER * 6 // 10
