"""A new logo of a product waits for its check like any other field: old and new stored file."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("change_requests", sa.Column("logo", sa.JSON(none_as_null=True)))


def downgrade() -> None:
    op.execute("ALTER TABLE change_requests DROP COLUMN logo")
