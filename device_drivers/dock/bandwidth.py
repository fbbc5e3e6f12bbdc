"""How fast a dock may send, by the time of day."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_MIB = 1024**2
SLICE_BYTES = 65_536
LONGEST_SLEEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """A limit for a time of day, in minutes since midnight; one that ends before it begins goes over midnight."""

    begins: int
    ends: int
    bytes_per_s: float

    def covers(self, minute: int) -> bool:
        """Whether it holds in a minute of the day."""
        if self.begins <= self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


def parse_schedule(limits: Mapping[str, float]) -> tuple[Span, ...]:
    """Read limits such as ``{"08:00-18:00": 2.5}``: MiB a second, by the time of day; the first span that holds counts.

    Raises:
        ValueError: A span or a limit is none.
    """
    spans = []
    for text, mib_per_s in limits.items():
        found = _SPAN.fullmatch(text)
        if found is None or not mib_per_s > 0:
            raise ValueError(f"{text!r}: {mib_per_s!r} is no HH:MM-HH:MM with a number of MiB a second above 0")
        hours = [int(each) for each in found.groups()]
        spans.append(Span(hours[0] * 60 + hours[1], hours[2] * 60 + hours[3], mib_per_s * _MIB))
    return tuple(spans)


def limit_at(spans: tuple[Span, ...], moment: datetime) -> float | None:
    """Bytes a second that may be sent at a time, already in the zone of the spans; ``None`` without a limit."""
    minute = moment.hour * 60 + moment.minute
    return next((span.bytes_per_s for span in spans if span.covers(minute)), None)


class Throttle:
    """Paces everything that a dock sends, for all its threads together.

    Args:
        spans: The limits.
        zone: Zone of the spans.
        now: The dock's clock, aware.
        stop: Set when the program is to end; pacing ends with it.
    """

    def __init__(self, spans: tuple[Span, ...], *, zone: tzinfo, now: Callable[[], datetime], stop: threading.Event) -> None:
        self._spans = spans
        self._zone = zone
        self._now = now
        self._stop = stop
        self._lock = threading.Lock()
        self._due_at = 0.0

    def body(self, content: memoryview) -> memoryview | Iterator[memoryview]:
        """What to send as a body: the content itself, or its slices, each given out when it is due."""
        if not self._spans:
            return content
        return self._slices(content)

    def _slices(self, content: memoryview) -> Iterator[memoryview]:
        for start in range(0, len(content), SLICE_BYTES):
            piece = content[start : start + SLICE_BYTES]
            self._await_turn(len(piece))
            yield piece

    def _await_turn(self, count: int) -> None:
        limit = limit_at(self._spans, self._now().astimezone(self._zone))
        if limit is None:
            return
        with self._lock:
            now = time.monotonic()
            self._due_at = max(self._due_at, now) + count / limit
            wait_s = self._due_at - count / limit - now
        while wait_s > 0 and not self._stop.wait(min(wait_s, LONGEST_SLEEP_S)):
            wait_s -= LONGEST_SLEEP_S
