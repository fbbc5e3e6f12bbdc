"""Which tracks, logs, stills and sound belong to which recording of the same recorder. Pure.

A file of the same name but for its ending belongs to that recording; else one that begins while exactly one recording ran belongs to it. What two
recordings could claim belongs to neither and is near in time. These are conventions of makers, like those of ``segments``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import PurePosixPath

from service.ingest.segments import CONTIGUOUS_WITHIN


class LinkedBy(StrEnum):
    """Why a file is said to belong to a recording."""

    NAME = "name"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class SpannedRecording:
    """A recording of one file or more.

    Attributes:
        paths: Readable paths of its segments.
        title: What the names of numbered segments have in common, without a folder or an ending; ``None`` where they are not numbered.
        begin: When it began by the recorder's clock, UTC, where that is known.
        end: When it ended.
    """

    paths: tuple[str, ...]
    title: str | None
    begin: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class SideFile:
    """A file that may belong to a recording: what the caller knows it by, its path, and when it began by the recorder's clock, UTC."""

    key: str
    path: str
    at: datetime | None


@dataclass(slots=True)
class SidecarLinks:
    """Numbers of recordings, in the order given, by the files' keys: the one a file belongs to and why, or those it is near to."""

    belongs: dict[str, tuple[int, LinkedBy]] = field(default_factory=dict)
    near: dict[str, tuple[int, ...]] = field(default_factory=dict)


def link_sidecars(recordings: Sequence[SpannedRecording], files: Iterable[SideFile]) -> SidecarLinks:
    """Tell which recording each file belongs to, if any."""
    by_stem: dict[str, list[int]] = {}
    for number, recording in enumerate(recordings):
        titles = {recording.title.lower()} if recording.title else set()
        for stem in titles | {_stem(path) for path in recording.paths}:
            by_stem.setdefault(stem, []).append(number)
    links = SidecarLinks()
    for file in files:
        named, by = by_stem.get(_stem(file.path), []), LinkedBy.NAME
        if len(named) > 1:
            named = [number for number in named if _folder(file.path) in map(_folder, recordings[number].paths)] or named
        if not named:
            named, by = [number for number, one in enumerate(recordings) if _ran_at(one, file.at)], LinkedBy.TIME
        if len(named) == 1:
            links.belongs[file.key] = named[0], by
        elif named:
            links.near[file.key] = tuple(named)
    return links


def _stem(path: str) -> str:
    return PurePosixPath(path).stem.lower()


def _folder(path: str) -> PurePosixPath:
    return PurePosixPath(path).parent


def _ran_at(recording: SpannedRecording, moment: datetime | None) -> bool:
    if moment is None or recording.begin is None or recording.end is None:
        return False
    try:
        return recording.begin - CONTIGUOUS_WITHIN <= moment <= recording.end + CONTIGUOUS_WITHIN
    except OverflowError:
        return False
