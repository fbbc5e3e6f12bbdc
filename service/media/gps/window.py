"""A file read in runs, and no more of it than allowed."""

from collections.abc import Iterator

from service.media.child import ByteSource

_AHEAD_BYTES = 16 * 1024
_CHUNK_BYTES = 256 * 1024


class Window:
    """Reads stretches of a file until an allowance is used up; from then on there is nothing more to read, and ``is_cut_off`` says so."""

    def __init__(self, source: ByteSource, *, allowance_bytes: int) -> None:
        self.size_bytes = source.size_bytes
        self.is_cut_off = False
        self._source = source
        self._allowance = allowance_bytes
        self._kept_at, self._kept = 0, b""

    def at(self, offset: int, length: int, *, ahead: bool = True) -> bytes:
        """Read from an offset, at most so many bytes; fewer at the end of the file.

        Args:
            offset: Where to begin; beyond the end, or before the beginning, there is nothing.
            length: How many bytes.
            ahead: Whether to read on for whoever asks for the next bytes.
        """
        length = max(0, min(length, self.size_bytes - offset)) if offset >= 0 else 0
        if length == 0:
            return b""
        inside = offset - self._kept_at
        if inside >= 0 and inside + length <= len(self._kept):
            return self._kept[inside : inside + length]
        data = self._read(offset, max(length, _AHEAD_BYTES) if ahead else length)
        if ahead:
            self._kept_at, self._kept = offset, data
        return data[:length]

    def chunks(self) -> Iterator[bytes]:
        """Read the file from its beginning, chunk by chunk."""
        offset = 0
        while offset < self.size_bytes:
            data = self._read(offset, _CHUNK_BYTES)
            if not data:
                return
            yield data
            offset += len(data)

    def _read(self, offset: int, length: int) -> bytes:
        wanted = min(length, self.size_bytes - offset)
        if wanted > self._allowance:
            self.is_cut_off = True
            return b""
        self._allowance -= wanted
        return b"".join(self._source.read(offset, wanted))[:wanted]
