"""The program that parses file systems: a child process that can reach nothing but two pipes.

Parsers are where hostile media attack. So this process gives up opening files and sockets, memory beyond a bound, and root, before it has seen the
first byte of a medium; each byte it sees was read for it by the dock, which also watches the clock.
"""

from __future__ import annotations

import base64
import codecs
import json
import os
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from typing import Any, BinaryIO

from device_drivers.errors import RecorderError
from device_drivers.transports.filesystem_child.volume import DiskView, Place, Volume, find_volumes
from device_drivers.transports.filesystem_child.wire import HEADER, READ, Frame

_MEMORY_BYTES = 768 * 1024**2
_NOBODY = 65_534
_RUNS_PER_ANSWER = 4_096
Request = dict[str, Any]


def main() -> int:
    """Serve until the dock closes the pipe."""
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    _give_up_rights()
    program = _Program(incoming, outgoing)
    while (frame := _receive(incoming)) is not None:
        _, payload = frame
        request = json.loads(payload)
        try:
            answer = program.calls[request["call"]](request)
        except (OSError, RecorderError, ValueError, MemoryError) as error:
            _send(outgoing, Frame.FAULT, json.dumps({"reason": f"{type(error).__name__}: {error}"[:400]}).encode())
        else:
            _send(outgoing, Frame.ANSWER, json.dumps(answer).encode())
    return 0


class _Program:
    """The calls, and the disk they are about."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._volumes: list[Volume] = []
        self._last_place: tuple[int, Place] | None = None
        self._last_runs: list[tuple[int, int]] = []
        self.calls: dict[str, Callable[[Request], Any]] = {
            "open": self._open,
            "directory": self._directory,
            "runs": self._runs,
        }

    def _open(self, request: Request) -> Any:
        disk = DiskView(request["size_bytes"], self._read_disk)
        found = list(find_volumes(disk))
        self._volumes = [each for each in found if isinstance(each, Volume)]
        return {"volumes": [_volume_facts(each) for each in self._volumes], "unreadable": [each for each in found if isinstance(each, str)]}

    def _directory(self, request: Request) -> Any:
        volume = self._volumes[request["volume"]]
        place = volume.root() if request["place"] is None else Place(**request["place"])
        parsed, numbers = volume.read_directory(place, request["position"])
        entries = [
            {
                "name": entry.name.readable,
                "raw": base64.b64encode(entry.name.raw).decode(),
                "is_directory": entry.is_directory,
                "size_bytes": entry.size_bytes,
                "valid_bytes": entry.valid_bytes,
                "entry": number,
                "first_cluster": entry.first_cluster,
                "is_contiguous": entry.is_contiguous,
                "modified": entry.modified,
                "created": entry.created,
                "attributes": entry.attributes,
            }
            for entry, number in zip(parsed.entries, numbers, strict=True)
        ]
        following = None if parsed.ended else request["position"] + parsed.consumed
        return {"entries": entries, "next": following, "label": parsed.label, "damage": parsed.damage}

    def _runs(self, request: Request) -> Any:
        place = Place(**request["place"])
        if self._last_place != (request["volume"], place):
            self._last_runs = self._volumes[request["volume"]].runs(place)
            self._last_place = (request["volume"], place)
        return {"runs": list(islice(self._last_runs, request["first"], request["first"] + _RUNS_PER_ANSWER)), "total": len(self._last_runs)}

    def _read_disk(self, offset: int, length: int) -> bytes:
        _send(self._outgoing, Frame.READ, READ.pack(offset, length))
        frame = _receive(self._incoming)
        if frame is None:
            raise SystemExit(0)
        kind, payload = frame
        if kind != Frame.BYTES:
            raise OSError(f"the medium cannot be read at byte {offset}")
        return payload


def _volume_facts(volume: Volume) -> Request:
    layout = volume.layout
    label = layout.label
    with suppress(OSError, RecorderError):  # listing will say that the root cannot be read
        label = volume.read_directory(volume.root(), 0)[0].label or label
    return {
        "kind": layout.kind,
        "volume_id": layout.volume_id,
        "label": label,
        "offset_bytes": volume.offset,
        "free_bytes": volume.free_bytes(),
    }


def _give_up_rights() -> None:
    for codec in ("gbk", "utf-16-le", "ascii", "utf-8"):
        codecs.lookup(codec)  # codecs are loaded from files, which are out of reach from here on
    for name, limit in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(name, (limit, limit))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


def _receive(incoming: BinaryIO) -> tuple[int, bytes] | None:
    header = incoming.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    kind, length = HEADER.unpack(header)
    return kind, incoming.read(length)


def _send(outgoing: BinaryIO, kind: Frame, payload: bytes) -> None:
    outgoing.write(HEADER.pack(kind, len(payload)))
    outgoing.write(payload)
    outgoing.flush()


if __name__ == "__main__":
    sys.exit(main())
