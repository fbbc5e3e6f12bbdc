"""Digests of long files, of the pieces of a file, and of both at once, read a single time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from integrity.hashing import RunningDigest, running_sha256, running_sm3


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of bytes is.

    Attributes:
        size_bytes: Its length.
        sha256: 64 hexadecimal digits.
        sm3: Likewise; ``None`` where it was not asked for.
    """

    size_bytes: int
    sha256: str
    sm3: str | None


class _Running:
    def __init__(self, *, with_sm3: bool) -> None:
        self._size_bytes = 0
        self._sha256 = running_sha256()
        self._sm3 = running_sm3() if with_sm3 else None

    @property
    def digests(self) -> list[RunningDigest]:
        return [self._sha256, *([self._sm3] if self._sm3 is not None else [])]

    def count(self, size_bytes: int) -> None:
        self._size_bytes += size_bytes

    def measured(self) -> Measured:
        return Measured(self._size_bytes, self._sha256.digest().hex(), self._sm3.digest().hex() if self._sm3 is not None else None)


def measure(
    open_piece: Callable[[str], Iterator[memoryview]],
    paths: Sequence[str],
    *,
    with_sm3: bool,
    progress: Callable[[int], None],
) -> tuple[list[Measured], Measured]:
    """Digest a file's pieces, each for itself and all of them joined.

    Several digests of one chunk run on threads of their own; a single one runs on the caller's, because handing over costs more than it gives.

    Args:
        open_piece: Gives a piece's bytes by its path.
        paths: The pieces in order, at least one.
        with_sm3: Whether SM3 is wanted beside SHA-256; it takes several times as long.
        progress: Told of bytes that were read.

    Returns:
        What each piece is, and what they are together.
    """
    joined = _Running(with_sm3=with_sm3)
    pieces: list[Measured] = []
    with ThreadPoolExecutor(4) as threads:
        for path in paths:
            piece = _Running(with_sm3=with_sm3) if len(paths) > 1 else joined
            running = [*piece.digests, *(joined.digests if piece is not joined else [])]
            for chunk in open_piece(path):
                _take_in(threads, running, chunk)
                for each in {piece, joined}:
                    each.count(len(chunk))
                progress(len(chunk))
            pieces.append(piece.measured())
    return pieces, joined.measured()


def _take_in(threads: ThreadPoolExecutor, running: Sequence[RunningDigest], chunk: memoryview) -> None:
    if len(running) == 1:
        running[0].update(chunk)
        return
    for done in [threads.submit(each.update, chunk) for each in running]:
        done.result()
