"""Copies in a second store: the ledger, what was found gone, and the one way by which a clip's original gets another version id."""

from alembic import op

revision = "2026_11_24_object_copies"
down_revision = "2026_11_24_evidence_packages"

STATEMENTS = """
CREATE TABLE object_copy (
  key text NOT NULL,
  store text NOT NULL,
  clip_id uuid REFERENCES clip,
  source_version text NOT NULL,
  copy_version text NOT NULL,
  size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
  sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
  retain_until timestamptz NOT NULL,
  verified_at timestamptz NOT NULL,
  PRIMARY KEY (key, store)
);
CREATE INDEX object_copy_by_clip ON object_copy (clip_id) WHERE clip_id IS NOT NULL;

CREATE TABLE object_loss (
  id uuid PRIMARY KEY,
  store text NOT NULL CHECK (store IN ('first', 'second')),
  place text NOT NULL,
  key text NOT NULL,
  version_id text NOT NULL,
  clip_id uuid REFERENCES clip,
  reason text NOT NULL CHECK (reason IN ('missing', 'unreadable', 'altered')),
  found_at timestamptz NOT NULL,
  repaired_at timestamptz,
  repaired_version text,
  CONSTRAINT object_lost_once UNIQUE (key, version_id, store),
  CONSTRAINT object_repaired_whole CHECK ((repaired_at IS NULL) = (repaired_version IS NULL))
);
CREATE INDEX object_loss_open ON object_loss (found_at) WHERE repaired_at IS NULL;
CREATE INDEX object_loss_by_clip ON object_loss (clip_id) WHERE clip_id IS NOT NULL;

-- Everything in the first store that evidence rests on, by the version that stands for it now.
CREATE VIEW evidence_object AS
  SELECT object_key AS key, object_version AS version_id, size_bytes, sha256, retain_until, id AS clip_id, verified_at AS since
    FROM clip WHERE state IN ('verified', 'sealed', 'released')
  UNION ALL
  SELECT 'clips/' || id || '/manifest', manifest_version, NULL, NULL, retain_until, id, verified_at
    FROM clip WHERE state IN ('verified', 'sealed', 'released')
  UNION ALL
  SELECT export.object_key,
         coalesce((SELECT loss.repaired_version FROM object_loss loss
                   WHERE loss.key = export.object_key AND loss.store = 'first' AND loss.repaired_at IS NOT NULL
                   ORDER BY loss.repaired_at DESC LIMIT 1), export.object_version),
         NULL, export.sha256, export.retain_until, NULL, export.exported_at
    FROM log_export export;

-- What was stored is never exchanged: another version stands for it only after it was found gone and laid there again from its copy.
CREATE OR REPLACE FUNCTION refuse_backward_clip() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  way constant text[] := ARRAY['announced', 'uploading', 'stored', 'verified', 'sealed', 'released'];
BEGIN
  IF array_position(way, NEW.state) < array_position(way, OLD.state) THEN
    RAISE EXCEPTION 'clip_state_moves_forward';
  END IF;
  IF OLD.object_version IS NOT NULL AND (NEW.sha256, NEW.sm3, NEW.size_bytes, NEW.object_key)
      IS DISTINCT FROM (OLD.sha256, OLD.sm3, OLD.size_bytes, OLD.object_key) THEN
    RAISE EXCEPTION 'clip_original_is_fixed';
  END IF;
  IF OLD.object_version IS NOT NULL AND NEW.object_version IS DISTINCT FROM OLD.object_version AND NOT EXISTS (
      SELECT 1 FROM object_loss WHERE store = 'first' AND key = OLD.object_key AND version_id = OLD.object_version
      AND repaired_version = NEW.object_version) THEN
    RAISE EXCEPTION 'clip_original_is_fixed';
  END IF;
  RETURN NEW;
END $$;
"""


def upgrade() -> None:
    """Make the tables, empty."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
