"""What a virtual recorder does wrong, on demand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
    """A fault script.

    Attributes:
        unplug_after_bytes: The cable is pulled each time so many bytes of the disk, in all, have gone out; rising numbers.
        replug_after_s: How long the recorder stays away then, in seconds; ``None`` is for good.
        stall_every: Every Nth READ command halts its data stage and fails.
        short_every: Every Nth READ command of several blocks gives only half of them.
        sizes: Size that the directory announces instead of the true one, by path.
        unreadable: Stretches that are medium errors.
    """

    unplug_after_bytes: tuple[int, ...] = ()
    replug_after_s: float | None = None
    stall_every: int | None = None
    short_every: int | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    unreadable: tuple[UnreadableStretch, ...] = ()


NO_FAULTS = Faults()


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
    unknown = set(data) - {"unplug_after_bytes", "replug_after_s", "stall_every", "short_every", "sizes", "unreadable"}
    if unknown:
        raise FaultScriptError(f"unknown key {min(unknown)!r}")
    pulls = tuple(data.get("unplug_after_bytes", ()))
    if not all(_is_count(each) for each in pulls) or list(pulls) != sorted(set(pulls)):
        raise FaultScriptError("unplug_after_bytes is a list of rising numbers of bytes")
    for key in ("stall_every", "short_every"):
        if key in data and (not _is_count(data[key]) or data[key] < 2):
            raise FaultScriptError(f"{key} is a number from 2")
    pause = data.get("replug_after_s")
    if pause is not None and (not isinstance(pause, (int, float)) or isinstance(pause, bool) or pause < 0):
        raise FaultScriptError("replug_after_s is a number of seconds")
    sizes = data.get("sizes", {})
    if not isinstance(sizes, dict) or not all(_is_count(each) and each < 2**32 for each in sizes.values()):
        raise FaultScriptError("sizes gives a number of bytes below 4 GiB for each path")
    return Faults(
        unplug_after_bytes=pulls,
        replug_after_s=pause,
        stall_every=data.get("stall_every"),
        short_every=data.get("short_every"),
        sizes=sizes,
        unreadable=tuple(_parse_stretch(each) for each in data.get("unreadable", ())),
    )


def _parse_stretch(data: Any) -> UnreadableStretch:
    if not isinstance(data, dict) or set(data) != {"path", "offset", "length"} or not isinstance(data["path"], str):
        raise FaultScriptError("an unreadable stretch has path, offset and length")
    if not _is_count(data["offset"]) or not _is_count(data["length"]):
        raise FaultScriptError("offset and length are numbers of bytes")
    return UnreadableStretch(data["path"], data["offset"], data["length"])


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
