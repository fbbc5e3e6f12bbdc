"""Clips' rows beside their chains of custody and what the store holds of them. Reads, and changes nothing."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from evidence_store.errors import ObjectNotFoundError, ObjectStoreRefusedError
from evidence_store.models import Clip
from evidence_store.object_store.keys import manifest_key
from evidence_store.object_store.store import ObjectStore
from evidence_store.unit_of_work import UnitOfWork
from integrity.canonical import JsonValue
from integrity.errors import IntegrityError
from integrity.hashing import sha256_hex
from integrity.manifest import MAX_MANIFEST_BYTES, open_manifest
from integrity.receipt import ClipState
from service.context import ServiceContext
from service.safekeeping.events import read_past_event
from service.safekeeping.findings import FindingKind as Kind
from service.safekeeping.findings import Found
from service.safekeeping.read_version import UnreadableVersionError, read_version
from service.safekeeping.replay_clip import PROBED, PROBED_FLAGS, ReplayedClip, replay_clip

AT_ONCE = 1_000
NEVER_STORED_AFTER = timedelta(days=1)
_READERS = 8
_COMPLIANCE = "COMPLIANCE"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ClipPage:
    """Some clips with everything said of them, as of one moment."""

    rows: Sequence[Row]
    chains: Mapping[UUID, list[bytes]]
    listed: Mapping[str, list[Row]]


class ClipComparison:
    """Compares pages of clips.

    Args:
        context: What the service needs.
        began_at: When the store's listing began, UTC; what was stored later is not in it and is left for the next run.
    """

    def __init__(self, context: ServiceContext, *, began_at: datetime) -> None:
        self._context = context
        self._objects: ObjectStore = context.objects
        self._manifest_key = context.manifest_signer.public_key
        self._began_at = began_at
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="compare")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._readers.shutdown(cancel_futures=True)

    def read_page(self, work: UnitOfWork, after: UUID | None) -> ClipPage:
        """Read the next clips by id; the transaction must be frozen."""
        rows = work.reconciliation.rows(Clip, after, limit=AT_ONCE)
        stored = [row for row in rows if row["object_version"] is not None]
        listed = work.reconciliation.listed([row["object_key"] for row in stored])
        return ClipPage(rows, work.reconciliation.chains("clip", [row["id"] for row in rows]), listed)

    def compare(self, page: ClipPage) -> list[Found]:
        """Tell what is wrong with a page of clips."""
        replayed = {row["id"]: _replay(row["id"], page.chains.get(row["id"], [])) for row in page.rows}
        found = [one for row in page.rows for one in self._row(row, replayed[row["id"]])]
        stored = [row for row in page.rows if row["object_version"] is not None and row["received_at"] < self._began_at]

        def look(row: Row) -> list[Found]:
            clip = replayed[row["id"]]
            return list(self._original(row, page.listed)) + list(self._manifest(row, clip if isinstance(clip, ReplayedClip) else None))

        return found + [one for many in self._readers.map(look, stored) for one in many]

    def _row(self, row: Row, clip: ReplayedClip | str | None) -> Iterator[Found]:
        subject = f"clip {row['id']}"
        if clip is None:
            yield Found(Kind.CLIP_WITHOUT_CHAIN, subject, row["id"], {"name": row["original_name"]})
        elif isinstance(clip, str):
            yield Found(Kind.CLIP_ROW_DIFFERS, subject, row["id"], {"chain": clip})
        elif columns := differing_columns(row, clip):
            yield Found(Kind.CLIP_ROW_DIFFERS, subject, row["id"], {"columns": list(columns)})
        if row["object_version"] is None and row["announced_at"] < self._began_at - NEVER_STORED_AFTER:
            age = self._began_at - row["announced_at"]
            details: dict[str, JsonValue] = {"session_id": str(row["session_id"]), "path": row["path"], "age_days": age.days, "state": row["state"]}
            yield Found(Kind.NEVER_STORED, subject, row["id"], {**details, "announced_at": row["announced_at"].isoformat()})

    def _original(self, row: Row, listed: Mapping[str, list[Row]]) -> Iterator[Found]:
        key, version = row["object_key"], row["object_version"]
        there = _version_in(listed, key, version)
        if there is None and not self._is_there(key, version):
            kind = Kind.RELEASED_OBJECT_GONE if row["state"] == ClipState.RELEASED else Kind.OBJECT_GONE
            yield Found(kind, f"{key}@{version}", row["id"], {"sha256": row["sha256"], "size_bytes": row["size_bytes"], "state": row["state"]})
            return
        if there is not None and there["size_bytes"] != row["size_bytes"]:
            sizes: dict[str, JsonValue] = {"recorded_bytes": row["size_bytes"], "stored_bytes": there["size_bytes"]}
            yield Found(Kind.OBJECT_SIZE_DIFFERS, f"{key}@{version}", row["id"], sizes)
        yield from self._lock(row, key, version)

    def _manifest(self, row: Row, clip: ReplayedClip | None) -> Iterator[Found]:
        key, version = manifest_key(row["id"]), row["manifest_version"]
        if version is None or row["verified_at"] >= self._began_at:
            return
        subject = f"{key}@{version}"
        try:
            data = read_version(self._context, key, version, limit=MAX_MANIFEST_BYTES)
        except UnreadableVersionError as error:
            yield Found(Kind.MANIFEST_GONE, subject, row["id"], {"reason": str(error)})
            return
        told = clip.manifest_sha256 if clip is not None else None
        if told is None or sha256_hex(data) != told:
            reason = self._wrong_with(data, row)
            if reason is not None or told is not None:
                yield Found(Kind.MANIFEST_DIFFERS, subject, row["id"], {"reason": reason or "other bytes than the chain of custody names"})
        yield from self._lock(row, key, version)

    def _wrong_with(self, data: bytes, row: Row) -> str | None:
        try:
            manifest = open_manifest(data, self._manifest_key)
        except IntegrityError as error:
            return str(error)
        told = (manifest.clip_id, manifest.stored.key, manifest.stored.version_id, manifest.size_bytes, manifest.digests.sha256, manifest.digests.sm3)
        kept = (str(row["id"]), row["object_key"], row["object_version"], row["size_bytes"], row["sha256"], row["sm3"])
        return None if told == kept else "it is another clip's, or the record was changed"

    def _lock(self, row: Row, key: str, version: str) -> Iterator[Found]:
        if row["retain_until"] <= self._began_at:
            return
        try:
            lock = self._objects.retention(key, version)
        except (ObjectNotFoundError, ObjectStoreRefusedError) as error:
            yield Found(Kind.NOT_LOCKED, f"{key}@{version}", row["id"], {"lock": str(error)})
            return
        if lock is None or lock.mode != _COMPLIANCE:
            yield Found(Kind.NOT_LOCKED, f"{key}@{version}", row["id"], {"lock": lock.mode if lock else None})
        elif lock.until < row["retain_until"].replace(microsecond=0):
            until: dict[str, JsonValue] = {"recorded": row["retain_until"].isoformat(), "found": lock.until.isoformat()}
            yield Found(Kind.LOCK_SHORTER, f"{key}@{version}", row["id"], until)

    def _is_there(self, key: str, version: str) -> bool:
        """Ask for the version by name before saying that it is gone."""
        return any(one.version_id == version for one in self._objects.list_versions(key))


def differing_columns(row: Mapping[str, Any], clip: ReplayedClip) -> Iterable[str]:
    """Name the columns of a clip's row that are not what its chain tells."""
    return [name for name, told in clip.values.items() if name not in PROBED and not _agrees(name, row[name], told)]


def _agrees(name: str, kept: Any, told: Any) -> bool:
    if name == "flags":
        return set(kept) - PROBED_FLAGS == set(told) - PROBED_FLAGS
    if name == "state" and told == ClipState.VERIFIED:
        return kept in {ClipState.VERIFIED, ClipState.SEALED}
    return bool(kept == told)


def _replay(clip_id: UUID, chain: Sequence[bytes]) -> ReplayedClip | str | None:
    if not chain:
        return None
    try:
        return replay_clip(clip_id, map(read_past_event, chain))
    except (ValueError, json.JSONDecodeError) as error:
        return str(error)


def _version_in(listed: Mapping[str, list[Row]], key: str, version: str) -> Row | None:
    return next((one for one in listed.get(key, []) if one["version_id"] == version and not one["is_delete_marker"]), None)
