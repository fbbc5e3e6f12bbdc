"""What kind of file a clip is, by its name, and whether the officer marked it as a key file."""

from alembic import op

revision = "2026_11_24_kinds_and_marks"
down_revision = "2026_11_24_adopted_recorders"

STATEMENTS = """
ALTER TABLE clip
  ADD COLUMN kind text NOT NULL DEFAULT 'other' CHECK (kind IN ('video', 'audio', 'still', 'gps_track', 'log', 'other')),
  ADD COLUMN is_key boolean NOT NULL DEFAULT false;
UPDATE clip SET
  is_key = original_name ~ '_IMP([._]|$)',
  kind = CASE
    WHEN original_name ~* '\\.(mp4|mov|avi|mkv|ts|m4v|3gp|asf|264|265|h264|h265)$' THEN 'video'
    WHEN original_name ~* '\\.(wav|mp3|aac|amr|m4a|ogg)$' THEN 'audio'
    WHEN original_name ~* '\\.(jpg|jpeg|png|bmp)$' THEN 'still'
    WHEN original_name ~* '\\.(nmea|gps|wkt|gpx)$' THEN 'gps_track'
    WHEN original_name ~* '\\.(log|txt)$' THEN 'log'
    ELSE 'other' END;
ALTER TABLE clip ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN is_key DROP DEFAULT;
CREATE INDEX clip_key ON clip ((coalesce(recorded_at, announced_at)) DESC, id DESC) WHERE is_key;
"""


def upgrade() -> None:
    """Add both; clips that are there are judged by their names, with the mark that most makers use."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
