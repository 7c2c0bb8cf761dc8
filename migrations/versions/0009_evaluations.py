"""Evaluation cycles, sheets, their figures, declarations and objections."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evaluation_cycles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("scope", sa.JSON(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("scheme", sa.JSON(), nullable=False),
        sa.Column("scheme_sha256", sa.String(length=64), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objections_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('regular', 'yearly', 'ad_hoc')", name=op.f("ck_evaluation_cycles_kind_known")
        ),
        sa.CheckConstraint(
            "phase <> 'published' OR published_at IS NOT NULL",
            name=op.f("ck_evaluation_cycles_published_dated"),
        ),
        sa.CheckConstraint(
            "phase IN ('open', 'cancelled') OR frozen_at IS NOT NULL",
            name=op.f("ck_evaluation_cycles_frozen_dated"),
        ),
        sa.CheckConstraint(
            "phase IN ('open', 'scoring', 'drafted', 'published', 'cancelled')",
            name=op.f("ck_evaluation_cycles_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('drafted', 'published') OR objections_until IS NOT NULL",
            name=op.f("ck_evaluation_cycles_window_dated"),
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_evaluation_cycles_kind_length")),
        sa.CheckConstraint('length("label") <= 80', name=op.f("ck_evaluation_cycles_label_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_evaluation_cycles_phase_length")),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_evaluation_cycles_programme_id_length")
        ),
        sa.CheckConstraint(
            'length("scheme_sha256") <= 64', name=op.f("ck_evaluation_cycles_scheme_sha256_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_evaluation_cycles_state_length")),
        sa.CheckConstraint(
            "period_until >= period_from", name=op.f("ck_evaluation_cycles_period_order")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_evaluation_cycles_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_cycles")),
    )
    with op.batch_alter_table("evaluation_cycles", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_evaluation_cycles_programme_id"), ["programme_id"], unique=False
        )
        batch_op.create_index(
            "uq_evaluation_cycles_label",
            ["programme_id", "label"],
            unique=True,
            sqlite_where=sa.text("phase <> 'cancelled'"),
            postgresql_where=sa.text("phase <> 'cancelled'"),
        )

    op.create_table(
        "evaluation_sheets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cycle_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("projects", sa.Integer(), nullable=False),
        sa.Column("score", sa.Numeric(precision=5, scale=1), nullable=True),
        sa.Column("grade", sa.String(length=40), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("data_sha256", sa.String(length=64), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consequence", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "published_at IS NULL OR grade <> ''",
            name=op.f("ck_evaluation_sheets_published_graded"),
        ),
        sa.CheckConstraint(
            "score IS NULL OR grade <> ''", name=op.f("ck_evaluation_sheets_score_graded")
        ),
        sa.CheckConstraint(
            'length("consequence") <= 40', name=op.f("ck_evaluation_sheets_consequence_length")
        ),
        sa.CheckConstraint(
            'length("data_sha256") <= 64', name=op.f("ck_evaluation_sheets_data_sha256_length")
        ),
        sa.CheckConstraint('length("grade") <= 40', name=op.f("ck_evaluation_sheets_grade_length")),
        sa.CheckConstraint(
            'length("segment") <= 40', name=op.f("ck_evaluation_sheets_segment_length")
        ),
        sa.CheckConstraint('length("type") <= 20', name=op.f("ck_evaluation_sheets_type_length")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["evaluation_cycles.id"], name=op.f("fk_evaluation_sheets_cycle_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_evaluation_sheets_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_evaluation_sheets_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_sheets")),
        sa.UniqueConstraint(
            "cycle_id", "membership_id", name=op.f("uq_evaluation_sheets_cycle_id_membership_id")
        ),
    )
    with op.batch_alter_table("evaluation_sheets", schema=None) as batch_op:
        batch_op.create_index(
            "ix_evaluation_sheets_membership", ["membership_id", "published_at"], unique=False
        )
        batch_op.create_index(
            "ix_evaluation_sheets_provider", ["provider_id", "published_at"], unique=False
        )

    op.create_table(
        "grade_objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_by", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('open', 'upheld', 'rejected', 'withdrawn')",
            name=op.f("ck_grade_objections_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('upheld', 'rejected') OR answered_at IS NOT NULL",
            name=op.f("ck_grade_objections_answer_dated"),
        ),
        sa.CheckConstraint(
            'length("indicator") <= 20', name=op.f("ck_grade_objections_indicator_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_grade_objections_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_grade_objections_state_length")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_grade_objections_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["evaluation_sheets.id"], name=op.f("fk_grade_objections_sheet_id")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["users.id"], name=op.f("fk_grade_objections_submitted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_objections")),
    )
    with op.batch_alter_table("grade_objections", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_grade_objections_provider_id"), ["provider_id"], unique=False
        )
        batch_op.create_index("ix_grade_objections_sheet", ["sheet_id", "phase"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_grade_objections_submitted_by"), ["submitted_by"], unique=False
        )
        batch_op.create_index(
            "uq_grade_objections_open",
            ["sheet_id"],
            unique=True,
            sqlite_where=sa.text("phase = 'open'"),
            postgresql_where=sa.text("phase = 'open'"),
        )

    op.create_table(
        "indicator_values",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("indicator", sa.String(length=20), nullable=False),
        sa.Column("rater", sa.String(length=20), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=True),
        sa.Column("denominator", sa.Integer(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("points", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("evaluator_id", sa.Integer(), nullable=True),
        sa.Column("evaluator_name", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(rater IN ('auto', 'enterprise')) = (evaluator_name = '')",
            name=op.f("ck_indicator_values_evaluator_named"),
        ),
        sa.CheckConstraint(
            "rater IN ('auto', 'enterprise') OR justification <> ''",
            name=op.f("ck_indicator_values_justified"),
        ),
        sa.CheckConstraint(
            "rater IN ('auto', 'enterprise', 'expert', 'third_party', 'district', 'city')",
            name=op.f("ck_indicator_values_rater_known"),
        ),
        sa.CheckConstraint(
            'length("evaluator_name") <= 60', name=op.f("ck_indicator_values_evaluator_name_length")
        ),
        sa.CheckConstraint(
            'length("indicator") <= 20', name=op.f("ck_indicator_values_indicator_length")
        ),
        sa.CheckConstraint('length("rater") <= 20', name=op.f("ck_indicator_values_rater_length")),
        sa.CheckConstraint(
            "n >= 0 AND denominator >= 0 AND numerator >= 0",
            name=op.f("ck_indicator_values_counts_positive"),
        ),
        sa.ForeignKeyConstraint(
            ["evaluator_id"], ["users.id"], name=op.f("fk_indicator_values_evaluator_id")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["evaluation_sheets.id"], name=op.f("fk_indicator_values_sheet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_values")),
    )
    with op.batch_alter_table("indicator_values", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_indicator_values_evaluator_id"), ["evaluator_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_indicator_values_sheet_id"), ["sheet_id"], unique=False
        )
        batch_op.create_index(
            "uq_indicator_values_expert",
            ["sheet_id", "indicator", "evaluator_id"],
            unique=True,
            sqlite_where=sa.text("rater = 'expert'"),
            postgresql_where=sa.text("rater = 'expert'"),
        )
        batch_op.create_index(
            "uq_indicator_values_one",
            ["sheet_id", "indicator", "rater"],
            unique=True,
            sqlite_where=sa.text("rater <> 'expert'"),
            postgresql_where=sa.text("rater <> 'expert'"),
        )

    op.create_table(
        "interest_declarations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("user_name", sa.String(length=60), nullable=False),
        sa.Column("interest", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "interest IN ('none', 'employment', 'shareholding', 'contract', 'affiliate', 'other')",
            name=op.f("ck_interest_declarations_interest_known"),
        ),
        sa.CheckConstraint(
            'length("interest") <= 20', name=op.f("ck_interest_declarations_interest_length")
        ),
        sa.CheckConstraint(
            'length("user_name") <= 60', name=op.f("ck_interest_declarations_user_name_length")
        ),
        sa.ForeignKeyConstraint(
            ["sheet_id"], ["evaluation_sheets.id"], name=op.f("fk_interest_declarations_sheet_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_interest_declarations_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interest_declarations")),
        sa.UniqueConstraint(
            "sheet_id", "user_id", name=op.f("uq_interest_declarations_sheet_id_user_id")
        ),
    )
    with op.batch_alter_table("interest_declarations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_interest_declarations_user_id"), ["user_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("interest_declarations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_interest_declarations_user_id"))

    op.drop_table("interest_declarations")
    with op.batch_alter_table("indicator_values", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_indicator_values_one",
            sqlite_where=sa.text("rater <> 'expert'"),
            postgresql_where=sa.text("rater <> 'expert'"),
        )
        batch_op.drop_index(
            "uq_indicator_values_expert",
            sqlite_where=sa.text("rater = 'expert'"),
            postgresql_where=sa.text("rater = 'expert'"),
        )
        batch_op.drop_index(batch_op.f("ix_indicator_values_sheet_id"))
        batch_op.drop_index(batch_op.f("ix_indicator_values_evaluator_id"))

    op.drop_table("indicator_values")
    with op.batch_alter_table("grade_objections", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_grade_objections_open",
            sqlite_where=sa.text("phase = 'open'"),
            postgresql_where=sa.text("phase = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_grade_objections_submitted_by"))
        batch_op.drop_index("ix_grade_objections_sheet")
        batch_op.drop_index(batch_op.f("ix_grade_objections_provider_id"))

    op.drop_table("grade_objections")
    with op.batch_alter_table("evaluation_sheets", schema=None) as batch_op:
        batch_op.drop_index("ix_evaluation_sheets_provider")
        batch_op.drop_index("ix_evaluation_sheets_membership")

    op.drop_table("evaluation_sheets")
    with op.batch_alter_table("evaluation_cycles", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_evaluation_cycles_label",
            sqlite_where=sa.text("phase <> 'cancelled'"),
            postgresql_where=sa.text("phase <> 'cancelled'"),
        )
        batch_op.drop_index(batch_op.f("ix_evaluation_cycles_programme_id"))

    op.drop_table("evaluation_cycles")
