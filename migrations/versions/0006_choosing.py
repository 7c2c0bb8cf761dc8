"""What an enterprise keeps while it chooses: favourites, shortlists, searches, selection files."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('provider', 'product', 'case')", name=op.f("ck_favourites_kind_known")
        ),
        sa.CheckConstraint('length("kind") <= 10', name=op.f("ck_favourites_kind_length")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_favourites_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_favourites_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favourites")),
        sa.UniqueConstraint(
            "organisation_id",
            "kind",
            "item_id",
            name=op.f("uq_favourites_organisation_id_kind_item_id"),
        ),
    )
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.String(length=2000), nullable=False),
        sa.Column("alert", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('provider', 'product', 'case')", name=op.f("ck_saved_searches_kind_known")
        ),
        sa.CheckConstraint(
            'length("conditions") <= 2000', name=op.f("ck_saved_searches_conditions_length")
        ),
        sa.CheckConstraint('length("kind") <= 10', name=op.f("ck_saved_searches_kind_length")),
        sa.CheckConstraint('length("name") <= 40', name=op.f("ck_saved_searches_name_length")),
        sa.CheckConstraint(
            'length("trouble") <= 200', name=op.f("ck_saved_searches_trouble_length")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_saved_searches_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_saved_searches_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f("uq_saved_searches_organisation_id_name")
        ),
    )
    with op.batch_alter_table("saved_searches", schema=None) as batch_op:
        batch_op.create_index(
            "ix_saved_searches_watched",
            ["checked_at"],
            unique=False,
            sqlite_where=sa.text("alert"),
            postgresql_where=sa.text("alert"),
        )

    op.create_table(
        "shortlists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("name") <= 40', name=op.f("ck_shortlists_name_length")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_shortlists_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_shortlists_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlists")),
        sa.UniqueConstraint(
            "organisation_id", "name", name=op.f("uq_shortlists_organisation_id_name")
        ),
    )
    op.create_table(
        "search_matches",
        sa.Column("saved_search_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('length("title") <= 200', name=op.f("ck_search_matches_title_length")),
        sa.ForeignKeyConstraint(
            ["saved_search_id"],
            ["saved_searches.id"],
            name=op.f("fk_search_matches_saved_search_id"),
        ),
        sa.PrimaryKeyConstraint("saved_search_id", "item_id", name=op.f("pk_search_matches")),
    )
    with op.batch_alter_table("search_matches", schema=None) as batch_op:
        batch_op.create_index(
            "ix_search_matches_told", ["saved_search_id", "told_at"], unique=False
        )

    op.create_table(
        "selections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("saved_search_id", sa.Integer(), nullable=True),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("conditions", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=True),
        sa.Column("snapshot_sha256", sa.String(length=64), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("chosen_provider_id", sa.Integer(), nullable=True),
        sa.Column("chosen_because", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(locked_at IS NULL) = (snapshot_sha256 = '')",
            name=op.f("ck_selections_snapshot_hashed"),
        ),
        sa.CheckConstraint(
            "phase = 'abandoned' OR (phase IN ('chosen', 'handed_over')) = (chosen_provider_id IS NOT NULL)",
            name=op.f("ck_selections_choice_named"),
        ),
        sa.CheckConstraint(
            "phase IN ('open', 'abandoned') OR locked_at IS NOT NULL",
            name=op.f("ck_selections_locked_dated"),
        ),
        sa.CheckConstraint(
            "phase IN ('open', 'locked', 'chosen', 'handed_over', 'abandoned')",
            name=op.f("ck_selections_phase_known"),
        ),
        sa.CheckConstraint(
            "(locked_at IS NULL) = (snapshot IS NULL)", name=op.f("ck_selections_snapshot_kept")
        ),
        sa.CheckConstraint(
            'length("chosen_because") <= 500', name=op.f("ck_selections_chosen_because_length")
        ),
        sa.CheckConstraint(
            'length("conditions") <= 2000', name=op.f("ck_selections_conditions_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_selections_phase_length")),
        sa.CheckConstraint(
            'length("snapshot_sha256") <= 64', name=op.f("ck_selections_snapshot_sha256_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_selections_state_length")),
        sa.CheckConstraint('length("title") <= 60', name=op.f("ck_selections_title_length")),
        sa.ForeignKeyConstraint(
            ["chosen_provider_id"], ["providers.id"], name=op.f("fk_selections_chosen_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_selections_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_selections_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["saved_search_id"], ["saved_searches.id"], name=op.f("fk_selections_saved_search_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
    )
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.create_index("ix_selections_chosen", ["chosen_provider_id", "phase"], unique=False)
        batch_op.create_index(
            "ix_selections_organisation", ["organisation_id", "phase"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_selections_saved_search_id"), ["saved_search_id"], unique=False
        )

    op.create_table(
        "shortlist_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shortlist_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('provider', 'product', 'case')", name=op.f("ck_shortlist_items_kind_known")
        ),
        sa.CheckConstraint('length("kind") <= 10', name=op.f("ck_shortlist_items_kind_length")),
        sa.CheckConstraint('length("note") <= 500', name=op.f("ck_shortlist_items_note_length")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_shortlist_items_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["shortlist_id"], ["shortlists.id"], name=op.f("fk_shortlist_items_shortlist_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortlist_items")),
    )
    with op.batch_alter_table("shortlist_items", schema=None) as batch_op:
        batch_op.create_index(
            "uq_shortlist_items_item", ["shortlist_id", "kind", "item_id"], unique=True
        )

    op.create_table(
        "selection_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("selection_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint('length("name") <= 120', name=op.f("ck_selection_entries_name_length")),
        sa.CheckConstraint(
            'length("reason") <= 500', name=op.f("ck_selection_entries_reason_length")
        ),
        sa.CheckConstraint("seq > 0", name=op.f("ck_selection_entries_seq_positive")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_selection_entries_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_selection_entries_selection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selection_entries")),
        sa.UniqueConstraint(
            "selection_id",
            "provider_id",
            name=op.f("uq_selection_entries_selection_id_provider_id"),
        ),
    )
    with op.batch_alter_table("selection_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_selection_entries_provider_id"), ["provider_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("selection_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_selection_entries_provider_id"))

    op.drop_table("selection_entries")
    with op.batch_alter_table("shortlist_items", schema=None) as batch_op:
        batch_op.drop_index("uq_shortlist_items_item")

    op.drop_table("shortlist_items")
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_selections_saved_search_id"))
        batch_op.drop_index("ix_selections_organisation")
        batch_op.drop_index("ix_selections_chosen")

    op.drop_table("selections")
    with op.batch_alter_table("search_matches", schema=None) as batch_op:
        batch_op.drop_index("ix_search_matches_told")

    op.drop_table("search_matches")
    op.drop_table("shortlists")
    with op.batch_alter_table("saved_searches", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_saved_searches_watched",
            sqlite_where=sa.text("alert"),
            postgresql_where=sa.text("alert"),
        )

    op.drop_table("saved_searches")
    op.drop_table("favourites")
