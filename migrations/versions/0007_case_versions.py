"""Versions of cases, and the consent of their clients."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("previous_id", sa.Integer(), nullable=True),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("client_name", sa.String(length=120), nullable=False),
        sa.Column("client_uscc", sa.String(length=18), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase <> 'published' OR case_id IS NOT NULL",
            name=op.f("ck_case_versions_published_somewhere"),
        ),
        sa.CheckConstraint(
            "phase IN ('draft', 'consent', 'check', 'published', 'returned', 'replaced', 'withdrawn', 'discarded')",
            name=op.f("ck_case_versions_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('check', 'published') OR sent_at IS NOT NULL",
            name=op.f("ck_case_versions_sent_dated"),
        ),
        sa.CheckConstraint(
            'length("client_name") <= 120', name=op.f("ck_case_versions_client_name_length")
        ),
        sa.CheckConstraint(
            'length("client_uscc") <= 18', name=op.f("ck_case_versions_client_uscc_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_case_versions_phase_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_case_versions_segment_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_case_versions_state_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_case_versions_title_length")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_versions_case_id")),
        sa.ForeignKeyConstraint(
            ["previous_id"], ["case_versions.id"], name=op.f("fk_case_versions_previous_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_case_versions_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_versions")),
    )
    with op.batch_alter_table("case_versions", schema=None) as batch_op:
        batch_op.create_index("ix_case_versions_case", ["case_id", "phase"], unique=False)
        batch_op.create_index("ix_case_versions_client", ["client_uscc"], unique=False)
        batch_op.create_index("ix_case_versions_phase", ["phase", "state_since"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_case_versions_previous_id"), ["previous_id"], unique=False
        )
        batch_op.create_index("ix_case_versions_provider", ["provider_id", "phase"], unique=False)
        batch_op.create_index(
            "uq_case_versions_open",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("phase IN ('draft', 'consent', 'check', 'returned')"),
            postgresql_where=sa.text("phase IN ('draft', 'consent', 'check', 'returned')"),
        )
        batch_op.create_index(
            "uq_case_versions_published",
            ["case_id"],
            unique=True,
            sqlite_where=sa.text("phase = 'published'"),
            postgresql_where=sa.text("phase = 'published'"),
        )

    op.create_table(
        "case_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_version_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=10), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signer", sa.String(length=60), nullable=False),
        sa.Column("signer_post", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(answer = '') = (answered_at IS NULL)", name=op.f("ck_case_consents_answer_dated")
        ),
        sa.CheckConstraint(
            "answer IN ('', 'given', 'refused')", name=op.f("ck_case_consents_answer_known")
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR answer = 'given'",
            name=op.f("ck_case_consents_withdrawn_was_given"),
        ),
        sa.CheckConstraint('length("answer") <= 10', name=op.f("ck_case_consents_answer_length")),
        sa.CheckConstraint(
            'length("contact") <= 200', name=op.f("ck_case_consents_contact_length")
        ),
        sa.CheckConstraint(
            'length("content_sha256") <= 64', name=op.f("ck_case_consents_content_sha256_length")
        ),
        sa.CheckConstraint('length("signer") <= 60', name=op.f("ck_case_consents_signer_length")),
        sa.CheckConstraint(
            'length("signer_post") <= 60', name=op.f("ck_case_consents_signer_post_length")
        ),
        sa.CheckConstraint(
            'length("token_hash") <= 64', name=op.f("ck_case_consents_token_hash_length")
        ),
        sa.ForeignKeyConstraint(
            ["case_version_id"], ["case_versions.id"], name=op.f("fk_case_consents_case_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_consents")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_case_consents_token_hash")),
    )
    with op.batch_alter_table("case_consents", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_case_consents_case_version_id"), ["case_version_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("case_consents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_consents_case_version_id"))

    op.drop_table("case_consents")
    with op.batch_alter_table("case_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_case_versions_published",
            sqlite_where=sa.text("phase = 'published'"),
            postgresql_where=sa.text("phase = 'published'"),
        )
        batch_op.drop_index(
            "uq_case_versions_open",
            sqlite_where=sa.text("phase IN ('draft', 'consent', 'check', 'returned')"),
            postgresql_where=sa.text("phase IN ('draft', 'consent', 'check', 'returned')"),
        )
        batch_op.drop_index("ix_case_versions_provider")
        batch_op.drop_index(batch_op.f("ix_case_versions_previous_id"))
        batch_op.drop_index("ix_case_versions_phase")
        batch_op.drop_index("ix_case_versions_client")
        batch_op.drop_index("ix_case_versions_case")

    op.drop_table("case_versions")
