"""Which files of a recorder are segments of one recording, and what is missing between them. Pure.

These are conventions of makers (docs/formats/file-names.md), never evidence of identity. Two signs count: names that differ in nothing but the number
at the end, behind a full time; and files of one folder and kind that follow one another within five seconds, as when a recorder begins a new file
every few minutes or at 4 GiB.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

CONTIGUOUS_WITHIN = timedelta(seconds=5)
_NUMBERED = re.compile(r"(?P<prefix>.*(?<!\d)\d*20\d{6}_?\d{6})_(?P<number>\d{1,4})(?:_IMP)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a recorder; times by its own clock, UTC.

    Attributes:
        key: What the caller knows it by.
        path: Readable path on the recorder.
        named_at: Time in its name, if any.
        created_at: Time of creation, if the recorder keeps one.
        modified_at: Time of the last change, which is when the recorder closed it.
        duration_s: How long it plays, where that is known.
    """

    key: str
    path: str
    named_at: datetime | None
    created_at: datetime | None
    modified_at: datetime | None
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class Segment:
    """A file's place in its recording: the number in its name, else its place in time, from 1."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class TimeGap:
    """Nothing was recorded for so long between two segments that are there."""

    after: int
    before: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Recording:
    """Segments in order, at least two; the numbers that are missing between them, and gaps in time."""

    segments: tuple[Segment, ...]
    missing: tuple[int, ...]
    gaps: tuple[TimeGap, ...]


def group_segments(pieces: Iterable[Piece]) -> list[Recording]:
    """Find the recordings that consist of more than one file; a file is a segment of one recording at most.

    The order in which the files are given makes no difference.
    """
    ordered = sorted(pieces, key=lambda piece: (piece.path, piece.key))
    numbered: dict[tuple[str, str, str], list[tuple[int, Piece]]] = {}
    for piece in ordered:
        path = PurePosixPath(piece.path)
        found = _NUMBERED.fullmatch(path.stem)
        if found:
            numbered.setdefault((str(path.parent), path.suffix.lower(), found["prefix"]), []).append((int(found["number"]), piece))
    recordings = [_numbered_recording(members) for members in numbered.values() if _is_series(members)]
    taken = {segment.key for recording in recordings for segment in recording.segments}
    return recordings + _contiguous([piece for piece in ordered if piece.key not in taken])


def _is_series(members: Sequence[tuple[int, Piece]]) -> bool:
    """More than one file, and no number twice: twice the same number says that it counts something else."""
    numbers = [number for number, _ in members]
    return len(numbers) > 1 and len(set(numbers)) == len(numbers)


def _numbered_recording(members: Sequence[tuple[int, Piece]]) -> Recording:
    ordered = sorted(members, key=lambda member: member[0])
    there = {number for number, _ in ordered}
    gaps = []
    for (before, first), (after, second) in pairwise(ordered):
        end, start = end_of(first, first.created_at), second.created_at
        if end is not None and start is not None and start - end > CONTIGUOUS_WITHIN:
            gaps.append(TimeGap(before, after, (start - end).total_seconds()))
    missing = tuple(number for number in range(min(there), max(there)) if number not in there)
    return Recording(tuple(Segment(piece.key, number) for number, piece in ordered), missing, tuple(gaps))


def _contiguous(pieces: Sequence[Piece]) -> list[Recording]:
    shelves: dict[tuple[str, str], list[tuple[datetime, Piece]]] = {}
    for piece in pieces:
        start = piece.named_at or piece.created_at
        if start is not None:
            path = PurePosixPath(piece.path)
            shelves.setdefault((str(path.parent), path.suffix.lower()), []).append((start, piece))
    recordings = []
    for shelf in shelves.values():
        for chain in _chains(sorted(shelf, key=lambda item: (item[0], item[1].path, item[1].key))):
            segments = tuple(Segment(piece.key, number) for number, piece in enumerate(chain, start=1))
            recordings.append(Recording(segments, (), ()))
    return recordings


def _chains(shelf: Sequence[tuple[datetime, Piece]]) -> list[list[Piece]]:
    chains: list[list[Piece]] = []
    end: datetime | None = None
    before: datetime | None = None
    for start, piece in shelf:
        goes_on = end is not None and before is not None and start > before and abs(start - end) <= CONTIGUOUS_WITHIN
        if goes_on:
            chains[-1].append(piece)
        else:
            chains.append([piece])
        end, before = end_of(piece, start), start
    return [chain for chain in chains if len(chain) > 1]


def title_of(path: str) -> str | None:
    """What the names of numbered segments have in common, without folder and ending; ``None`` for a name that carries no number."""
    found = _NUMBERED.fullmatch(PurePosixPath(path).stem)
    return found["prefix"] if found else None


def end_of(piece: Piece, start: datetime | None) -> datetime | None:
    """When a file that began at ``start`` ended: by its duration, else when the recorder closed it."""
    if start is not None and piece.duration_s is not None:
        try:
            return start + timedelta(seconds=piece.duration_s)
        except OverflowError:
            return None
    return piece.modified_at
