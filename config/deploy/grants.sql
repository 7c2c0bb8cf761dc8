-- PostgreSQL: the application may not rewrite history, nor change tables.
-- Run once as the owner after the first migration, and again after each later one.
-- Two roles: pool_owner migrates, pool_app serves.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO pool_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO pool_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO pool_app;
REVOKE UPDATE, DELETE, TRUNCATE
  ON events, event_seals, security_events, audit_digests, programme_texts FROM pool_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM pool_app;
