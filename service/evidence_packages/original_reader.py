"""Reads an original from the store while it goes out, in one pass over all its pieces, and stops when its bytes are not those of its chain."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from evidence_store.errors import ObjectNotFoundError, StoreError
from evidence_store.object_store.store import ObjectStore
from integrity.hashing import Digests, RunningDigests, running_sha256
from service.evidence_packages.errors import EvidenceDamagedError
from service.evidence_packages.layout import Piece

_LOG = logging.getLogger(__name__)

Tell = Callable[[UUID, str], None]


@dataclass(frozen=True, slots=True)
class StoredOriginal:
    """A version in the store, and what its chain of custody says of its bytes."""

    clip_id: UUID
    key: str
    version: str
    size_bytes: int
    digests: Digests


class OriginalReader:
    """Reads one original, piece after piece.

    Args:
        objects: Where it lies.
        original: What it must be.
        pieces: How it is cut, in order.
        tell: Told of damage, with a word for it, before the reading stops.
    """

    def __init__(self, objects: ObjectStore, original: StoredOriginal, pieces: list[Piece], tell: Tell) -> None:
        self._objects, self._original, self._pieces, self._tell = objects, original, pieces, tell
        self._whole = running_sha256()
        self.digests: dict[str, Digests] = {}

    def read(self, piece: Piece) -> Iterator[bytes]:
        """Stream a piece; after the last one the whole is judged.

        Raises:
            EvidenceDamagedError: The bytes are missing, cannot be read, or are others.
        """
        of_piece = RunningDigests() if len(self._pieces) > 1 else None
        read_bytes = 0
        for chunk in self._chunks(piece):
            read_bytes += len(chunk)
            self._whole.update(chunk)
            if of_piece is not None:
                of_piece.update(chunk)
            if read_bytes <= piece.size_bytes:
                yield chunk
        if read_bytes != piece.size_bytes:
            self._stop("altered")
        self.digests[piece.path] = self._original.digests if of_piece is None else of_piece.digests()
        if piece is self._pieces[-1] and self._whole.digest().hex() != self._original.digests.sha256:
            self._stop("altered")

    def _chunks(self, piece: Piece) -> Iterator[bytes]:
        length = None if len(self._pieces) == 1 else piece.size_bytes
        try:
            yield from self._objects.read(self._original.key, self._original.version, offset=piece.offset, length=length)
        except ObjectNotFoundError as error:
            self._stop("missing", error)
        except StoreError as error:
            self._stop("unreadable", error)

    def _stop(self, reason: str, error: Exception | None = None) -> NoReturn:
        stop(self._original.clip_id, reason, self._tell, error)


def stop(clip_id: UUID, reason: str, tell: Tell, error: Exception | None = None) -> NoReturn:
    """Tell of damage to a clip, and go no further.

    Raises:
        EvidenceDamagedError: Always.
    """
    _LOG.error("evidence is damaged", extra={"clip_id": str(clip_id), "reason": reason})
    tell(clip_id, reason)
    raise EvidenceDamagedError(clip_id, reason) from error
