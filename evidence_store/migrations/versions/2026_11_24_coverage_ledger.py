"""The coverage ledger: facts with two times, changes of the roster, snapshots, targets, alarms, and reports between levels."""

from alembic import op

revision = "2026_11_24_coverage_ledger"
down_revision = "2026_11_24_safekeeping"

CHANGES = """
CREATE TABLE roster_change (
  id uuid PRIMARY KEY,
  recorded_at timestamptz NOT NULL CONSTRAINT roster_change_one_at_a_time UNIQUE,
  made_by text NOT NULL,
  origin text NOT NULL CHECK (origin IN ('json', 'csv', 'xlsx', 'pull', 'push', 'page')),
  source_name text NOT NULL,
  source_sha256 text NOT NULL CHECK (source_sha256 ~ '^([0-9a-f]{64})?$'),
  touches_from date,
  added jsonb NOT NULL,
  superseded jsonb NOT NULL
);

ALTER TABLE officer_post ADD COLUMN duty_state text;
UPDATE officer_post SET duty_state = CASE WHEN is_on_duty THEN 'on_duty' ELSE 'off_duty' END;
ALTER TABLE officer_post ALTER COLUMN duty_state SET NOT NULL,
  ADD CHECK (duty_state IN ('on_duty', 'long_leave', 'seconded_out', 'in_training', 'suspended', 'retired', 'off_duty')),
  DROP COLUMN is_on_duty,
  ADD COLUMN document_number text NOT NULL DEFAULT '', ADD COLUMN reason text NOT NULL DEFAULT '';

CREATE TABLE certificate_term (
  id uuid PRIMARY KEY,
  certificate_id uuid NOT NULL REFERENCES certificate,
  officer_id uuid NOT NULL REFERENCES officer,
  valid_from date NOT NULL,
  valid_until date NOT NULL CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
INSERT INTO certificate_term SELECT gen_random_uuid(), id, officer_id, valid_from, valid_until, recorded_at FROM certificate;
ALTER TABLE certificate DROP COLUMN officer_id, DROP COLUMN valid_from, DROP COLUMN valid_until, DROP COLUMN recorded_at;

ALTER TABLE recorder_status ADD COLUMN document_number text NOT NULL DEFAULT '', ADD COLUMN reason text NOT NULL DEFAULT '', ADD COLUMN wipe jsonb;

CREATE TABLE agency_place (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  parent_id uuid REFERENCES agency,
  name text NOT NULL,
  level text NOT NULL CHECK (level IN ('ministry', 'province', 'city', 'county', 'station')),
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until >= valid_from),
  document_number text NOT NULL DEFAULT '',
  reason text NOT NULL DEFAULT '',
  recorded_at timestamptz NOT NULL
);
-- What stood in the tree before it had times counts as known, and true, from the beginning.
INSERT INTO agency_place (id, agency_id, parent_id, name, level, valid_from, recorded_at)
  SELECT gen_random_uuid(), id, parent_id, name, level, '1950-01-01', '1950-01-01T00:00:00Z' FROM agency;

CREATE TABLE agency_succession (
  id uuid PRIMARY KEY,
  predecessor_id uuid NOT NULL REFERENCES agency,
  successor_id uuid NOT NULL REFERENCES agency CHECK (successor_id <> predecessor_id),
  kind text NOT NULL CHECK (kind IN ('merge', 'split')),
  since date NOT NULL,
  document_number text NOT NULL,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL
);

CREATE TABLE recorder_place (
  id uuid PRIMARY KEY,
  recorder_id uuid NOT NULL REFERENCES recorder,
  agency_id uuid NOT NULL REFERENCES agency,
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
INSERT INTO recorder_place SELECT gen_random_uuid(), id, agency_id, '1950-01-01', NULL, registered_at FROM recorder;

CREATE TABLE coverage_target (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  due_on date NOT NULL,
  share numeric(7, 6) NOT NULL CHECK (share > 0 AND share <= 1),
  document_number text NOT NULL,
  recorded_at timestamptz NOT NULL
);
"""

