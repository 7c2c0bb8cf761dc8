"""What gave the occasion to a proceeding: a grade, a spot check, a credit finding."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Added with their CHECKs in place: the table keeps its partial index and its rows on SQLite too.
COLUMNS = (
    "origin_type VARCHAR(40) NOT NULL DEFAULT ''"
    ' CONSTRAINT ck_proceedings_origin_type_length CHECK (length("origin_type") <= 40)',
    "origin_id INTEGER"
    " CONSTRAINT ck_proceedings_origin_whole CHECK ((origin_type = '') = (origin_id IS NULL))",
)


def upgrade() -> None:
    for column in COLUMNS:
        op.execute("ALTER TABLE proceedings ADD COLUMN " + column)
    op.create_index(
        "ix_proceedings_origin", "proceedings", ["origin_type", "origin_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index("ix_proceedings_origin", table_name="proceedings")
    for column in reversed(COLUMNS):
        op.execute("ALTER TABLE proceedings DROP COLUMN " + column.partition(" ")[0])
