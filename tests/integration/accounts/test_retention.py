"""S84: contact persons go by the clock when their matter is over; the matter itself stays."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from marketplace import clock
from marketplace.models import CaseConsent, Event, Inquiry, InquiryParty, Person, RoleGrant
from marketplace.phases import ObjectionPhase, ProjectPhase, StandingPhase
from marketplace.services.accounts.account_rules import rules
from marketplace.services.upkeep import retention
from tests import factories
from tests.support.world_notices import make_entry, make_notice, make_objection
from tests.support.world_upkeep import make_complaint

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def now(monkeypatch):
    """``now(moment)`` sets the clock."""

    def put(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    put(START)
    return put


def shown(session, place, **given):
    """A thread in which an enterprise showed whom to call."""
    firm = factories.make_organisation(session, kind="enterprise")
    user = factories.make_user(session)
    inquiry = Inquiry(organisation_id=firm.id, title="问", text="问", created_by=user.id)
    session.add(inquiry)
    session.flush()
    values = {"state": "closed", "phase": "closed", **given}
    row = InquiryParty(
        inquiry_id=inquiry.id, provider_id=place.provider_id, state_since=START, sent_at=START,
        last_at=START, reply_by=START + SECOND, contact_encrypted=b"sealed", contact_shown_at=START,
        **values,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def signed(session, place, phase: str):
    """A consent somebody signed for a client."""
    version = factories.make_case_version(
        session, place.provider, state=phase, phase=phase, sent_at=START
    )
    row = CaseConsent(
        case_version_id=version.id, token_hash=f"{version.id:064}", contact="a***@b.example",
        content_sha256="0" * 64, expires_at=START, answer="given", answered_at=START,
        signer="王签字", signer_post="厂长",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def test_contacts_of_what_is_over_go_on_their_day(database, now):
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        place = factories.make_membership(session, round_, factories.make_provider(session))
        notice = make_notice(session, round_)
        entry = make_entry(session, notice, place, place.provider)
        sealed = {"name_encrypted": b"sealed", "phone_encrypted": b"sealed"}
        over = {"state": "dismissed", "phase": "dismissed", "concluded_at": START}
        complaint = make_complaint(session, place, receipt_hash="a" * 64, **sealed, **over)
        objection = make_objection(session, entry, place.provider, phase=ObjectionPhase.REJECTED)
        thread, consent = shown(session, place), signed(session, place, "withdrawn")
        # What is still open keeps whom to call.
        open_ = [
            (make_complaint(session, place, receipt_hash="b" * 64, **sealed), "phone_encrypted"),
            (make_objection(session, entry, place.provider), "contact_encrypted"),
            (shown(session, place, state="waiting", phase="waiting"), "contact_encrypted"),
            (signed(session, place, "check"), "signer"),
        ]
        due = [
            (rules().keep_inquiries, [(thread, "contact_encrypted", None),
                                      (thread, "contact_shown_at", None)]),
            (rules().keep_complaints, [
                (complaint, "name_encrypted", None), (complaint, "phone_encrypted", None),
                (objection, "contact_encrypted", None), (objection, "contact_masked", "已到期清除"),
                (consent, "signer", ""), (consent, "signer_post", ""),
                (consent, "contact", "已到期清除"),
            ]),
        ]  # fmt: skip
        assert rules().keep_complaints == rules().keep_objections == rules().keep_consents
        for keep, cleared in due:
            now(START + keep)
            assert retention.run(session) == 0
            before = [getattr(row, name) for row, name, _ in cleared]
            assert all(before)
            now(START + keep + SECOND)
            assert retention.run(session) == len({id(row) for row, _, _ in cleared})
            assert [getattr(row, name) for row, name, _ in cleared] == [
                gone for *_, gone in cleared
            ]
            assert retention.run(session) == 0
        now(START + timedelta(days=3650))
        assert retention.run(session) == 0
        assert all(getattr(row, name) for row, name in open_)
        noted = session.execute(
            select(Event.subject_type, Event.subject_id)
            .where(Event.action == "personal_clear")
            .order_by(Event.id)
        )
        assert [tuple(row) for row in noted] == [
            ("inquiry_parties", thread.id), ("complaints", complaint.id),
            ("objections", objection.id), ("case_consents", consent.id),
        ]  # fmt: skip
        assert (complaint.text, objection.facts) != ("", "")


def test_a_provider_that_left_loses_its_contacts_and_one_that_is_busy_keeps_them(database, now):
    def provider(session, round_, *phases):
        row = factories.make_provider(
            session, contact_phone_encrypted=b"sealed", contact_role="商务王经理"
        )
        factories.make_person(session, row)
        for phase, segment in zip(phases, ("home_appliance", "auto_parts"), strict=False):
            factories.make_membership(session, round_, row, phase=phase, segment=segment)
        return row

    gone, listed = StandingPhase.EXITED, StandingPhase.LISTED
    with database.unit_of_work() as session:
        round_ = factories.make_round(session)
        left, back, busy, new = (
            provider(session, round_, *phases) for phases in ((gone,), (gone, listed), (gone,), ())
        )
        client = factories.make_organisation(session, kind="enterprise")
        place = factories.make_membership(session, round_, busy, phase=gone, segment="auto_parts")
        project = factories.make_project(session, place, client, phase=ProjectPhase.RUNNING)
        everybody = [left, back, busy, new]

        def kept() -> list[bool]:
            people = dict(
                session.execute(
                    select(Person.provider_id, func.count()).group_by(Person.provider_id)
                ).all()
            )
            found = []
            for row in everybody:
                session.refresh(row)
                has = {row.contact_phone_encrypted is not None, row.contact_role != ""}
                assert has == {row.id in people}  # all or nothing
                found.append(row.id in people)
            return found

        now(START + rules().keep_left)
        assert (retention.run(session), kept()) == (0, [True] * 4)
        now(START + rules().keep_left + SECOND)
        assert (retention.run(session), kept()) == (1, [False, True, True, True])
        project.state = project.phase = "terminated"
        session.flush()
        assert (retention.run(session), kept()) == (1, [False, True, False, True])
        assert retention.run(session) == 0
        assert session.scalar(select(func.count()).select_from(RoleGrant)) == 0
