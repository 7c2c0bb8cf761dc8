"""A replacement may be started for a segment that is new."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NAME = "ck_replacements_trigger_known"
BEFORE = "'removal', 'withdrawal', 'expiry', 'below_quota_min'"


def _allow(triggers: str) -> None:
    with op.batch_alter_table("replacements") as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.create_check_constraint(op.f(NAME), f"trigger IN ({triggers})")


def upgrade() -> None:
    _allow(f"{BEFORE}, 'new_segment'")


def downgrade() -> None:
    op.execute("UPDATE replacements SET trigger = 'below_quota_min' WHERE trigger = 'new_segment'")
    _allow(BEFORE)
