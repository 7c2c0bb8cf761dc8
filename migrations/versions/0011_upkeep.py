"""Periodic reports, spot checks, complaints, activities and awards."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sign_up_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("places", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('matching', 'training', 'visit', 'other')",
            name=op.f("ck_activities_kind_known"),
        ),
        sa.CheckConstraint(
            "phase IN ('draft', 'announced', 'held', 'cancelled')",
            name=op.f("ck_activities_phase_known"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_activities_times_order")),
        sa.CheckConstraint('length("district") <= 12', name=op.f("ck_activities_district_length")),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_activities_kind_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_activities_phase_length")),
        sa.CheckConstraint('length("place") <= 120', name=op.f("ck_activities_place_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_activities_state_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_activities_title_length")),
        sa.CheckConstraint(
            "places IS NULL OR places > 0", name=op.f("ck_activities_places_positive")
        ),
        sa.CheckConstraint("sign_up_by <= starts_at", name=op.f("ck_activities_sign_up_before")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_activities_district"), ["district"], unique=False)
        batch_op.create_index("ix_activities_phase", ["phase", "starts_at"], unique=False)

    op.create_table(
        "report_summaries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("by_name") <= 60', name=op.f("ck_report_summaries_by_name_length")
        ),
        sa.CheckConstraint(
            'length("district") <= 12', name=op.f("ck_report_summaries_district_length")
        ),
        sa.CheckConstraint('length("duty") <= 40', name=op.f("ck_report_summaries_duty_length")),
        sa.CheckConstraint(
            'length("period") <= 10', name=op.f("ck_report_summaries_period_length")
        ),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_report_summaries_programme_id_length")
        ),
        sa.CheckConstraint(
            "submitted BETWEEN 0 AND reports", name=op.f("ck_report_summaries_submitted_within")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_summaries")),
        sa.UniqueConstraint(
            "programme_id",
            "duty",
            "period",
            "district",
            name=op.f("uq_report_summaries_programme_id_duty_period_district"),
        ),
    )
    op.create_table(
        "attendances",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('signed_up', 'cancelled', 'attended', 'absent')",
            name=op.f("ck_attendances_phase_known"),
        ),
        sa.CheckConstraint('length("note") <= 200', name=op.f("ck_attendances_note_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_attendances_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_attendances_state_length")),
        sa.CheckConstraint("people > 0", name=op.f("ck_attendances_people_positive")),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_attendances_activity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_attendances_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendances")),
        sa.UniqueConstraint(
            "activity_id",
            "organisation_id",
            name=op.f("uq_attendances_activity_id_organisation_id"),
        ),
    )
    with op.batch_alter_table("attendances", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attendances_organisation", ["organisation_id", "phase"], unique=False
        )

    op.create_table(
        "awards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("tier", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("amount_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("announced_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'solution') = (product_id IS NOT NULL)", name=op.f("ck_awards_solution_named")
        ),
        sa.CheckConstraint("kind IN ('provider', 'solution')", name=op.f("ck_awards_kind_known")),
        sa.CheckConstraint(
            "phase IN ('proposed', 'announced', 'revoked', 'dropped')",
            name=op.f("ck_awards_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('announced', 'revoked') OR (announced_on IS NOT NULL AND document_no <> '')",
            name=op.f("ck_awards_announced_dated"),
        ),
        sa.CheckConstraint("amount_cny >= 0", name=op.f("ck_awards_amount_positive")),
        sa.CheckConstraint('length("clause") <= 40', name=op.f("ck_awards_clause_length")),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_awards_document_no_length")
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_awards_kind_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_awards_phase_length")),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_awards_programme_id_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_awards_state_length")),
        sa.CheckConstraint('length("tier") <= 60', name=op.f("ck_awards_tier_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_awards_title_length")),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_awards_year_plausible")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_awards_membership_id")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_awards_product_id")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_awards_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
    )
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.create_index("ix_awards_provider_of", ["provider_id", "phase"], unique=False)
        batch_op.create_index("ix_awards_year", ["year", "phase"], unique=False)
        batch_op.create_index(
            "uq_awards_provider",
            ["membership_id", "clause", "year"],
            unique=True,
            sqlite_where=sa.text("product_id IS NULL AND phase IN ('proposed', 'announced')"),
            postgresql_where=sa.text("product_id IS NULL AND phase IN ('proposed', 'announced')"),
        )
        batch_op.create_index(
            "uq_awards_solution",
            ["product_id", "clause", "year"],
            unique=True,
            sqlite_where=sa.text("product_id IS NOT NULL AND phase IN ('proposed', 'announced')"),
            postgresql_where=sa.text(
                "product_id IS NOT NULL AND phase IN ('proposed', 'announced')"
            ),
        )

    op.create_table(
        "periodic_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("part_reason", sa.String(length=120), nullable=False),
        sa.Column("asks_year", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("due_note", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reminded", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('owed', 'submitted', 'returned', 'skipped')",
            name=op.f("ck_periodic_reports_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('submitted', 'returned') OR number > 0",
            name=op.f("ck_periodic_reports_submitted_has_version"),
        ),
        sa.CheckConstraint(
            "(number = 0) = (first_sent_at IS NULL)", name=op.f("ck_periodic_reports_sent_dated")
        ),
        sa.CheckConstraint(
            'length("due_note") <= 200', name=op.f("ck_periodic_reports_due_note_length")
        ),
        sa.CheckConstraint('length("duty") <= 40', name=op.f("ck_periodic_reports_duty_length")),
        sa.CheckConstraint(
            'length("part_reason") <= 120', name=op.f("ck_periodic_reports_part_reason_length")
        ),
        sa.CheckConstraint(
            'length("period") <= 10', name=op.f("ck_periodic_reports_period_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_periodic_reports_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_periodic_reports_state_length")),
        sa.CheckConstraint("number >= 0", name=op.f("ck_periodic_reports_number_positive")),
        sa.CheckConstraint("until >= since", name=op.f("ck_periodic_reports_days_order")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_periodic_reports_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_periodic_reports_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_periodic_reports")),
        sa.UniqueConstraint(
            "membership_id",
            "duty",
            "period",
            name=op.f("uq_periodic_reports_membership_id_duty_period"),
        ),
    )
    with op.batch_alter_table("periodic_reports", schema=None) as batch_op:
        batch_op.create_index("ix_periodic_reports_due", ["phase", "due_at"], unique=False)
        batch_op.create_index(
            "ix_periodic_reports_period", ["duty", "period", "phase"], unique=False
        )
        batch_op.create_index(
            "ix_periodic_reports_provider", ["provider_id", "due_at"], unique=False
        )

    op.create_table(
        "complaints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("name_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("receipt_hash", sa.String(length=64), nullable=True),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lodged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("conclude_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("evidence_of_sender", sa.Text(), nullable=False),
        sa.Column("evidence_of_provider", sa.Text(), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(channel = 'enterprise_account') = (organisation_id IS NOT NULL)",
            name=op.f("ck_complaints_channel_has_sender"),
        ),
        sa.CheckConstraint(
            "(channel = 'public_form') = (receipt_hash IS NOT NULL)",
            name=op.f("ck_complaints_public_has_receipt"),
        ),
        sa.CheckConstraint(
            "(phase IN ('lodged', 'lead', 'hearing', 'deciding')) = (concluded_at IS NULL)",
            name=op.f("ck_complaints_conclusion_dated"),
        ),
        sa.CheckConstraint(
            "NOT anonymous OR phase NOT IN ('hearing', 'deciding', 'upheld')",
            name=op.f("ck_complaints_anonymous_not_scored"),
        ),
        sa.CheckConstraint(
            "channel IN ('enterprise_account', 'public_form')",
            name=op.f("ck_complaints_channel_known"),
        ),
        sa.CheckConstraint(
            "phase <> 'upheld' OR (evidence_of_sender <> '' AND evidence_of_provider <> '')",
            name=op.f("ck_complaints_upheld_two_sided"),
        ),
        sa.CheckConstraint(
            "phase IN ('lodged', 'lead', 'hearing', 'deciding', 'upheld', 'dismissed', 'settled', 'refused', 'closed', 'withdrawn')",
            name=op.f("ck_complaints_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('hearing', 'deciding', 'upheld', 'dismissed') OR (acknowledged_at IS NOT NULL AND reply_by IS NOT NULL AND membership_id IS NOT NULL)",
            name=op.f("ck_complaints_heard_by_clock"),
        ),
        sa.CheckConstraint(
            "NOT anonymous OR (name_encrypted IS NULL AND phone_encrypted IS NULL)",
            name=op.f("ck_complaints_anonymous_has_no_name"),
        ),
        sa.CheckConstraint('length("channel") <= 20', name=op.f("ck_complaints_channel_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_complaints_phase_length")),
        sa.CheckConstraint(
            'length("receipt_hash") <= 64', name=op.f("ck_complaints_receipt_hash_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_complaints_state_length")),
        sa.CheckConstraint('length("subject") <= 120', name=op.f("ck_complaints_subject_length")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_complaints_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_complaints_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_complaints_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_complaints_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_complaints_receipt_hash")),
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.create_index(
            "ix_complaints_membership", ["membership_id", "phase", "concluded_at"], unique=False
        )
        batch_op.create_index("ix_complaints_phase", ["phase", "conclude_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_complaints_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_complaints_provider", ["provider_id", "phase"], unique=False)
        batch_op.create_index("ix_complaints_sender", ["organisation_id", "id"], unique=False)

    op.create_table(
        "report_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("zero", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_name", sa.String(length=60), nullable=False),
        sa.CheckConstraint(
            'length("by_name") <= 60', name=op.f("ck_report_versions_by_name_length")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_report_versions_number_positive")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["periodic_reports.id"], name=op.f("fk_report_versions_report_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_versions")),
        sa.UniqueConstraint(
            "report_id", "number", name=op.f("uq_report_versions_report_id_number")
        ),
    )
    op.create_table(
        "spot_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("complaint_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase IN ('passed', 'failed')) = (checked_on IS NOT NULL)",
            name=op.f("ck_spot_checks_result_dated"),
        ),
        sa.CheckConstraint(
            "cause = '' OR phase = 'failed'", name=op.f("ck_spot_checks_cause_of_failed")
        ),
        sa.CheckConstraint(
            "phase IN ('planned', 'passed', 'failed', 'cancelled')",
            name=op.f("ck_spot_checks_phase_known"),
        ),
        sa.CheckConstraint('length("cause") <= 20', name=op.f("ck_spot_checks_cause_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_spot_checks_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_spot_checks_state_length")),
        sa.CheckConstraint('length("topic") <= 60', name=op.f("ck_spot_checks_topic_length")),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaints.id"], name=op.f("fk_spot_checks_complaint_id")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_spot_checks_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_spot_checks_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_spot_checks_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spot_checks")),
    )
    with op.batch_alter_table("spot_checks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_spot_checks_complaint_id"), ["complaint_id"], unique=False
        )
        batch_op.create_index(
            "ix_spot_checks_membership", ["membership_id", "checked_on"], unique=False
        )
        batch_op.create_index("ix_spot_checks_phase", ["phase", "planned_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_spot_checks_project_id"), ["project_id"], unique=False)
        batch_op.create_index("ix_spot_checks_provider", ["provider_id", "phase"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("spot_checks", schema=None) as batch_op:
        batch_op.drop_index("ix_spot_checks_provider")
        batch_op.drop_index(batch_op.f("ix_spot_checks_project_id"))
        batch_op.drop_index("ix_spot_checks_phase")
        batch_op.drop_index("ix_spot_checks_membership")
        batch_op.drop_index(batch_op.f("ix_spot_checks_complaint_id"))

    op.drop_table("spot_checks")
    op.drop_table("report_versions")
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.drop_index("ix_complaints_sender")
        batch_op.drop_index("ix_complaints_provider")
        batch_op.drop_index(batch_op.f("ix_complaints_project_id"))
        batch_op.drop_index("ix_complaints_phase")
        batch_op.drop_index("ix_complaints_membership")

    op.drop_table("complaints")
    with op.batch_alter_table("periodic_reports", schema=None) as batch_op:
        batch_op.drop_index("ix_periodic_reports_provider")
        batch_op.drop_index("ix_periodic_reports_period")
        batch_op.drop_index("ix_periodic_reports_due")

    op.drop_table("periodic_reports")
    with op.batch_alter_table("awards", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_awards_solution",
            sqlite_where=sa.text("product_id IS NOT NULL AND phase IN ('proposed', 'announced')"),
            postgresql_where=sa.text(
                "product_id IS NOT NULL AND phase IN ('proposed', 'announced')"
            ),
        )
        batch_op.drop_index(
            "uq_awards_provider",
            sqlite_where=sa.text("product_id IS NULL AND phase IN ('proposed', 'announced')"),
            postgresql_where=sa.text("product_id IS NULL AND phase IN ('proposed', 'announced')"),
        )
        batch_op.drop_index("ix_awards_year")
        batch_op.drop_index("ix_awards_provider_of")

    op.drop_table("awards")
    with op.batch_alter_table("attendances", schema=None) as batch_op:
        batch_op.drop_index("ix_attendances_organisation")

    op.drop_table("attendances")
    op.drop_table("report_summaries")
    with op.batch_alter_table("activities", schema=None) as batch_op:
        batch_op.drop_index("ix_activities_phase")
        batch_op.drop_index(batch_op.f("ix_activities_district"))

    op.drop_table("activities")
