"""What a dock tells whoever stands beside it, on standard error: bars for a person, JSON lines for a program.

The lines carry ids, never names of files or people.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bars

INTERVAL_S = 1.0
"""Least time between two lines about bytes read, in seconds."""


class Progress(Protocol):
    """Where progress is shown; used by several threads."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    def begin(self, session_id: str, *, slot: str, files: int, size_bytes: int) -> None:
        """A recorder was listed."""

    def advance(self, session_id: str, count: int) -> None:
        """So many more bytes were read."""

    def tell(self, event: str, **facts: str | float | None) -> None:
        """Something else happened; ``event`` is one lower-case word or more joined by underscores."""


class JsonLines:
    """Progress as one JSON object a line.

    Args:
        stream: Where the lines go.
        monotonic: Seconds that only ever grow.
    """

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}
        self._read: dict[str, int] = {}
        self._last: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.flush()

    def begin(self, session_id: str, *, slot: str, files: int, size_bytes: int) -> None:
        """A recorder was listed."""
        with self._lock:
            self._sizes[session_id], self._read[session_id], self._last[session_id] = size_bytes, 0, self._monotonic()
        self.tell("listed", session_id=session_id, slot=slot, files=files, size_bytes=size_bytes)

    def advance(self, session_id: str, count: int) -> None:
        """So many more bytes were read; shown at most once a second, and at the end."""
        with self._lock:
            self._read[session_id] += count
            read_bytes, size_bytes, now = self._read[session_id], self._sizes[session_id], self._monotonic()
            if now - self._last[session_id] < INTERVAL_S and read_bytes != size_bytes:
                return
            self._last[session_id] = now
        self.tell("reading", session_id=session_id, read_bytes=read_bytes, size_bytes=size_bytes)

    def tell(self, event: str, **facts: str | float | None) -> None:
        """Something happened."""
        line = json.dumps({"event": event, **facts}) + "\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


class ProgressBars:
    """Progress as one bar for each recorder, for a person at a terminal.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream),
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bars.stop()

    def begin(self, session_id: str, *, slot: str, files: int, size_bytes: int) -> None:
        """A recorder was listed."""
        self._tasks[session_id] = self._bars.add_task(f"{slot} ({files})", total=size_bytes)

    def advance(self, session_id: str, count: int) -> None:
        """So many more bytes were read."""
        self._bars.advance(self._tasks[session_id], count)

    def tell(self, event: str, **facts: str | float | None) -> None:
        """Something happened."""
        text = "  ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
        self._bars.console.print(f"{event.replace('_', ' ')}  {text}", markup=False, highlight=False)


def progress_on(stream: TextIO) -> Progress:
    """Choose bars where a person can see them, JSON lines otherwise."""
    return ProgressBars(stream) if stream.isatty() else JsonLines(stream)
