"""Draw officers by a public seed, so that anybody with the roster can draw the same. Pure.

An officer's rank is the SHA-256 of the seed, a line feed, and the officer's number, all in UTF-8; the smallest ranks are drawn. Nobody can choose who
comes out when the seed is something that nobody knew when the roster was frozen, for instance the root of a checkpoint of the next day.
"""

import gzip
import heapq
import json
import zlib
from collections.abc import Collection, Iterable, Iterator
from typing import IO

from integrity.hashing import sha256_hex
from service.coverage.roster_file import FORMAT, RosterLine
from service.errors import UnacceptableValueError

_LONGEST_LINE = 64 * 1024


def rank_of(seed: str, officer_code: str) -> str:
    """An officer's rank, 64 hexadecimal digits."""
    return sha256_hex(f"{seed}\n{officer_code}".encode())


class Drawing:
    """Keeps, of all officers that are offered, those with the smallest ranks.

    Args:
        seed: The public seed.
        count: How many are drawn.
    """

    def __init__(self, seed: str, count: int) -> None:
        self._seed = seed
        self._count = count
        self._kept: list[tuple[int, RosterLine]] = []
        self.population = 0

    def offer(self, line: RosterLine) -> None:
        """Let an officer be drawn."""
        self.population += 1
        upside_down = -int(rank_of(self._seed, line.officer), 16)
        if len(self._kept) < self._count:
            heapq.heappush(self._kept, (upside_down, line))
        elif upside_down > self._kept[0][0]:
            heapq.heapreplace(self._kept, (upside_down, line))

    def passing(self, lines: Iterable[RosterLine], within: Collection[str] | None) -> Iterator[RosterLine]:
        """Pass a roster on, and offer those of its officers that count at one of these agencies; all when not given."""
        for line in lines:
            if within is None or line.agency in within:
                self.offer(line)
            yield line

    def drawn(self) -> list[RosterLine]:
        """Those that were drawn, smallest rank first."""
        return [line for _, line in sorted(self._kept, key=lambda pair: -pair[0])]


def read_roster(file: IO[bytes]) -> Iterator[RosterLine]:
    """Read the officers of a frozen figure's file (docs/formats/coverage-snapshot.md).

    Raises:
        UnacceptableValueError: It is no such file, or is damaged.
    """
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            header = json.loads(unpacked.readline(_LONGEST_LINE))
            if header["format"] != FORMAT:
                raise UnacceptableValueError("file", f"expected {FORMAT}")
            for _ in range(header["agencies"]):
                unpacked.readline(_LONGEST_LINE)
            for _ in range(header["officers"]):
                officer, agency, reason, recorders = json.loads(unpacked.readline(_LONGEST_LINE))
                yield RosterLine(officer, agency, reason, tuple((serial, state) for serial, state in recorders))
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnacceptableValueError("file", f"is no frozen figure, or is damaged: {error}") from error
