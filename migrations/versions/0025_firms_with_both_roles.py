"""A provider may be an enterprise of the market as well: one organisation, both roles."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# Added with its CHECK in place: the table is not copied, its rows and names stay on SQLite too.
COLUMN = (
    "also_enterprise BOOLEAN NOT NULL DEFAULT FALSE"
    " CONSTRAINT ck_organisations_both_roles CHECK (NOT also_enterprise OR kind = 'provider')"
)


def upgrade() -> None:
    op.execute("ALTER TABLE organisations ADD COLUMN " + COLUMN)


def downgrade() -> None:
    op.execute("ALTER TABLE organisations DROP COLUMN also_enterprise")
