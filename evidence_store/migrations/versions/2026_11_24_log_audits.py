"""What audits of the custody log found."""

from alembic import op

revision = "2026_11_24_log_audits"
down_revision = "2026_11_24_object_copies"

TABLE = """
CREATE TABLE log_audit_run (
  id uuid PRIMARY KEY,
  finished_at timestamptz NOT NULL,
  events bigint NOT NULL CHECK (events >= 0),
  faults bigint NOT NULL CHECK (faults >= 0),
  first_faults jsonb NOT NULL
);
CREATE INDEX log_audit_run_by_time ON log_audit_run (finished_at DESC);
CREATE TRIGGER log_audit_run_insert_only BEFORE UPDATE OR DELETE ON log_audit_run FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE log_audit_run ENABLE ALWAYS TRIGGER log_audit_run_insert_only;
CREATE TRIGGER log_audit_run_not_emptied BEFORE TRUNCATE ON log_audit_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_audit_run ENABLE ALWAYS TRIGGER log_audit_run_not_emptied;
"""


def upgrade() -> None:
    """Make the table, empty and insert-only."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(TABLE)
    cursor.close()
