"""Rebuilds of the search index: asked for on a page, done by a process of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNFINISHED = "phase IN ('waiting', 'running')"


def upgrade() -> None:
    op.create_table(
        "index_rebuilds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("requested_by", sa.Integer(), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("caught_up", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(length=120), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('waiting', 'running', 'done', 'failed', 'cancelled')",
            name=op.f("ck_index_rebuilds_phase_known"),
        ),
        sa.CheckConstraint(
            f"(live IS NULL) <> ({UNFINISHED}) AND live IS NOT FALSE",
            name=op.f("ck_index_rebuilds_one_live"),
        ),
        sa.CheckConstraint(
            f"(finished_at IS NULL) = ({UNFINISHED})", name=op.f("ck_index_rebuilds_finished")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_index_rebuilds_phase_length")),
        sa.CheckConstraint('length("reason") <= 200', name=op.f("ck_index_rebuilds_reason_length")),
        sa.CheckConstraint('length("holder") <= 120', name=op.f("ck_index_rebuilds_holder_length")),
        sa.CheckConstraint('length("stage") <= 20', name=op.f("ck_index_rebuilds_stage_length")),
        sa.CheckConstraint(
            'length("generation") <= 120', name=op.f("ck_index_rebuilds_generation_length")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["users.id"], name=op.f("fk_index_rebuilds_requested_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_rebuilds")),
        sa.UniqueConstraint("live", name=op.f("uq_index_rebuilds_live")),
    )


def downgrade() -> None:
    op.drop_table("index_rebuilds")
