"""A person says which recorder a medium without identity belongs to."""

from alembic import op

revision = "2026_11_24_adopted_recorders"
down_revision = "2026_11_24_who_had_it"

STATEMENTS = """
CREATE TABLE recorder_adoption (
  id uuid PRIMARY KEY,
  medium text NOT NULL,
  recorder_id uuid NOT NULL REFERENCES recorder,
  session_id uuid NOT NULL REFERENCES dock_session,
  reason text NOT NULL,
  adopted_at timestamptz NOT NULL,
  adopted_by uuid NOT NULL REFERENCES user_account,
  ended_at timestamptz CHECK (ended_at >= adopted_at),
  ended_by uuid REFERENCES user_account,
  end_reason text,
  CONSTRAINT recorder_adoption_ended_with_reason CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX recorder_adoption_once ON recorder_adoption (medium) WHERE ended_at IS NULL;
CREATE INDEX recorder_adoption_by_recorder ON recorder_adoption (recorder_id);
ALTER TABLE dock_session ADD COLUMN adoption_id uuid REFERENCES recorder_adoption;
"""


def upgrade() -> None:
    """Make the table, empty; sessions before this release were adopted by nobody."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
