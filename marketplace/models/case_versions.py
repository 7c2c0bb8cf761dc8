"""Versions of cases on their way to the hall, and the consent of the client to each of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.cases import CaseStudy
from marketplace.models.mixins import Timestamps, made_now, one_of
from marketplace.models.providers import Provider
from marketplace.phases import OPEN_CASES, CasePhase

_OPEN = "phase IN (" + ", ".join(f"'{phase}'" for phase in OPEN_CASES) + ")"
GIVEN, REFUSED = "given", "refused"


class CaseVersion(Timestamps, Base):
    """One text of a case. It is written as a draft and never changed after it was sent.

    ``content`` has the keys of ``schemas.cases``; days are ISO texts, money a text of CNY.
    ``title``, ``client_name``, ``client_uscc`` and ``segment`` repeat it for lists and for the
    search for projects claimed twice. ``case_id`` is the case that this version changes, empty
    for a new one until it is published; ``base_version`` the version of that case it began with.
    ``previous_id`` is the version it was copied from. ``sent_at``: when the client's consent
    brought it before the bureau.
    """

    __tablename__ = "case_versions"
    __table_args__ = (
        one_of("phase", CasePhase),
        CheckConstraint(
            "phase NOT IN ('check', 'published') OR sent_at IS NOT NULL", name="sent_dated"
        ),
        CheckConstraint("phase <> 'published' OR case_id IS NOT NULL", name="published_somewhere"),
        Index(
            "uq_case_versions_open", "case_id", unique=True,
            sqlite_where=text(_OPEN), postgresql_where=text(_OPEN),
        ),
        Index(
            "uq_case_versions_published", "case_id", unique=True,
            sqlite_where=text("phase = 'published'"), postgresql_where=text("phase = 'published'"),
        ),
        Index("ix_case_versions_case", "case_id", "phase"),
        Index("ix_case_versions_provider", "provider_id", "phase"),
        Index("ix_case_versions_phase", "phase", "state_since"),
        Index("ix_case_versions_client", "client_uscc"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("case_versions.id"), index=True)
    base_version: Mapped[int | None]
    title: Mapped[str] = mapped_column(String(120))
    segment: Mapped[str] = mapped_column(String(40), default="")
    client_name: Mapped[str] = mapped_column(String(120), default="")
    client_uscc: Mapped[str] = mapped_column(String(18), default="")
    content: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text, default="")
    """What the last return, refusal or withdrawal said, for the writer."""
    version: Mapped[int] = mapped_column(default=1)

    provider: Mapped[Provider] = relationship(lazy="raise")
    case: Mapped[CaseStudy | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}


class CaseConsent(Base):
    """One question to a client whether a version may be shown, asked by a link of its own.

    The link takes one answer; a given consent can be withdrawn by the same link at any time.
    ``contact`` is masked: the address itself leaves with the letter only. ``content_sha256``
    says what was shown to whoever answered.
    """

    __tablename__ = "case_consents"
    __table_args__ = (
        one_of("answer", ("", GIVEN, REFUSED)),
        CheckConstraint("(answer = '') = (answered_at IS NULL)", name="answer_dated"),
        CheckConstraint("withdrawn_at IS NULL OR answer = 'given'", name="withdrawn_was_given"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_version_id: Mapped[int] = mapped_column(ForeignKey("case_versions.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    contact: Mapped[str] = mapped_column(String(200))
    content_sha256: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=made_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The provider took the version back, or asked anew: the link is dead."""
    answer: Mapped[str] = mapped_column(String(10), default="")
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signer: Mapped[str] = mapped_column(String(60), default="")
    signer_post: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(Text, default="")

    case_version: Mapped[CaseVersion] = relationship(lazy="raise")
