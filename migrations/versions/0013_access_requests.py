"""Requests for access, registrations, invitations to teams; drafts of people without a place."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OPEN = sa.text("phase IN ('waiting', 'owner', 'returned')")
LIVE = sa.text("accepted_at IS NULL AND cancelled_at IS NULL")
UNPLACED = sa.text("organisation_id IS NULL")

FIRST_OF_ENTERPRISE = """
UPDATE role_grants SET leads = true WHERE id IN (
    SELECT min(id) FROM role_grants
    WHERE role = 'enterprise' AND revoked_at IS NULL GROUP BY organisation_id
)
"""


def _lengths(table: str, **limits: int) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint(f'length("{name}") <= {limit}', name=op.f(f"ck_{table}_{name}_length"))
        for name, limit in limits.items()
    ]


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_lengths("registrations", login=200, token_hash=64),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_registrations_token_hash")),
    )
    op.create_index("ix_registrations_expires_at", "registrations", ["expires_at"])
    op.create_index("ix_registrations_login", "registrations", ["login"])

    op.create_table(
        "access_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("contact_name", sa.String(length=60), nullable=False),
        sa.Column("contact_post", sa.String(length=60), nullable=False),
        sa.Column("contact_phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("past_owner", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('register', 'claim')", name=op.f("ck_access_requests_kind_known")
        ),
        sa.CheckConstraint(
            "phase IN ('waiting', 'owner', 'returned', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_access_requests_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('approved', 'owner') OR organisation_id IS NOT NULL",
            name=op.f("ck_access_requests_organisation_known"),
        ),
        sa.CheckConstraint("length(uscc) = 18", name=op.f("ck_access_requests_uscc_complete")),
        *_lengths(
            "access_requests", kind=10, uscc=18, name=120, district=12, contact_name=60,
            contact_post=60, state=40, phase=20,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"],
            name=op.f("fk_access_requests_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_access_requests_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_requests")),
    )  # fmt: skip
    op.create_index(
        "ix_access_requests_organisation", "access_requests", ["organisation_id", "phase"]
    )
    op.create_index(
        "ix_access_requests_queue", "access_requests", ["kind", "phase", "district", "state_since"]
    )
    op.create_index("ix_access_requests_user_id", "access_requests", ["user_id"])
    op.create_index(
        "uq_access_requests_open", "access_requests", ["user_id", "uscc"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip

    op.create_table(
        "team_invitations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Integer(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('enterprise', 'provider_owner', 'provider_editor', 'provider_viewer')",
            name=op.f("ck_team_invitations_role_known"),
        ),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (accepted_by IS NULL)",
            name=op.f("ck_team_invitations_accepted_by_whom"),
        ),
        sa.CheckConstraint(
            "accepted_at IS NULL OR cancelled_at IS NULL",
            name=op.f("ck_team_invitations_one_end"),
        ),
        *_lengths("team_invitations", login=200, role=20, token_hash=64),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"],
            name=op.f("fk_team_invitations_organisation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["users.id"], name=op.f("fk_team_invitations_invited_by")
        ),
        sa.ForeignKeyConstraint(
            ["accepted_by"], ["users.id"], name=op.f("fk_team_invitations_accepted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_team_invitations_token_hash")),
    )  # fmt: skip
    op.create_index("ix_team_invitations_expires_at", "team_invitations", ["expires_at"])
    op.create_index("ix_team_invitations_invited_by", "team_invitations", ["invited_by"])
    op.create_index(
        "uq_team_invitations_live", "team_invitations", ["organisation_id", "login"], unique=True,
        sqlite_where=LIVE, postgresql_where=LIVE,
    )  # fmt: skip

    op.add_column("users", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "role_grants", sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute(FIRST_OF_ENTERPRISE)
    with op.batch_alter_table("form_drafts", schema=None) as batch_op:
        batch_op.alter_column("organisation_id", existing_type=sa.Integer(), nullable=True)
    op.create_index(
        "uq_form_drafts_unplaced", "form_drafts", ["user_id", "key"], unique=True,
        sqlite_where=UNPLACED, postgresql_where=UNPLACED,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_form_drafts_unplaced", "form_drafts")
    op.execute("DELETE FROM form_drafts WHERE organisation_id IS NULL")
    with op.batch_alter_table("form_drafts", schema=None) as batch_op:
        batch_op.alter_column("organisation_id", existing_type=sa.Integer(), nullable=False)
    op.drop_column("role_grants", "leads")
    op.drop_column("users", "erased_at")
    op.drop_table("team_invitations")
    op.drop_table("access_requests")
    op.drop_table("registrations")
