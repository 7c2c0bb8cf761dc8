"""What ``config/inquiries.yml`` declares, and the guards and effects of enquiries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy.orm import Session, joinedload

from marketplace import clock
from marketplace.models import Inquiry, InquiryParty, Provider
from marketplace.permissions import Actor
from marketplace.programmes.loader import read_yaml
from marketplace.services.calendar import calendar
from marketplace.services.choosing import selection_rules
from marketplace.settings import ROOT
from marketplace.workflow import Data, effect, guard, lives_in

NOUN = "inquiry"
FILE = ROOT / "config" / "inquiries.yml"

PARTIES = (
    joinedload(InquiryParty.inquiry).joinedload(Inquiry.organisation),
    joinedload(InquiryParty.provider).joinedload(Provider.organisation),
)
"""What permission checks and messages need beside a party."""

lives_in(InquiryParty, NOUN, *PARTIES)


@dataclass(frozen=True)
class Rules:
    """``reply_days``: working days for the first answer; ``most_open``: answers that one user may
    wait for at a time; ``rate_minimum``: enquiries that a response rate needs, counted over
    ``window``; ``demands_open`` and ``longest_days`` limit demands; ``suggestions``: providers
    proposed for one."""

    reply_days: int
    most_providers: int
    most_open: int
    rate_minimum: int
    window: timedelta
    decline_reasons: tuple[str, ...]
    demands_open: int
    longest_days: int
    suggestions: int


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, ValueError for a file that cannot be."""
    data = read_yaml(FILE)
    rate, demands = data["rate"], data["demands"]
    numbers = (
        data["reply_days"], data["most_providers"], data["most_open"], rate["minimum"],
        rate["window_days"], demands["most_open"], demands["longest_days"], demands["suggestions"],
    )  # fmt: skip
    if min(numbers) < 1:
        raise ValueError(f"{FILE.name}: every number is at least 1")
    return Rules(
        reply_days=data["reply_days"], most_providers=data["most_providers"],
        most_open=data["most_open"], rate_minimum=rate["minimum"],
        window=timedelta(days=rate["window_days"]), decline_reasons=tuple(data["decline_reasons"]),
        demands_open=demands["most_open"], longest_days=demands["longest_days"],
        suggestions=demands["suggestions"],
    )  # fmt: skip


def reply_by(session: Session) -> datetime:
    """The exclusive instant until which an enquiry sent now is to be answered."""
    days = rules().reply_days
    return clock.end_of_day(calendar.load(session).add(clock.today(), days))


def refusals(session: Session, provider_ids: Iterable[int]) -> Mapping[int, str]:
    """Why providers may take no new enquiry: "" or the reason, by provider; 2 queries.

    The same standing that stops new contracts (house.md §6). For a decision: call it under the
    locks of the providers' organisations.
    """
    found = selection_rules.standing(session, provider_ids)
    return {id_: _words(reason) for id_, reason in found.items()}


def _words(reason: str) -> str:
    """The standing said for contracts, said for enquiries: its first half names the standing."""
    return f"{reason.partition('，')[0]}，不能接收新咨询" if reason else ""


@guard("inquiry_past_due")
def past_due(session: Session, subject: InquiryParty, actor: Actor, data: Data) -> str | None:
    """Nobody is late before the end of the last day."""
    return None if subject.reply_by <= clock.now() else "答复期限还没有到"


@effect("inquiry_answered")
def answered(session: Session, subject: InquiryParty, actor: Actor, data: Data) -> None:
    """The first answer stops the clock; later ones leave it as it is."""
    if subject.answered_at is None:
        subject.answered_at = clock.now()
        waited = subject.answered_at - subject.sent_at
        subject.minutes = int(waited.total_seconds() // 60)


@effect("inquiry_noted")
def noted(session: Session, subject: InquiryParty, actor: Actor, data: Data) -> None:
    """Why it ended, for the other side to read."""
    subject.reason = data.get("reason", "")
