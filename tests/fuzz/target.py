"""What a fuzzed parser is: a function of bytes, the errors it may answer with, and valid examples to begin from."""

import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One parser of bytes that come from outside.

    Attributes:
        name: What it is called on the command line.
        run: Parses; whatever it raises beyond ``allowed`` is a finding.
        allowed: The domain's own errors.
        seeds: Valid examples, which are parsed without an error.
        longest: Longer inputs are cut here; what limits them in the product, or enough to reach every branch.
    """

    name: str
    run: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]
    longest: int = 4_096

    def attempt(self, data: bytes) -> None:
        """Parse an input; only a finding is raised."""
        with suppress(*self.allowed):
            self.run(data[: self.longest])


def records(data: bytes) -> list[bytes]:
    """Cut an input into pieces, each with its length before it in two bytes, as :func:`joined` joins them; the last may be cut short."""
    pieces = []
    while len(data) >= 2:
        end = 2 + struct.unpack_from("<H", data)[0]
        pieces.append(data[2:end])
        data = data[end:]
    return pieces


def joined(*pieces: bytes) -> bytes:
    """Join pieces that :func:`records` cuts."""
    return b"".join(struct.pack("<H", len(piece)) + piece for piece in pieces)
