"""The first tables: roster, docks, clips, custody log, cases, accounts, and the job queue's own."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "2026_11_24_first_tables"
down_revision = None

ROSTER = """
CREATE TABLE agency (
  id uuid PRIMARY KEY,
  code text NOT NULL CONSTRAINT agency_code_once UNIQUE CHECK (code ~ '^[^/]{1,32}$'),
  name text NOT NULL,
  level text NOT NULL CHECK (level IN ('ministry', 'province', 'city', 'county', 'station')),
  parent_id uuid REFERENCES agency,
  path text NOT NULL CONSTRAINT agency_path_once UNIQUE
);
CREATE INDEX agency_path_prefix ON agency (path text_pattern_ops);

CREATE TABLE officer (
  id uuid PRIMARY KEY,
  code text NOT NULL CONSTRAINT officer_code_once UNIQUE,
  name text NOT NULL
);

CREATE TABLE officer_post (
  id uuid PRIMARY KEY,
  officer_id uuid NOT NULL REFERENCES officer,
  agency_id uuid NOT NULL REFERENCES agency,
  is_front_line boolean NOT NULL,
  is_on_duty boolean NOT NULL,
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
CREATE INDEX officer_post_by_officer ON officer_post (officer_id, valid_from);
CREATE INDEX officer_post_by_agency ON officer_post (agency_id);

CREATE TABLE certificate (
  id uuid PRIMARY KEY,
  officer_id uuid NOT NULL REFERENCES officer,
  number text NOT NULL CONSTRAINT certificate_number_once UNIQUE,
  valid_from date NOT NULL,
  valid_until date NOT NULL CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
CREATE INDEX certificate_by_officer ON certificate (officer_id);

CREATE TABLE certificate_status (
  id uuid PRIMARY KEY,
  certificate_id uuid NOT NULL REFERENCES certificate,
  state text NOT NULL CHECK (state IN ('valid', 'suspended', 'withdrawn', 'cancelled')),
  since date NOT NULL,
  reason text NOT NULL,
  document_number text NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX certificate_status_by_certificate ON certificate_status (certificate_id, since, recorded_at);

CREATE TABLE recorder (
  id uuid PRIMARY KEY,
  serial text NOT NULL CONSTRAINT recorder_serial_once UNIQUE,
  model text NOT NULL,
  agency_id uuid NOT NULL REFERENCES agency,
  registered_at timestamptz NOT NULL
);

CREATE TABLE recorder_status (
  id uuid PRIMARY KEY,
  recorder_id uuid NOT NULL REFERENCES recorder,
  state text NOT NULL CHECK (state IN ('ordered', 'delivered', 'in_service', 'in_repair', 'lost', 'sealed', 'scrapped')),
  since date NOT NULL,
  recorded_at timestamptz NOT NULL
);
CREATE INDEX recorder_status_by_recorder ON recorder_status (recorder_id, since, recorded_at);

CREATE TABLE assignment (
  id uuid PRIMARY KEY,
  recorder_id uuid NOT NULL REFERENCES recorder,
  officer_id uuid NOT NULL REFERENCES officer,
  is_exclusive boolean NOT NULL,
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
CREATE INDEX assignment_by_recorder ON assignment (recorder_id, valid_from);
CREATE INDEX assignment_by_officer ON assignment (officer_id, valid_from);

-- An exclusive assignment shares no day of its recorder with any other; an officer holds one post a day. The server carries no btree_gist, so a
-- trigger checks under a lock that stands for the recorder or officer (one of 1,024, so that a large import does not use up the lock table);
-- two writers wait for each other.
CREATE FUNCTION refuse_overlapping_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(1, hashtext(NEW.recorder_id::text) & 1023);
  IF EXISTS (
    SELECT 1 FROM assignment other
    WHERE other.recorder_id = NEW.recorder_id AND other.id <> NEW.id AND (other.is_exclusive OR NEW.is_exclusive)
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'assignment_without_overlap';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER assignment_without_overlap BEFORE INSERT OR UPDATE ON assignment
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_assignment();

CREATE FUNCTION refuse_overlapping_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(2, hashtext(NEW.officer_id::text) & 1023);
  IF EXISTS (
    SELECT 1 FROM officer_post other
    WHERE other.officer_id = NEW.officer_id AND other.id <> NEW.id
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'officer_post_without_overlap';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER officer_post_without_overlap BEFORE INSERT OR UPDATE ON officer_post
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_post();
"""

ACCOUNTS = """
CREATE TABLE user_account (
  id uuid PRIMARY KEY,
  username text NOT NULL CONSTRAINT user_account_username_once UNIQUE,
  password_hash text NOT NULL,
  role text NOT NULL CHECK (role IN ('duty_officer', 'reviewer', 'administrator')),
  agency_id uuid NOT NULL REFERENCES agency,
  officer_id uuid REFERENCES officer,
  is_disabled boolean NOT NULL,
  failed_sign_ins bigint NOT NULL,
  locked_until timestamptz,
  created_at timestamptz NOT NULL,
  CONSTRAINT duty_officer_is_an_officer CHECK (role <> 'duty_officer' OR officer_id IS NOT NULL)
);

CREATE TABLE access_token (
  token_sha256 bytea PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES user_account,
  issued_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX access_token_by_user ON access_token (user_id);
"""

CLIPS = """
CREATE TABLE dock (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  agency_id uuid NOT NULL REFERENCES agency,
  token_sha256 bytea NOT NULL CONSTRAINT dock_token_once UNIQUE,
  keep_on_recorder boolean NOT NULL,
  is_demo boolean NOT NULL,
  created_at timestamptz NOT NULL,
  disabled_at timestamptz
);

CREATE TABLE dock_session (
  id uuid PRIMARY KEY,
  dock_id uuid NOT NULL REFERENCES dock,
  recorder_id uuid REFERENCES recorder,
  slot text NOT NULL,
  software text NOT NULL,
  protocol bigint NOT NULL,
  identity jsonb NOT NULL,
  clock jsonb,
  opened_at timestamptz NOT NULL,
  listed_at timestamptz,
  listing_sha256 text,
  listing_complete boolean,
  listing_failure text,
  file_count bigint,
  ended_at timestamptz,
  outcome text CHECK (outcome IN ('finished', 'unplugged', 'failed', 'lost')),
  progress jsonb,
  progress_at timestamptz
);
CREATE INDEX dock_session_by_time ON dock_session (opened_at DESC);
CREATE INDEX dock_session_by_recorder ON dock_session (recorder_id, opened_at DESC);

CREATE TABLE clip (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  dock_id uuid NOT NULL REFERENCES dock,
  session_id uuid NOT NULL REFERENCES dock_session,
  recorder_id uuid REFERENCES recorder,
  officer_id uuid REFERENCES officer,
  claimed_serial text,
  claimed_officer text,
  recognition bytea NOT NULL,
  generation bigint NOT NULL,
  path text NOT NULL,
  path_raw bytea NOT NULL,
  original_name text NOT NULL,
  listed jsonb NOT NULL,
  announced_bytes bigint NOT NULL CHECK (announced_bytes >= 0),
  announced_at timestamptz NOT NULL,
  recorded_at timestamptz,
  received_at timestamptz,
  clock_offset_s double precision,
  state text NOT NULL CHECK (state IN ('announced', 'uploading', 'stored', 'verified', 'sealed', 'released')),
  quarantine text,
  flags text[] NOT NULL,
  object_key text NOT NULL CONSTRAINT clip_object_key_once UNIQUE,
  upload_id text,
  size_bytes bigint,
  sha256 text,
  sm3 text,
  object_version text,
  retain_until timestamptz,
  manifest_version text,
  verified_at timestamptz,
  sealed_at timestamptz,
  duration_s double precision,
  media jsonb,
  CONSTRAINT clip_recognised_once UNIQUE (recognition, generation),
  CONSTRAINT clip_stored_means_stored CHECK (
    state IN ('announced', 'uploading')
    OR (size_bytes IS NOT NULL AND sha256 IS NOT NULL AND sm3 IS NOT NULL AND object_version IS NOT NULL
        AND retain_until IS NOT NULL AND received_at IS NOT NULL)
  ),
  CONSTRAINT clip_verified_means_verified CHECK (
    state IN ('announced', 'uploading', 'stored') OR (verified_at IS NOT NULL AND manifest_version IS NOT NULL)
  )
);
CREATE INDEX clip_newest ON clip ((coalesce(recorded_at, announced_at)) DESC, id DESC);
CREATE INDEX clip_by_agency ON clip (agency_id, (coalesce(recorded_at, announced_at)) DESC, id DESC);
CREATE INDEX clip_by_officer ON clip (officer_id, (coalesce(recorded_at, announced_at)) DESC, id DESC);
CREATE INDEX clip_by_recorder ON clip (recorder_id, (coalesce(recorded_at, announced_at)) DESC, id DESC);
CREATE INDEX clip_by_claimed_serial ON clip (claimed_serial);
CREATE INDEX clip_by_session ON clip (session_id);
CREATE INDEX clip_verified_not_sealed ON clip (id) WHERE state = 'verified';

-- A clip's state only moves forward, and what was stored is never exchanged.
CREATE FUNCTION refuse_backward_clip() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  way constant text[] := ARRAY['announced', 'uploading', 'stored', 'verified', 'sealed', 'released'];
BEGIN
  IF array_position(way, NEW.state) < array_position(way, OLD.state) THEN
    RAISE EXCEPTION 'clip_state_moves_forward';
  END IF;
  IF OLD.object_version IS NOT NULL AND (NEW.object_version, NEW.sha256, NEW.sm3, NEW.size_bytes, NEW.object_key)
      IS DISTINCT FROM (OLD.object_version, OLD.sha256, OLD.sm3, OLD.size_bytes, OLD.object_key) THEN
    RAISE EXCEPTION 'clip_original_is_fixed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER clip_moves_forward BEFORE UPDATE ON clip FOR EACH ROW EXECUTE FUNCTION refuse_backward_clip();

CREATE TABLE session_file (
  session_id uuid NOT NULL REFERENCES dock_session,
  position bigint NOT NULL,
  clip_id uuid NOT NULL REFERENCES clip,
  action text NOT NULL CHECK (action IN ('upload', 'skip', 'reread')),
  failure jsonb,
  PRIMARY KEY (session_id, position)
);
CREATE INDEX session_file_by_clip ON session_file (clip_id);

CREATE TABLE clip_view (
  id uuid PRIMARY KEY,
  clip_id uuid NOT NULL REFERENCES clip,
  user_id uuid NOT NULL REFERENCES user_account,
  kind text NOT NULL CHECK (kind IN ('view', 'download')),
  purpose text NOT NULL,
  opened_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX clip_view_open ON clip_view (clip_id, user_id, expires_at DESC);

CREATE TABLE evidence_case (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  number text NOT NULL,
  title text NOT NULL,
  opened_at timestamptz NOT NULL,
  opened_by uuid NOT NULL REFERENCES user_account,
  CONSTRAINT case_number_once UNIQUE (agency_id, number)
);

CREATE TABLE case_clip (
  id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES evidence_case,
  clip_id uuid NOT NULL REFERENCES clip,
  purpose text NOT NULL,
  linked_at timestamptz NOT NULL,
  linked_by uuid NOT NULL REFERENCES user_account,
  unlinked_at timestamptz,
  unlinked_by uuid REFERENCES user_account,
  unlink_reason text,
  CONSTRAINT case_clip_unlinked_with_reason CHECK ((unlinked_at IS NULL) = (unlink_reason IS NULL))
);
CREATE UNIQUE INDEX case_clip_linked_once ON case_clip (case_id, clip_id) WHERE unlinked_at IS NULL;
CREATE INDEX case_clip_by_clip ON case_clip (clip_id);

CREATE TABLE lock_probe_run (
  id uuid PRIMARY KEY,
  store text NOT NULL,
  finished_at timestamptz NOT NULL,
  is_passed boolean NOT NULL,
  steps jsonb NOT NULL
);
CREATE INDEX lock_probe_run_by_time ON lock_probe_run (finished_at DESC);
"""

CUSTODY = """
CREATE TABLE custody_event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  subject_seq bigint NOT NULL CHECK (subject_seq >= 0),
  action text NOT NULL,
  at timestamptz NOT NULL,
  canonical bytea NOT NULL,
  leaf_hash bytea NOT NULL CHECK (length(leaf_hash) = 32),
  CONSTRAINT custody_event_in_order UNIQUE (subject_kind, subject_id, subject_seq)
);

CREATE TABLE custody_pending (event_id bigint PRIMARY KEY REFERENCES custody_event);

CREATE TABLE custody_leaf (
  leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
  event_id bigint NOT NULL CONSTRAINT custody_leaf_once UNIQUE REFERENCES custody_event
);

CREATE TABLE merkle_node (
  level bigint NOT NULL,
  node_index bigint NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, node_index)
);

CREATE TABLE checkpoint (
  size bigint PRIMARY KEY CHECK (size > 0),
  root bytea NOT NULL CHECK (length(root) = 32),
  note text NOT NULL,
  signed_at timestamptz NOT NULL
);

CREATE TABLE timestamp_receipt (
  id uuid PRIMARY KEY,
  checkpoint_size bigint NOT NULL REFERENCES checkpoint,
  authority text NOT NULL,
  token bytea NOT NULL,
  stamped_at timestamptz NOT NULL,
  CONSTRAINT timestamp_receipt_once UNIQUE (checkpoint_size, authority)
);

-- The application's role has no right to change these; the triggers are the seat belt for every other role.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%_is_insert_only', TG_TABLE_NAME;
END $$;
"""

INSERT_ONLY = ("custody_event", "custody_leaf", "merkle_node", "checkpoint", "timestamp_receipt", "lock_probe_run")

SEAT_BELT = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""


def upgrade() -> None:
    """Create every table of the first release."""
    cursor = op.get_bind().connection.cursor()
    for statements in (ROSTER, ACCOUNTS, CLIPS, CUSTODY, SchemaManager.get_schema()):
        cursor.execute(statements)
    for table in INSERT_ONLY:
        cursor.execute(SEAT_BELT.format(table=table))
    cursor.close()
