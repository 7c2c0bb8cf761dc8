"""Forms that were sent, so that a repeated one has no second effect."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "submitted_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("location", sa.String(length=400), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("key") <= 40', name=op.f("ck_submitted_forms_key_length")),
        sa.CheckConstraint('length("digest") <= 64', name=op.f("ck_submitted_forms_digest_length")),
        sa.CheckConstraint(
            'length("location") <= 400', name=op.f("ck_submitted_forms_location_length")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_submitted_forms_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submitted_forms")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_submitted_forms_user_id_key")),
    )


def downgrade() -> None:
    op.drop_table("submitted_forms")
