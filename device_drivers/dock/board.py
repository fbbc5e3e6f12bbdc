"""Telling the service's dock board how a docking goes, at most once a second and never in the way of reading."""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType
from typing import Self

from device_drivers.dock.condition import Concern
from device_drivers.dock.errors import DockError
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.statements import ProgressReport
from device_drivers.dock.tile import Tile, Tiles, decide_lights

INTERVAL_S = 1.0
"""Time between two reports while something changes, in seconds."""
QUIET_INTERVALS = 10
"""So many intervals without a change, and a report is sent all the same: the service knows that the recorder is still here."""
MOST_FILES = 64
"""Most files in one report: the latest, where more were read meanwhile (docs/formats/dock-protocol.md)."""


class Board:
    """Reports of one session, sent by a thread of their own while the ``with`` block runs.

    Args:
        client: Calls to the service.
        session_id: The session.
        tiles: Where the state of the slot stands.
        slot: The slot.
    """

    def __init__(self, client: ServiceClient, session_id: str, *, tiles: Tiles, slot: str) -> None:
        self._client = client
        self._session_id = session_id
        self._tiles = tiles
        self._slot = slot
        self._lock = threading.Lock()
        self._read_bytes: dict[int, int] = {}
        self._changed: set[int] = set()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._report_now_and_then, name="board", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._done.set()
        self._thread.join()

    def on_read(self, index: int, count: int) -> None:
        """Take in that so many more bytes of a file were read."""
        with self._lock:
            self._read_bytes[index] = self._read_bytes.get(index, 0) + count
            self._changed.add(index)

    def _report_now_and_then(self) -> None:
        last: Tile | None = None
        quiet = 0
        while not self._done.wait(INTERVAL_S):
            tile = self._tiles.get(self._slot)
            quiet = quiet + 1 if tile == last else 0
            if tile != last or quiet >= QUIET_INTERVALS:
                self._report(tile)
                last, quiet = tile, 0

    def _report(self, tile: Tile) -> None:
        """Send one report; one that does not arrive is made up for by the next."""
        with self._lock:
            changed = {index: self._read_bytes[index] for index in sorted(self._changed)[-MOST_FILES:]}
            self._changed.clear()
        lights = decide_lights(tile)
        concerns = {*tile.all_concerns, *([Concern.SPOOL_REFUSED] if self._tiles.kept_back() else [])}
        report = ProgressReport(
            changed,
            tile.bytes_per_s,
            tile.phase.value,
            tile.left_s,
            lights.may_leave,
            lights.safe_to_take,
            tuple(sorted(each.value for each in concerns)),
        )
        with contextlib.suppress(DockError):
            self._client.report_progress(self._session_id, report)
