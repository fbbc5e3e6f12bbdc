"""What a virtual recorder does wrong, on demand; ``docs/formats/fault-script.md`` lists which family knows which fault."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ZERO_LENGTH_PACKETS = ("with", "without", "late")
_WALL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}")
_MAX_OPERATION = 0xFFFF


class FaultScriptError(Exception):
    """A fault script is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"fault script: {reason}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class UnreadableStretch:
    """A stretch of a file that the medium does not give: reading it is a medium error."""

    path: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Faults:
    """A fault script; a transaction is a READ command of a disk, a command of a vendor's or an operation of MTP.

    Attributes:
        unplug_after_bytes: The cable is pulled each time so many bytes, in all, have gone out on bulk endpoints; rising numbers.
        replug_after_s: How long the recorder stays away then, in seconds; ``None`` is for good.
        stall_every: Every Nth transaction that gives data halts its endpoint and fails.
        hang_every: Every Nth transaction gets no answer at all.
        short_every: Every Nth transaction that gives data gives only half of it.
        wrong_length_every: Every Nth answer of a vendor's command or of MTP has another length than it says or should have.
        sizes: Size that the directory announces instead of the true one, by path.
        growing_files: Sizes that the directory announces one after the other, each time it is read, by path; the last one stays.
        ghost_entries: Paths that are listed and lead nowhere.
        unreadable: Stretches that are medium errors.
        clock: Wall time ``YYYY-MM-DDTHH:MM:SS`` that the recorder believes it is when it starts; every file was made then.
        battery_percent: What the recorder says about its battery, 0 to 100.
        write_protected: Whether its medium takes no writes.
        no_card: Whether there is no medium in it.
        password: The recorder's password, instead of the family's usual one.
        stuck_status: Whether the recorder says that every command failed, and never changes into a disk.
        reenumerate_after_s: How long it stays away when it changes into a disk, in seconds; ``None`` is for good.
        mtp_operations_missing: Codes of MTP operations that are advertised nowhere and refused.
        zero_length_packets: Whether a container of MTP that fills its last packet is ended by an empty one: ``with``, ``without`` or ``late``.
    """

    unplug_after_bytes: tuple[int, ...] = ()
    replug_after_s: float | None = None
    stall_every: int | None = None
    hang_every: int | None = None
    short_every: int | None = None
    wrong_length_every: int | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    growing_files: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ghost_entries: tuple[str, ...] = ()
    unreadable: tuple[UnreadableStretch, ...] = ()
    clock: str | None = None
    battery_percent: int = 80
    write_protected: bool = False
    no_card: bool = False
    password: str | None = None
    stuck_status: bool = False
    reenumerate_after_s: float | None = 0.2
    mtp_operations_missing: frozenset[int] = frozenset()
    zero_length_packets: str = "with"


NO_FAULTS = Faults()


def is_due(every: int | None, number: int) -> bool:
    """Whether what happens every so many times happens this time; times are counted from 1."""
    return every is not None and number % every == 0


def read_faults(path: Path) -> Faults:
    """Read a fault script: a JSON object whose keys are the attributes of :class:`Faults`.

    Raises:
        FaultScriptError: It cannot be read, or a key or value is wrong.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FaultScriptError(str(error)) from error
    if not isinstance(data, dict):
        raise FaultScriptError("expected a JSON object")
    return parse_faults(data)


def parse_faults(data: dict[str, Any]) -> Faults:
    """Check a fault script; raises like :func:`read_faults`."""
    unknown = set(data) - set(_PARSERS)
    if unknown:
        raise FaultScriptError(f"unknown key {min(unknown)!r}")
    return Faults(**{key: _PARSERS[key](key, value) for key, value in data.items()})


def _every(key: str, value: Any) -> Any:
    return _checked(key, value, _is_count(value) and value >= 2, "a number from 2")


def _flag(key: str, value: Any) -> Any:
    return _checked(key, value, isinstance(value, bool), "true or false")


def _seconds(key: str, value: Any) -> Any:
    is_time = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    return _checked(key, value, value is None or is_time, "a number of seconds, or null for never")


def _pulls(key: str, value: Any) -> Any:
    counts = _list(key, value)
    is_rising = all(map(_is_count, counts)) and counts == sorted(set(counts))
    return tuple(_checked(key, counts, is_rising, "a list of rising numbers of bytes"))


def _sizes(key: str, value: Any) -> Any:
    fits = isinstance(value, dict) and all(map(_is_count, value.values()))
    return _checked(key, value, fits, "a number of bytes for each path")


def _growing(key: str, value: Any) -> Any:
    fits = isinstance(value, dict) and all(isinstance(each, list) and each and all(map(_is_count, each)) for each in value.values())
    return {path: tuple(sizes) for path, sizes in _checked(key, value, fits, "a list of numbers of bytes for each path").items()}


def _paths(key: str, value: Any) -> Any:
    paths = _list(key, value)
    return tuple(_checked(key, paths, all(isinstance(each, str) and each for each in paths), "a list of paths"))


def _stretches(key: str, value: Any) -> Any:
    stretches = _list(key, value)
    for each in stretches:
        is_stretch = isinstance(each, dict) and set(each) == {"path", "offset", "length"} and isinstance(each["path"], str)
        _checked(key, each, is_stretch and _is_count(each["offset"]) and _is_count(each["length"]), "a list of path, offset and length in bytes")
    return tuple(UnreadableStretch(**each) for each in stretches)


def _wall_time(key: str, value: Any) -> Any:
    return _checked(key, value, isinstance(value, str) and bool(_WALL_TIME.fullmatch(value)), "a time YYYY-MM-DDTHH:MM:SS")


def _percent(key: str, value: Any) -> Any:
    return _checked(key, value, _is_count(value) and value <= 100, "a number from 0 to 100")


def _password(key: str, value: Any) -> Any:
    return _checked(key, value, isinstance(value, str) and value.isascii() and 0 < len(value) <= 8, "up to 8 ASCII characters")


def _operations(key: str, value: Any) -> Any:
    codes = _list(key, value)
    return frozenset(_checked(key, codes, all(_is_count(each) and each <= _MAX_OPERATION for each in codes), "a list of operation codes"))


def _zero_length(key: str, value: Any) -> Any:
    return _checked(key, value, value in ZERO_LENGTH_PACKETS, f"one of {', '.join(ZERO_LENGTH_PACKETS)}")


def _list(key: str, value: Any) -> Any:
    return _checked(key, value, isinstance(value, list), "a list")


def _checked(key: str, value: Any, is_right: bool, expected: str) -> Any:  # noqa: FBT001 - private, and always the third
    if not is_right:
        raise FaultScriptError(f"{key} is {expected}")
    return value


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "unplug_after_bytes": _pulls,
    "replug_after_s": _seconds,
    "stall_every": _every,
    "hang_every": _every,
    "short_every": _every,
    "wrong_length_every": _every,
    "sizes": _sizes,
    "growing_files": _growing,
    "ghost_entries": _paths,
    "unreadable": _stretches,
    "clock": _wall_time,
    "battery_percent": _percent,
    "write_protected": _flag,
    "no_card": _flag,
    "password": _password,
    "stuck_status": _flag,
    "reenumerate_after_s": _seconds,
    "mtp_operations_missing": _operations,
    "zero_length_packets": _zero_length,
}
