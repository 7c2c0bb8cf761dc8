"""Selection files (选型档案): how an enterprise came from a search to one provider."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.phases import ChoicePhase

LONGEST_REASON = 500


class Selection(Timestamps, Base):
    """One choice of a provider, with its reasons.

    ``params``, ``wanted`` and ``conditions`` are copied from the saved search: it may be deleted.
    ``snapshot`` is what stood on the pages of the candidates when the results were locked; it is
    never written again, and ``snapshot_sha256`` is the hash of its canonical JSON.
    """

    __tablename__ = "selections"
    __table_args__ = (
        one_of("phase", ChoicePhase),
        CheckConstraint("(locked_at IS NULL) = (snapshot_sha256 = '')", name="snapshot_hashed"),
        CheckConstraint("(locked_at IS NULL) = (snapshot IS NULL)", name="snapshot_kept"),
        CheckConstraint(
            "phase IN ('open', 'abandoned') OR locked_at IS NOT NULL", name="locked_dated"
        ),
        CheckConstraint(
            "phase = 'abandoned' OR "
            "(phase IN ('chosen', 'handed_over')) = (chosen_provider_id IS NOT NULL)",
            name="choice_named",
        ),
        Index("ix_selections_organisation", "organisation_id", "phase"),
        Index("ix_selections_chosen", "chosen_provider_id", "phase"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    title: Mapped[str] = mapped_column(String(60))
    need: Mapped[str] = mapped_column(Text, default="")
    saved_search_id: Mapped[int | None] = mapped_column(ForeignKey("saved_searches.id"), index=True)
    params: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    conditions: Mapped[str] = mapped_column(String(2000), default="")
    state: Mapped[str] = mapped_column(String(40))
    phase: Mapped[str] = mapped_column(String(20))
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    snapshot: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    snapshot_sha256: Mapped[str] = mapped_column(String(64), default="")
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    chosen_provider_id: Mapped[int | None] = mapped_column(ForeignKey("providers.id"))
    chosen_because: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)

    entries: Mapped[list[SelectionEntry]] = relationship(
        back_populates="selection", lazy="raise", order_by="SelectionEntry.seq"
    )

    __mapper_args__ = {"version_id_col": version}


class SelectionEntry(Base):
    """One candidate of a locked selection, and why it was not chosen."""

    __tablename__ = "selection_entries"
    __table_args__ = (
        UniqueConstraint("selection_id", "provider_id"),
        CheckConstraint("seq > 0", name="seq_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    selection_id: Mapped[int] = mapped_column(ForeignKey("selections.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")

    selection: Mapped[Selection] = relationship(back_populates="entries", lazy="raise")
