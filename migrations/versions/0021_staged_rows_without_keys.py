"""Staged rows keep no key: rows of one file are told apart while they are checked, in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

CHECK = "ck_import_rows_key_length"


def upgrade() -> None:
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.drop_constraint(op.f(CHECK), type_="check")
        batch_op.drop_column("key")


def downgrade() -> None:
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.add_column(sa.Column("key", sa.String(300), nullable=False, server_default=""))
        batch_op.create_check_constraint(op.f(CHECK), 'length("key") <= 300')
    with op.batch_alter_table("import_rows") as batch_op:
        batch_op.alter_column("key", server_default=None)
