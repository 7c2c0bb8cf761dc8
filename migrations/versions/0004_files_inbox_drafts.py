"""Versions, drafts and virus checks of files; the inbox; what was typed and not sent yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite adds a column in place when its constraints stand beside it; copying the table instead
# would lose the named checks that it has already.
FILE_COLUMNS = (
    "organisation_id INTEGER CONSTRAINT fk_stored_files_organisation_id"
    " REFERENCES organisations (id)",
    "scan VARCHAR(10) DEFAULT 'off' NOT NULL"
    " CONSTRAINT ck_stored_files_scan_known"
    " CHECK (scan IN ('off', 'pending', 'clean', 'infected'))"
    ' CONSTRAINT ck_stored_files_scan_length CHECK (length("scan") <= 10)',
    "version INTEGER DEFAULT 1 NOT NULL"
    " CONSTRAINT ck_stored_files_version_positive CHECK (version > 0)",
    "version_of INTEGER CONSTRAINT fk_stored_files_version_of REFERENCES stored_files (id)",
    "superseded_at {instant}",
    "alt VARCHAR(200) DEFAULT '' NOT NULL"
    ' CONSTRAINT ck_stored_files_alt_length CHECK (length("alt") <= 200)',
)


def upgrade() -> None:
    op.create_table(
        "form_drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=True),
        sa.Column("data_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("rivals_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("key") <= 120', name=op.f("ck_form_drafts_key_length")),
        sa.CheckConstraint("version > 0", name=op.f("ck_form_drafts_version_positive")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_form_drafts_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_form_drafts_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_drafts")),
        sa.UniqueConstraint(
            "user_id",
            "organisation_id",
            "key",
            name=op.f("uq_form_drafts_user_id_organisation_id_key"),
        ),
    )
    with op.batch_alter_table("form_drafts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_form_drafts_saved_at"), ["saved_at"], unique=False)

    op.create_table(
        "message_choices",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "mail IN ('now', 'digest', 'none')", name=op.f("ck_message_choices_mail_known")
        ),
        sa.CheckConstraint('length("kind") <= 40', name=op.f("ck_message_choices_kind_length")),
        sa.CheckConstraint('length("mail") <= 10', name=op.f("ck_message_choices_mail_length")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_message_choices_user_id")),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_message_choices")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=120), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=400), nullable=False),
        sa.Column("mail", sa.String(length=10), nullable=False),
        sa.Column("digest_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "mail IN ('now', 'digest', 'none')", name=op.f("ck_messages_mail_known")
        ),
        sa.CheckConstraint('length("cause") <= 120', name=op.f("ck_messages_cause_length")),
        sa.CheckConstraint('length("kind") <= 40', name=op.f("ck_messages_kind_length")),
        sa.CheckConstraint('length("mail") <= 10', name=op.f("ck_messages_mail_length")),
        sa.CheckConstraint('length("title") <= 200', name=op.f("ck_messages_title_length")),
        sa.CheckConstraint('length("url") <= 400', name=op.f("ck_messages_url_length")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_messages_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint(
            "user_id", "kind", "cause", name=op.f("uq_messages_user_id_kind_cause")
        ),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(
            "ix_messages_digest",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("mail = 'digest' AND digest_on IS NULL"),
            postgresql_where=sa.text("mail = 'digest' AND digest_on IS NULL"),
        )
        batch_op.create_index("ix_messages_list", ["user_id", "id"], unique=False)
        batch_op.create_index(
            "ix_messages_unread",
            ["user_id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )

    op.create_table(
        "held_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=400), nullable=False),
        sa.Column("data_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint('length("path") <= 400', name=op.f("ck_held_forms_path_length")),
        sa.CheckConstraint(
            'length("token_hash") <= 64', name=op.f("ck_held_forms_token_hash_length")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["role_grants.id"], name=op.f("fk_held_forms_grant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_held_forms_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_forms")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_held_forms_token_hash")),
    )
    with op.batch_alter_table("held_forms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_held_forms_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_held_forms_user_id"), ["user_id"], unique=False)

    instant = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    for column in FILE_COLUMNS:
        op.execute("ALTER TABLE stored_files ADD COLUMN " + column.format(instant=instant))
    op.create_index(
        "ix_stored_files_subject", "stored_files", ["subject_type", "subject_id"], unique=False
    )
    op.create_index(
        "uq_stored_files_version", "stored_files", ["version_of", "version"], unique=True
    )


def downgrade() -> None:
    op.drop_index("uq_stored_files_version", table_name="stored_files")
    op.drop_index("ix_stored_files_subject", table_name="stored_files")
    for column in FILE_COLUMNS:
        op.execute("ALTER TABLE stored_files DROP COLUMN " + column.partition(" ")[0])
    with op.batch_alter_table("held_forms", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_held_forms_user_id"))
        batch_op.drop_index(batch_op.f("ix_held_forms_expires_at"))

    op.drop_table("held_forms")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_messages_unread",
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
        batch_op.drop_index("ix_messages_list")
        batch_op.drop_index(
            "ix_messages_digest",
            sqlite_where=sa.text("mail = 'digest' AND digest_on IS NULL"),
            postgresql_where=sa.text("mail = 'digest' AND digest_on IS NULL"),
        )

    op.drop_table("messages")
    op.drop_table("message_choices")
    with op.batch_alter_table("form_drafts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_form_drafts_saved_at"))

    op.drop_table("form_drafts")
