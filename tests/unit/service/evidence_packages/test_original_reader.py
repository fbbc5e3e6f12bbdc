import tracemalloc
from itertools import chain
from uuid import UUID

import pytest

from evidence_store.errors import ObjectNotFoundError, StoreUnavailableError
from integrity.hashing import Digests, RunningDigests
from service.evidence_packages.errors import EvidenceDamagedError
from service.evidence_packages.layout import pieces_of
from service.evidence_packages.original_reader import OriginalReader, StoredOriginal

CLIP_ID = UUID(int=1)
MIB = 1024**2
BLOCK = bytes(range(256)) * 4096


class Blocks:
    """A store of one object made of equal blocks, of which it holds only one."""

    def __init__(self, blocks: int, *, altered: int | None = None, error: Exception | None = None) -> None:
        self.blocks, self.altered, self.error = blocks, altered, error

    def read(self, key, version_id, *, offset=0, length=None):
        end = self.blocks * MIB if length is None else offset + length
        for start in range(offset, end, MIB):
            if self.error is not None and start >= MIB:
                raise self.error
            block = BLOCK if start // MIB != self.altered else b"\1" + BLOCK[1:]
            yield block[: end - start]


def original_of(blocks: int) -> StoredOriginal:
    running = RunningDigests()
    for _ in range(blocks):
        running.update(BLOCK)
    return StoredOriginal(CLIP_ID, "key", "version", blocks * MIB, running.digests())


def reader_of(store, original, *, piece_bytes=None):
    told = []
    pieces = pieces_of(CLIP_ID, "A.MP4", original.size_bytes, piece_bytes=piece_bytes)
    return OriginalReader(store, original, pieces, lambda clip_id, reason: told.append((clip_id, reason))), pieces, told


def test_pieces_are_digested_each_and_the_whole_together():
    reader, pieces, _ = reader_of(Blocks(5), original_of(5), piece_bytes=2 * MIB)

    lengths = [sum(len(chunk) for chunk in reader.read(piece)) for piece in pieces]

    assert lengths == [2 * MIB, 2 * MIB, MIB]
    assert [digests for _, digests in sorted(reader.digests.items())] == [Digests.of(BLOCK * 2), Digests.of(BLOCK * 2), Digests.of(BLOCK)]


DAMAGE = [
    (Blocks(3, altered=2), "altered", None),
    (Blocks(3, altered=0), "altered", 2 * MIB),
    (Blocks(2), "altered", None),
    (Blocks(4), "altered", None),
    (Blocks(3, error=ObjectNotFoundError("key")), "missing", 2 * MIB),
    (Blocks(3, error=StoreUnavailableError("the store", "500")), "unreadable", None),
]


@pytest.mark.parametrize(("store", "reason", "piece_bytes"), DAMAGE)
def test_other_bytes_than_those_of_the_chain_stop_the_reading_and_are_told(store, reason, piece_bytes):
    reader, pieces, told = reader_of(store, original_of(3), piece_bytes=piece_bytes)

    with pytest.raises(EvidenceDamagedError) as stopped:
        list(chain.from_iterable(map(reader.read, pieces)))

    assert stopped.value.reason == reason
    assert told == [(CLIP_ID, reason)]


def test_a_long_original_passes_in_constant_memory():
    original = original_of(300)

    tracemalloc.start()
    try:
        reader, (piece,), _ = reader_of(Blocks(300), original)
        length = sum(len(chunk) for chunk in reader.read(piece))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert length == 300 * MIB
    assert most < 4 * MIB
