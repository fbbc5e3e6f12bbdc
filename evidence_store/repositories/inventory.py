"""How much there is of everything that only ever grows: what a backup must bring back."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from evidence_store.models import (
    Base,
    CheckpointRow,
    Clip,
    CustodyEventRow,
    CustodyLeaf,
    DockSession,
    EvidencePackage,
    LogExport,
    Officer,
    Recorder,
    TimestampReceipt,
    UserAccount,
)

COUNTED: tuple[type[Base], ...] = (
    Clip,
    CustodyEventRow,
    CustodyLeaf,
    CheckpointRow,
    TimestampReceipt,
    LogExport,
    DockSession,
    EvidencePackage,
    Officer,
    Recorder,
    UserAccount,
)
_SAMPLE = text("SELECT id FROM clip WHERE state IN ('verified', 'sealed', 'released') ORDER BY random() LIMIT :limit")


class Inventory:
    """Counts and samples over all rows, for the service itself."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def count(self) -> dict[str, int]:
        """Count the rows of every table that only grows, by table."""
        return {model.__tablename__: self._session.execute(select(func.count()).select_from(model)).scalar_one() for model in COUNTED}

    def sample(self, limit: int | None) -> list[Clip]:
        """Draw verified clips at random; all of them when no limit is given."""
        ids = list(self._session.scalars(_SAMPLE, {"limit": limit}))
        return list(self._session.scalars(select(Clip).where(Clip.id.in_(ids))))
