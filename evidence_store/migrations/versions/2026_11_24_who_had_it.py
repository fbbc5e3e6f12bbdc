"""Which officer a short number meant on which day, and who had a pool recorder from when to when."""

from alembic import op

revision = "2026_11_24_who_had_it"
down_revision = "2026_11_24_identity_truth"

STATEMENTS = """
CREATE TABLE officer_code (
  id uuid PRIMARY KEY,
  code text NOT NULL,
  officer_id uuid NOT NULL REFERENCES officer,
  valid_from date NOT NULL,
  valid_until date CHECK (valid_until >= valid_from),
  recorded_at timestamptz NOT NULL
);
CREATE INDEX officer_code_by_code ON officer_code (code, valid_from);
CREATE INDEX officer_code_by_officer ON officer_code (officer_id);

CREATE TABLE pool_checkout (
  id uuid PRIMARY KEY,
  recorder_id uuid NOT NULL REFERENCES recorder,
  officer_id uuid NOT NULL REFERENCES officer,
  taken_at timestamptz NOT NULL,
  returned_at timestamptz CHECK (returned_at >= taken_at)
);
CREATE INDEX pool_checkout_by_recorder ON pool_checkout (recorder_id, taken_at);
CREATE INDEX pool_checkout_by_officer ON pool_checkout (officer_id);

-- A number means one officer a day, and a pool recorder is in one pair of hands at a time. As with assignments, a trigger checks under a lock that
-- stands for the number or the recorder, so that two writers wait for each other.
CREATE FUNCTION refuse_overlapping_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(3, hashtext(NEW.code) & 1023);
  IF EXISTS (
    SELECT 1 FROM officer_code other
    WHERE other.code = NEW.code AND other.id <> NEW.id
      AND daterange(other.valid_from, other.valid_until, '[]') && daterange(NEW.valid_from, NEW.valid_until, '[]')
  ) THEN
    RAISE EXCEPTION 'officer_code_without_overlap';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER officer_code_without_overlap BEFORE INSERT OR UPDATE ON officer_code
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_code();

CREATE FUNCTION refuse_overlapping_checkout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(4, hashtext(NEW.recorder_id::text) & 1023);
  IF EXISTS (
    SELECT 1 FROM pool_checkout other
    WHERE other.recorder_id = NEW.recorder_id AND other.id <> NEW.id
      AND tstzrange(other.taken_at, other.returned_at) && tstzrange(NEW.taken_at, NEW.returned_at)
  ) THEN
    RAISE EXCEPTION 'pool_checkout_without_overlap';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER pool_checkout_without_overlap BEFORE INSERT OR UPDATE ON pool_checkout
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_checkout();
"""


def upgrade() -> None:
    """Make both tables, empty."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
