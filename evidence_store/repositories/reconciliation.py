"""Rows by the thousand, beside what the custody log and the store's listing say of them; for the service itself."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Result, Text, Uuid, any_, case, cast, delete, func, literal, or_, select, text, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from evidence_store.models import Base, Clip, CoverageSnapshot, CustodyEventRow, LogExport, StoreListing
from evidence_store.object_store.keys import CLIP_PREFIX
from evidence_store.object_store.store import ListedVersion

_ADD = text(
    "INSERT INTO store_listing (key, version_id, size_bytes, is_newest, is_delete_marker, written_at) "
    "SELECT * FROM unnest(CAST(:keys AS text[]), CAST(:versions AS text[]), CAST(:sizes AS bigint[]), CAST(:newest AS boolean[]), "
    "CAST(:markers AS boolean[]), CAST(:times AS timestamptz[])) ON CONFLICT DO NOTHING"
)
_MANIFEST = "^clips/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/manifest$"
Row = Mapping[str, Any]
"""A row by its columns' names."""


class Reconciliation:
    """The three sides of a comparison."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def freeze(self) -> None:
        """See one state of the database until the transaction ends; must be its first statement."""
        self._session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))

    def clear_listing(self) -> None:
        """Forget what the store listed."""
        self._session.execute(delete(StoreListing))

    def add_listing(self, listed: Sequence[ListedVersion]) -> None:
        """Lay down a piece of what the store lists."""
        columns = {
            "keys": [one.key for one in listed],
            "versions": [one.version_id for one in listed],
            "sizes": [one.size_bytes for one in listed],
            "newest": [one.is_newest for one in listed],
            "markers": [one.is_delete_marker for one in listed],
            "times": [one.written_at for one in listed],
        }
        self._session.execute(_ADD, columns)

    def count_listing(self) -> int:
        """Count what the store listed."""
        return self._session.execute(select(func.count()).select_from(StoreListing)).scalar_one()

    def listed(self, keys: Collection[str]) -> dict[str, list[Row]]:
        """What the store listed under each of many keys."""
        table = StoreListing.__table__
        found: dict[str, list[Row]] = {}
        for row in _rows(self._session.execute(select(table).where(table.c.key == any_(cast(list(keys), ARRAY(Text)))))):
            found.setdefault(row["key"], []).append(row)
        return found

    def unknown_versions(self, *, limit: int, after: tuple[str, str] = ("", "")) -> list[Row]:
        """List versions, delete markers left out, that no clip, no export of the log and no frozen figure names, by key and version."""
        table = StoreListing.__table__
        original = select(Clip.id).where(Clip.object_key == table.c.key, Clip.object_version == table.c.version_id)
        clip_id = case((table.c.key.regexp_match(_MANIFEST), cast(func.substr(table.c.key, 7, 36), Uuid)))
        manifest = select(Clip.id).where(Clip.id == clip_id, Clip.manifest_version == table.c.version_id)
        export = select(LogExport.first_index).where(LogExport.object_key == table.c.key, LogExport.object_version == table.c.version_id)
        frozen = select(CoverageSnapshot.id).where(CoverageSnapshot.object_key == table.c.key, CoverageSnapshot.object_version == table.c.version_id)
        query = select(table).where(
            ~table.c.is_delete_marker,
            tuple_(table.c.key, table.c.version_id) > after,
            ~original.exists(),
            ~manifest.exists(),
            ~export.exists(),
            ~frozen.exists(),
        )
        return _rows(self._session.execute(query.order_by(table.c.key, table.c.version_id).limit(limit)))

    def is_named(self, key: str, version_id: str) -> bool:
        """Whether a clip, an export of the log or a frozen figure names a version."""
        clip_id = UUID(key[len(CLIP_PREFIX) : len(CLIP_PREFIX) + 36]) if re.fullmatch(_MANIFEST, key) else None
        original = select(Clip.id).where(Clip.object_key == key, Clip.object_version == version_id)
        manifest = select(Clip.id).where(Clip.id == clip_id, Clip.manifest_version == version_id)
        export = select(LogExport.first_index).where(LogExport.object_key == key, LogExport.object_version == version_id)
        frozen = select(CoverageSnapshot.id).where(CoverageSnapshot.object_key == key, CoverageSnapshot.object_version == version_id)
        return self._session.execute(select(or_(original.exists(), manifest.exists(), export.exists(), frozen.exists()))).scalar_one()

    def delete_markers(self) -> Iterator[Row]:
        """Give delete markers, by key."""
        table = StoreListing.__table__
        query = select(table).where(table.c.is_delete_marker).order_by(table.c.key, table.c.version_id)
        return iter(_rows(self._session.execute(query)))

    def unlisted_exports(self) -> list[LogExport]:
        """List stretches of the exported log whose version the store does not list."""
        listed = select(StoreListing.key).where(StoreListing.key == LogExport.object_key, StoreListing.version_id == LogExport.object_version)
        return list(self._session.scalars(select(LogExport).where(~listed.exists()).order_by(LogExport.first_index)))

    def unlisted_snapshots(self) -> list[CoverageSnapshot]:
        """List frozen figures whose version the store does not list."""
        listed = select(StoreListing.key).where(
            StoreListing.key == CoverageSnapshot.object_key, StoreListing.version_id == CoverageSnapshot.object_version
        )
        return list(self._session.scalars(select(CoverageSnapshot).where(~listed.exists()).order_by(CoverageSnapshot.day)))

    def rows(self, model: type[Base], after: UUID | None, *, limit: int) -> list[Row]:
        """List rows of a table by their id, beginning after one."""
        table = model.__table__
        query = select(table).order_by(table.c.id).limit(limit)
        return _rows(self._session.execute(query if after is None else query.where(table.c.id > after)))

    def rows_of(self, column: InstrumentedAttribute[UUID], ids: Collection[UUID]) -> list[Row]:
        """List the rows of a table that belong to any of many others."""
        table = column.class_.__table__
        query = select(table).where(table.c[column.key] == any_(cast(list(ids), ARRAY(Uuid))))
        return _rows(self._session.execute(query.order_by(*table.primary_key)))

    def chains(self, subject_kind: str, ids: Collection[UUID]) -> Mapping[UUID, list[bytes]]:
        """The exact bytes of every event of many subjects, in order, by subject."""
        row = CustodyEventRow
        query = select(row.subject_id, row.canonical).where(row.subject_kind == subject_kind, row.subject_id == any_(cast(list(ids), ARRAY(Uuid))))
        found: dict[UUID, list[bytes]] = {}
        for subject_id, canonical in self._session.execute(query.order_by(row.subject_id, row.subject_seq)):
            found.setdefault(subject_id, []).append(canonical)
        return found

    def subjects(self, subject_kind: str, after: UUID | None, *, limit: int) -> list[UUID]:
        """List what the log has chains of, by id, beginning after one."""
        row = CustodyEventRow
        query = select(row.subject_id).where(row.subject_kind == subject_kind, row.subject_seq == 0).order_by(row.subject_id).limit(limit)
        return list(self._session.scalars(query if after is None else query.where(row.subject_id > after)))

    def rowless(self, subject_kind: str, model: type[Base]) -> Iterator[UUID]:
        """Give the subjects that the log has a chain of and their table no row."""
        row, table = CustodyEventRow, model.__table__
        is_there = select(literal(1)).where(table.c.id == row.subject_id)
        return iter(self._session.scalars(select(row.subject_id).distinct().where(row.subject_kind == subject_kind, ~is_there.exists())))


def _rows(result: Result[Any]) -> list[Row]:
    names = list(result.keys())
    return [dict(zip(names, row, strict=True)) for row in result]
