"""Daily digests of the history, texts of programmes by hash, and indexes for the event log."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_digests", "programme_texts")


def _forbid_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change()"
    )


def upgrade() -> None:
    op.create_table(
        "audit_digests",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_audit_digests_seq_positive")),
        *(
            sa.CheckConstraint(
                f'length("{name}") <= {length}', name=op.f(f"ck_audit_digests_{name}_length")
            )
            for name, length in (
                ("head", 64),
                ("prev", 64),
                ("digest", 64),
                ("public_key", 64),
                ("signature", 128),
            )
        ),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_digests")),
    )
    op.create_table(
        "programme_texts",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("snapshot", sa.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("hash") <= 64', name=op.f("ck_programme_texts_hash_length")),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_programme_texts_programme_id_length")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_programme_texts")),
    )
    # What rounds have pinned so far; texts that an amendment replaced before are gone.
    op.execute(
        "INSERT INTO programme_texts (hash, programme_id, snapshot, kept_at) "
        "SELECT programme_hash, programme_id, programme_snapshot, created_at FROM rounds "
        "WHERE id IN (SELECT min(id) FROM rounds GROUP BY programme_hash)"
    )
    for table in APPEND_ONLY:
        _forbid_changes(table)
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_action"))
        batch_op.create_index("ix_events_action_at", ["action", "at"], unique=False)
        batch_op.create_index("ix_events_kind_at", ["subject_type", "at"], unique=False)
        batch_op.create_index("ix_events_name_at", ["actor_name", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_name_at")
        batch_op.drop_index("ix_events_kind_at")
        batch_op.drop_index("ix_events_action_at")
        batch_op.create_index(batch_op.f("ix_events_action"), ["action"], unique=False)
    op.drop_table("programme_texts")
    op.drop_table("audit_digests")
