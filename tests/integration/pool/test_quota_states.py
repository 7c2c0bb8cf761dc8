"""E04: whatever people do in whatever order, places equal live memberships and never pass the cap.

A rule-based machine acts through the services in one transaction that is rolled back; after each
step it compares the booked places with the rows.
"""

from collections.abc import Callable
from datetime import date

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.models import Candidacy, Membership, Provider, Quota
from marketplace.permissions import SYSTEM
from marketplace.phases import HOLDING_PHASES, LIVE_PHASES, SelectionPhase, StandingPhase
from marketplace.services.pool import candidacies, memberships, quotas
from marketplace.services.pool.candidacies import Entry, Listing
from marketplace.services.pool.memberships import Admission, Decision
from tests import factories
from tests.support.counts import count

DAY = date(2024, 3, 1)
CELLS = (("chain_leader", "auto_parts"), ("integrator", "auto_parts"))
WHY = {"reason": "性质测试", "reason_code": "", "document_no": "1号"}

cell = st.sampled_from(CELLS)
pick = st.integers(min_value=0, max_value=50)


class PoolMachine(RuleBasedStateMachine):
    """Admit, leave, suspend, hold, list, close, change the cap."""

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self.round = factories.make_round(self.session)
        self.attempts = 0

    def members(self, *phases: StandingPhase) -> list[Membership]:
        return list(
            self.session.scalars(
                select(Membership)
                .where(Membership.round_id == self.round.id, Membership.phase.in_(phases))
                .order_by(Membership.id)
            )
        )

    def open_candidacies(self) -> list[Candidacy]:
        return list(
            self.session.scalars(
                select(Candidacy)
                .where(Candidacy.round_id == self.round.id)
                .where(Candidacy.phase != SelectionPhase.CLOSED)
                .order_by(Candidacy.id)
            )
        )

    def provider(self) -> Provider:
        return factories.make_provider(self.session)

    def quota(self, where: tuple[str, str]) -> Quota:
        found = factories.quota_of(self.session, self.round, *where)
        self.session.refresh(found)
        return found

    def refused_only_when_full(self, quota: Quota, work: Callable[[], object]) -> None:
        before = quota.used + quota.held
        try:
            with self.session.begin_nested():
                work()
        except Conflict as error:
            assert error.code == quotas.FULL
            assert before == quota.cap
            return
        assert quota.cap is None or before < quota.cap

    @rule(where=cell)
    def admit(self, where: tuple[str, str]) -> None:
        entry = Admission(
            round=self.round, provider=self.provider(), type=where[0], segment=where[1],
            listed_on=DAY,
        )  # fmt: skip
        quota = self.quota(where)
        self.refused_only_when_full(quota, lambda: memberships.admit(self.session, SYSTEM, entry))

    @rule(where=cell, held=st.booleans())
    def nominate(self, where: tuple[str, str], held: bool) -> None:
        phase = SelectionPhase.PUBLICITY if held else SelectionPhase.RESERVE
        entry = Entry(
            round=self.round, provider=self.provider(), type=where[0], segment=where[1],
            phase=phase.value, day=DAY, publicity_until=DAY,
        )  # fmt: skip
        if not held:
            candidacies.enter(self.session, SYSTEM, entry)
            return
        self.refused_only_when_full(
            self.quota(where), lambda: candidacies.enter(self.session, SYSTEM, entry)
        )

    @precondition(lambda self: self.open_candidacies())
    @rule(at=pick, keep=st.booleans())
    def settle(self, at: int, keep: bool) -> None:
        rows = self.open_candidacies()
        row = rows[at % len(rows)]
        if not keep:
            candidacies.close(self.session, SYSTEM, row, {"reason": "放弃资格"})
            return
        listing = Listing(listed_on=clock.today())
        row = candidacies.get(self.session, row.id)
        if row.phase in HOLDING_PHASES:
            candidacies.list_candidacy(self.session, SYSTEM, row, listing)
        else:
            self.refused_only_when_full(
                self.quota((row.type, row.segment)),
                lambda: candidacies.list_candidacy(self.session, SYSTEM, row, listing),
            )

    @precondition(lambda self: self.members(*LIVE_PHASES))
    @rule(at=pick, action=st.sampled_from(("withdraw", "suspend", "restore", "remove")))
    def act(self, at: int, action: str) -> None:
        rows = self.members(*LIVE_PHASES)
        member = rows[at % len(rows)]
        code = {"withdraw": "X10", "remove": "X03"}.get(action, "")
        try:
            with self.session.begin_nested():
                memberships.act(
                    self.session, SYSTEM, member, action,
                    Decision(why={**WHY, "reason_code": code}),
                )  # fmt: skip
        except Conflict as error:
            assert error.code == "wrong_state"

    @rule(where=cell, cap=st.integers(min_value=0, max_value=6))
    def change_cap(self, where: tuple[str, str], cap: int) -> None:
        quota = self.quota(where)
        taken = quota.used + quota.held
        try:
            with self.session.begin_nested():
                quotas.change(
                    self.session, SYSTEM, quota, minimum=0, cap=cap,
                    expected_version=quota.version, why=WHY,
                )  # fmt: skip
        except Conflict as error:
            assert error.code == "cap_below_taken"
            assert taken > cap

    @invariant()
    def places_equal_rows(self) -> None:
        for quota in self.session.scalars(select(Quota).where(Quota.round_id == self.round.id)):
            self.session.refresh(quota)
            live = self.session.scalar(
                select(func.count()).where(
                    Membership.quota_id == quota.id, Membership.phase.in_(LIVE_PHASES)
                )
            )
            held = self.session.scalar(
                select(func.count()).where(
                    Candidacy.quota_id == quota.id, Candidacy.phase.in_(HOLDING_PHASES)
                )
            )
            assert (quota.used, quota.held) == (live, held)
            assert quota.cap is None or quota.used + quota.held <= quota.cap

    def teardown(self) -> None:
        self.session.rollback()


def test_places_equal_live_memberships_after_any_steps(engine: Engine) -> None:
    with Database(engine).write_session() as session:
        machine = type("Machine", (PoolMachine,), {"session": session})
        machine.TestCase.settings = settings(
            max_examples=count(test=8, soak=200),
            stateful_step_count=count(test=15, soak=30),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        machine.TestCase("runTest").runTest()
