"""Excel imports: the whole file is staged and checked before anything is applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db import Base, UtcDateTime
from marketplace.models.mixins import Timestamps, one_of
from marketplace.phases import ImportPhase, RowPhase


class ImportJob(Timestamps, Base):
    """One uploaded workbook and what became of it."""

    __tablename__ = "import_jobs"
    __table_args__ = (one_of("phase", ImportPhase),)

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    phase: Mapped[str] = mapped_column(String(20))
    dry_run: Mapped[bool] = mapped_column(default=False)
    total_rows: Mapped[int] = mapped_column(default=0)
    invalid_rows: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    actor_role: Mapped[str] = mapped_column(String(20), default="")
    organisation_id: Mapped[int | None]
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class ImportRow(Base):
    """One row of a workbook. ``unit`` is the USCC whose transaction applies it."""

    __tablename__ = "import_rows"
    __table_args__ = (
        one_of("phase", RowPhase),
        Index("ix_import_rows_unit", "job_id", "unit", "phase"),
        Index("ix_import_rows_place", "job_id", "sheet", "number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("import_jobs.id"))
    sheet: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    unit: Mapped[str] = mapped_column(String(18))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    phase: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text, default="")
