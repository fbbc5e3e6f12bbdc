"""A stretch of the custody log as it lies in the object store, so that the log outlives its database. Format: docs/formats/log-export.md."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from integrity.canonical import JsonValue, canonical_bytes, parse_canonical
from integrity.custody_event import MAX_EVENT_BYTES
from integrity.errors import MalformedValueError
from integrity.plain import from_plain, to_members

FORMAT = "bodycam.log-export"
VERSION = 1
MAX_STRETCH_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class StampedCheckpointLine:
    """A checkpoint that ends within a stretch, with its token.

    Attributes:
        checkpoint: The signed note.
        token: RFC 3161 token over its text, DER in base64.
    """

    checkpoint: str
    token: str


@dataclass(frozen=True, slots=True)
class LogStretch:
    """Consecutive leaves of the log.

    Attributes:
        log_origin: Name of the log.
        first_index: Index of the first leaf.
        previous_sha256: SHA-256 of the stretch before, as it lies in the store; ``None`` for the first.
        events: Each event's exact bytes, in order.
        checkpoints: Stamped checkpoints whose size is within the stretch, by size.
    """

    log_origin: str
    first_index: int
    previous_sha256: str | None
    events: tuple[bytes, ...]
    checkpoints: tuple[StampedCheckpointLine, ...]

    @property
    def size(self) -> int:
        """The leaf after its last."""
        return self.first_index + len(self.events)


def write_stretch(stretch: LogStretch) -> bytes:
    """Write a stretch: a heading, a line for each event, a line for each checkpoint, each canonical JSON.

    Raises:
        MalformedValueError: It is empty, or longer than :data:`MAX_STRETCH_BYTES`.
    """
    if not stretch.events:
        raise MalformedValueError("log export", "is empty")
    heading: dict[str, JsonValue] = {
        "format": FORMAT,
        "version": VERSION,
        "log_origin": stretch.log_origin,
        "first_index": stretch.first_index,
        "size": stretch.size,
        "previous_sha256": stretch.previous_sha256,
    }
    events: list[dict[str, JsonValue]] = [
        {"index": index, "event": base64.b64encode(event).decode()} for index, event in enumerate(stretch.events, start=stretch.first_index)
    ]
    lines = [heading, *events, *map(to_members, stretch.checkpoints)]
    data = b"".join(canonical_bytes(line) + b"\n" for line in lines)
    if len(data) > MAX_STRETCH_BYTES:
        raise MalformedValueError("log export", f"longer than {MAX_STRETCH_BYTES} bytes")
    return data


def parse_stretch(data: bytes) -> LogStretch:
    """Read a stretch; its events, proofs and signatures are still to be checked.

    Raises:
        MalformedValueError: It is not exactly what :func:`write_stretch` would write.
    """
    if len(data) > MAX_STRETCH_BYTES or not data.endswith(b"\n"):
        raise MalformedValueError("log export", "is too long, or cut off")
    heading, *lines = (parse_canonical(line) for line in data[:-1].split(b"\n"))
    if not isinstance(heading, Mapping) or (heading.get("format"), heading.get("version")) != (FORMAT, VERSION):
        raise MalformedValueError("log export", "is of another format or version")
    first, size = _whole(heading, "first_index"), _whole(heading, "size")
    previous, origin = heading.get("previous_sha256"), heading.get("log_origin")
    if not isinstance(origin, str) or not (previous is None or isinstance(previous, str)) or not 0 < size - first <= len(lines):
        raise MalformedValueError("log export", "has a heading that makes no sense")
    events = tuple(_event(line, index) for index, line in enumerate(lines[: size - first], start=first))
    checkpoints = tuple(from_plain(StampedCheckpointLine, line) for line in lines[size - first :])
    stretch = LogStretch(origin, first, previous, events, checkpoints)
    if write_stretch(stretch) != data:
        raise MalformedValueError("log export", "is not in its one spelling")
    return stretch


def cut_stretch(leaves: Iterable[tuple[int, bytes]], *, limit_bytes: int) -> list[bytes]:
    """Take as many leaves, from the first on, as fit into a size; at least one."""
    taken: list[bytes] = []
    total = 0
    for _, event in leaves:
        total += len(event)
        if taken and total > limit_bytes:
            break
        taken.append(event)
    return taken


def _whole(members: Mapping[str, Any], name: str) -> int:
    value = members.get(name)
    if type(value) is not int or value < 0:
        raise MalformedValueError(f"log export.{name}", "expected a whole number")
    return value


def _event(line: JsonValue, index: int) -> bytes:
    if not isinstance(line, Mapping) or set(line) != {"index", "event"} or line["index"] != index or not isinstance(line["event"], str):
        raise MalformedValueError("log export", f"expected leaf {index}")
    try:
        event = base64.b64decode(line["event"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedValueError("log export", f"leaf {index} is not base64") from error
    if len(event) > MAX_EVENT_BYTES:
        raise MalformedValueError("log export", f"leaf {index} is too long")
    return event
