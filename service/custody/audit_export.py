"""The log in the database against the log in the store, which no database password reaches."""

import base64
from collections.abc import Iterator
from datetime import timedelta

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError
from evidence_store.models import LogExport
from evidence_store.object_store.keys import log_export_key
from evidence_store.object_store.store import StoredObject
from evidence_store.repositories.log import EMBEDDED_AUTHORITY
from evidence_store.unit_of_work import UnitOfWork
from integrity.errors import IntegrityError
from integrity.hashing import sha256_hex
from integrity.log_export import MAX_STRETCH_BYTES, LogStretch, parse_stretch
from service.context import ServiceContext
from service.custody.log_fault import LogFault, Name

_LOCKS_ARE_EXACT_TO = timedelta(seconds=1)


class _Rows:
    """What the database recorded as exported, taken out in order."""

    def __init__(self, rows: Iterator[LogExport], name: Name) -> None:
        self._rows, self._name = rows, name
        self._next = next(rows, None)

    def take(self, first: int | None) -> LogExport | None:
        """The row of the stretch that begins at a leaf; rows before it belong to no stretch, and are named."""
        while self._next is not None and (first is None or self._next.first_index < first):
            self._name(LogFault("log_export", f"first_index={self._next.first_index}", "first_index", "no stretch of the exported log begins there"))
            self._next = next(self._rows, None)
        if self._next is None or self._next.first_index != first:
            return None
        row, self._next = self._next, next(self._rows, None)
        return row


def audit_export(context: ServiceContext, work: UnitOfWork, name: Name) -> int:
    """Follow the stretches in the store from the first leaf on, and compare them with the database.

    What only the store holds shows that the database was rolled back; what both hold and differs, that one of them was rewritten.

    Returns:
        How many stretches there are.
    """
    rows, first, previous, count = _Rows(work.log_audits.exports(), name), 0, None, 0
    unrecorded: int | None = None
    while True:
        row = rows.take(first)
        found = _find_stretch(context, work, first, previous, row, name)
        if row is None and found is None:
            break
        if unrecorded is not None:  # the last stretch may have been interrupted before it was recorded, an earlier one was recorded once
            name(LogFault("log_export", f"first_index={unrecorded}", None, "is gone; its stretch is in the store"))
        unrecorded = first if row is None else None
        count += 1
        if found is not None:
            first, previous = found[0].size, found[1]
        elif row is not None:
            first, previous = row.size, row.sha256
    rows.take(None)
    return count


def _find_stretch(
    context: ServiceContext, work: UnitOfWork, first: int, previous: str | None, row: LogExport | None, name: Name
) -> tuple[LogStretch, str] | None:
    """The stretch that begins at a leaf, and its digest: the version that was recorded, or else the newest that is ours."""
    recorded = work.log_audits.standing_version(log_export_key(first), row.object_version) if row is not None else None
    found: dict[str, tuple[LogStretch, str]] = {}
    for version in reversed(context.objects.list_versions(log_export_key(first))):
        where = f"{version.key} version {version.version_id}"
        data = _read(context, version, where, name)
        stretch = _parse(data, where, name) if data is not None else None
        if data is None or stretch is None:
            continue
        if version.version_id == recorded and row is not None:
            _audit_row(context, row, version, stretch, sha256=sha256_hex(data), name=name)
        if (stretch.first_index, stretch.previous_sha256, stretch.log_origin) != (first, previous, context.log_signer.name):
            name(LogFault("store", where, None, "does not continue the stretch before it"))
        elif _compare(work, stretch, where, name) or version.version_id == recorded:
            found[version.version_id] = stretch, sha256_hex(data)
    if row is not None and recorded not in found:
        name(LogFault("log_export", f"first_index={first}", "object_version", f"the store holds no version {recorded} that continues the log"))
    return found.get(recorded or "") or next(reversed(found.values()), None)


