"""Telling the service's dock board how far reading has come, at most once a second and never in the way of reading."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType
from typing import Self

from device_drivers.dock.errors import DockError
from device_drivers.dock.service_client import ServiceClient

INTERVAL_S = 1.0
"""Time between two reports, in seconds."""
MOST_FILES = 64
"""Most files in one report: the latest, where more were read meanwhile (docs/formats/dock-protocol.md)."""


class Board:
    """Reports of one session, sent by a thread of their own while the ``with`` block runs.

    Args:
        client: Calls to the service.
        session_id: The session.
    """

    def __init__(self, client: ServiceClient, session_id: str) -> None:
        self._client = client
        self._session_id = session_id
        self._lock = threading.Lock()
        self._read_bytes: dict[int, int] = {}
        self._changed: set[int] = set()
        self._total_bytes = 0
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
            self._total_bytes += count

    def _report_now_and_then(self) -> None:
        since, before_bytes = time.monotonic(), 0
        while not self._done.wait(INTERVAL_S):
            with self._lock:
                changed = {index: self._read_bytes[index] for index in sorted(self._changed)[-MOST_FILES:]}
                self._changed.clear()
                total_bytes = self._total_bytes
            now = time.monotonic()
            rate = (total_bytes - before_bytes) / (now - since)
            since, before_bytes = now, total_bytes
            if changed:
                self._report(changed, rate)

    def _report(self, changed: dict[int, int], bytes_per_s: float) -> None:
        """Send one report; one that does not arrive is made up for by the next."""
        with contextlib.suppress(DockError):
            self._client.report_progress(self._session_id, read_bytes=changed, bytes_per_s=bytes_per_s)
