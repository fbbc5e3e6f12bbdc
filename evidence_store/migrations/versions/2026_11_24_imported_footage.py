"""Footage from elsewhere: imports, what their sources state of each file, and how a person categorised a clip."""

from alembic import op

revision = "2026_11_24_imported_footage"
down_revision = "2026_11_24_kinds_and_marks"

STATEMENTS = """
CREATE TABLE footage_import (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  kind text NOT NULL CHECK (kind IN ('folder', 'vendor_export', 'phone', 'photographs', 'card_image')),
  received_from text NOT NULL,
  document text NOT NULL,
  opened_by uuid NOT NULL REFERENCES user_account,
  importer text NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz
);
CREATE INDEX footage_import_newest ON footage_import (agency_id, opened_at DESC);

CREATE TABLE import_statement (
  import_id uuid NOT NULL REFERENCES footage_import,
  path_sha256 bytea NOT NULL CHECK (length(path_sha256) = 32),
  stated jsonb NOT NULL,
  PRIMARY KEY (import_id, path_sha256)
);

ALTER TABLE dock ADD COLUMN import_id uuid REFERENCES footage_import;
CREATE UNIQUE INDEX dock_of_import ON dock (import_id) WHERE import_id IS NOT NULL;
ALTER TABLE session_file ADD COLUMN listed jsonb;
ALTER TABLE clip
  ADD COLUMN provenance jsonb,
  ADD COLUMN import_id uuid REFERENCES footage_import,
  ADD COLUMN category text CHECK (category IN ('case_evidence', 'enforcement', 'other', 'not_relevant'));
CREATE INDEX clip_by_import ON clip (import_id) WHERE import_id IS NOT NULL;
CREATE INDEX clip_by_size ON clip (size_bytes);
CREATE INDEX clip_by_sha256 ON clip (sha256);
"""


def upgrade() -> None:
    """Add them, empty."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
