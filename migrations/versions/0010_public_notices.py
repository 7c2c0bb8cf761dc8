"""Public notices, their entries and corrections, and objections to them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "public_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=True),
        sa.Column("extra_days", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("calendar", sa.JSON(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase = 'finished') = (finished_at IS NOT NULL)",
            name=op.f("ck_public_notices_finished_dated"),
        ),
        sa.CheckConstraint(
            "(phase IN ('draft', 'discarded')) = (published_at IS NULL)",
            name=op.f("ck_public_notices_published_dated"),
        ),
        sa.CheckConstraint(
            "phase IN ('draft', 'running', 'partly', 'finished', 'discarded', 'withdrawn')",
            name=op.f("ck_public_notices_phase_known"),
        ),
        sa.CheckConstraint(
            "published_at IS NULL OR (starts_on IS NOT NULL AND ends_on IS NOT NULL AND ends_at IS NOT NULL AND working_days IS NOT NULL AND document_no <> '')",
            name=op.f("ck_public_notices_window_fixed"),
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_public_notices_window_order")),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_public_notices_document_no_length")
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_public_notices_kind_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_public_notices_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_public_notices_state_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_public_notices_title_length")),
        sa.CheckConstraint(
            "working_days > 0 AND extra_days >= 0", name=op.f("ck_public_notices_days_positive")
        ),
        sa.ForeignKeyConstraint(
            ["round_id"], ["rounds.id"], name=op.f("fk_public_notices_round_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_notices")),
    )
    with op.batch_alter_table("public_notices", schema=None) as batch_op:
        batch_op.create_index("ix_public_notices_phase", ["phase", "ends_at"], unique=False)
        batch_op.create_index("ix_public_notices_published", ["published_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_public_notices_round_id"), ["round_id"], unique=False)

    op.create_table(
        "notice_errata",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint('length("subject") <= 20', name=op.f("ck_notice_errata_subject_length")),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name=op.f("fk_notice_errata_notice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_errata")),
        sa.UniqueConstraint("notice_id", "seq", name=op.f("uq_notice_errata_notice_id_seq")),
    )
    op.create_table(
        "notice_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('noticed', 'held', 'struck', 'done', 'released')",
            name=op.f("ck_notice_entries_phase_known"),
        ),
        sa.CheckConstraint('length("name") <= 120', name=op.f("ck_notice_entries_name_length")),
        sa.CheckConstraint('length("note") <= 200', name=op.f("ck_notice_entries_note_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_notice_entries_phase_length")),
        sa.CheckConstraint(
            'length("segment") <= 40', name=op.f("ck_notice_entries_segment_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_notice_entries_state_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 40', name=op.f("ck_notice_entries_subject_type_length")
        ),
        sa.CheckConstraint('length("type") <= 20', name=op.f("ck_notice_entries_type_length")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_notice_entries_seq_positive")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_notice_entries_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name=op.f("fk_notice_entries_notice_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_notice_entries_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_entries")),
        sa.UniqueConstraint(
            "notice_id",
            "subject_type",
            "subject_id",
            name=op.f("uq_notice_entries_notice_id_subject_type_subject_id"),
        ),
    )
    with op.batch_alter_table("notice_entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_notice_entries_membership_id"), ["membership_id"], unique=False
        )
        batch_op.create_index("ix_notice_entries_notice", ["notice_id", "seq"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_notice_entries_provider_id"), ["provider_id"], unique=False
        )
        batch_op.create_index(
            "uq_notice_entries_live",
            ["subject_type", "subject_id"],
            unique=True,
            sqlite_where=sa.text("phase IN ('noticed', 'held')"),
            postgresql_where=sa.text("phase IN ('noticed', 'held')"),
        )

    op.create_table(
        "objections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("receipt_hash", sa.String(length=64), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("contact_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("contact_masked", sa.String(length=80), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("replied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase IN ('upheld', 'rejected', 'refused', 'noted')) = (decided_at IS NOT NULL)",
            name=op.f("ck_objections_decided_dated"),
        ),
        sa.CheckConstraint(
            "(reply = '') = (replied_at IS NULL)", name=op.f("ck_objections_replied_dated")
        ),
        sa.CheckConstraint(
            "phase <> 'replying' OR asked_at IS NOT NULL", name=op.f("ck_objections_asked_dated")
        ),
        sa.CheckConstraint(
            "phase IN ('received', 'lead', 'checking', 'replying', 'upheld', 'rejected', 'refused', 'noted')",
            name=op.f("ck_objections_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('lead', 'noted') OR anonymous",
            name=op.f("ck_objections_leads_are_anonymous"),
        ),
        sa.CheckConstraint(
            "(asked_at IS NULL) = (reply_by IS NULL)", name=op.f("ck_objections_asked_until")
        ),
        sa.CheckConstraint(
            "(contact_encrypted IS NULL) = anonymous", name=op.f("ck_objections_named_or_not")
        ),
        sa.CheckConstraint(
            'length("contact_masked") <= 80', name=op.f("ck_objections_contact_masked_length")
        ),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_objections_document_no_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_objections_phase_length")),
        sa.CheckConstraint(
            'length("receipt_hash") <= 64', name=op.f("ck_objections_receipt_hash_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_objections_state_length")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["notice_entries.id"], name=op.f("fk_objections_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["public_notices.id"], name=op.f("fk_objections_notice_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_objections_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("receipt_hash", name=op.f("uq_objections_receipt_hash")),
    )
    with op.batch_alter_table("objections", schema=None) as batch_op:
        batch_op.create_index("ix_objections_entry", ["entry_id", "phase"], unique=False)
        batch_op.create_index("ix_objections_notice", ["notice_id", "phase"], unique=False)
        batch_op.create_index("ix_objections_phase", ["phase", "filed_at"], unique=False)
        batch_op.create_index("ix_objections_provider", ["provider_id", "phase"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("objections", schema=None) as batch_op:
        batch_op.drop_index("ix_objections_provider")
        batch_op.drop_index("ix_objections_phase")
        batch_op.drop_index("ix_objections_notice")
        batch_op.drop_index("ix_objections_entry")

    op.drop_table("objections")
    with op.batch_alter_table("notice_entries", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_entries_live",
            sqlite_where=sa.text("phase IN ('noticed', 'held')"),
            postgresql_where=sa.text("phase IN ('noticed', 'held')"),
        )
        batch_op.drop_index(batch_op.f("ix_notice_entries_provider_id"))
        batch_op.drop_index("ix_notice_entries_notice")
        batch_op.drop_index(batch_op.f("ix_notice_entries_membership_id"))

    op.drop_table("notice_entries")
    op.drop_table("notice_errata")
    with op.batch_alter_table("public_notices", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_public_notices_round_id"))
        batch_op.drop_index("ix_public_notices_published")
        batch_op.drop_index("ix_public_notices_phase")

    op.drop_table("public_notices")
