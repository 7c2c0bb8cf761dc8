"""Transformation projects: contracts, milestones, changes, acceptance, disputes, ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("enterprise_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("contract_no", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("common_modules", sa.JSON(), nullable=False),
        sa.Column("custom_modules", sa.JSON(), nullable=False),
        sa.Column("subcontractors", sa.JSON(), nullable=False),
        sa.Column("list_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("pilot_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("contract_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("filed_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("evaluator_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase = 'accepted') = (accepted_on IS NOT NULL)",
            name=op.f("ck_projects_accepted_dated"),
        ),
        sa.CheckConstraint(
            "(phase IN ('running', 'acceptance', 'accepted', 'terminated')) = (filed_on IS NOT NULL)",
            name=op.f("ck_projects_filed_dated"),
        ),
        sa.CheckConstraint(
            "phase IN ('draft', 'confirming', 'filing', 'returned', 'running', 'acceptance', 'accepted', 'terminated', 'discarded')",
            name=op.f("ck_projects_phase_known"),
        ),
        sa.CheckConstraint(
            "contract_price_cny >= 0", name=op.f("ck_projects_contract_price_positive")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_projects_dates_order")),
        sa.CheckConstraint(
            "evaluator_id <> enterprise_id", name=op.f("ck_projects_evaluator_is_another")
        ),
        sa.CheckConstraint(
            'length("contract_no") <= 60', name=op.f("ck_projects_contract_no_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_projects_phase_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_projects_segment_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_projects_state_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_projects_title_length")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["organisations.id"], name=op.f("fk_projects_enterprise_id")
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_id"], ["organisations.id"], name=op.f("fk_projects_evaluator_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_projects_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_projects_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.create_index("ix_projects_enterprise", ["enterprise_id", "phase"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_projects_evaluator_id"), ["evaluator_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_projects_membership_id"), ["membership_id"], unique=False
        )
        batch_op.create_index("ix_projects_phase", ["phase", "state_since"], unique=False)
        batch_op.create_index("ix_projects_provider", ["provider_id", "phase"], unique=False)

    op.create_table(
        "acceptances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("evaluator_id", sa.Integer(), nullable=True),
        sa.Column("standard", sa.String(length=20), nullable=False),
        sa.Column("level_before", sa.Integer(), nullable=True),
        sa.Column("level_after", sa.Integer(), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("evaluated_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('applied', 'entered', 'passed', 'failed', 'reopened', 'abandoned')",
            name=op.f("ck_acceptances_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('entered', 'passed', 'failed') OR (passed IS NOT NULL AND evaluator_id IS NOT NULL AND level_after IS NOT NULL)",
            name=op.f("ck_acceptances_result_entered"),
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_acceptances_phase_length")),
        sa.CheckConstraint('length("standard") <= 20', name=op.f("ck_acceptances_standard_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_acceptances_state_length")),
        sa.CheckConstraint(
            "level_before BETWEEN 0 AND 4 AND level_after BETWEEN 0 AND 4",
            name=op.f("ck_acceptances_levels"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_id"], ["organisations.id"], name=op.f("fk_acceptances_evaluator_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_acceptances_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptances")),
    )
    with op.batch_alter_table("acceptances", schema=None) as batch_op:
        batch_op.create_index("ix_acceptances_phase", ["phase", "project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_acceptances_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "uq_acceptances_open",
            ["project_id"],
            unique=True,
            sqlite_where=sa.text("phase IN ('applied', 'entered', 'reopened')"),
            postgresql_where=sa.text("phase IN ('applied', 'entered', 'reopened')"),
        )

    op.create_table(
        "change_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('proposed', 'confirmed', 'refused', 'withdrawn', 'objected')",
            name=op.f("ck_change_notices_phase_known"),
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_change_notices_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_change_notices_state_length")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_change_notices_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_notices")),
    )
    with op.batch_alter_table("change_notices", schema=None) as batch_op:
        batch_op.create_index("ix_change_notices_project", ["project_id", "phase"], unique=False)

    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase IN ('settled', 'decided')) = (outcome <> '')",
            name=op.f("ck_disputes_outcome_recorded"),
        ),
        sa.CheckConstraint(
            "opened_by IN ('provider', 'enterprise')", name=op.f("ck_disputes_opened_by_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'continue', 'terminate')", name=op.f("ck_disputes_outcome_known")
        ),
        sa.CheckConstraint(
            "phase IN ('mediating', 'deciding', 'settled', 'decided', 'withdrawn')",
            name=op.f("ck_disputes_phase_known"),
        ),
        sa.CheckConstraint('length("opened_by") <= 20', name=op.f("ck_disputes_opened_by_length")),
        sa.CheckConstraint('length("outcome") <= 20', name=op.f("ck_disputes_outcome_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_disputes_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_disputes_state_length")),
        sa.CheckConstraint('length("subject") <= 120', name=op.f("ck_disputes_subject_length")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_disputes_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.create_index("ix_disputes_phase", ["phase", "project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disputes_project_id"), ["project_id"], unique=False)
        batch_op.create_index(
            "uq_disputes_open",
            ["project_id", "opened_by"],
            unique=True,
            sqlite_where=sa.text("phase IN ('mediating', 'deciding')"),
            postgresql_where=sa.text("phase IN ('mediating', 'deciding')"),
        )

    op.create_table(
        "milestones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('planned', 'done', 'confirmed', 'disputed')",
            name=op.f("ck_milestones_phase_known"),
        ),
        sa.CheckConstraint('length("name") <= 120', name=op.f("ck_milestones_name_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_milestones_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_milestones_state_length")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_milestones_seq_positive")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_milestones_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
    )
    with op.batch_alter_table("milestones", schema=None) as batch_op:
        batch_op.create_index("uq_milestones_seq", ["project_id", "seq"], unique=True)

    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("affiliated", sa.Boolean(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text_hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(text_hidden_at IS NULL) = (hidden_reason = '')",
            name=op.f("ck_ratings_hiding_explained"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_ratings_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_ratings_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("project_id", name=op.f("uq_ratings_project_id")),
    )
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ratings_provider", ["provider_id", "affiliated", "id"], unique=False
        )

    op.create_table(
        "rating_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rating_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.CheckConstraint(
            'length("by_name") <= 60', name=op.f("ck_rating_versions_by_name_length")
        ),
        sa.ForeignKeyConstraint(
            ["rating_id"], ["ratings.id"], name=op.f("fk_rating_versions_rating_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating_versions")),
        sa.UniqueConstraint(
            "rating_id", "number", name=op.f("uq_rating_versions_rating_id_number")
        ),
    )


def downgrade() -> None:
    op.drop_table("rating_versions")
    with op.batch_alter_table("ratings", schema=None) as batch_op:
        batch_op.drop_index("ix_ratings_provider")

    op.drop_table("ratings")
    with op.batch_alter_table("milestones", schema=None) as batch_op:
        batch_op.drop_index("uq_milestones_seq")

    op.drop_table("milestones")
    with op.batch_alter_table("disputes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_disputes_open",
            sqlite_where=sa.text("phase IN ('mediating', 'deciding')"),
            postgresql_where=sa.text("phase IN ('mediating', 'deciding')"),
        )
        batch_op.drop_index(batch_op.f("ix_disputes_project_id"))
        batch_op.drop_index("ix_disputes_phase")

    op.drop_table("disputes")
    with op.batch_alter_table("change_notices", schema=None) as batch_op:
        batch_op.drop_index("ix_change_notices_project")

    op.drop_table("change_notices")
    with op.batch_alter_table("acceptances", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_acceptances_open",
            sqlite_where=sa.text("phase IN ('applied', 'entered', 'reopened')"),
            postgresql_where=sa.text("phase IN ('applied', 'entered', 'reopened')"),
        )
        batch_op.drop_index(batch_op.f("ix_acceptances_project_id"))
        batch_op.drop_index("ix_acceptances_phase")

    op.drop_table("acceptances")
    with op.batch_alter_table("projects", schema=None) as batch_op:
        batch_op.drop_index("ix_projects_provider")
        batch_op.drop_index("ix_projects_phase")
        batch_op.drop_index(batch_op.f("ix_projects_membership_id"))
        batch_op.drop_index(batch_op.f("ix_projects_evaluator_id"))
        batch_op.drop_index("ix_projects_enterprise")

    op.drop_table("projects")
