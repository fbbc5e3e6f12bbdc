"""The roster behind a frozen figure as bytes: docs/formats/coverage-snapshot.md. Pure but for the file it fills."""

import gzip
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from integrity.canonical import JsonValue, canonical_bytes
from integrity.hashing import running_sha256, sha256_hex

FORMAT = "bodycam-coverage-snapshot/1"
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class RosterLine:
    """An officer of the denominator: where they serve, why they are missing, and their own recorders as ``(serial, state)``."""

    officer: str
    agency: str
    reason: str | None
    recorders: tuple[tuple[str, str], ...]

    def spelled(self) -> bytes:
        """The line, with its end."""
        return canonical_bytes([self.officer, self.agency, self.reason, [list(pair) for pair in self.recorders]]) + b"\n"


def digest_figures(figures: Iterable[Mapping[str, JsonValue]]) -> str:
    """SHA-256 of every agency's figures, each a canonical line, hexadecimal."""
    return sha256_hex(b"".join(canonical_bytes(figure) + b"\n" for figure in figures))


def write_snapshot(out: IO[bytes], header: Mapping[str, JsonValue], figures: Iterable[Mapping[str, JsonValue]], lines: Iterable[RosterLine]) -> str:
    """Write header, figures and roster, compressed; the same content gives the same bytes.

    Returns:
        SHA-256 of the roster's lines, hexadecimal.
    """
    digest = running_sha256()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=_LEVEL, mtime=0) as packed:
        packed.write(canonical_bytes({"format": FORMAT, **header}) + b"\n")
        for figure in figures:
            packed.write(canonical_bytes(figure) + b"\n")
        for line in lines:
            spelled = line.spelled()
            digest.update(spelled)
            packed.write(spelled)
    return digest.digest().hex()


def digest_roster(lines: Iterable[RosterLine]) -> str:
    """SHA-256 of a roster's lines, hexadecimal, as :func:`write_snapshot` gives it."""
    digest = running_sha256()
    for spelled in _spelled(lines):
        digest.update(spelled)
    return digest.digest().hex()


def _spelled(lines: Iterable[RosterLine]) -> Iterator[bytes]:
    return (line.spelled() for line in lines)
