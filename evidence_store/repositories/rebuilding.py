"""Rows written by the thousand into an empty database, as the custody log tells them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from evidence_store.models import Agency, Base, Clip, CustodyEventRow, DockSession, Recorder, SessionFile, UserAccount
from integrity.merkle import TreeNode, leaf_hash

_ADD_EVENTS = text(
    "INSERT INTO custody_event (subject_kind, subject_id, subject_seq, action, at, canonical, leaf_hash) "
    "SELECT kind, subject, seq, action, at, canonical, leaf FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]), CAST(:seqs AS bigint[]), "
    "CAST(:actions AS text[]), CAST(:times AS timestamptz[]), CAST(:events AS bytea[]), CAST(:leaves AS bytea[])) "
    "WITH ORDINALITY AS told (kind, subject, seq, action, at, canonical, leaf, place) ORDER BY place"
)
_ADD_LEAVES = text(
    "INSERT INTO custody_leaf (leaf_index, event_id) SELECT :first + told.place - 1, event.id "
    "FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]), CAST(:seqs AS bigint[])) WITH ORDINALITY AS told (kind, subject, seq, place) "
    "JOIN custody_event event ON event.subject_kind = told.kind AND event.subject_id = told.subject AND event.subject_seq = told.seq"
)
_ADD_NODES = text(
    "INSERT INTO merkle_node (level, node_index, hash) "
    "SELECT * FROM unnest(CAST(:levels AS bigint[]), CAST(:indexes AS bigint[]), CAST(:hashes AS bytea[]))"
)
_SEAL = text(
    """
    UPDATE clip SET sealed_at = sealing.stamped_at, state = CASE WHEN clip.state = 'verified' THEN 'sealed' ELSE clip.state END
    FROM (
      SELECT event.subject_id, (
        SELECT receipt.stamped_at FROM timestamp_receipt receipt
        WHERE receipt.authority = 'embedded' AND receipt.checkpoint_size > leaf.leaf_index ORDER BY receipt.checkpoint_size LIMIT 1
      ) AS stamped_at
      FROM custody_event event JOIN custody_leaf leaf ON leaf.event_id = event.id
      WHERE event.subject_kind = 'clip' AND event.action = 'clip.verified'
    ) sealing
    WHERE sealing.subject_id = clip.id AND sealing.stamped_at IS NOT NULL AND clip.state IN ('verified', 'released')
    """
)


class Rebuilding:
    """Writes rows past the use cases that make them; for a rebuild alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def occupied_by(self) -> str | None:
        """The first table that holds records already; ``None`` where none does."""
        models: tuple[type[Base], ...] = (CustodyEventRow, Clip, Agency, UserAccount)
        return next((model.__tablename__ for model in models if self._session.execute(select(select(model).exists())).scalar_one()), None)

    def add_events(self, first_index: int, events: Sequence[bytes], nodes: Sequence[TreeNode]) -> None:
        """Add leaves of the log with their events' exact bytes, which are proved, and the nodes of the tree they complete."""
        columns = _columns(events)
        self._session.execute(_ADD_EVENTS, columns)
        places = {name: columns[name] for name in ("kinds", "subjects", "seqs")}
        self._session.execute(_ADD_LEAVES, {**places, "first": first_index})
        levels, indexes, hashes = [node.level for node in nodes], [node.index for node in nodes], [node.hash for node in nodes]
        self._session.execute(_ADD_NODES, {"levels": levels, "indexes": indexes, "hashes": hashes})

    def insert(self, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows by their columns; JSON that is not there becomes NULL."""
        structured = {column.name for column in model.__table__.columns if isinstance(column.type, JSONB)}
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            told = {name: value for name, value in row.items() if value is not None or name not in structured}
            alike.setdefault(tuple(sorted(told)), []).append(told)
        for group in alike.values():
            self._session.execute(insert(model), group)

    def change(self, model: type[Agency | Recorder], row_id: UUID, values: Mapping[str, Any]) -> None:
        """Write what became of a row after it was added."""
        self._session.execute(update(model).where(model.id == row_id).values(**values))

    def mark_file(self, session_id: UUID, clip_id: UUID, values: Mapping[str, Any]) -> None:
        """Write what a clip's chain tells of its place in a session's listing."""
        self._session.execute(update(SessionFile).where(SessionFile.session_id == session_id, SessionFile.clip_id == clip_id).values(**values))

    def adopt_session(self, session_id: UUID, adoption_id: UUID) -> None:
        """Write which adoption a session was opened under."""
        self._session.execute(update(DockSession).where(DockSession.id == session_id).values(adoption_id=adoption_id))

    def unprobed(self, after: str | None, *, limit: int) -> list[UUID]:
        """List stored clips that nobody has looked into, by id, beginning after one."""
        query = select(Clip.id).where(Clip.media.is_(None), Clip.object_version.is_not(None)).order_by(Clip.id).limit(limit)
        return list(self._session.scalars(query if after is None else query.where(Clip.id > UUID(after))))

    def seal(self) -> None:
        """Seal every clip whose read-back is under a stamped checkpoint, as of the first that covers it."""
        self._session.execute(_SEAL)


def _columns(events: Sequence[bytes]) -> dict[str, list[Any]]:
    told = [json.loads(event) for event in events]
    return {
        "kinds": [one["subject"]["kind"] for one in told],
        "subjects": [one["subject"]["id"] for one in told],
        "seqs": [one["subject_seq"] for one in told],
        "actions": [one["action"] for one in told],
        "times": [one["at"] for one in told],
        "events": list(events),
        "leaves": [leaf_hash(event) for event in events],
    }
