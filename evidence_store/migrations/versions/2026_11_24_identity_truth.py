"""How sure each clock reading of a clip is, beside the reading itself."""

from alembic import op

revision = "2026_11_24_identity_truth"
down_revision = "2026_11_24_docking_station"

STATEMENTS = """
ALTER TABLE clip ADD COLUMN clock_uncertainty_s double precision, ADD COLUMN dock_uncertainty_s double precision;
"""


def upgrade() -> None:
    """Add the columns; clips of earlier releases leave them empty, their custody events say it all the same."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(STATEMENTS)
    cursor.close()
