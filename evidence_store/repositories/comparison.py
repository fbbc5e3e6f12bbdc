"""Every row of a table in the order of its key, a page at a time."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row as SqlRow
from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from evidence_store.models import Base, CheckpointRow, CustodyEventRow, CustodyLeaf, TimestampReceipt
from evidence_store.repositories.log import EMBEDDED_AUTHORITY

_AT_ONCE = 1_000
Keyed = tuple[tuple[Any, ...], Mapping[str, Any]]
"""A row with its key."""


class Comparison:
    """Reads whole tables for a comparison with those of another database."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rows(self, model: type[Base]) -> Iterator[Keyed]:
        """Every row of a table, by its primary key."""
        table = model.__table__
        key = list(table.primary_key)
        for row in self._pages(select(table), key):
            members = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own name for it
            yield tuple(members[column.name] for column in key), members

    def leaves(self) -> Iterator[Keyed]:
        """Every leaf of the log, with its event's exact bytes and columns but their internal numbers."""
        event = CustodyEventRow
        columns = (event.subject_kind, event.subject_id, event.subject_seq, event.action, event.at, event.canonical, event.leaf_hash)
        query = select(CustodyLeaf.leaf_index, *columns).join(event, event.id == CustodyLeaf.event_id)
        for row in self._pages(query, [CustodyLeaf.leaf_index]):
            yield (row[0],), dict(row._mapping)  # noqa: SLF001 - likewise

    def stamped(self) -> Iterator[Keyed]:
        """Every checkpoint that the embedded authority stamped, with its token."""
        checkpoint, receipt = CheckpointRow, TimestampReceipt
        query = select(checkpoint.size, checkpoint.root, checkpoint.note, receipt.token, receipt.stamped_at)
        query = query.join(receipt, receipt.checkpoint_size == checkpoint.size).where(receipt.authority == EMBEDDED_AUTHORITY)
        for row in self._pages(query, [checkpoint.size]):
            yield (row[0],), dict(row._mapping)  # noqa: SLF001 - likewise

    def _pages(self, query: Any, key: list[Any]) -> Iterator[SqlRow[Any]]:
        after: tuple[Any, ...] | None = None
        while True:
            page = query.order_by(*key).limit(_AT_ONCE)
            rows = self._session.execute(page if after is None else page.where(tuple_(*key) > after)).all()
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            after = tuple(rows[-1]._mapping[column.name] for column in key)  # noqa: SLF001 - likewise
