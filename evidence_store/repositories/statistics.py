"""What a month brought, by agency: dockings, footage, clips without a case, and recorders without footage."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from evidence_store.coverage_facts import FactsAt
from evidence_store.repositories.coverage import FACT_SETS, holds_at, vars_of


@dataclass(frozen=True, slots=True)
class MonthRow:
    """What one agency alone did in a month.

    Attributes:
        dockings: Recorders plugged in.
        late_dockings: Those of them that brought something recorded more than 24 h before.
        clips: Clips recorded in the month, by the recorder's own time; imports are not among them.
        footage_s: How long those that play are together, in seconds.
        clips_without_case: Those of the clips that no case has.
        recorders: Recorders in service at the end of the month.
        recorders_without_footage: Those of them that recorded no film or sound in the month that has come.
    """

    agency_id: UUID
    dockings: int = 0
    late_dockings: int = 0
    clips: int = 0
    footage_s: float = 0.0
    clips_without_case: int = 0
    recorders: int = 0
    recorders_without_footage: int = 0


_MONTH = text(
    f"""
    WITH {FACT_SETS},
    docked AS (
      SELECT coalesce(recorder.agency_id, dock.agency_id) AS agency_id, count(*) AS dockings,
        count(*) FILTER (WHERE EXISTS (
          SELECT 1 FROM clip late WHERE late.session_id = session.id AND late.import_id IS NULL
            AND late.announced_at - late.recorded_at > interval '24 hours')) AS late_dockings
      FROM dock_session session JOIN dock ON dock.id = session.dock_id LEFT JOIN recorder ON recorder.id = session.recorder_id
      WHERE session.opened_at >= :starts AND session.opened_at < :ends
        AND NOT EXISTS (SELECT 1 FROM clip imported WHERE imported.session_id = session.id AND imported.import_id IS NOT NULL)
      GROUP BY 1
    ),
    recorded AS (
      SELECT clip.id, clip.agency_id, clip.recorder_id, clip.kind IN ('video', 'audio') AS is_footage, clip.duration_s
      FROM clip
      WHERE coalesce(clip.recorded_at, clip.announced_at) >= :starts AND coalesce(clip.recorded_at, clip.announced_at) < :ends
        AND clip.import_id IS NULL AND clip.received_at IS NOT NULL
    ),
    footage AS (
      SELECT recorded.agency_id, count(*) AS clips, coalesce(sum(recorded.duration_s) FILTER (WHERE is_footage), 0) AS footage_s,
        count(*) FILTER (WHERE NOT EXISTS (
          SELECT 1 FROM case_clip link WHERE link.clip_id = recorded.id AND link.unlinked_at IS NULL)) AS clips_without_case
      FROM recorded GROUP BY recorded.agency_id
    ),
    serving AS (
      SELECT place.agency_id, count(*) AS recorders,
        count(*) FILTER (WHERE NOT EXISTS (
          SELECT 1 FROM recorded WHERE recorded.recorder_id = place.recorder_id AND recorded.is_footage)) AS without_footage
      FROM recorder_place place JOIN recorder_state latest ON latest.recorder_id = place.recorder_id AND latest.state = 'in_service'
      WHERE {holds_at("place")} GROUP BY place.agency_id
    ),
    agencies AS (SELECT agency_id FROM docked UNION SELECT agency_id FROM footage UNION SELECT agency_id FROM serving)
    SELECT agencies.agency_id, coalesce(docked.dockings, 0) AS dockings, coalesce(docked.late_dockings, 0) AS late_dockings,
      coalesce(footage.clips, 0) AS clips, coalesce(footage.footage_s, 0) AS footage_s, coalesce(footage.clips_without_case, 0) AS clips_without_case,
      coalesce(serving.recorders, 0) AS recorders, coalesce(serving.without_footage, 0) AS without_footage
    FROM agencies
    LEFT JOIN docked ON docked.agency_id = agencies.agency_id
    LEFT JOIN footage ON footage.agency_id = agencies.agency_id
    LEFT JOIN serving ON serving.agency_id = agencies.agency_id
    """
)


class Statistics:
    """Counts of a month."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def month(self, at: FactsAt, *, starts: datetime, ends: datetime) -> list[MonthRow]:
        """Count what a month brought, for each agency alone.

        Args:
            at: Which recorders are in service, and where: the last day of the month.
            starts: Beginning of the month, UTC.
            ends: Beginning of the next, UTC.
        """
        rows = self._session.execute(_MONTH, {**vars_of(at), "starts": starts, "ends": ends})
        return [
            MonthRow(
                agency_id=row.agency_id,
                dockings=row.dockings,
                late_dockings=row.late_dockings,
                clips=row.clips,
                footage_s=float(row.footage_s),
                clips_without_case=row.clips_without_case,
                recorders=row.recorders,
                recorders_without_footage=row.without_footage,
            )
            for row in rows
        ]
