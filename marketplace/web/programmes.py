"""Programmes as pages see them: the text a round pinned, else the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from flask import current_app
from sqlalchemy.orm import Session

from marketplace.errors import NotFound
from marketplace.models import Round
from marketplace.programmes import library
from marketplace.programmes.library import Library
from marketplace.programmes.schema import Programme
from marketplace.services.pool import rounds
from marketplace.settings import ROOT, Settings

KEY = "programmes"


@dataclass(frozen=True)
class Shown:
    """A programme as it stands. ``round``: the newest round that pinned this text, if any."""

    programme: Programme
    round: Round | None


def files() -> Mapping[str, Programme]:
    """The programmes of ``config/`` by id: read with the first page that asks, then kept."""
    held: Library | None = current_app.extensions.get(KEY)
    if held is None:
        held = current_app.extensions[KEY] = library.load(ROOT / "config")
    return held.programmes


def home_id() -> str:
    """The programme this installation is run for."""
    settings: Settings = current_app.extensions["settings"]
    return settings.home_programme


@cache
def _words(programme_id: str) -> Mapping[str, frozenset[str]]:
    found = library.load(ROOT / "config").programmes.get(programme_id)
    if found is None:
        return {}
    return {
        "provider_type": frozenset(type_.id for type_ in found.types),
        "segment": frozenset(segment.id for segment in found.segments),
    }


def at_home(kind: str, code: str) -> bool:
    """Whether the home programme knows a type or segment; others came with other programmes."""
    words = _words(home_id())
    return kind not in words or code in words[kind]


def shown(session: Session, programme_id: str) -> Shown:
    """What the public is told of a programme. Raises NotFound."""
    round_ = rounds.current(session, programme_id)
    if round_ is not None:
        return Shown(round_.programme, round_)
    programme = files().get(programme_id)
    if programme is None:
        raise NotFound("没有这个项目")
    return Shown(programme, None)


def path(programme_id: str, *more: str) -> str:
    """The address of a programme's public page or of a page below it."""
    own = () if programme_id == home_id() else (programme_id,)
    return "/".join(("/programme", *own, *more))
