"""Is what was kept still kept: findings, runs of comparison and re-reading, leftovers proposed for removal, and when each clip was last read."""

from alembic import op

revision = "2026_11_24_safekeeping"
down_revision = "2026_11_24_log_audits"

TABLES = """
CREATE TABLE finding (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  clip_id uuid,
  severity text NOT NULL CHECK (severity IN ('alarm', 'fault', 'notice')),
  details jsonb NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL CHECK (last_seen >= first_seen),
  resolved_at timestamptz
);
CREATE UNIQUE INDEX finding_open_once ON finding (kind, subject) WHERE resolved_at IS NULL;
CREATE INDEX finding_by_time ON finding (last_seen DESC, id DESC);
CREATE INDEX finding_by_clip ON finding (clip_id);

CREATE TABLE reconcile_run (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  clips bigint NOT NULL,
  objects bigint NOT NULL,
  new_findings bigint NOT NULL,
  open_findings bigint NOT NULL
);
CREATE INDEX reconcile_run_by_time ON reconcile_run (finished_at DESC);

CREATE TABLE removal_proposal (
  id uuid PRIMARY KEY,
  finding_id uuid NOT NULL REFERENCES finding,
  key text NOT NULL,
  version_id text,
  upload_id text,
  reason text NOT NULL,
  proposed_by uuid NOT NULL REFERENCES user_account,
  proposed_at timestamptz NOT NULL,
  confirmed_by uuid REFERENCES user_account,
  confirmed_at timestamptz,
  removed_at timestamptz,
  CONSTRAINT removal_names_one_thing CHECK ((version_id IS NULL) <> (upload_id IS NULL)),
  CONSTRAINT removal_takes_two CHECK (confirmed_by <> proposed_by),
  CONSTRAINT removal_confirmed_first CHECK (removed_at IS NULL OR confirmed_by IS NOT NULL)
);
CREATE UNIQUE INDEX removal_proposed_once ON removal_proposal (finding_id) WHERE removed_at IS NULL;

CREATE TABLE fixity_run (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  due bigint NOT NULL,
  checked bigint NOT NULL,
  failed bigint NOT NULL,
  size_bytes bigint NOT NULL,
  root text NOT NULL
);
CREATE INDEX fixity_run_by_time ON fixity_run (finished_at DESC);

CREATE TABLE fixity_check (
  clip_id uuid NOT NULL REFERENCES clip,
  checked_at timestamptz NOT NULL,
  run_id uuid NOT NULL,
  is_good boolean NOT NULL,
  found text NOT NULL,
  PRIMARY KEY (clip_id, checked_at)
);
CREATE INDEX fixity_check_by_time ON fixity_check (checked_at);

ALTER TABLE clip ADD COLUMN checked_at timestamptz;
CREATE INDEX clip_longest_unread ON clip ((coalesce(checked_at, verified_at)), id) WHERE state IN ('verified', 'sealed', 'released');
CREATE INDEX clip_in_quarantine ON clip (quarantine) WHERE quarantine IS NOT NULL;

CREATE UNLOGGED TABLE store_listing (
  key text COLLATE "C" NOT NULL,
  version_id text COLLATE "C" NOT NULL,
  size_bytes bigint NOT NULL,
  is_newest boolean NOT NULL,
  is_delete_marker boolean NOT NULL,
  written_at timestamptz NOT NULL,
  PRIMARY KEY (key, version_id)
);
"""

SEAT_BELT = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""


def upgrade() -> None:
    """Make the tables, empty; no clip was read again yet."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(TABLES)
    for table in ("reconcile_run", "fixity_run", "fixity_check"):
        cursor.execute(SEAT_BELT.format(table=table))
    cursor.close()
