"""What a dock asks of the program that removes files, and what it answers. Pure; no input or output.

Both are lines of JSON. A request is one line. It names a place on USB, never a block device, so that nothing but a USB disk can be meant. The
answer is one line for each file, in their order, as soon as its fate is on the medium, and one last line that says how it ended.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from device_drivers.errors import FileRemovalError
from integrity.errors import MalformedValueError
from integrity.listing import MAX_FILES, RecordedFile

MAX_REQUEST_BYTES = 64 * 1024**2
MAX_ANSWER_BYTES = 4_096
MAX_REASON_CHARACTERS = 300
MAX_OFFSET_BYTES = 2**53
_PORT = re.compile(r"[0-9]{1,3}-[0-9]{1,3}(\.[0-9]{1,3}){0,6}")
"""A port as the kernel names it: bus, then the port of each hub on the way, of which USB allows seven in a row."""
_VOLUME_ID = re.compile(r"[0-9a-f]{8}")
_MAX_INTERFACE, _MAX_UNIT = 31, 15
_FILE_KEYS = {"path", "path_raw_base64", "size_bytes", "modified", "fingerprint"}


@dataclass(frozen=True, slots=True)
class RemovalRequest:
    """Which files are to be removed, and from where.

    Attributes:
        port: The kernel's name of the USB port, for instance ``1-2.3``.
        interface_number: Interface that carries the disk.
        unit: Number of the logical unit.
        offset_bytes: Where the volume begins on the disk; 0 where it has no partition table.
        volume_id: Serial number of the volume, 8 hexadecimal digits.
        files: The files as they were listed, each with its fingerprint.
    """

    port: str
    interface_number: int
    unit: int
    offset_bytes: int
    volume_id: str
    files: tuple[RecordedFile, ...]

    def __post_init__(self) -> None:
        _require(isinstance(self.port, str) and _PORT.fullmatch(self.port), "the port is none")
        _require(_is_number(self.interface_number, _MAX_INTERFACE), "the interface is none")
        _require(_is_number(self.unit, _MAX_UNIT), "the logical unit is none")
        _require(_is_number(self.offset_bytes, MAX_OFFSET_BYTES), "the offset is none")
        _require(isinstance(self.volume_id, str) and _VOLUME_ID.fullmatch(self.volume_id), "the volume has no serial number")
        _require(0 < len(self.files) <= MAX_FILES, f"{len(self.files)} files are none or too many")
        _require(all(file.fingerprint for file in self.files), "a file has no fingerprint")


class End(StrEnum):
    """How the work ended."""

    DONE = "done"
    UNPLUGGED = "unplugged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FileFate:
    """What became of one file: ``None`` where it was removed, else why it is still there."""

    number: int
    kept_because: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """The last line."""

    end: End
    reason: str = ""


def encode_request(request: RemovalRequest) -> bytes:
    """Write a request as one line."""
    place: dict[str, Any] = {
        "port": request.port,
        "interface_number": request.interface_number,
        "unit": request.unit,
        "offset_bytes": request.offset_bytes,
        "volume_id": request.volume_id,
    }
    files = [{key: getattr(file, key) for key in sorted(_FILE_KEYS)} for file in request.files]
    return json.dumps({**place, "files": files}).encode() + b"\n"


def decode_request(line: bytes) -> RemovalRequest:
    """Read a request, believing nothing in it.

    Raises:
        FileRemovalError: It is none, or one of its values is out of bounds.
    """
    data = _object(line, MAX_REQUEST_BYTES)
    keys = {"port", "interface_number", "unit", "offset_bytes", "volume_id", "files"}
    _require(set(data) == keys, "the request has other keys than it should")
    files = data.pop("files")
    _require(isinstance(files, list) and len(files) <= MAX_FILES, "the files are no list, or too many")
    return RemovalRequest(**data, files=tuple(_read_file(each) for each in files))


def encode_answer(answer: FileFate | Ending) -> bytes:
    """Write one line of the answer."""
    if isinstance(answer, Ending):
        return json.dumps({"end": answer.end.value, "reason": answer.reason[:MAX_REASON_CHARACTERS]}).encode() + b"\n"
    kept = None if answer.kept_because is None else answer.kept_because[:MAX_REASON_CHARACTERS]
    return json.dumps({"file": answer.number, "kept_because": kept}).encode() + b"\n"


def decode_answer(line: bytes) -> FileFate | Ending:
    """Read one line of the answer.

    Raises:
        FileRemovalError: It is none.
    """
    data = _object(line, MAX_ANSWER_BYTES)
    if "end" in data:
        _require(data["end"] in list(End) and isinstance(data.get("reason"), str), "the program's last word is none")
        return Ending(End(data["end"]), data["reason"])
    kept = data.get("kept_because")
    _require(_is_number(data.get("file"), MAX_FILES) and (kept is None or isinstance(kept, str)), "the program's answer is none")
    return FileFate(data["file"], kept)


def _object(line: bytes, limit: int) -> dict[str, Any]:
    _require(len(line) <= limit, "the line is too long")
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileRemovalError("what was said is no JSON") from error
    if not isinstance(data, dict):
        raise FileRemovalError("what was said is no JSON object")
    return data


def _read_file(data: Any) -> RecordedFile:
    _require(isinstance(data, dict) and set(data) == _FILE_KEYS, "a file has other keys than it should")
    texts: Sequence[Any] = [data["path"], data["path_raw_base64"], data["fingerprint"]]
    _require(all(isinstance(each, str) for each in texts), "a file's path or fingerprint is no text")
    _require(data["modified"] is None or isinstance(data["modified"], str), "a file's time is no text")
    _require(isinstance(data["size_bytes"], int) and not isinstance(data["size_bytes"], bool), "a file's size is no number")
    try:
        return RecordedFile(**data)
    except MalformedValueError as error:
        raise FileRemovalError(str(error)) from error


def _is_number(value: Any, greatest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= greatest


def _require(condition: object, reason: str) -> None:
    if not condition:
        raise FileRemovalError(reason)
