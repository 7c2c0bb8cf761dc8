"""Proceedings on memberships, appeals, replacements, and the letters issued with their steps."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issued_letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("addressee", sa.String(length=120), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.Column("sender", sa.String(length=120), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("addressee") <= 120', name=op.f("ck_issued_letters_addressee_length")
        ),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_issued_letters_document_no_length")
        ),
        sa.CheckConstraint('length("kind") <= 40', name=op.f("ck_issued_letters_kind_length")),
        sa.CheckConstraint('length("sender") <= 120', name=op.f("ck_issued_letters_sender_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 40', name=op.f("ck_issued_letters_subject_type_length")
        ),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_issued_letters_title_length")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["events.id"], name=op.f("fk_issued_letters_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_issued_letters_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_letters")),
    )
    with op.batch_alter_table("issued_letters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_issued_letters_event_id"), ["event_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_issued_letters_provider_id"), ["provider_id"], unique=False
        )
        batch_op.create_index(
            "ix_issued_letters_subject", ["subject_type", "subject_id"], unique=False
        )

    op.create_table(
        "appeals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("against", sa.String(length=30), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Integer(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("restored_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(outcome = '') = (decided_at IS NULL)", name=op.f("ck_appeals_decided_dated")
        ),
        sa.CheckConstraint(
            "(phase = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_appeals_closed_dated")
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'upheld', 'rejected')", name=op.f("ck_appeals_outcome_known")
        ),
        sa.CheckConstraint(
            "phase IN ('filed', 'panel', 'quota', 'closed')", name=op.f("ck_appeals_phase_known")
        ),
        sa.CheckConstraint(
            "restored_id IS NULL OR outcome = 'upheld'", name=op.f("ck_appeals_restored_upheld")
        ),
        sa.CheckConstraint('length("against") <= 30', name=op.f("ck_appeals_against_length")),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_appeals_document_no_length")
        ),
        sa.CheckConstraint('length("outcome") <= 20', name=op.f("ck_appeals_outcome_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_appeals_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_appeals_state_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 40', name=op.f("ck_appeals_subject_type_length")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_appeals_event_id")),
        sa.ForeignKeyConstraint(["filed_by"], ["users.id"], name=op.f("fk_appeals_filed_by")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_appeals_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_appeals_provider_id")
        ),
        sa.ForeignKeyConstraint(
            ["restored_id"], ["memberships.id"], name=op.f("fk_appeals_restored_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeals_event_id"), ["event_id"], unique=False)
        batch_op.create_index("ix_appeals_membership", ["membership_id", "id"], unique=False)
        batch_op.create_index("ix_appeals_phase", ["phase", "decide_by"], unique=False)
        batch_op.create_index("ix_appeals_provider", ["provider_id", "phase"], unique=False)
        batch_op.create_index(batch_op.f("ix_appeals_restored_id"), ["restored_id"], unique=False)
        batch_op.create_index(
            "uq_appeals_open",
            ["subject_type", "subject_id"],
            unique=True,
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )

    op.create_table(
        "proceedings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=True),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("proposer", sa.String(length=20), nullable=False),
        sa.Column("proposer_name", sa.String(length=120), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extended_days", sa.Integer(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_proceedings_closed_dated")
        ),
        sa.CheckConstraint(
            "kind = 'rectification' OR plan_due_at IS NULL",
            name=op.f("ck_proceedings_plan_of_its_kind"),
        ),
        sa.CheckConstraint(
            "kind IN ('re_review', 'withdrawal', 'rectification', 'suspension', 'removal')",
            name=op.f("ck_proceedings_kind_known"),
        ),
        sa.CheckConstraint(
            "phase IN ('provider', 'district', 'city', 'bureaus', 'notice', 'closed')",
            name=op.f("ck_proceedings_phase_known"),
        ),
        sa.CheckConstraint(
            "proposer IN ('district', 'third_party', 'city', 'provider', 'rule')",
            name=op.f("ck_proceedings_proposer_known"),
        ),
        sa.CheckConstraint("extended_days >= 0", name=op.f("ck_proceedings_extension_positive")),
        sa.CheckConstraint('length("cause") <= 20', name=op.f("ck_proceedings_cause_length")),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_proceedings_document_no_length")
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_proceedings_kind_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_proceedings_phase_length")),
        sa.CheckConstraint('length("proposer") <= 20', name=op.f("ck_proceedings_proposer_length")),
        sa.CheckConstraint(
            'length("proposer_name") <= 120', name=op.f("ck_proceedings_proposer_name_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_proceedings_state_length")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_proceedings_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["proceedings.id"], name=op.f("fk_proceedings_predecessor_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_proceedings_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proceedings")),
    )
    with op.batch_alter_table("proceedings", schema=None) as batch_op:
        batch_op.create_index("ix_proceedings_membership", ["membership_id", "id"], unique=False)
        batch_op.create_index("ix_proceedings_phase", ["phase", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_proceedings_predecessor_id"), ["predecessor_id"], unique=False
        )
        batch_op.create_index("ix_proceedings_provider", ["provider_id", "phase"], unique=False)
        batch_op.create_index(
            "uq_proceedings_open",
            ["membership_id"],
            unique=True,
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )

    op.create_table(
        "replacements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("quota_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("trigger", sa.String(length=20), nullable=False),
        sa.Column("vacated_id", sa.Integer(), nullable=True),
        sa.Column("candidacy_id", sa.Integer(), nullable=True),
        sa.Column("listed_id", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("checks", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase = 'closed') = (closed_at IS NOT NULL)",
            name=op.f("ck_replacements_closed_dated"),
        ),
        sa.CheckConstraint(
            "listed_id IS NULL OR phase = 'closed'", name=op.f("ck_replacements_listed_is_closed")
        ),
        sa.CheckConstraint(
            "phase <> 'notice' OR candidacy_id IS NOT NULL",
            name=op.f("ck_replacements_noticed_is_chosen"),
        ),
        sa.CheckConstraint(
            "phase IN ('open', 'notice', 'closed')", name=op.f("ck_replacements_phase_known")
        ),
        sa.CheckConstraint(
            "trigger IN ('removal', 'withdrawal', 'expiry', 'below_quota_min')",
            name=op.f("ck_replacements_trigger_known"),
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_replacements_phase_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_replacements_segment_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_replacements_state_length")),
        sa.CheckConstraint('length("trigger") <= 20', name=op.f("ck_replacements_trigger_length")),
        sa.CheckConstraint('length("type") <= 20', name=op.f("ck_replacements_type_length")),
        sa.ForeignKeyConstraint(
            ["candidacy_id"], ["candidacies.id"], name=op.f("fk_replacements_candidacy_id")
        ),
        sa.ForeignKeyConstraint(
            ["listed_id"], ["memberships.id"], name=op.f("fk_replacements_listed_id")
        ),
        sa.ForeignKeyConstraint(["quota_id"], ["quotas.id"], name=op.f("fk_replacements_quota_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_replacements_round_id")),
        sa.ForeignKeyConstraint(
            ["vacated_id"], ["memberships.id"], name=op.f("fk_replacements_vacated_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replacements")),
        sa.UniqueConstraint("vacated_id", name=op.f("uq_replacements_vacated_id")),
    )
    with op.batch_alter_table("replacements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_replacements_listed_id"), ["listed_id"], unique=False)
        batch_op.create_index("ix_replacements_phase", ["phase", "state_since"], unique=False)
        batch_op.create_index("ix_replacements_quota", ["quota_id", "phase"], unique=False)
        batch_op.create_index(batch_op.f("ix_replacements_round_id"), ["round_id"], unique=False)
        batch_op.create_index(
            "uq_replacements_candidacy",
            ["candidacy_id"],
            unique=True,
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )

    op.create_table(
        "appeal_panelists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appeal_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appeal_id"], ["appeals.id"], name=op.f("fk_appeal_panelists_appeal_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_appeal_panelists_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal_panelists")),
        sa.UniqueConstraint(
            "appeal_id", "user_id", name=op.f("uq_appeal_panelists_appeal_id_user_id")
        ),
    )
    with op.batch_alter_table("appeal_panelists", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appeal_panelists_user_id"), ["user_id"], unique=False)

    op.create_table(
        "bureau_opinions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proceeding_id", sa.Integer(), nullable=False),
        sa.Column("bureau", sa.String(length=120), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("bureau") <= 120', name=op.f("ck_bureau_opinions_bureau_length")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisations.id"],
            name=op.f("fk_bureau_opinions_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["proceeding_id"], ["proceedings.id"], name=op.f("fk_bureau_opinions_proceeding_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_bureau_opinions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bureau_opinions")),
        sa.UniqueConstraint(
            "proceeding_id", "bureau", name=op.f("uq_bureau_opinions_proceeding_id_bureau")
        ),
    )
    op.create_table(
        "hand_overs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proceeding_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("to_membership_id", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(way = 'transfer') = (to_membership_id IS NOT NULL)", name=op.f("ck_hand_overs_taker")
        ),
        sa.CheckConstraint(
            "way = 'transfer' OR agreed IS NULL", name=op.f("ck_hand_overs_answers_to_transfers")
        ),
        sa.CheckConstraint("way IN ('finish', 'transfer')", name=op.f("ck_hand_overs_way_known")),
        sa.CheckConstraint(
            "(agreed IS NULL) = (answered_at IS NULL)", name=op.f("ck_hand_overs_answer_dated")
        ),
        sa.CheckConstraint(
            "done_at IS NULL OR agreed", name=op.f("ck_hand_overs_done_with_consent")
        ),
        sa.CheckConstraint('length("way") <= 20', name=op.f("ck_hand_overs_way_length")),
        sa.ForeignKeyConstraint(
            ["proceeding_id"], ["proceedings.id"], name=op.f("fk_hand_overs_proceeding_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_hand_overs_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_membership_id"], ["memberships.id"], name=op.f("fk_hand_overs_to_membership_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
        sa.UniqueConstraint(
            "proceeding_id", "project_id", name=op.f("uq_hand_overs_proceeding_id_project_id")
        ),
    )
    with op.batch_alter_table("hand_overs", schema=None) as batch_op:
        batch_op.create_index("ix_hand_overs_project", ["project_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_hand_overs_to_membership_id"), ["to_membership_id"], unique=False
        )

    op.create_table(
        "rectification_extensions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proceeding_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_after", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(granted IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_rectification_extensions_decided_dated"),
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_rectification_extensions_days_positive")),
        sa.CheckConstraint(
            "due_after IS NULL OR due_after > due_before",
            name=op.f("ck_rectification_extensions_due_order"),
        ),
        sa.ForeignKeyConstraint(
            ["proceeding_id"],
            ["proceedings.id"],
            name=op.f("fk_rectification_extensions_proceeding_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_extensions")),
    )
    with op.batch_alter_table("rectification_extensions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_rectification_extensions_proceeding", ["proceeding_id", "id"], unique=False
        )
        batch_op.create_index(
            "uq_rectification_extensions_open",
            ["proceeding_id"],
            unique=True,
            sqlite_where=sa.text("granted IS NULL"),
            postgresql_where=sa.text("granted IS NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("rectification_extensions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_rectification_extensions_open",
            sqlite_where=sa.text("granted IS NULL"),
            postgresql_where=sa.text("granted IS NULL"),
        )
        batch_op.drop_index("ix_rectification_extensions_proceeding")

    op.drop_table("rectification_extensions")
    with op.batch_alter_table("hand_overs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_hand_overs_to_membership_id"))
        batch_op.drop_index("ix_hand_overs_project")

    op.drop_table("hand_overs")
    op.drop_table("bureau_opinions")
    with op.batch_alter_table("appeal_panelists", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_appeal_panelists_user_id"))

    op.drop_table("appeal_panelists")
    with op.batch_alter_table("replacements", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_replacements_candidacy",
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )
        batch_op.drop_index(batch_op.f("ix_replacements_round_id"))
        batch_op.drop_index("ix_replacements_quota")
        batch_op.drop_index("ix_replacements_phase")
        batch_op.drop_index(batch_op.f("ix_replacements_listed_id"))

    op.drop_table("replacements")
    with op.batch_alter_table("proceedings", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_proceedings_open",
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )
        batch_op.drop_index("ix_proceedings_provider")
        batch_op.drop_index(batch_op.f("ix_proceedings_predecessor_id"))
        batch_op.drop_index("ix_proceedings_phase")
        batch_op.drop_index("ix_proceedings_membership")

    op.drop_table("proceedings")
    with op.batch_alter_table("appeals", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_appeals_open",
            sqlite_where=sa.text("phase <> 'closed'"),
            postgresql_where=sa.text("phase <> 'closed'"),
        )
        batch_op.drop_index(batch_op.f("ix_appeals_restored_id"))
        batch_op.drop_index("ix_appeals_provider")
        batch_op.drop_index("ix_appeals_phase")
        batch_op.drop_index("ix_appeals_membership")
        batch_op.drop_index(batch_op.f("ix_appeals_event_id"))

    op.drop_table("appeals")
    with op.batch_alter_table("issued_letters", schema=None) as batch_op:
        batch_op.drop_index("ix_issued_letters_subject")
        batch_op.drop_index(batch_op.f("ix_issued_letters_provider_id"))
        batch_op.drop_index(batch_op.f("ix_issued_letters_event_id"))

    op.drop_table("issued_letters")
