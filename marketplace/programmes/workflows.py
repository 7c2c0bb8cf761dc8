"""Two state machines per programme; code knows phases only, names and labels are the file's."""

from collections.abc import Iterator
from dataclasses import dataclass

from marketplace.phases import SelectionPhase, StandingPhase

TONES = frozenset({"success", "warning", "danger", "info", "neutral"})
PHASES: dict[str, type[SelectionPhase] | type[StandingPhase]] = {
    "selection": SelectionPhase,
    "standing": StandingPhase,
}
CLOSED = frozenset({SelectionPhase.CLOSED.value, StandingPhase.EXITED.value})


@dataclass(frozen=True, kw_only=True)
class State:
    """One state: its phase, what staff and the public read, icon (Bootstrap name) and tone.

    ``behind``: the last step of a removal procedure that is finished in this state.
    """

    id: str
    phase: str
    staff_label: str
    public_label: str
    icon: str
    tone: str
    note: str = ""
    behind: str = ""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """One action: from any of ``from_`` to ``to`` by holders of the permission ``by``."""

    action: str
    label: str
    from_: tuple[str, ...]
    to: str
    by: str
    guards: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    reason_required: bool = False
    reason_codes: tuple[str, ...] = ()
    document_required: bool = False
    tone: str = "neutral"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """States and transitions; subjects start in ``initial``."""

    initial: str
    states: tuple[State, ...]
    transitions: tuple[Transition, ...]

    def state(self, id_: str) -> State:
        """The state with this id. Raises KeyError."""
        return {state.id: state for state in self.states}[id_]

    def transition(self, state: str, action: str) -> Transition | None:
        """What ``action`` does in ``state``; None where it is not foreseen."""
        return next((t for t in self.leaving(state) if t.action == action), None)

    def leaving(self, state: str) -> Iterator[Transition]:
        """The transitions that start in ``state``, in the order written."""
        return (transition for transition in self.transitions if state in transition.from_)

    def in_phase(self, phase: str) -> tuple[State, ...]:
        """The states of one phase, in the order written."""
        return tuple(state for state in self.states if state.phase == phase)