def _parse(data: bytes, where: str, name: Name) -> LogStretch | None:
    try:
        return parse_stretch(data)
    except IntegrityError as error:
        name(LogFault("store", where, None, f"is no stretch of the log: {error}"))
        return None


def _read(context: ServiceContext, version: StoredObject, where: str, name: Name) -> bytes | None:
    if version.size_bytes > MAX_STRETCH_BYTES:
        name(LogFault("store", where, None, f"is no stretch of the log: {version.size_bytes} bytes"))
        return None
    try:
        return b"".join(context.objects.read(version.key, version.version_id))
    except (ObjectNotFoundError, ObjectStoreRefusedError) as error:
        name(LogFault("store", where, None, f"cannot be read: {error}"))
        return None


def _audit_row(context: ServiceContext, row: LogExport, version: StoredObject, stretch: LogStretch, *, sha256: str, name: Name) -> None:
    key = f"first_index={row.first_index}"
    if row.object_key != version.key:
        name(LogFault("log_export", key, "object_key", f"is not the key of the stretch, {version.key}"))
    if row.size != stretch.size:
        name(LogFault("log_export", key, "size", f"says {row.size}, the stretch ends at {stretch.size}"))
    if row.sha256 != sha256:
        name(LogFault("log_export", key, "sha256", "is not the digest of the object"))
    lock = context.objects.retention(version.key, version.version_id)
    if lock is None or lock.until < row.retain_until - _LOCKS_ARE_EXACT_TO:
        name(LogFault("log_export", key, "retain_until", f"says {row.retain_until}, the store's lock {lock.until if lock else 'is gone'}"))
    elif (row.retain_until - row.exported_at) % timedelta(days=1):
        name(LogFault("log_export", key, "exported_at", "is not whole days before the end of the lock"))


def _compare(work: UnitOfWork, stretch: LogStretch, where: str, name: Name) -> bool:
    """Whether the database holds the same events, checkpoints and tokens; what it lacks, or has otherwise, is named."""
    rows = {leaf.leaf_index: leaf for leaf in work.log_audits.leaves(stretch.first_index, stretch.size)}
    missing, is_same = [], True
    for index, event in enumerate(stretch.events, start=stretch.first_index):
        row = rows.get(index)
        if row is None or row.canonical is None:
            missing.append(index)
        elif row.canonical != event:
            is_same = False
            name(LogFault("custody_event", f"id={row.event_id}", "canonical", f"is not leaf {index} of the exported log ({where})"))
    if missing:
        reason = (
            f"the exported log has leaves that the database has not, from {missing[0]} to {missing[-1]}: it was rolled back, or they were removed"
        )
        name(LogFault("custody_leaf", f"leaf_index={missing[0]}", None, f"{reason} ({where})"))
    return _compare_checkpoints(work, stretch, where, name) and is_same and not missing


def _compare_checkpoints(work: UnitOfWork, stretch: LogStretch, where: str, name: Name) -> bool:
    ours = {row.size: row for row in work.log_audits.checkpoints(stretch.first_index, stretch.size)}
    tokens = {(row.checkpoint_size, row.authority): row.token for row in work.log_audits.receipts(stretch.first_index, stretch.size)}
    by_note = {row.note: row.size for row in ours.values()}
    is_same = True
    for line in stretch.checkpoints:
        size = by_note.get(line.checkpoint)
        if size is None:
            is_same = False
            said = line.checkpoint.split("\n", 2)[1:2]
            name(LogFault("checkpoint", f"size={''.join(said)}", "note", f"the database has no checkpoint as the exported log has it ({where})"))
        elif tokens.get((size, EMBEDDED_AUTHORITY)) != base64.b64decode(line.token):
            is_same = False
            key = f"checkpoint_size={size} authority={EMBEDDED_AUTHORITY}"
            name(LogFault("timestamp_receipt", key, "token", f"is gone, or is not the token in the exported log ({where})"))
    return is_same
