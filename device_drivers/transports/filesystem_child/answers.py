"""Read the answers of the program that parses file systems, believing nothing in them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device_drivers.errors import FileSystemReaderError
from integrity.listing import MAX_PATH_CHARACTERS, MAX_SIZE_BYTES, MAX_TEXT_CHARACTERS


@dataclass(frozen=True, slots=True)
class VolumeFacts:
    """A volume as its boot sector and root directory describe it.

    Attributes:
        number: Its place among the disk's volumes, from 0.
        kind: ``FAT12``, ``FAT16``, ``FAT32`` or ``exFAT``.
        volume_id: Serial number, 8 hexadecimal digits.
        label: Label, where it has one.
        offset_bytes: Where it begins on the disk.
        free_bytes: Room left, as the volume itself notes it; ``None`` where it does not.
    """

    number: int
    kind: str
    volume_id: str
    label: str | None
    offset_bytes: int
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Locator:
    """How a file or directory is found again on an unchanged disk."""

    volume: int
    entry: int
    first_cluster: int
    valid_bytes: int
    is_contiguous: bool

    def __str__(self) -> str:
        return f"{self.volume}:{self.entry}:{self.first_cluster}:{self.valid_bytes}:{int(self.is_contiguous)}"

    @classmethod
    def parse(cls, text: str) -> Locator:
        """Read what ``str`` made.

        Raises:
            ValueError: It is no locator.
        """
        volume, entry, cluster, valid, contiguous = map(int, text.split(":"))
        return cls(volume, entry, cluster, valid, bool(contiguous))

    @property
    def place(self) -> dict[str, int | bool]:
        """The place as the program's calls want it."""
        return {
            "entry": self.entry,
            "first_cluster": self.first_cluster,
            "length": self.valid_bytes,
            "is_contiguous": self.is_contiguous,
        }


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """One directory entry in use."""

    name: str
    raw: bytes
    is_directory: bool
    size_bytes: int
    locator: Locator
    modified: str | None
    created: str | None
    attributes: str


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """A stretch of a directory; ``following`` is where the next begins, or ``None`` after the last."""

    entries: tuple[FoundEntry, ...]
    following: int | None
    damage: str | None


def read_volumes(answer: Mapping[str, Any]) -> tuple[tuple[VolumeFacts, ...], tuple[str, ...]]:
    """Read the answer to ``open``: the volumes, and what makes others unreadable.

    Raises:
        FileSystemReaderError: The answer is malformed.
    """
    facts = tuple(_read_volume(number, each) for number, each in enumerate(_list(answer, "volumes")))
    return facts, tuple(str(each)[:200] for each in _list(answer, "unreadable"))


def read_directory_page(answer: Mapping[str, Any], volume: int) -> DirectoryPage:
    """Read the answer to ``directory``.

    Raises:
        FileSystemReaderError: The answer is malformed.
    """
    entries = tuple(_read_entry(each, volume) for each in _list(answer, "entries"))
    following = None if answer.get("next") is None else _number(answer, "next")
    return DirectoryPage(entries, following, _optional_text(answer, "damage"))


def read_runs(answer: Mapping[str, Any], *, first: int, disk_bytes: int) -> tuple[list[tuple[int, int]], bool]:
    """Read the answer to ``runs`` from the ``first`` on: stretches of the disk, all of them inside it, and whether more follow.

    A stretch that leaves the disk is cut off there and ends the content: what came after it would stand in the wrong place.

    Raises:
        FileSystemReaderError: The answer is malformed.
    """
    runs: list[tuple[int, int]] = []
    for pair in _list(answer, "runs"):
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(each) is int and each >= 0 for each in pair) or not pair[1]:
            raise FileSystemReaderError("it sent a malformed stretch")
        start, length = pair
        if start + length > disk_bytes:
            runs.append((start, max(0, disk_bytes - start)))
            return runs, False
        runs.append((start, length))
    return runs, bool(runs) and first + len(runs) < _number(answer, "total")


def _read_volume(number: int, answer: Any) -> VolumeFacts:
    _require_members(answer)
    return VolumeFacts(
        number,
        kind=_text(answer, "kind"),
        volume_id=_text(answer, "volume_id"),
        label=_optional_text(answer, "label", limit=MAX_TEXT_CHARACTERS),
        offset_bytes=_number(answer, "offset_bytes"),
        free_bytes=None if answer.get("free_bytes") is None else _number(answer, "free_bytes"),
    )


def _read_entry(entry: Any, volume: int) -> FoundEntry:
    _require_members(entry)
    try:
        raw = base64.b64decode(_text(entry, "raw"), validate=True)
    except ValueError as error:
        raise FileSystemReaderError("it sent a malformed name") from error
    locator = Locator(
        volume,
        entry=_number(entry, "entry"),
        first_cluster=_number(entry, "first_cluster"),
        valid_bytes=_number(entry, "valid_bytes"),
        is_contiguous=bool(entry.get("is_contiguous")),
    )
    return FoundEntry(
        name=_text(entry, "name"),
        raw=raw,
        is_directory=bool(entry.get("is_directory")),
        size_bytes=min(_number(entry, "size_bytes"), MAX_SIZE_BYTES),
        locator=locator,
        modified=_optional_text(entry, "modified"),
        created=_optional_text(entry, "created"),
        attributes=_text(entry, "attributes"),
    )


def _require_members(value: Any) -> None:
    if not isinstance(value, dict):
        raise FileSystemReaderError("it sent a volume or an entry without members")


def _list(answer: Mapping[str, Any], key: str) -> list[Any]:
    value = answer.get(key)
    if not isinstance(value, list):
        raise FileSystemReaderError(f"its answer has no list {key!r}")
    return value


def _text(answer: Mapping[str, Any], key: str, *, limit: int = MAX_PATH_CHARACTERS) -> str:
    value = answer.get(key)
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise FileSystemReaderError(f"its answer has no text {key!r}")
    return value.encode("utf-8", "backslashreplace").decode()  # a lone surrogate could not be attested


def _optional_text(answer: Mapping[str, Any], key: str, *, limit: int = MAX_PATH_CHARACTERS) -> str | None:
    return None if answer.get(key) is None else _text(answer, key, limit=limit)


def _number(answer: Mapping[str, Any], key: str) -> int:
    value = answer.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**64:
        raise FileSystemReaderError(f"its answer has no number {key!r}")
    return value
