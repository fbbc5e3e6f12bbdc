"""Who a recorder said it is, kept for as long as it stays plugged in: once it is a disk it can be asked no more, not by a dock started again either.

What is kept counts for the very same plugging-in only. The kernel gives a device another number each time something comes onto the bus, and starts
again at every boot; so boot, port, bus and number, the numbers of maker and model, and the volume must all be those that were noted. Format:
docs/formats/kept-identity.md.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from device_drivers.dock.errors import StateUnusableError
from device_drivers.recorder import Recorder
from device_drivers.transports.plugged_in import DiskPlace, OnDisk
from integrity.errors import MalformedValueError
from integrity.listing import RecorderIdentity
from integrity.plain import from_plain, to_plain

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""A random number for each boot (random(4))."""
_PORT = re.compile(r"[0-9][0-9.@-]{0,63}")
_LARGEST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class KeptIdentity:
    """An identity with the plugging-in that it belongs to.

    Attributes:
        boot_id: Of the machine, where it was read.
        server: The USB/IP server that the recorder is plugged in at; ``None`` is this machine.
        place: The recorder as a disk.
        read_at: When the identity was read, by the dock's clock, aware UTC.
        identity: What was read.
    """

    boot_id: str
    server: str | None
    place: DiskPlace
    read_at: datetime
    identity: RecorderIdentity


class KeptIdentities:
    """The folder in which they lie, one file for each port.

    Args:
        folder: Made when missing, for this user alone: identities name people.
        boot_id: Of this boot.
        server: The USB/IP server that is looked at, if one is.

    Raises:
        StateUnusableError: The folder cannot be used.
    """

    def __init__(self, folder: Path, *, boot_id: str, server: str | None = None) -> None:
        self._folder, self._boot_id, self._server = folder, boot_id, server
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in folder.iterdir():
                kept = _read(path)
                if kept is None or kept.boot_id != boot_id:
                    path.unlink()
        except OSError as error:
            raise StateUnusableError(f"{error.filename or folder}: {error.strerror or error}") from error

    @classmethod
    def of_this_boot(cls, folder: Path, *, server: str | None = None) -> Self:
        """Open the folder on this machine; raises like the class."""
        try:
            boot_id = BOOT_ID.read_text(encoding="ascii").strip()
        except OSError as error:
            raise StateUnusableError(f"{BOOT_ID}: {error.strerror or error}") from error
        return cls(folder, boot_id=boot_id, server=server)

    def keep(self, recorder: Recorder, identity: RecorderIdentity, *, read_at: datetime) -> None:
        """Keep the identity of a recorder that is a disk by now, if it was read by commands and names the recorder; a disk's own can be read again.

        Raises:
            StateUnusableError: The disk did not take it.
        """
        place = _place_of(recorder)
        if place is None or identity.serial is None or identity.volume_id is not None or not _PORT.fullmatch(place.port):
            return
        kept = KeptIdentity(self._boot_id, self._server, place, read_at, identity)
        part = self._path(place.port).with_suffix(".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(to_plain(kept), file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path(place.port))
        except OSError as error:
            raise StateUnusableError(error.strerror or str(error)) from error

    def recall(self, recorder: Recorder, identity: RecorderIdentity) -> KeptIdentity | None:
        """Give what was kept of a recorder that is plugged in as it was then; ``None`` where anything differs, or where it says itself who it is."""
        place = _place_of(recorder)
        if place is None or identity.serial is not None or not _PORT.fullmatch(place.port):
            return None
        kept = _read(self._path(place.port))
        if kept is None or (kept.boot_id, kept.server, kept.place) != (self._boot_id, self._server, place):
            return None
        return kept

    def forget(self, port: str) -> None:
        """What was plugged in at a port has left."""
        if _PORT.fullmatch(port):
            with suppress(OSError):  # it counts no more anyway, because what comes next has another number
                self._path(port).unlink(missing_ok=True)

    def _path(self, port: str) -> Path:
        return self._folder / f"{port}.json"


def _place_of(recorder: Recorder) -> DiskPlace | None:
    return recorder.disk_place if isinstance(recorder, OnDisk) else None


def _read(path: Path) -> KeptIdentity | None:
    """Read a file; what is missing, unreadable or not what is written here says nothing."""
    try:
        with path.open("rb") as file:
            return from_plain(KeptIdentity, json.loads(file.read(_LARGEST_BYTES)))
    except (OSError, ValueError, RecursionError, MalformedValueError):
        return None
