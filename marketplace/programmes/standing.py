"""How a listing lives on: validity, re-review, reports, removal and bans."""

from dataclasses import dataclass

from marketplace.programmes.parts import Clause


@dataclass(frozen=True, kw_only=True)
class Validity(Clause):
    """How long a title holds; ``years`` None where the notice gives no end."""

    years: int | None
    renewal_window: str = ""


@dataclass(frozen=True, kw_only=True)
class ReReview(Clause):
    """A check of the listed every so many years, or before their title ends.

    ``deadline``: papers are due on that recurring deadline of the year, else on the last day of
    the term. ``opens_days_before``: when the listed are asked. ``extends_validity``: passing gives
    ``every_years`` more. Who fails is removed for ``fail_cause``, or leaves by ``fails_with``.
    """

    every_years: int
    inputs: tuple[str, ...]
    path: tuple[str, ...]
    on_pass: str
    on_fail: str
    deadline: str = ""
    opens_days_before: int = 60
    extends_validity: bool = False
    fail_cause: str = "X04"
    fails_with: str = ""


@dataclass(frozen=True, kw_only=True)
class Report(Clause):
    """A periodic duty; its dates stand in the programme's deadlines (``deadline`` is the id).

    ``lead_days``: how many days earlier the provider is to report where a district sums up first.
    """

    every: str
    tier: str
    contents: tuple[str, ...]
    deadline: str = ""
    lead_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Removal(Clause):
    """Who proposes, who decides, on which grounds (X codes), and what the public learns."""

    propose: str
    decide: str
    published: bool
    grounds: tuple[str, ...]
    checks: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    running_projects: str = ""
    cases: str = ""


@dataclass(frozen=True, kw_only=True)
class Ban(Clause):
    """No new application for ``years`` (0: none; None: until ``until`` is met)."""

    reasons: tuple[str, ...]
    years: int | None
    until: str = ""
    notice_days: int = 0
