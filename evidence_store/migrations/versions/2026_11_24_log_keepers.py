"""What keeps the custody log honest beyond the database: its export into the store, its keys one after another, and signatures of witnesses."""

from alembic import op

revision = "2026_11_24_log_keepers"
down_revision = "2026_11_24_imported_footage"

TABLES = """
CREATE TABLE log_export (
  first_index bigint PRIMARY KEY CHECK (first_index >= 0),
  size bigint NOT NULL UNIQUE CHECK (size > first_index),
  object_key text NOT NULL,
  object_version text NOT NULL,
  sha256 text NOT NULL,
  retain_until timestamptz NOT NULL,
  exported_at timestamptz NOT NULL
);

CREATE TABLE log_key (
  verifier_key text PRIMARY KEY,
  since timestamptz NOT NULL,
  from_size bigint NOT NULL CHECK (from_size >= 0),
  transition text
);

CREATE TABLE cosignature (
  id uuid PRIMARY KEY,
  checkpoint_size bigint NOT NULL REFERENCES checkpoint (size),
  witness text NOT NULL,
  line text NOT NULL,
  signed_at timestamptz NOT NULL,
  CONSTRAINT cosignature_once UNIQUE (checkpoint_size, witness)
);
"""

SEAT_BELT = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""


def upgrade() -> None:
    """Make the tables, empty and insert-only."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(TABLES)
    for table in ("log_export", "log_key", "cosignature"):
        cursor.execute(SEAT_BELT.format(table=table))
    cursor.close()
