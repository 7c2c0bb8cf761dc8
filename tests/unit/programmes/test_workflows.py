"""The standing workflows: what the actions of the bureau do in each phase."""

from collections.abc import Mapping

import pytest

from marketplace.phases import StandingPhase
from marketplace.programmes.schema import Programme

LIVE = {"listed", "warned", "rectifying", "suspended"}


def moves(programme: Programme, action: str) -> set[tuple[str, str]]:
    """From which phase to which an action leads."""
    flow = programme.workflows["standing"]
    phase = {state.id: state.phase for state in flow.states}
    return {
        (phase[start], phase[step.to])
        for step in flow.transitions
        if step.action == action
        for start in step.from_
    }


def test_the_pool_of_qingdao(qingdao: Programme) -> None:
    expected = {
        "warn": {("listed", "warned")},
        "clear_warning": {("warned", "listed")},
        "order_rectification": {(p, "rectifying") for p in ("listed", "warned", "suspended")},
        "close_rectification": {("rectifying", "listed")},
        "suspend": {(p, "suspended") for p in ("listed", "warned", "rectifying")},
        "restore": {("suspended", "listed")},
        "remove": {(p, "exited") for p in LIVE},
        "withdraw": {(p, "exited") for p in LIVE},
    }
    assert {action: moves(qingdao, action) for action in expected} == expected
    assert {step.action for step in qingdao.workflows["standing"].transitions} == set(expected)


def test_every_programme_offers_the_bureau_the_same_verbs(
    programmes: Mapping[str, Programme],
) -> None:
    verbs = (
        "warn clear_warning order_rectification close_rectification suspend restore remove withdraw"
    )
    for programme in programmes.values():
        actions = {step.action for step in programme.workflows["standing"].transitions}
        assert set(verbs.split()) <= actions, programme.id


def test_whoever_leaves_gives_the_place_back(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        flow = programme.workflows["standing"]
        for step in flow.transitions:
            leaves = flow.state(step.to).phase == StandingPhase.EXITED
            assert ("release_place" in step.effects) is leaves, (programme.id, step.action)
            assert leaves <= step.reason_required
            assert ("start_ban" in step.effects) is (step.action == "remove")
            assert (step.action == "remove") <= step.document_required


def test_a_live_state_of_any_phase_can_be_left(programmes: Mapping[str, Programme]) -> None:
    for programme in programmes.values():
        flow = programme.workflows["standing"]
        assert {flow.state(flow.initial).phase} == {"listed"}
        for state in flow.states:
            exits = [s for s in flow.leaving(state.id) if flow.state(s.to).phase == "exited"]
            assert bool(exits) is (state.phase in LIVE), (programme.id, state.id)


def test_liaocheng_removes_in_two_steps(programmes: Mapping[str, Programme]) -> None:
    flow = programmes["lc-2021"].workflows["standing"]
    proposed = flow.state("removal_proposed")
    # Until the city has verified it, the title holds for everyone outside.
    assert (proposed.phase, proposed.public_label) == ("listed", "称号有效")
    step = flow.transition("removal_proposed", "remove")
    assert step is not None
    assert (step.to, step.reason_codes) == ("revoked", ("X02", "X03"))
    assert flow.transition("titled", "propose_removal") is not None
    assert flow.transition("suspended", "propose_removal") is None


@pytest.mark.parametrize(
    ("programme_id", "tiers"),
    [
        ("qd-2024", ["district_review", "city_review", "expert_review"]),
        ("zj-2021", ["district_review", "city_review", "expert_review"]),
    ],
)
def test_selection_passes_every_tier(
    programmes: Mapping[str, Programme], programme_id: str, tiers: list[str]
) -> None:
    flow = programmes[programme_id].workflows["selection"]
    phases = list(dict.fromkeys(state.phase for state in flow.states))
    assert phases[:2] == ["draft", "returned"]
    assert [phase for phase in phases if phase in tiers] == tiers
    direct = flow.transition("draft", "submit_directly")
    assert (direct is not None) is (programme_id == "zj-2021")


def test_states_of_a_phase(qingdao: Programme) -> None:
    flow = qingdao.workflows["standing"]
    assert [state.id for state in flow.in_phase("exited")] == ["removed", "withdrawn"]
    assert flow.transition("removed", "restore") is None
