"""Profiles are confirmed once a quarter in one click; public pages say when and whether (F-P14)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from marketplace import clock
from marketplace.errors import Conflict
from marketplace.history import record
from marketplace.models import Product, Provider
from marketplace.permissions import Actor, Permission, require, visible
from marketplace.programmes.loader import read_yaml
from marketplace.services.inbox.tasks import Lines, Task, listed
from marketplace.services.profiles import change_requests_subjects as subjects
from marketplace.services.profiles.change_requests_notices import EDITORS
from marketplace.settings import ROOT

FILE = ROOT / "config" / "freshness.yml"


@dataclass(frozen=True)
class Rules:
    """After how long without a confirmation a profile is stale; how long before it is said."""

    stale_after: timedelta
    remind_before: timedelta


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, ValueError for a file that cannot be."""
    data = read_yaml(FILE)
    days, before = data["stale_after_days"], data["remind_before_days"]
    if not 0 < before < days:
        raise ValueError(f"{FILE.name}: {data}")
    return Rules(timedelta(days=days), timedelta(days=before))


@dataclass(frozen=True)
class Freshness:
    """``confirmed_on``: the last confirmation, None if never; it counts from ``since``."""

    confirmed_on: date | None
    since: date

    @property
    def due(self) -> date:
        """The last day to confirm."""
        return self.since + rules().stale_after - timedelta(days=1)

    @property
    def stale(self) -> bool:
        """Whether public pages warn."""
        return clock.today() > self.due

    @property
    def soon(self) -> bool:
        """Whether it is time to confirm."""
        return clock.today() > self.due - rules().remind_before


def of(provider: Provider) -> Freshness:
    """How fresh a profile is; one that was never confirmed counts from its entry."""
    entered = clock.beijing(provider.created_at).date()
    return Freshness(provider.confirmed_on, provider.confirmed_on or entered)


def version(session: Session, provider: Provider) -> int:
    """The version of all that a confirmation is about: it grows with every change of it."""
    products = select(func.coalesce(func.sum(Product.version), 0)).where(
        Product.provider_id == provider.id
    )
    return subjects.form_version(session, provider, products)


def confirm(session: Session, actor: Actor, provider: Provider, *, expected_version: int) -> date:
    """The profile is right as it was shown. Raises Conflict when it has changed since."""
    require(actor, Permission.PROFILE_WRITE, provider)
    provider = subjects.lock_owner(session, provider.id)
    if version(session, provider) != expected_version:
        raise Conflict("资料刚有改动，没有确认", code="stale_version")
    before, today = provider.confirmed_on, clock.today()
    if before == today:
        return today
    provider.confirmed_on = today
    # Nothing new for readers: the day of the last change stays.
    flag_modified(provider, "updated_at")
    session.flush()
    pair = [before.isoformat() if before else None, today.isoformat()]
    record(session, actor, "profile_confirm", provider, diff={"confirmed_on": pair})
    return today


@listed(*EDITORS)
def to_confirm(actor: Actor) -> Iterable[Lines]:
    """Providers: the confirmation of the quarter, as soon as it is time."""
    query = visible(actor, Permission.PROFILE_WRITE, Provider).where(Provider.hidden_at.is_(None))
    yield Lines(query, _task, day=Provider.confirmed_on, at=Provider.created_at)


def _task(row: Any) -> Task | None:
    found = Freshness(row.day, row.day or clock.beijing(row.at).date())
    if not found.soon and found.confirmed_on is not None:
        return None
    text = "公开页已标明资料超期未确认" if found.stale else ""
    return Task("核对并确认资料", "/p/confirm", found.due, "资料", text)
