"""Contact persons whose matter is over, or whose organisation left the pool, are forgotten.

The matter itself stays, with how it was decided; only who could be called goes (PIPL 19, 47; S84).
Each function clears what is due, at most ``BATCH`` rows, and answers how many; the history says
when. How long what is kept stands in ``config/accounts.yml``.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from marketplace import clock
from marketplace.history import record
from marketplace.models import (
    CaseConsent,
    CaseVersion,
    Complaint,
    InquiryParty,
    Membership,
    Objection,
    Person,
    Project,
    Provider,
)
from marketplace.permissions import SYSTEM
from marketplace.phases import UNANSWERED, CasePhase, ProjectPhase, StandingPhase
from marketplace.services.accounts.account_rules import rules

BATCH = 200
GONE = "已到期清除"
OVER = (CasePhase.REPLACED, CasePhase.WITHDRAWN, CasePhase.DISCARDED)
ENDED = (ProjectPhase.ACCEPTED, ProjectPhase.TERMINATED, ProjectPhase.DISCARDED)


def run(session: Session) -> int:
    """All of them; answers how many rows were cleared."""
    now = clock.now()
    return sum(clear(session, now) for clear in (inquiries, complaints, objections, consents, left))


def _note(session: Session, rows: Iterable[Any]) -> int:
    session.flush()
    found = list(rows)
    for row in found:
        record(session, SYSTEM, "personal_clear", row)
    return len(found)


def _due(session: Session, model: type[Any], *conditions: Any) -> list[Any]:
    query = select(model).where(*conditions).order_by(model.id).limit(BATCH)
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def inquiries(session: Session, now: datetime) -> int:
    """What an enterprise showed to a provider, when nobody wrote for long."""
    rows = _due(
        session, InquiryParty, InquiryParty.contact_encrypted.is_not(None),
        InquiryParty.phase.not_in(UNANSWERED), InquiryParty.last_at < now - rules().keep_inquiries,
    )  # fmt: skip
    for row in rows:
        row.contact_encrypted = row.contact_shown_at = None
    return _note(session, rows)


def complaints(session: Session, now: datetime) -> int:
    """Who complained by name, long after the conclusion."""
    rows = _due(
        session, Complaint,
        or_(Complaint.name_encrypted.is_not(None), Complaint.phone_encrypted.is_not(None)),
        Complaint.concluded_at < now - rules().keep_complaints,
    )  # fmt: skip
    for row in rows:
        row.name_encrypted = row.phone_encrypted = None
    return _note(session, rows)


def objections(session: Session, now: datetime) -> int:
    """Who objected by name, long after the decision."""
    rows = _due(
        session, Objection, Objection.contact_encrypted.is_not(None),
        Objection.decided_at < now - rules().keep_objections,
    )  # fmt: skip
    for row in rows:
        row.contact_encrypted, row.contact_masked = None, GONE
    return _note(session, rows)


def consents(session: Session, now: datetime) -> int:
    """Who signed for a client, when the version of the case is long out of the hall."""
    over = select(CaseVersion.id).where(
        CaseVersion.phase.in_(OVER), CaseVersion.state_since < now - rules().keep_consents
    )
    rows = _due(
        session, CaseConsent, CaseConsent.case_version_id.in_(over),
        or_(CaseConsent.signer != "", CaseConsent.contact != GONE),
    )  # fmt: skip
    for row in rows:
        row.signer = row.signer_post = ""
        row.contact = GONE
    return _note(session, rows)


def left(session: Session, now: datetime) -> int:
    """The phone number and the roster of a provider that left the pool, without open projects.

    A provider that never had a place, or has one again, keeps them.
    """
    places = select(Membership.id).where(Membership.provider_id == Provider.id)
    stays = places.where(
        or_(
            Membership.phase != StandingPhase.EXITED,
            Membership.state_since >= now - rules().keep_left,
        )
    )
    busy = select(Project.id).where(Project.provider_id == Provider.id, Project.phase.not_in(ENDED))
    people = select(Person.id).where(Person.provider_id == Provider.id)
    rows = _due(
        session, Provider, exists(places), ~exists(stays), ~exists(busy),
        or_(Provider.contact_phone_encrypted.is_not(None), exists(people)),
    )  # fmt: skip
    for row in rows:
        row.contact_phone_encrypted, row.contact_role = None, ""
    gone = [row.id for row in rows]
    session.execute(delete(Person).where(Person.provider_id.in_(gone)))
    return _note(session, rows)
