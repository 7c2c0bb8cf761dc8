"""How a place of the pool is lost, defended and filled again; every step and day is the file's."""

from dataclasses import dataclass

from marketplace.programmes.evaluation import Appeal, Rectification, Supplement


@dataclass(frozen=True, kw_only=True)
class RemovalProcedure:
    """The steps before a removal (``RemovalStep`` words, in order) and what goes with them.

    ``proposers``: who may propose; ``city_causes``: what the city finds out by itself, without a
    proposal. ``bureaus``: whose opinions a joint decision needs, as their organisations are called.
    ``opens_with``, ``dismisses_with``, ``removes_with``: actions of the standing workflow that
    follow acceptance, dismissal and announcement; empty = the standing is left alone.
    """

    steps: tuple[str, ...]
    proposers: tuple[str, ...]
    city_causes: tuple[str, ...] = ()
    hearing_working_days: int | None = None
    bureaus: tuple[str, ...] = ()
    opens_with: str = ""
    dismisses_with: str = ""
    removes_with: str = "remove"


@dataclass(frozen=True, kw_only=True)
class FailedCheck:
    """What a failed spot check brings about: ``warn`` or ``rectification``; empty = nothing.

    ``without_cause``: no exit reason was found, ``with_cause``: one that is no veto. A veto of the
    evaluation scheme suspends at once.
    """

    without_cause: str = ""
    with_cause: str = ""


@dataclass(frozen=True, kw_only=True)
class Procedures:
    """Everything that the notice's one sentence on dynamic management leaves to procedure.

    ``rectification``, ``appeal`` and ``supplement`` stand here where the programme has no
    evaluation scheme that says them. ``proposal``: not in the notice; ``basis`` says where from.
    ``confirm_working_days``: how long a suspension by rule may wait for a human; None = no clock.
    """

    basis: str
    proposal: bool = True
    removal: RemovalProcedure
    confirm_working_days: int | None = None
    failed_check: FailedCheck | None = None
    rectification: Rectification | None = None
    appeal: Appeal | None = None
    supplement: Supplement | None = None
