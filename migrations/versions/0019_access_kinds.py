"""Providers that are not registered yet and evaluating organisations ask for access too."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NAME = "ck_access_requests_kind_known"
BEFORE, NOW = "'register', 'claim'", "'register', 'claim', 'enrol', 'evaluate'"


def _allow(kinds: str) -> None:
    with op.batch_alter_table("access_requests") as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.create_check_constraint(op.f(NAME), f"kind IN ({kinds})")


def upgrade() -> None:
    _allow(NOW)


def downgrade() -> None:
    op.execute("DELETE FROM access_requests WHERE kind IN ('enrol', 'evaluate')")
    _allow(BEFORE)
