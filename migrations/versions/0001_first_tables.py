"""First tables, and the triggers that keep history append-only."""

# The statements name our own constant tables, nothing from outside.

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("events", "event_seals", "security_events")


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


def _add_triggers() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'history is append-only'; END $$"
        )
    for table in APPEND_ONLY:
        _forbid_changes(table)


def upgrade() -> None:
    op.create_table(
        "calendar_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("label") <= 40', name=op.f("ck_calendar_days_label_length")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("source") <= 200', name=op.f("ck_calendar_years_source_length")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=60), nullable=False),
        sa.Column("actor_role", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("from_state", sa.String(length=40), nullable=False),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("diff", sa.JSON(), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.CheckConstraint('length("action") <= 60', name=op.f("ck_events_action_length")),
        sa.CheckConstraint('length("actor_name") <= 60', name=op.f("ck_events_actor_name_length")),
        sa.CheckConstraint('length("actor_role") <= 20', name=op.f("ck_events_actor_role_length")),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_events_document_no_length")
        ),
        sa.CheckConstraint('length("from_state") <= 40', name=op.f("ck_events_from_state_length")),
        sa.CheckConstraint('length("ip") <= 45', name=op.f("ck_events_ip_length")),
        sa.CheckConstraint(
            'length("reason_code") <= 20', name=op.f("ck_events_reason_code_length")
        ),
        sa.CheckConstraint('length("request_id") <= 40', name=op.f("ck_events_request_id_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 40', name=op.f("ck_events_subject_type_length")
        ),
        sa.CheckConstraint('length("to_state") <= 40', name=op.f("ck_events_to_state_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_at"), ["at"], unique=False)
        batch_op.create_index(
            "ix_events_subject", ["subject_type", "subject_id", "id"], unique=False
        )

    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=80), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("holder") <= 80', name=op.f("ck_leases_holder_length")),
        sa.CheckConstraint('length("name") <= 40', name=op.f("ck_leases_name_length")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "login_counters",
        sa.Column("login_hash", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            'length("login_hash") <= 64', name=op.f("ck_login_counters_login_hash_length")
        ),
        sa.PrimaryKeyConstraint("login_hash", name=op.f("pk_login_counters")),
    )
    op.create_table(
        "organisations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("short_name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=True),
        sa.Column("registered_city", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("applicant_class", sa.String(length=20), nullable=False),
        sa.Column("founded_on", sa.Date(), nullable=True),
        sa.Column("headcount", sa.Integer(), nullable=True),
        sa.Column("registered_capital_cny", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("maturity_level", sa.Integer(), nullable=True),
        sa.Column("segment", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_fields", sa.JSON(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('provider', 'enterprise', 'district_office', 'lead_bureau', 'co_bureau', 'third_party')",
            name=op.f("ck_organisations_kind_known"),
        ),
        sa.CheckConstraint(
            'length("address") <= 200', name=op.f("ck_organisations_address_length")
        ),
        sa.CheckConstraint(
            'length("applicant_class") <= 20', name=op.f("ck_organisations_applicant_class_length")
        ),
        sa.CheckConstraint(
            'length("district") <= 12', name=op.f("ck_organisations_district_length")
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_organisations_kind_length")),
        sa.CheckConstraint('length("name") <= 120', name=op.f("ck_organisations_name_length")),
        sa.CheckConstraint(
            'length("registered_city") <= 40', name=op.f("ck_organisations_registered_city_length")
        ),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_organisations_segment_length")),
        sa.CheckConstraint(
            'length("short_name") <= 40', name=op.f("ck_organisations_short_name_length")
        ),
        sa.CheckConstraint('length("uscc") <= 18', name=op.f("ck_organisations_uscc_length")),
        sa.CheckConstraint("length(uscc) = 18", name=op.f("ck_organisations_uscc_complete")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("uscc", name=op.f("uq_organisations_uscc")),
    )
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisations_district"), ["district"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisations_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_organisations_name"), ["name"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint('length("key") <= 120', name=op.f("ck_outbox_key_length")),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_outbox_kind_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due", ["kind", "parked_at", "due_at"], unique=False)

    op.create_table(
        "rate_counters",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hits >= 0", name=op.f("ck_rate_counters_hits_positive")),
        sa.CheckConstraint('length("key") <= 200', name=op.f("ck_rate_counters_key_length")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_counters")),
    )
    with op.batch_alter_table("rate_counters", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_rate_counters_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("programme_hash", sa.String(length=64), nullable=False),
        sa.Column("programme_snapshot", sa.JSON(), nullable=True),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('draft', 'coming', 'open', 'review', 'publicity', 'listed', 'closed')",
            name=op.f("ck_rounds_phase_known"),
        ),
        sa.CheckConstraint('length("key") <= 40', name=op.f("ck_rounds_key_length")),
        sa.CheckConstraint('length("label") <= 80', name=op.f("ck_rounds_label_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_rounds_phase_length")),
        sa.CheckConstraint(
            'length("programme_hash") <= 64', name=op.f("ck_rounds_programme_hash_length")
        ),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_rounds_programme_id_length")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
        sa.UniqueConstraint("key", name=op.f("uq_rounds_key")),
    )
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rounds_programme_id"), ["programme_id"], unique=False)

    op.create_table(
        "security_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=20), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("object", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.CheckConstraint('length("ip") <= 45', name=op.f("ck_security_events_ip_length")),
        sa.CheckConstraint('length("kind") <= 40', name=op.f("ck_security_events_kind_length")),
        sa.CheckConstraint(
            'length("object") <= 120', name=op.f("ck_security_events_object_length")
        ),
        sa.CheckConstraint(
            'length("request_id") <= 40', name=op.f("ck_security_events_request_id_length")
        ),
        sa.CheckConstraint('length("result") <= 20', name=op.f("ck_security_events_result_length")),
        sa.CheckConstraint('length("role") <= 20', name=op.f("ck_security_events_role_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_events")),
    )
    with op.batch_alter_table("security_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_security_events_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_security_events_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_security_events_user_id"), ["user_id"], unique=False)

    op.create_table(
        "terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("short_name", sa.String(length=40), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("sort", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("code") <= 60', name=op.f("ck_terms_code_length")),
        sa.CheckConstraint('length("kind") <= 30', name=op.f("ck_terms_kind_length")),
        sa.CheckConstraint('length("name") <= 120', name=op.f("ck_terms_name_length")),
        sa.CheckConstraint('length("short_name") <= 40', name=op.f("ck_terms_short_name_length")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_terms_kind_code")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_secret_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("preferences", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("login") <= 200', name=op.f("ck_users_login_length")),
        sa.CheckConstraint('length("name") <= 60', name=op.f("ck_users_name_length")),
        sa.CheckConstraint(
            'length("password_hash") <= 200', name=op.f("ck_users_password_hash_length")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "affiliations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("affiliate_id", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=20), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "relation IN ('branch', 'parent', 'same_subject')",
            name=op.f("ck_affiliations_relation_known"),
        ),
        sa.CheckConstraint(
            'length("relation") <= 20', name=op.f("ck_affiliations_relation_length")
        ),
        sa.CheckConstraint(
            "organisation_id <> affiliate_id", name=op.f("ck_affiliations_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["affiliate_id"], ["organisations.id"], name=op.f("fk_affiliations_affiliate_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_affiliations_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affiliations")),
        sa.UniqueConstraint(
            "organisation_id",
            "affiliate_id",
            name=op.f("uq_affiliations_organisation_id_affiliate_id"),
        ),
    )
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_affiliations_affiliate_id"), ["affiliate_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_affiliations_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "event_seals",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            'length("algorithm") <= 20', name=op.f("ck_event_seals_algorithm_length")
        ),
        sa.CheckConstraint('length("hash") <= 64', name=op.f("ck_event_seals_hash_length")),
        sa.CheckConstraint('length("prev") <= 64', name=op.f("ck_event_seals_prev_length")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_seals_event_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event_seals")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_seals_event_id")),
    )
    op.create_table(
        "import_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("invalid_rows", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("actor_role", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('checking', 'staged', 'refused', 'applying', 'done')",
            name=op.f("ck_import_jobs_phase_known"),
        ),
        sa.CheckConstraint(
            'length("actor_role") <= 20', name=op.f("ck_import_jobs_actor_role_length")
        ),
        sa.CheckConstraint(
            'length("file_name") <= 200', name=op.f("ck_import_jobs_file_name_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_import_jobs_phase_length")),
        sa.CheckConstraint('length("sha256") <= 64', name=op.f("ck_import_jobs_sha256_length")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["users.id"], name=op.f("fk_import_jobs_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_jobs")),
    )
    with op.batch_alter_table("import_jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_jobs_sha256"), ["sha256"], unique=False)

    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('reset', 'invite', 'first_admin', 'email_change')",
            name=op.f("ck_one_time_links_kind_known"),
        ),
        sa.CheckConstraint('length("kind") <= 20', name=op.f("ck_one_time_links_kind_length")),
        sa.CheckConstraint(
            'length("token_hash") <= 64', name=op.f("ck_one_time_links_token_hash_length")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_links_token_hash")),
    )
    with op.batch_alter_table("one_time_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_links_user_id"), ["user_id"], unique=False)

    op.create_table(
        "password_history",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("password_hash") <= 200', name=op.f("ck_password_history_password_hash_length")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_password_history_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_history")),
    )
    with op.batch_alter_table("password_history", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_history_user_id"), ["user_id"], unique=False)

    op.create_table(
        "providers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("intro", sa.Text(), nullable=False),
        sa.Column("strengths", sa.JSON(), nullable=False),
        sa.Column("service_areas", sa.JSON(), nullable=False),
        sa.Column("process_links", sa.JSON(), nullable=False),
        sa.Column("qualifications", sa.JSON(), nullable=False),
        sa.Column("honours", sa.JSON(), nullable=False),
        sa.Column("local_headcount", sa.Integer(), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("contact_role", sa.String(length=40), nullable=False),
        sa.Column("contact_phone_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_fields", sa.JSON(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            'length("contact_role") <= 40', name=op.f("ck_providers_contact_role_length")
        ),
        sa.CheckConstraint('length("website") <= 200', name=op.f("ck_providers_website_length")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_providers_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_providers_organisation_id")),
    )
    op.create_table(
        "quotas",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("cell", sa.String(length=80), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("dims", sa.JSON(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("cap", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cap IS NULL OR minimum IS NULL OR minimum <= cap", name=op.f("ck_quotas_min_below_cap")
        ),
        sa.CheckConstraint("cap IS NULL OR used + held <= cap", name=op.f("ck_quotas_within_cap")),
        sa.CheckConstraint('length("cell") <= 80', name=op.f("ck_quotas_cell_length")),
        sa.CheckConstraint('length("label") <= 120', name=op.f("ck_quotas_label_length")),
        sa.CheckConstraint("used >= 0 AND held >= 0", name=op.f("ck_quotas_counts_positive")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_quotas_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotas")),
        sa.UniqueConstraint("round_id", "cell", name=op.f("uq_quotas_round_id_cell")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            'length("code_hash") <= 64', name=op.f("ck_recovery_codes_code_hash_length")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
    )
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_user_id"), ["user_id"], unique=False)

    op.create_table(
        "role_grants",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('enterprise', 'provider_owner', 'provider_editor', 'provider_viewer', 'district_reviewer', 'city_officer', 'city_leader', 'cosigner', 'expert', 'third_party', 'auditor', 'admin_users', 'admin_security')",
            name=op.f("ck_role_grants_role_known"),
        ),
        sa.CheckConstraint('length("role") <= 20', name=op.f("ck_role_grants_role_length")),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["users.id"], name=op.f("fk_role_grants_granted_by")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_role_grants_organisation_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_role_grants_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grants")),
    )
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_role_grants_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_role_grants_user_id"), ["user_id"], unique=False)
        batch_op.create_index(
            "uq_role_grants_live",
            ["user_id", "role", "organisation_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )

    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject_type", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_by", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("media_type") <= 100', name=op.f("ck_stored_files_media_type_length")
        ),
        sa.CheckConstraint('length("name") <= 200', name=op.f("ck_stored_files_name_length")),
        sa.CheckConstraint('length("purpose") <= 40', name=op.f("ck_stored_files_purpose_length")),
        sa.CheckConstraint('length("sha256") <= 64', name=op.f("ck_stored_files_sha256_length")),
        sa.CheckConstraint(
            'length("subject_type") <= 40', name=op.f("ck_stored_files_subject_type_length")
        ),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_files_size_positive")),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["users.id"], name=op.f("fk_stored_files_uploaded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stored_files_sha256"), ["sha256"], unique=False)

    op.create_table(
        "candidacies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("quota_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Numeric(precision=6, scale=2), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("publicity_from", sa.Date(), nullable=True),
        sa.Column("publicity_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "phase IN ('decision', 'publicity', 'reserve', 'closed')",
            name=op.f("ck_candidacies_phase_known"),
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_candidacies_phase_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_candidacies_segment_length")),
        sa.CheckConstraint('length("type") <= 20', name=op.f("ck_candidacies_type_length")),
        sa.CheckConstraint("rank > 0", name=op.f("ck_candidacies_rank_positive")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_candidacies_provider_id")
        ),
        sa.ForeignKeyConstraint(["quota_id"], ["quotas.id"], name=op.f("fk_candidacies_quota_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_candidacies_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidacies")),
        sa.UniqueConstraint(
            "round_id",
            "provider_id",
            "type",
            "segment",
            name=op.f("uq_candidacies_round_id_provider_id_type_segment"),
        ),
    )
    with op.batch_alter_table("candidacies", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_candidacies_provider_id"), ["provider_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_candidacies_quota_id"), ["quota_id"], unique=False)

    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=12), nullable=True),
        sa.Column("client_name", sa.String(length=120), nullable=False),
        sa.Column("client_anonymous", sa.Boolean(), nullable=False),
        sa.Column("client_consent", sa.Boolean(), nullable=False),
        sa.Column("client_size", sa.String(length=20), nullable=False),
        sa.Column("process_links", sa.JSON(), nullable=False),
        sa.Column("scenes", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("product_names", sa.JSON(), nullable=False),
        sa.Column("background", sa.Text(), nullable=False),
        sa.Column("pains", sa.Text(), nullable=False),
        sa.Column("solution", sa.Text(), nullable=False),
        sa.Column("process_text", sa.Text(), nullable=False),
        sa.Column("replicability", sa.Text(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("finish_on", sa.Date(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("investment_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("level_before", sa.Integer(), nullable=True),
        sa.Column("level_after", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_fields", sa.JSON(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.String(), nullable=True),
        sa.CheckConstraint("finish_on >= start_on", name=op.f("ck_cases_finish_after_start")),
        sa.CheckConstraint(
            'length("client_name") <= 120', name=op.f("ck_cases_client_name_length")
        ),
        sa.CheckConstraint('length("client_size") <= 20', name=op.f("ck_cases_client_size_length")),
        sa.CheckConstraint('length("district") <= 12', name=op.f("ck_cases_district_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_cases_segment_length")),
        sa.CheckConstraint('length("title") <= 120', name=op.f("ck_cases_title_length")),
        sa.CheckConstraint("year BETWEEN 2000 AND 2100", name=op.f("ck_cases_year_plausible")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_cases_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint(
            "provider_id", "title", "year", name=op.f("uq_cases_provider_id_title_year")
        ),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cases_provider_id"), ["provider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_segment"), ["segment"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_year"), ["year"], unique=False)

    op.create_table(
        "import_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=18), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "phase IN ('valid', 'invalid', 'applied', 'unchanged', 'failed')",
            name=op.f("ck_import_rows_phase_known"),
        ),
        sa.CheckConstraint('length("key") <= 300', name=op.f("ck_import_rows_key_length")),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_import_rows_phase_length")),
        sa.CheckConstraint('length("sheet") <= 20', name=op.f("ck_import_rows_sheet_length")),
        sa.CheckConstraint('length("unit") <= 18', name=op.f("ck_import_rows_unit_length")),
        sa.ForeignKeyConstraint(["job_id"], ["import_jobs.id"], name=op.f("fk_import_rows_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index("ix_import_rows_place", ["job_id", "sheet", "number"], unique=True)
        batch_op.create_index("ix_import_rows_unit", ["job_id", "unit", "phase"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("quota_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("chain_mode", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("state_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("rectify_by", sa.Date(), nullable=True),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("public_reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(phase = 'exited') = (exited_on IS NOT NULL)", name=op.f("ck_memberships_exit_dated")
        ),
        sa.CheckConstraint(
            "phase IN ('listed', 'warned', 'rectifying', 'suspended', 'exited')",
            name=op.f("ck_memberships_phase_known"),
        ),
        sa.CheckConstraint(
            'length("chain_mode") <= 20', name=op.f("ck_memberships_chain_mode_length")
        ),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_memberships_document_no_length")
        ),
        sa.CheckConstraint('length("phase") <= 20', name=op.f("ck_memberships_phase_length")),
        sa.CheckConstraint(
            'length("reason_code") <= 20', name=op.f("ck_memberships_reason_code_length")
        ),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_memberships_segment_length")),
        sa.CheckConstraint('length("state") <= 40', name=op.f("ck_memberships_state_length")),
        sa.CheckConstraint('length("type") <= 20', name=op.f("ck_memberships_type_length")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= listed_on",
            name=op.f("ck_memberships_validity_order"),
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_memberships_provider_id")
        ),
        sa.ForeignKeyConstraint(["quota_id"], ["quotas.id"], name=op.f("fk_memberships_quota_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_memberships_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
    )
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_index(
            "ix_memberships_cell", ["round_id", "segment", "type", "phase"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_memberships_provider_id"), ["provider_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_memberships_quota_id"), ["quota_id"], unique=False)
        batch_op.create_index(
            "uq_memberships_live",
            ["provider_id", "type", "segment"],
            unique=True,
            sqlite_where=sa.text("phase IN ('listed', 'warned', 'rectifying', 'suspended')"),
            postgresql_where=sa.text("phase IN ('listed', 'warned', 'rectifying', 'suspended')"),
        )

    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("degree", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.Column("is_local", sa.Boolean(), nullable=False),
        sa.Column("years", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('length("degree") <= 20', name=op.f("ck_people_degree_length")),
        sa.CheckConstraint('length("name") <= 60', name=op.f("ck_people_name_length")),
        sa.CheckConstraint('length("role") <= 60', name=op.f("ck_people_role_length")),
        sa.CheckConstraint('length("title") <= 60', name=op.f("ck_people_title_length")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_people_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("provider_id", "name", name=op.f("uq_people_provider_id_name")),
    )
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_people_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "products",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("release", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.Column("process_links", sa.JSON(), nullable=False),
        sa.Column("scenes", sa.JSON(), nullable=False),
        sa.Column("summary", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("modules_common", sa.JSON(), nullable=False),
        sa.Column("modules_custom", sa.JSON(), nullable=False),
        sa.Column("deployment", sa.JSON(), nullable=False),
        sa.Column("interfaces", sa.JSON(), nullable=False),
        sa.Column("suited_sizes", sa.JSON(), nullable=False),
        sa.Column("prerequisites", sa.Text(), nullable=False),
        sa.Column("pricing_model", sa.String(length=20), nullable=False),
        sa.Column("list_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("pilot_price_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("price_unit", sa.String(length=20), nullable=False),
        sa.Column("annual_fee_cny", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("price_valid_until", sa.Date(), nullable=True),
        sa.Column("typical_days", sa.Integer(), nullable=True),
        sa.Column("on_site_days", sa.Integer(), nullable=True),
        sa.Column("after_sales", sa.String(length=200), nullable=False),
        sa.Column("ip_no", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_fields", sa.JSON(), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            'length("after_sales") <= 200', name=op.f("ck_products_after_sales_length")
        ),
        sa.CheckConstraint('length("category") <= 20', name=op.f("ck_products_category_length")),
        sa.CheckConstraint('length("ip_no") <= 60', name=op.f("ck_products_ip_no_length")),
        sa.CheckConstraint('length("name") <= 80', name=op.f("ck_products_name_length")),
        sa.CheckConstraint(
            'length("price_unit") <= 20', name=op.f("ck_products_price_unit_length")
        ),
        sa.CheckConstraint(
            'length("pricing_model") <= 20', name=op.f("ck_products_pricing_model_length")
        ),
        sa.CheckConstraint('length("release") <= 20', name=op.f("ck_products_release_length")),
        sa.CheckConstraint('length("summary") <= 200', name=op.f("ck_products_summary_length")),
        sa.CheckConstraint(
            "pilot_price_cny >= 0 AND list_price_cny >= 0", name=op.f("ck_products_prices_positive")
        ),
        sa.CheckConstraint("typical_days > 0", name=op.f("ck_products_days_positive")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_products_provider_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint(
            "provider_id", "name", "release", name=op.f("uq_products_provider_id_name_release")
        ),
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_products_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "user_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("grant_id", sa.Integer(), nullable=True),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=40), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint('length("agent") <= 200', name=op.f("ck_user_sessions_agent_length")),
        sa.CheckConstraint(
            'length("ended_reason") <= 40', name=op.f("ck_user_sessions_ended_reason_length")
        ),
        sa.CheckConstraint('length("ip") <= 45', name=op.f("ck_user_sessions_ip_length")),
        sa.CheckConstraint(
            'length("token_hash") <= 64', name=op.f("ck_user_sessions_token_hash_length")
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["role_grants.id"], name=op.f("fk_user_sessions_grant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
    )
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "waivers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("segment", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_no", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("document_no") <= 60', name=op.f("ck_waivers_document_no_length")
        ),
        sa.CheckConstraint('length("rule") <= 40', name=op.f("ck_waivers_rule_length")),
        sa.CheckConstraint('length("segment") <= 40', name=op.f("ck_waivers_segment_length")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_waivers_provider_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_waivers_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waivers")),
        sa.UniqueConstraint(
            "provider_id",
            "round_id",
            "rule",
            "segment",
            name=op.f("uq_waivers_provider_id_round_id_rule_segment"),
        ),
    )
    with op.batch_alter_table("waivers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waivers_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "bans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(length=60), nullable=False),
        sa.Column("reason_code", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            'length("programme_id") <= 60', name=op.f("ck_bans_programme_id_length")
        ),
        sa.CheckConstraint('length("reason_code") <= 20', name=op.f("ck_bans_reason_code_length")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_bans_order")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["memberships.id"], name=op.f("fk_bans_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_bans_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bans")),
    )
    with op.batch_alter_table("bans", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bans_organisation_id"), ["organisation_id"], unique=False
        )

    _add_triggers()


def downgrade() -> None:
    with op.batch_alter_table("bans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bans_organisation_id"))

    op.drop_table("bans")
    with op.batch_alter_table("waivers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waivers_provider_id"))

    op.drop_table("waivers")
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_sessions_user_id"))

    op.drop_table("user_sessions")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_products_provider_id"))

    op.drop_table("products")
    with op.batch_alter_table("people", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_people_provider_id"))

    op.drop_table("people")
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_memberships_live",
            sqlite_where=sa.text("phase IN ('listed', 'warned', 'rectifying', 'suspended')"),
            postgresql_where=sa.text("phase IN ('listed', 'warned', 'rectifying', 'suspended')"),
        )
        batch_op.drop_index(batch_op.f("ix_memberships_quota_id"))
        batch_op.drop_index(batch_op.f("ix_memberships_provider_id"))
        batch_op.drop_index("ix_memberships_cell")

    op.drop_table("memberships")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_import_rows_unit")
        batch_op.drop_index("ix_import_rows_place")

    op.drop_table("import_rows")
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cases_year"))
        batch_op.drop_index(batch_op.f("ix_cases_segment"))
        batch_op.drop_index(batch_op.f("ix_cases_provider_id"))

    op.drop_table("cases")
    with op.batch_alter_table("candidacies", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_candidacies_quota_id"))
        batch_op.drop_index(batch_op.f("ix_candidacies_provider_id"))

    op.drop_table("candidacies")
    with op.batch_alter_table("stored_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stored_files_sha256"))

    op.drop_table("stored_files")
    with op.batch_alter_table("role_grants", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_role_grants_live",
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_role_grants_user_id"))
        batch_op.drop_index(batch_op.f("ix_role_grants_organisation_id"))

    op.drop_table("role_grants")
    with op.batch_alter_table("recovery_codes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_recovery_codes_user_id"))

    op.drop_table("recovery_codes")
    op.drop_table("quotas")
    op.drop_table("providers")
    with op.batch_alter_table("password_history", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_password_history_user_id"))

    op.drop_table("password_history")
    with op.batch_alter_table("one_time_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_one_time_links_user_id"))

    op.drop_table("one_time_links")
    with op.batch_alter_table("import_jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_import_jobs_sha256"))

    op.drop_table("import_jobs")
    op.drop_table("event_seals")
    with op.batch_alter_table("affiliations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_affiliations_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_affiliations_affiliate_id"))

    op.drop_table("affiliations")
    op.drop_table("users")
    op.drop_table("terms")
    with op.batch_alter_table("security_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_security_events_user_id"))
        batch_op.drop_index(batch_op.f("ix_security_events_kind"))
        batch_op.drop_index(batch_op.f("ix_security_events_at"))

    op.drop_table("security_events")
    with op.batch_alter_table("rounds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rounds_programme_id"))

    op.drop_table("rounds")
    with op.batch_alter_table("rate_counters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rate_counters_expires_at"))

    op.drop_table("rate_counters")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_due")

    op.drop_table("outbox")
    with op.batch_alter_table("organisations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organisations_name"))
        batch_op.drop_index(batch_op.f("ix_organisations_kind"))
        batch_op.drop_index(batch_op.f("ix_organisations_district"))

    op.drop_table("organisations")
    op.drop_table("login_counters")
    op.drop_table("leases")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index("ix_events_subject")
        batch_op.drop_index(batch_op.f("ix_events_at"))
        batch_op.drop_index(batch_op.f("ix_events_actor_id"))
        batch_op.drop_index(batch_op.f("ix_events_action"))

    op.drop_table("events")
    op.drop_table("calendar_years")
    op.drop_table("calendar_days")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_history_change()")
