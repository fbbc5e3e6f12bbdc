"""Copy one version of an object from one store to another: digested on the way, locked, and read back in full."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from evidence_store.errors import CopyUnfaithfulError, ObjectNotFoundError, OriginalLostError, StoreError
from evidence_store.object_store.store import ObjectStore, StoredObject
from integrity.hashing import content_md5, running_sha256
from integrity.receipt import UploadedPart

PART_BYTES = 16 * 1024**2
"""Held in memory at a time; 10,000 parts of it are 156 GiB."""
STRETCH_BYTES = 8 * 1024**2
"""No store in use cuts an object into longer pieces than a part of an upload; a piece that is gone shows when one byte of it is asked for."""


@dataclass(frozen=True, slots=True)
class WantedCopy:
    """What is to be copied.

    Attributes:
        key: The same in both stores.
        version_id: Version in the store it is copied from.
        sha256: What its bytes must be; ``None`` when nobody wrote it down.
        retain_until: Least end of the copy's lock, UTC, in the future.
    """

    key: str
    version_id: str
    sha256: str | None
    retain_until: datetime


@dataclass(frozen=True, slots=True)
class VerifiedCopy:
    """A copy as it was read back from where it was laid."""

    version_id: str
    size_bytes: int
    sha256: str
    retain_until: datetime


def copy_version(wanted: WantedCopy, source: ObjectStore, target: ObjectStore) -> VerifiedCopy:
    """Copy a version under the same key and read the copy back in full; killed on the way, nothing or an unnamed version is left.

    Raises:
        OriginalLostError: The source has no such version, or other bytes than are wanted; nothing was laid into the target.
        CopyUnfaithfulError: The target gives other bytes back, or keeps no lock that long.
        StoreUnavailableError: One of them is away.
    """
    laid, sha256, size = _lay(wanted, source, target)
    lock = target.retention(wanted.key, laid.version_id)
    if lock is None or lock.mode != "COMPLIANCE" or lock.until < wanted.retain_until.replace(microsecond=0):
        raise CopyUnfaithfulError(wanted.key, "it is not locked as long as was asked")
    if digest_of(target, wanted.key, laid.version_id) != (sha256, size):
        raise CopyUnfaithfulError(wanted.key, "its bytes are others")
    return VerifiedCopy(laid.version_id, size, sha256, lock.until)


def digest_of(store: ObjectStore, key: str, version_id: str) -> tuple[str, int]:
    """Read a version in full; gives SHA-256 in hexadecimal and size in bytes."""
    running = running_sha256()
    size = 0
    for chunk in store.read(key, version_id):
        running.update(chunk)
        size += len(chunk)
    return running.digest().hex(), size


def _lay(wanted: WantedCopy, source: ObjectStore, target: ObjectStore) -> tuple[StoredObject, str, int]:
    running = running_sha256()
    size = 0
    parts = _parts_of(source, wanted)
    first = next(parts, b"")
    if len(first) < PART_BYTES:
        running.update(first)
        _demand(wanted, running.digest().hex())
        return target.put(wanted.key, first, retain_until=wanted.retain_until), running.digest().hex(), len(first)
    upload_id = target.begin_upload(wanted.key, retain_until=wanted.retain_until)
    try:
        named: list[UploadedPart] = []
        part = first
        while part:
            running.update(part)
            size += len(part)
            number = len(named) + 1
            etag = target.put_part(wanted.key, upload_id, number=number, data=part)
            named.append(UploadedPart(number=number, size_bytes=len(part), md5=content_md5(part).hex(), etag=etag))
            part = next(parts, b"")
        _demand(wanted, running.digest().hex())
        return target.finish_upload(wanted.key, upload_id, parts=named), running.digest().hex(), size
    except BaseException:
        with suppress(StoreError):  # what stays behind is an unfinished upload, which listings name
            target.abandon_upload(wanted.key, upload_id)
        raise


def _demand(wanted: WantedCopy, found: str) -> None:
    if wanted.sha256 is not None and found != wanted.sha256:
        raise OriginalLostError(wanted.key, "altered")


def _parts_of(source: ObjectStore, wanted: WantedCopy) -> Iterator[bytes]:
    held = bytearray()
    try:
        for chunk in source.read(wanted.key, wanted.version_id):
            held += chunk
            while len(held) >= PART_BYTES:
                yield bytes(held[:PART_BYTES])
                del held[:PART_BYTES]
    except ObjectNotFoundError as error:
        raise OriginalLostError(wanted.key, "missing") from error
    if held:
        yield bytes(held)