FACTS = (
    "agency_place",
    "agency_succession",
    "officer_post",
    "officer_code",
    "certificate_term",
    "certificate_status",
    "recorder_place",
    "recorder_status",
    "assignment",
    "coverage_target",
)

TWO_TIMES = """
ALTER TABLE {table} ADD COLUMN superseded_at timestamptz CHECK (superseded_at > recorded_at),
  ADD COLUMN change_id uuid REFERENCES roster_change, ADD COLUMN superseded_by uuid REFERENCES roster_change,
  ADD CHECK (superseded_by IS NULL OR superseded_at IS NOT NULL);
CREATE TRIGGER {table}_only_superseded BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_only_superseded;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""

RULES = """
-- A fact may be superseded, once; nothing else of it ever changes.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' OR OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
    OR to_jsonb(OLD) - 'superseded_at' - 'superseded_by' <> to_jsonb(NEW) - 'superseded_at' - 'superseded_by' THEN
    RAISE EXCEPTION '%_is_only_superseded', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
"""

NO_OVERLAPS = """
-- As before, among facts that are not superseded.
CREATE OR REPLACE FUNCTION refuse_overlapping_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.superseded_at IS NOT NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock(1, hashtext(NEW.recorder_id::text) & 1023);
  IF EXISTS (
    SELECT 1 FROM assignment other
    WHERE other.recorder_id = NEW.recorder_id AND other.id <> NEW.id AND other.superseded_at IS NULL AND (other.is_exclusive OR NEW.is_exclusive)
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'assignment_without_overlap';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_overlapping_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.superseded_at IS NOT NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock(2, hashtext(NEW.officer_id::text) & 1023);
  IF EXISTS (
    SELECT 1 FROM officer_post other
    WHERE other.officer_id = NEW.officer_id AND other.id <> NEW.id AND other.superseded_at IS NULL
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'officer_post_without_overlap';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_overlapping_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.superseded_at IS NOT NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock(3, hashtext(NEW.code) & 1023);
  IF EXISTS (
    SELECT 1 FROM officer_code other
    WHERE other.code = NEW.code AND other.id <> NEW.id AND other.superseded_at IS NULL
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'officer_code_without_overlap';
  END IF;
  RETURN NEW;
END $$;

-- A recorder belongs to one agency a day, an agency hangs in one place, and a certificate has one term.
CREATE FUNCTION refuse_overlapping_span() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  is_taken boolean;
BEGIN
  IF NEW.superseded_at IS NOT NULL THEN RETURN NEW; END IF;
  PERFORM pg_advisory_xact_lock(5, hashtext(to_jsonb(NEW) ->> TG_ARGV[0]) & 1023);
  EXECUTE format(
    'SELECT EXISTS (SELECT 1 FROM %I other WHERE other.%I = $1.%I AND other.id <> $1.id AND other.superseded_at IS NULL
       AND daterange(other.valid_from, other.valid_until, ''[]'') && daterange($1.valid_from, $1.valid_until, ''[]''))',
    TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[0]) USING NEW INTO is_taken;
  IF is_taken THEN
    RAISE EXCEPTION '%_without_overlap', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER agency_place_without_overlap BEFORE INSERT OR UPDATE ON agency_place
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_span('agency_id');
CREATE TRIGGER recorder_place_without_overlap BEFORE INSERT OR UPDATE ON recorder_place
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_span('recorder_id');
CREATE TRIGGER certificate_term_without_overlap BEFORE INSERT OR UPDATE ON certificate_term
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_span('certificate_id');

CREATE INDEX agency_place_by_agency ON agency_place (agency_id, valid_from);
CREATE UNIQUE INDEX agency_succession_once ON agency_succession (predecessor_id, successor_id, since) WHERE superseded_at IS NULL;
CREATE INDEX certificate_term_by_officer ON certificate_term (officer_id, valid_from);
CREATE INDEX certificate_term_by_certificate ON certificate_term (certificate_id);
CREATE UNIQUE INDEX certificate_status_once ON certificate_status (certificate_id, since) WHERE superseded_at IS NULL;
CREATE INDEX recorder_place_by_recorder ON recorder_place (recorder_id, valid_from);
CREATE INDEX recorder_place_by_agency ON recorder_place (agency_id);
CREATE UNIQUE INDEX recorder_status_once ON recorder_status (recorder_id, since) WHERE superseded_at IS NULL;
CREATE UNIQUE INDEX coverage_target_once ON coverage_target (agency_id, due_on) WHERE superseded_at IS NULL;
"""

KEPT = """
CREATE TABLE recorder_use (
  id uuid PRIMARY KEY,
  recorder_id uuid NOT NULL REFERENCES recorder,
  used_on date NOT NULL,
  source text NOT NULL,
  recorded_at timestamptz NOT NULL,
  change_id uuid NOT NULL REFERENCES roster_change,
  CONSTRAINT recorder_use_once UNIQUE (recorder_id, used_on, source)
);

CREATE TABLE roster_confirmation (
  agency_id uuid NOT NULL REFERENCES agency,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  confirmed_by text NOT NULL,
  confirmed_at timestamptz NOT NULL,
  PRIMARY KEY (agency_id, month)
);

CREATE TABLE coverage_snapshot (
  id uuid PRIMARY KEY,
  agency_id uuid NOT NULL REFERENCES agency,
  kind text NOT NULL CHECK (kind IN ('daily', 'monthly', 'deadline')),
  edition text NOT NULL CHECK (edition IN ('first', 'late_paperwork', 'restated')),
  day date NOT NULL,
  cut_off timestamptz NOT NULL,
  known_until timestamptz NOT NULL CHECK (known_until >= cut_off),
  made_at timestamptz NOT NULL,
  is_late boolean NOT NULL,
  replaces_id uuid REFERENCES coverage_snapshot CONSTRAINT coverage_snapshot_replaced_once UNIQUE,
  method text NOT NULL,
  numerator bigint NOT NULL CHECK (numerator >= 0),
  denominator bigint NOT NULL CHECK (denominator >= numerator),
  roster_sha256 text NOT NULL,
  figures_sha256 text NOT NULL,
  object_key text NOT NULL,
  object_version text NOT NULL,
  object_sha256 text NOT NULL,
  retain_until timestamptz NOT NULL,
  CHECK ((edition = 'first') = (replaces_id IS NULL))
);
CREATE UNIQUE INDEX coverage_snapshot_first_once ON coverage_snapshot (agency_id, day) WHERE edition = 'first';
CREATE UNIQUE INDEX coverage_snapshot_paperwork_once ON coverage_snapshot (agency_id, day) WHERE edition = 'late_paperwork';
CREATE INDEX coverage_snapshot_by_day ON coverage_snapshot (day DESC, made_at DESC);

-- Frozen figures are evidence too.
CREATE OR REPLACE VIEW evidence_object AS
  SELECT object_key AS key, object_version AS version_id, size_bytes, sha256, retain_until, id AS clip_id, verified_at AS since
    FROM clip WHERE state IN ('verified', 'sealed', 'released')
  UNION ALL
  SELECT 'clips/' || id || '/manifest', manifest_version, NULL, NULL, retain_until, id, verified_at
    FROM clip WHERE state IN ('verified', 'sealed', 'released')
  UNION ALL
  SELECT laid.key,
         coalesce((SELECT loss.repaired_version FROM object_loss loss
                   WHERE loss.key = laid.key AND loss.store = 'first' AND loss.repaired_at IS NOT NULL
                   ORDER BY loss.repaired_at DESC LIMIT 1), laid.version_id),
         NULL, laid.sha256, laid.retain_until, NULL, laid.since
    FROM (SELECT object_key AS key, object_version AS version_id, sha256, retain_until, exported_at AS since FROM log_export
          UNION ALL
          SELECT object_key, object_version, object_sha256, retain_until, made_at FROM coverage_snapshot) laid;

-- The figures of an agency with all below it, and of it alone; ``gap`` counts by reason, ``beside`` are companions that are never part of the rate.
CREATE TABLE coverage_figure (
  snapshot_id uuid NOT NULL REFERENCES coverage_snapshot,
  agency_id uuid NOT NULL REFERENCES agency,
  parent_id uuid REFERENCES agency,
  code text NOT NULL,
  name text NOT NULL,
  level text NOT NULL,
  numerator bigint NOT NULL CHECK (numerator >= 0),
  denominator bigint NOT NULL CHECK (denominator >= numerator),
  own_numerator bigint NOT NULL CHECK (own_numerator >= 0),
  own_denominator bigint NOT NULL CHECK (own_denominator >= own_numerator),
  gap jsonb NOT NULL,
  beside jsonb NOT NULL,
  PRIMARY KEY (snapshot_id, agency_id)
);
CREATE INDEX coverage_figure_by_agency ON coverage_figure (agency_id);
CREATE INDEX coverage_figure_below ON coverage_figure (snapshot_id, parent_id);

CREATE TABLE report_sent (
  id uuid PRIMARY KEY,
  snapshot_id uuid NOT NULL REFERENCES coverage_snapshot,
  replaces_id uuid REFERENCES report_sent,
  document text NOT NULL,
  made_at timestamptz NOT NULL
);

CREATE TABLE report_received (
  id uuid PRIMARY KEY,
  reporter text NOT NULL,
  agency_id uuid NOT NULL REFERENCES agency,
  day date NOT NULL,
  snapshot_id uuid NOT NULL,
  replaces_id uuid REFERENCES report_received,
  edition text NOT NULL CHECK (edition IN ('first', 'late_paperwork', 'restated')),
  method text NOT NULL,
  numerator bigint NOT NULL,
  denominator bigint NOT NULL,
  faults jsonb NOT NULL,
  document text NOT NULL,
  received_at timestamptz NOT NULL
);
CREATE INDEX report_received_by_agency ON report_received (agency_id, day DESC, received_at DESC);
"""

WORKED_ON = """
CREATE TABLE roster_source_state (
  name text PRIMARY KEY,
  cursor text NOT NULL,
  tried_at timestamptz NOT NULL,
  taken_at timestamptz,
  failure text
);

CREATE TABLE report_delivery (
  report_id uuid PRIMARY KEY REFERENCES report_sent,
  attempts bigint NOT NULL,
  tried_at timestamptz,
  delivered_at timestamptz,
  failure text
);

CREATE TABLE coverage_alarm (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  agency_id uuid NOT NULL REFERENCES agency,
  since date NOT NULL,
  details jsonb NOT NULL,
  first_seen timestamptz NOT NULL,
  last_seen timestamptz NOT NULL CHECK (last_seen >= first_seen),
  ended_at timestamptz
);
CREATE UNIQUE INDEX coverage_alarm_open_once ON coverage_alarm (kind, subject) WHERE ended_at IS NULL;
CREATE INDEX coverage_alarm_by_agency ON coverage_alarm (agency_id) WHERE ended_at IS NULL;

CREATE TABLE webhook_delivery (
  id uuid PRIMARY KEY,
  alarm_id uuid NOT NULL REFERENCES coverage_alarm,
  what text NOT NULL CHECK (what IN ('opened', 'ended')),
  webhook text NOT NULL,
  body text NOT NULL,
  made_at timestamptz NOT NULL,
  attempts bigint NOT NULL,
  next_try_at timestamptz NOT NULL,
  delivered_at timestamptz,
  failure text,
  CONSTRAINT webhook_delivery_once UNIQUE (alarm_id, what, webhook)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_try_at) WHERE delivered_at IS NULL;
"""

SEAT_BELT = """
CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only;
CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_not_emptied;
"""


def upgrade() -> None:
    """Give every fact of the roster its second time, and make what is kept of it."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(CHANGES)
    cursor.execute(RULES)
    for table in FACTS:
        cursor.execute(TWO_TIMES.format(table=table))
    cursor.execute(NO_OVERLAPS)
    cursor.execute(KEPT)
    cursor.execute(WORKED_ON)
    for table in ("roster_change", "recorder_use", "roster_confirmation", "coverage_snapshot", "coverage_figure", "report_sent", "report_received"):
        cursor.execute(SEAT_BELT.format(table=table))
    cursor.close()
