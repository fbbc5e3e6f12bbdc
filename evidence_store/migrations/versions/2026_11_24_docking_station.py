"""What a docking station adds: clocks, contested identities, recorders' condition, and removal from the recorder."""

from alembic import op

revision = "2026_11_24_docking_station"
down_revision = "2026_11_24_first_tables"

STATEMENTS = """
ALTER TABLE dock_session
  ADD COLUMN dock_clock jsonb,
  ADD COLUMN clock_set jsonb,
  ADD COLUMN condition jsonb,
  ADD COLUMN plugged_at timestamptz,
  ADD COLUMN is_contested boolean NOT NULL DEFAULT false;
CREATE INDEX dock_session_by_serial ON dock_session ((identity ->> 'serial')) WHERE ended_at IS NULL;
ALTER TABLE session_file ADD COLUMN release_ordered_at timestamptz;
CREATE INDEX session_file_ordered ON session_file (clip_id) WHERE release_ordered_at IS NOT NULL;
ALTER TABLE clip ADD COLUMN dock_offset_s double precision, ADD COLUMN released_at timestamptz;
"""


def upgrade() -> None:
    """Add the columns; a release before this one leaves them empty."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
