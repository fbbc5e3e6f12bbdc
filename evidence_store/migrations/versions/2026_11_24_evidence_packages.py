"""Packages of evidence that were handed over: whose, to whom, with which clips, and the files that were made for each."""

from alembic import op

revision = "2026_11_24_evidence_packages"
down_revision = "2026_11_24_log_keepers"

STATEMENTS = """
CREATE TABLE evidence_package (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  case_id uuid REFERENCES evidence_case,
  recipient text NOT NULL,
  purpose text NOT NULL,
  made_by uuid NOT NULL REFERENCES user_account,
  maker text NOT NULL,
  made_at timestamptz NOT NULL,
  clip_count bigint NOT NULL CHECK (clip_count > 0),
  size_bytes bigint NOT NULL,
  contents_sha256 text NOT NULL CHECK (contents_sha256 ~ '^[0-9a-f]{64}$')
);
CREATE INDEX evidence_package_newest ON evidence_package (agency_id, made_at DESC);
CREATE INDEX evidence_package_by_case ON evidence_package (case_id) WHERE case_id IS NOT NULL;

CREATE TABLE evidence_package_clip (
  package_id uuid NOT NULL REFERENCES evidence_package,
  clip_id uuid NOT NULL REFERENCES clip,
  events bigint NOT NULL CHECK (events > 0),
  facts jsonb NOT NULL,
  PRIMARY KEY (package_id, clip_id)
);
CREATE INDEX evidence_package_clip_by_clip ON evidence_package_clip (clip_id);

CREATE TABLE evidence_package_file (
  sha256 text PRIMARY KEY CHECK (sha256 = encode(sha256(content), 'hex')),
  content bytea NOT NULL
);

CREATE TABLE evidence_package_seal (
  package_id uuid PRIMARY KEY REFERENCES evidence_package,
  checkpoint_size bigint NOT NULL REFERENCES checkpoint,
  software text NOT NULL,
  files jsonb NOT NULL,
  tokens jsonb NOT NULL,
  sealed_at timestamptz NOT NULL
);
"""

SEAT_BELT = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""


def upgrade() -> None:
    """Make the tables, empty; nothing in them is ever changed."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    for table in ("evidence_package", "evidence_package_clip", "evidence_package_file", "evidence_package_seal"):
        cursor.execute(SEAT_BELT.format(table=table))
    cursor.close()
