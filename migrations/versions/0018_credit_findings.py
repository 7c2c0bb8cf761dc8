"""What other authorities found about firms, held against the pool by the worker."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STANDING = sa.text("phase <> 'withdrawn'")


def upgrade() -> None:
    op.create_table(
        "credit_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('pending', 'suspended', 'by_hand', 'closed', 'withdrawn')",
            name=op.f("ck_credit_findings_phase_known"),
        ),
        sa.CheckConstraint(
            "phase = 'withdrawn' OR (phase = 'pending') = (checked_at IS NULL)",
            name=op.f("ck_credit_findings_checked_dated"),
        ),
        *(
            sa.CheckConstraint(
                f'length("{column}") <= {length}', name=op.f(f"ck_credit_findings_{column}_length")
            )
            for column, length in (
                ("uscc", 18), ("name", 120), ("cause", 20), ("source", 200), ("state", 40),
                ("phase", 20),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_findings")),
    )  # fmt: skip
    op.create_index(
        "uq_credit_findings_one", "credit_findings", ["uscc", "cause", "found_on", "source"],
        unique=True, sqlite_where=STANDING, postgresql_where=STANDING,
    )  # fmt: skip
    op.create_index("ix_credit_findings_phase", "credit_findings", ["phase", "id"])


def downgrade() -> None:
    op.drop_table("credit_findings")
