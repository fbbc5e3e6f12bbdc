"""One file of the spool: encrypted chunks that can be read from any place, none of which can be changed, moved, dropped or added unnoticed.

A file is a header (8 bytes ``BCSPOOL1``, 32 bytes of salt) and chunks of 1 MiB, each with its 16-byte AES-256-GCM tag; the last may be shorter and
may be empty. The key of a file is HKDF-SHA256 over the spool's key with that salt and the file's name as info (RFC 5869). The nonce of a chunk is its
number, 11 bytes big-endian, and one byte that is 1 for the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from device_drivers.dock.spool.errors import SpoolDamagedError

KEY_BYTES = 32
CHUNK_BYTES = 1024**2
_TAG_BYTES = 16
_MAGIC = b"BCSPOOL1"
_SALT_BYTES = 32
_HEADER_BYTES = len(_MAGIC) + _SALT_BYTES


class ChunkWriter:
    """Writes one file. It counts only once :meth:`finish` returned; leaving the ``with`` block without it removes what was written.

    Args:
        path: Where it will lie.
        key: The spool's key.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        salt = secrets.token_bytes(_SALT_BYTES)
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._cipher = _cipher(key, salt, path)
        self._waiting = bytearray()
        self._count = 0
        self._file: BinaryIO = self._part.open("wb")
        self._file.write(_MAGIC + salt)

    def write(self, data: bytes | memoryview) -> None:
        """Add bytes.

        Raises:
            OSError: The disk did not take them.
        """
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:  # one chunk is kept back, because the last is sealed as such
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), is_last=False)
            del self._waiting[:CHUNK_BYTES]

    def finish(self) -> None:
        """Seal the last chunk and give the file its name, once the disk has it.

        Raises:
            OSError: The disk did not take it; then nothing of the file counts.
        """
        self._seal(bytes(self._waiting), is_last=True)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.rename(self._path)
        sync_folder(self._path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._count, is_last=is_last), chunk, None))
        self._count += 1


class ChunkReader:
    """Reads one file from a byte offset.

    Args:
        path: Where it lies.
        key: The spool's key.
        offset: First byte wanted.

    Raises:
        SpoolDamagedError: It is no such file.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path, key: bytes, *, offset: int = 0) -> None:
        self._path = path
        self._size = path.stat().st_size - _HEADER_BYTES
        self._file: BinaryIO = path.open("rb")
        head = self._file.read(_HEADER_BYTES)
        if len(head) != _HEADER_BYTES or head[: len(_MAGIC)] != _MAGIC or self._size < _TAG_BYTES:
            self._file.close()
            raise SpoolDamagedError(path.name, "it has no header")
        self._cipher = _cipher(key, head[len(_MAGIC) :], path)
        self._chunks = -(-self._size // (CHUNK_BYTES + _TAG_BYTES))
        self._number, self._skip = divmod(offset, CHUNK_BYTES)
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with what comes next; 0 at the end.

        Raises:
            SpoolDamagedError: What lies there is not what was written.
            OSError: It cannot be read.
        """
        filled = 0
        while filled < len(buffer):
            if not self._rest and not self._load():
                break
            piece = self._rest[: len(buffer) - filled]
            buffer[filled : filled + len(piece)] = piece
            self._rest = self._rest[len(piece) :]
            filled += len(piece)
        return filled

    def close(self) -> None:
        """Close the file; calling again does nothing."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _load(self) -> bool:
        if self._number >= self._chunks:
            return False
        self._file.seek(_HEADER_BYTES + self._number * (CHUNK_BYTES + _TAG_BYTES))
        sealed = self._file.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            chunk = self._cipher.decrypt(_nonce(self._number, is_last=self._number == self._chunks - 1), sealed, None)
        except InvalidTag as error:
            raise SpoolDamagedError(self._path.name, f"chunk {self._number} is not what was written") from error
        self._rest = memoryview(chunk)[self._skip :]
        self._number, self._skip = self._number + 1, 0
        return bool(self._rest) or self._load()


def write_sealed(path: Path, key: bytes, data: bytes) -> None:
    """Write a small file whole.

    Raises:
        OSError: The disk did not take it.
    """
    with ChunkWriter(path, key) as writer:
        writer.write(data)
        writer.finish()


def read_sealed(path: Path, key: bytes) -> bytes:
    """Read a small file whole.

    Raises:
        SpoolDamagedError: It is not what was written.
        OSError: It cannot be read.
    """
    with ChunkReader(path, key) as reader:
        return b"".join(_pieces(reader))


def sync_folder(folder: Path) -> None:
    """Have the disk keep the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pieces(reader: ChunkReader) -> Iterator[bytes]:
    buffer = memoryview(bytearray(CHUNK_BYTES))
    while count := reader.readinto(buffer):
        yield bytes(buffer[:count])


def _cipher(key: bytes, salt: bytes, path: Path) -> AESGCM:
    """The cipher of one file; its session and name are bound in, so that no file can stand for another."""
    info = f"bodycam.spool {path.parent.name}/{path.name}".encode()
    return AESGCM(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=info).derive(key))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])
