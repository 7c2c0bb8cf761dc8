"""What an enterprise wishes for its running project when its provider leaves."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Added with their CHECKs in place: the table is not copied, its rows and names stay on SQLite too.
COLUMNS = (
    "wish VARCHAR(20) NOT NULL DEFAULT ''"
    " CONSTRAINT ck_hand_overs_wish_known CHECK (wish IN ('', 'finish', 'transfer'))"
    ' CONSTRAINT ck_hand_overs_wish_length CHECK (length("wish") <= 20)',
    "wish_reason TEXT NOT NULL DEFAULT ''",
)


def upgrade() -> None:
    for column in COLUMNS:
        op.execute("ALTER TABLE hand_overs ADD COLUMN " + column)


def downgrade() -> None:
    for column in reversed(COLUMNS):
        op.execute("ALTER TABLE hand_overs DROP COLUMN " + column.partition(" ")[0])
