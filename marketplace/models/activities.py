"""Activities of the bureau (供需对接会、培训、观摩) and who came."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.models.organisations import Organisation
from marketplace.phases import ActivityPhase, AttendancePhase

KINDS = ("matching", "training", "visit", "other")


class Activity(Timestamps, Base):
    """One event that enterprises and providers may sign up for. ``district`` None: of the city.

    ``sign_up_by`` is an exclusive instant; ``places`` None where there is no limit.
    """

    __tablename__ = "activities"
    __table_args__ = (
        one_of("phase", ActivityPhase),
        one_of("kind", KINDS),
        CheckConstraint("ends_at > starts_at", name="times_order"),
        CheckConstraint("sign_up_by <= starts_at", name="sign_up_before"),
        CheckConstraint("places IS NULL OR places > 0", name="places_positive"),
        Index("ix_activities_phase", "phase", "starts_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text, default="")
    place: Mapped[str] = mapped_column(String(120))
    district: Mapped[str | None] = mapped_column(String(12), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sign_up_by: Mapped[datetime] = mapped_column(UtcDateTime)
    places: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Attendance(Timestamps, Base):
    """One organisation at one activity: signed up, then confirmed by staff as there or not.

    Counts for evaluation (D4-3) when ``phase`` is ``attended``, by the activity's ``starts_at``.
    """

    __tablename__ = "attendances"
    __table_args__ = (
        one_of("phase", AttendancePhase),
        UniqueConstraint("activity_id", "organisation_id"),
        CheckConstraint("people > 0", name="people_positive"),
        Index("ix_attendances_organisation", "organisation_id", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activity_id: Mapped[int] = mapped_column(ForeignKey("activities.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    people: Mapped[int] = mapped_column(default=1)
    note: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    activity: Mapped[Activity] = relationship(lazy="raise")
    organisation: Mapped[Organisation] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}
