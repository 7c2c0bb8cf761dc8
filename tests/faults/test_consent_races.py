"""One link, opened twice: yes and no arrive together, and one answer counts; on both engines.

The control does what a program does that asks on the page and writes afterwards.
"""

import threading
from collections import Counter
from collections.abc import Callable

from sqlalchemy import func, select

from marketplace import clock
from marketplace.db import Database
from marketplace.errors import Conflict
from marketplace.models import CaseConsent, CaseVersion, Event
from marketplace.permissions import NOBODY
from marketplace.phases import CasePhase
from marketplace.services.cases import case_checks as _checks  # noqa: F401  effects register themselves
from marketplace.services.cases import consents
from tests import factories
from tests.support.counts import count
from tests.support.together import together

ROUNDS = count(test=10, soak=300)
ENDS = {"yes": CasePhase.CHECK, "no": CasePhase.RETURNED}


def ask(database: Database) -> tuple[str, int, str]:
    """Token, version and client's code of one open question."""
    with database.unit_of_work() as session:
        code = factories.uscc()
        version = factories.make_case_version(
            session, factories.make_provider(session), state="consent", phase="consent",
            client_uscc=code,
        )  # fmt: skip
        _, token = consents.issue(session, version, "a@client.example")
        return token, version.id, code


def answering(database: Database, token: str, code: str, said: str) -> Callable[[], str]:
    def work() -> str:
        try:
            database.run(
                lambda session: consents.answer(
                    session, NOBODY, token, agrees=said == "yes", uscc=code, signer="甲",
                    signer_post="经理", reason="" if said == "yes" else "数据不实",
                )
            )  # fmt: skip
        except Conflict:
            return "late"
        return said

    return work


def test_one_of_two_answers_counts(database: Database) -> None:
    for _ in range(ROUNDS):
        token, version_id, code = ask(database)
        told = together(*(answering(database, token, code, said) for said in ENDS))
        assert told.count("late") == 1, told
        (said,) = (one for one in told if one != "late")
        with database.reading() as session:
            assert session.get_one(CaseVersion, version_id).phase == ENDS[said]
            steps = select(func.count()).where(
                Event.subject_type == CaseVersion.__tablename__, Event.subject_id == version_id
            )
            assert session.scalar(steps) == 1


def test_asking_first_and_writing_afterwards_takes_both(database: Database) -> None:
    """Negative control: without the claim in the UPDATE, the same race gives two answers."""

    def careless(token: str, said: str, seen: threading.Barrier) -> str:
        with database.reading() as session:
            is_open = consents.state(consents.find(session, token)) == "open"
        seen.wait()
        if not is_open:
            return "late"
        with database.unit_of_work() as session:
            row = session.scalars(
                select(CaseConsent).where(CaseConsent.id == consents.find(session, token).id)
            ).one()
            row.answer = "given" if said == "yes" else "refused"
            row.answered_at = clock.now()
        return said

    token, _, _ = ask(database)
    seen = threading.Barrier(2)
    told = together(*((lambda s=said: careless(token, s, seen)) for said in ENDS))
    assert Counter(told) == {"yes": 1, "no": 1}
