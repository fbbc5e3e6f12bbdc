"""Copies in a second store, and versions that one of the stores no longer gives."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from evidence_store.models import Clip, ObjectCopy, ObjectLoss, StoreRole

ROWS_AT_ONCE = 5_000
_MEMBERS = "e.key, e.version_id, e.size_bytes, e.sha256, e.retain_until, e.clip_id, e.since"
_BEHIND = (
    "FROM evidence_object e LEFT JOIN object_copy c ON c.key = e.key AND c.store = :store "
    "WHERE (c.key IS NULL OR c.source_version <> e.version_id OR c.retain_until < date_trunc('second', e.retain_until))"
)
_MANIFEST_DIGEST = text(
    "SELECT convert_from(canonical, 'UTF8')::jsonb -> 'details' ->> 'manifest_sha256' FROM custody_event "
    "WHERE subject_kind = 'clip' AND subject_id = :clip_id AND action = 'clip.verified' ORDER BY subject_seq DESC LIMIT 1"
)
_COUNTED = text(
    """
    SELECT clip.id,
      (NOT EXISTS (SELECT 1 FROM object_loss l WHERE l.clip_id = clip.id AND l.store = 'first' AND l.repaired_at IS NULL))::int
      + (EXISTS (SELECT 1 FROM object_copy c WHERE c.key = clip.object_key AND c.store = :store
                 AND c.source_version = clip.object_version AND c.retain_until > :now)
         AND EXISTS (SELECT 1 FROM object_copy m WHERE m.key = 'clips/' || clip.id || '/manifest' AND m.store = :store
                     AND m.source_version = clip.manifest_version AND m.retain_until > :now)
         AND NOT EXISTS (SELECT 1 FROM object_loss l WHERE l.clip_id = clip.id AND l.store = 'second' AND l.repaired_at IS NULL))::int
    FROM clip WHERE clip.id = ANY(CAST(:ids AS uuid[])) AND clip.state IN ('verified', 'sealed', 'released')
    """
)


@dataclass(frozen=True, slots=True)
class EvidenceObject:
    """One object of the first store that evidence rests on.

    Attributes:
        version_id: The version that stands for it now.
        size_bytes: ``None`` where only the store knows it.
        sha256: ``None`` for a manifest: :meth:`Copies.manifest_digest` knows it.
        clip_id: ``None`` for stretches of the exported log.
        since: When it came to count, UTC.
    """

    key: str
    version_id: str
    size_bytes: int | None
    sha256: str | None
    retain_until: datetime
    clip_id: UUID | None
    since: datetime


class Copies:
    """The ledger."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def evidence(self, key: str) -> EvidenceObject | None:
        """The object of a key; ``None`` when no evidence rests on it (yet)."""
        row = self._session.execute(text(f"SELECT {_MEMBERS} FROM evidence_object e WHERE e.key = :key"), {"key": key}).one_or_none()  # noqa: S608 - constants
        return None if row is None else EvidenceObject(*row)

    def all_evidence(self) -> Iterator[EvidenceObject]:
        """Every object of the first store that evidence rests on."""
        rows = self._session.execute(text(f"SELECT {_MEMBERS} FROM evidence_object e"), execution_options={"yield_per": ROWS_AT_ONCE})  # noqa: S608 - constants
        return (EvidenceObject(*row) for row in rows)

    def manifest_digest(self, clip_id: UUID) -> str | None:
        """SHA-256 of a clip's manifest, as its chain of custody has it."""
        return self._session.execute(_MANIFEST_DIGEST, {"clip_id": clip_id}).scalar_one_or_none()

    def of_key(self, key: str, store: str) -> ObjectCopy | None:
        """The copy of a key in a store."""
        return self._session.get(ObjectCopy, (key, store))

    def all_in(self, store: str) -> Iterator[ObjectCopy]:
        """Every copy in a store, by key."""
        query = select(ObjectCopy).where(ObjectCopy.store == store).order_by(ObjectCopy.key)
        return iter(self._session.scalars(query, execution_options={"yield_per": ROWS_AT_ONCE}))

    def keep(self, copy: ObjectCopy) -> None:
        """Enter a copy, in place of an older one of the same key and store."""
        self._session.merge(copy)
        self._session.flush()

    def behind(self, store: str) -> tuple[int, datetime | None]:
        """Count the objects without a copy that is up to date in a store; and since when the oldest of them waits."""
        row = self._session.execute(text(f"SELECT count(*), min(e.since) {_BEHIND}"), {"store": store}).one()
        return row[0], row[1]

    def keys_behind(self, store: str, *, before: datetime, limit: int) -> list[str]:
        """List keys of such objects that came before a moment, oldest first; not those whose original is gone."""
        lost = "NOT EXISTS (SELECT 1 FROM object_loss l WHERE l.key = e.key AND l.version_id = e.version_id AND l.store = 'first')"
        query = text(f"SELECT e.key {_BEHIND} AND e.since <= :before AND {lost} ORDER BY e.since LIMIT :limit")
        return list(self._session.scalars(query, {"store": store, "before": before, "limit": limit}))

    def counted(self, clip_ids: Collection[UUID], store: str, now: datetime) -> dict[UUID, int]:
        """Count the verified copies of verified clips in two stores: original and manifest, locked beyond now, not found gone.

        Args:
            clip_ids: Which clips; those that are not verified have no entry.
            store: The second store.
            now: The service's clock, UTC.
        """
        rows = self._session.execute(_COUNTED, {"ids": list(clip_ids), "store": store, "now": now})
        return {row[0]: row[1] for row in rows}

    def note_losses(self, losses: Sequence[ObjectLoss]) -> list[ObjectLoss]:
        """Note down versions that are gone; returns those that nobody had noted before."""
        members = ("id", "store", "place", "key", "version_id", "clip_id", "reason", "found_at")
        rows = [{name: getattr(loss, name) for name in members} for loss in losses]
        statement = insert(ObjectLoss).values(rows).on_conflict_do_nothing(constraint="object_lost_once").returning(ObjectLoss)
        return list(self._session.scalars(statement)) if rows else []

    def loss(self, loss_id: UUID) -> ObjectLoss | None:
        """Find a loss and hold its row until the transaction ends."""
        return self._session.scalars(select(ObjectLoss).where(ObjectLoss.id == loss_id).with_for_update()).one_or_none()

    def open_losses(self) -> list[ObjectLoss]:
        """Everything that is gone now, by store and key."""
        query = select(ObjectLoss).where(ObjectLoss.repaired_at.is_(None)).order_by(ObjectLoss.store, ObjectLoss.key)
        return list(self._session.scalars(query))

    def count_open_losses(self) -> dict[str, int]:
        """How much is gone now, by store."""
        query = text("SELECT store, count(*) FROM object_loss WHERE repaired_at IS NULL GROUP BY store")
        rows: Sequence[Row[str, int]] = self._session.execute(query).all()
        return {row[0]: row[1] for row in rows}

    def is_lost(self, key: str, version_id: str, store: StoreRole) -> bool:
        """Whether a version is noted as gone from a store and not repaired."""
        query = select(ObjectLoss.id).where(ObjectLoss.key == key, ObjectLoss.version_id == version_id, ObjectLoss.store == store)
        return self._session.scalars(query.where(ObjectLoss.repaired_at.is_(None))).first() is not None

    def stand_for_original(self, loss: ObjectLoss) -> None:
        """Have the version that a loss was repaired with stand for the lost one of the first store, in the clip and in the ledger."""
        self._session.flush()
        for column in (Clip.object_version, Clip.manifest_version):
            which = Clip.object_key == loss.key if column is Clip.object_version else Clip.id == loss.clip_id
            change = update(Clip).where(which, column == loss.version_id).values({column: loss.repaired_version})
            self._session.execute(change)
        change_ledger = update(ObjectCopy).where(ObjectCopy.key == loss.key, ObjectCopy.source_version == loss.version_id)
        self._session.execute(change_ledger.values(source_version=loss.repaired_version))
