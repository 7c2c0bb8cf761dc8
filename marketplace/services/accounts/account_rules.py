"""What ``config/accounts.yml`` declares: how long links live and personal data is kept."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from marketplace.programmes.loader import read_yaml
from marketplace.settings import ROOT

FILE = ROOT / "config" / "accounts.yml"


@dataclass(frozen=True)
class Rules:
    """``answer_days``: working days in which an owner answers who wants to join; ``keep_…``: how
    long personal data stays after the end of what it was given for (PIPL 19, 47)."""

    registration: timedelta
    invitation: timedelta
    answer_days: int
    keep_registrations: timedelta
    keep_invitations: timedelta
    keep_requests: timedelta
    keep_inquiries: timedelta
    keep_complaints: timedelta
    keep_objections: timedelta
    keep_consents: timedelta
    keep_left: timedelta


@cache
def rules() -> Rules:
    """What the configuration says. Raises KeyError, ValueError for a file that cannot be."""
    data = read_yaml(FILE)
    keep = {name: timedelta(days=days) for name, days in data["retention"].items()}
    found = Rules(
        timedelta(hours=data["registration_hours"]), timedelta(days=data["invitation_days"]),
        data["answer_days"],
        **{f"keep_{name}": length for name, length in keep.items()},
    )  # fmt: skip
    lengths = (found.registration, found.invitation, *keep.values())
    if found.answer_days < 1 or any(length <= timedelta(0) for length in lengths):
        raise ValueError(f"{FILE.name}: {data}")
    return found
