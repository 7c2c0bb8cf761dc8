"""Who objected is forgotten some time after the decision: the contact may go, the objection stays."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "ck_objections_named_or_not"
BEFORE = "(contact_encrypted IS NULL) = anonymous"
NOW = (
    "(contact_encrypted IS NULL OR NOT anonymous)"
    " AND (contact_encrypted IS NOT NULL OR anonymous OR decided_at IS NOT NULL)"
)


def _require(condition: str) -> None:
    with op.batch_alter_table("objections") as batch_op:
        batch_op.drop_constraint(op.f(NAME), type_="check")
        batch_op.create_check_constraint(op.f(NAME), condition)


def upgrade() -> None:
    _require(NOW)


def downgrade() -> None:
    op.execute("UPDATE objections SET anonymous = true WHERE contact_encrypted IS NULL")
    _require(BEFORE)
