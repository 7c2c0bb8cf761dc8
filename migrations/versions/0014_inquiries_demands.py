"""Enquiries to providers, and demands that providers answer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demands",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("process_links", sa.JSON(), nullable=False),
        sa.Column("budget_low_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("budget_high_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('draft', 'published', 'closed', 'taken_down')",
            name=op.f("ck_demands_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('published', 'taken_down') OR published_at IS NOT NULL",
            name=op.f("ck_demands_published_dated"),
        ),
        sa.CheckConstraint(
            "budget_low_cny >= 0 AND budget_high_cny >= budget_low_cny",
            name=op.f("ck_demands_budget_order"),
        ),
        sa.CheckConstraint('length("note") <= 500', name=op.f("ck_demands_note_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_demands_phase_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_demands_segment_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_demands_state_length")),
        sa.CheckConstraint('length("title") <= 80', name=op.f("ck_demands_title_length")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_demands_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_demands_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demands")),
    )
    with op.batch_alter_table("demands", schema=None) as batch_op:
        batch_op.create_index("ix_demands_organisation", ["organisation_id", "phase"], unique=False)
        batch_op.create_index("ix_demands_phase", ["phase", "closes_at"], unique=False)

    op.create_table(
        "demand_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("demand_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('sent', 'invited', 'refused', 'withdrawn')",
            name=op.f("ck_demand_answers_phase_known"),
        ),
        sa.CheckConstraint("days > 0", name=op.f("ck_demand_answers_days_positive")),
        sa.CheckConstraint('length("note") <= 500', name=op.f("ck_demand_answers_note_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_demand_answers_phase_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_demand_answers_state_length")),
        sa.CheckConstraint("price_cny >= 0", name=op.f("ck_demand_answers_price_positive")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_demand_answers_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["demand_id"], ["demands.id"], name=op.f("fk_demand_answers_demand_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_demand_answers_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_answers")),
        sa.UniqueConstraint(
            "demand_id", "provider_id", name=op.f("uq_demand_answers_demand_id_provider_id")
        ),
    )
    with op.batch_alter_table("demand_answers", schema=None) as batch_op:
        batch_op.create_index("ix_demand_answers_provider", ["provider_id", "phase"], unique=False)

    op.create_table(
        "inquiries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("title") <= 80', name=op.f("ck_inquiries_title_length")),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_inquiries_created_by")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_inquiries_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_inquiries_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
    )
    with op.batch_alter_table("inquiries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inquiries_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_inquiries_product_id"), ["product_id"], unique=False)

    op.create_table(
        "inquiry_parties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("inquiry_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("demand_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("last_side", sa.String(length=10), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("outcome_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome_note", sa.String(length=500), nullable=False),
        sa.Column("contact_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("contact_shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(outcome = '') = (outcome_at IS NULL)", name=op.f("ck_inquiry_parties_outcome_dated")
        ),
        sa.CheckConstraint(
            "last_side IN ('enterprise', 'provider')",
            name=op.f("ck_inquiry_parties_last_side_known"),
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'won', 'lost')", name=op.f("ck_inquiry_parties_outcome_known")
        ),
        sa.CheckConstraint(
            "phase IN ('waiting', 'overdue', 'urged', 'answered', 'declined', 'closed')",
            name=op.f("ck_inquiry_parties_phase_known"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('answered', 'declined') OR answered_at IS NOT NULL",
            name=op.f("ck_inquiry_parties_answer_dated"),
        ),
        sa.CheckConstraint(
            "phase NOT IN ('waiting', 'overdue', 'urged') OR answered_at IS NULL",
            name=op.f("ck_inquiry_parties_answer_awaited"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (minutes IS NULL)",
            name=op.f("ck_inquiry_parties_answer_timed"),
        ),
        sa.CheckConstraint(
            "(contact_encrypted IS NULL) = (contact_shown_at IS NULL)",
            name=op.f("ck_inquiry_parties_contact_dated"),
        ),
        sa.CheckConstraint(
            'length("last_side") <= 10', name=op.f("ck_inquiry_parties_last_side_length")
        ),
        sa.CheckConstraint(
            'length("outcome") <= 10', name=op.f("ck_inquiry_parties_outcome_length")
        ),
        sa.CheckConstraint(
            'length("outcome_note") <= 500', name=op.f("ck_inquiry_parties_outcome_note_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_inquiry_parties_phase_length")),
        sa.CheckConstraint(
            'length("reason") <= 500', name=op.f("ck_inquiry_parties_reason_length")
        ),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_inquiry_parties_state_length")),
        sa.CheckConstraint(
            "reply_by > sent_at", name=op.f("ck_inquiry_parties_reply_after_sending")
        ),
        sa.ForeignKeyConstraint(
            ["demand_id"], ["demands.id"], name=op.f("fk_inquiry_parties_demand_id")
        ),
        sa.ForeignKeyConstraint(
            ["inquiry_id"], ["inquiries.id"], name=op.f("fk_inquiry_parties_inquiry_id")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_inquiry_parties_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_parties")),
        sa.UniqueConstraint(
            "demand_id", "provider_id", name=op.f("uq_inquiry_parties_demand_id_provider_id")
        ),
        sa.UniqueConstraint(
            "inquiry_id", "provider_id", name=op.f("uq_inquiry_parties_inquiry_id_provider_id")
        ),
    )
    with op.batch_alter_table("inquiry_parties", schema=None) as batch_op:
        batch_op.create_index("ix_inquiry_parties_phase", ["phase", "reply_by"], unique=False)
        batch_op.create_index("ix_inquiry_parties_provider", ["provider_id", "phase"], unique=False)
        batch_op.create_index(
            "ix_inquiry_parties_running",
            ["reply_by"],
            unique=False,
            sqlite_where=sa.text("phase = 'waiting'"),
            postgresql_where=sa.text("phase = 'waiting'"),
        )

    op.create_table(
        "inquiry_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "side IN ('enterprise', 'provider')", name=op.f("ck_inquiry_messages_side_known")
        ),
        sa.CheckConstraint('length("side") <= 10', name=op.f("ck_inquiry_messages_side_length")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users.id"], name=op.f("fk_inquiry_messages_author_id")
        ),
        sa.ForeignKeyConstraint(
            ["party_id"], ["inquiry_parties.id"], name=op.f("fk_inquiry_messages_party_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_messages")),
    )
    with op.batch_alter_table("inquiry_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_inquiry_messages_party_id"), ["party_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("inquiry_messages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inquiry_messages_party_id"))

    op.drop_table("inquiry_messages")
    with op.batch_alter_table("inquiry_parties", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inquiry_parties_running",
            sqlite_where=sa.text("phase = 'waiting'"),
            postgresql_where=sa.text("phase = 'waiting'"),
        )
        batch_op.drop_index("ix_inquiry_parties_provider")
        batch_op.drop_index("ix_inquiry_parties_phase")

    op.drop_table("inquiry_parties")
    with op.batch_alter_table("inquiries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inquiries_product_id"))
        batch_op.drop_index(batch_op.f("ix_inquiries_organisation_id"))

    op.drop_table("inquiries")
    with op.batch_alter_table("demand_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_demand_answers_provider")

    op.drop_table("demand_answers")
    with op.batch_alter_table("demands", schema=None) as batch_op:
        batch_op.drop_index("ix_demands_phase")
        batch_op.drop_index("ix_demands_organisation")

    op.drop_table("demands")
