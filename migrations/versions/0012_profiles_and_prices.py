"""Changes of profiles and products that wait for a check; prices with the day they began."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

IP_NAME = (
    "ip_name VARCHAR(120) DEFAULT '' NOT NULL"
    ' CONSTRAINT ck_products_ip_name_length CHECK (length("ip_name") <= 120)'
)


def upgrade() -> None:
    op.create_table(
        "change_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('pending', 'approved', 'returned', 'replaced', 'withdrawn')",
            name=op.f("ck_change_requests_phase_known"),
        ),
        sa.CheckConstraint(
            "subject_id IS NOT NULL OR (subject_type = 'product' AND phase <> 'approved')",
            name=op.f("ck_change_requests_subject_named"),
        ),
        sa.CheckConstraint(
            "subject_type IN ('provider', 'product')",
            name=op.f("ck_change_requests_subject_type_known"),
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_change_requests_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_change_requests_state_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 20', name=op.f("ck_change_requests_subject_type_length")
        ),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_change_requests_title_length")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_change_requests_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_requests")),
    )
    op.create_index("ix_change_requests_provider", "change_requests", ["provider_id", "phase"])
    op.create_index("ix_change_requests_phase", "change_requests", ["phase", "state_since"])
    op.create_index(
        "uq_change_requests_open",
        "change_requests",
        ["subject_type", "subject_id"],
        unique=True,
        sqlite_where=sa.text("phase IN ('pending', 'returned')"),
        postgresql_where=sa.text("phase IN ('pending', 'returned')"),
    )
    op.create_table(
        "price_points",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("list_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("pilot_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("by_role", sa.String(length=20), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "pilot_price_cny >= 0 AND list_price_cny >= 0",
            name=op.f("ck_price_points_prices_positive"),
        ),
        sa.CheckConstraint('length("by_role") <= 20', name=op.f("ck_price_points_by_role_length")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_price_points_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_points")),
    )
    op.create_index("ix_price_points_product", "price_points", ["product_id", "since"])
    op.execute("ALTER TABLE products ADD COLUMN " + IP_NAME)
    _begin_history()


def _begin_history() -> None:
    """Products that are there have the prices of now since the day they were entered (Beijing)."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    day = (
        "date(created_at, '+8 hours')"
        if sqlite
        else "(created_at AT TIME ZONE 'Asia/Shanghai')::date"
    )
    op.execute(  # the day is one of the two texts above
        "INSERT INTO price_points (product_id, list_price_cny, pilot_price_cny, since, by_role,"  # noqa: S608
        f" created_at) SELECT id, list_price_cny, pilot_price_cny, {day}, 'system', created_at"
        " FROM products WHERE list_price_cny IS NOT NULL OR pilot_price_cny IS NOT NULL"
        " ORDER BY id"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE products DROP COLUMN ip_name")
    op.drop_index("ix_price_points_product", table_name="price_points")
    op.drop_table("price_points")
    op.drop_index(
        "uq_change_requests_open",
        table_name="change_requests",
        sqlite_where=sa.text("phase IN ('pending', 'returned')"),
        postgresql_where=sa.text("phase IN ('pending', 'returned')"),
    )
    op.drop_index("ix_change_requests_phase", table_name="change_requests")
    op.drop_index("ix_change_requests_provider", table_name="change_requests")
    op.drop_table("change_requests")
