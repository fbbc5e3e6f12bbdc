"""What is known of each slot, and what its lights show: the same rules for the dock's own screen and for the service's board."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from device_drivers.dock.condition import Concern, Condition


class Phase(StrEnum):
    """What is being done in a slot."""

    OPENING = "opening"
    LISTING = "listing"
    READING = "reading"
    SPOOLING = "spooling"
    WAITING = "waiting"
    RELEASING = "releasing"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    UNPLUGGED = "unplugged"


class Advice(StrEnum):
    """What the person at the slot is told."""

    WAIT = "wait"
    LEAVE = "leave"
    TAKE_A_SPARE = "take_a_spare"
    PLUG_IN_AGAIN = "plug_in_again"
    CALL_SOMEBODY = "call_somebody"


_TOUCHED = frozenset({Phase.OPENING, Phase.LISTING, Phase.READING, Phase.SPOOLING, Phase.RELEASING})
"""Phases in which the recorder is read or changed."""
_NEEDS_A_PERSON = frozenset({Concern.CONTESTED, Concern.FILES_UNREADABLE, Concern.LISTING_INCOMPLETE, Concern.NO_CARD, Concern.SPOOL_REFUSED})


@dataclass(frozen=True, slots=True)
class Tile:
    """One slot with what is plugged in.

    Attributes:
        slot: Where, for people.
        phase: What is being done.
        session_id: The docking, once it began.
        serial: The recorder's, as it said.
        officer_code: Officer number on it, as it said.
        files: How many it listed; ``None`` until then.
        is_complete: Whether it could be listed whole.
        stored: Files that the service has.
        spooled: Files that lie in the dock's spool and not in the store yet.
        failed: Files that could not be brought over.
        removed: Files removed from the recorder after they were sealed.
        size_bytes: Bytes to read.
        read_bytes: Bytes read so far.
        bytes_per_s: Speed of the last second.
        condition: How the recorder is doing.
        concerns: What somebody should look at besides.
        reason: Why it is not read, or ended early.
    """

    slot: str
    phase: Phase = Phase.OPENING
    session_id: str | None = None
    serial: str | None = None
    officer_code: str | None = None
    files: int | None = None
    is_complete: bool = False
    stored: int = 0
    spooled: int = 0
    failed: int = 0
    removed: int = 0
    size_bytes: int = 0
    read_bytes: int = 0
    bytes_per_s: float = 0.0
    condition: Condition = field(default_factory=Condition)
    concerns: frozenset[Concern] = frozenset()
    reason: str | None = None

    @property
    def all_concerns(self) -> tuple[Concern, ...]:
        """Everything somebody should look at, in one order."""
        return tuple(sorted({*self.condition.concerns, *self.concerns}))

    @property
    def left_s(self) -> float | None:
        """Time until everything is read, in seconds, at the speed of the last second."""
        left = self.size_bytes - self.read_bytes
        if self.phase not in (Phase.READING, Phase.SPOOLING) or left <= 0:
            return None
        return round(left / self.bytes_per_s, 1) if self.bytes_per_s > 0 else None


@dataclass(frozen=True, slots=True)
class Lights:
    """What a slot shows.

    Attributes:
        may_leave: Everything the recorder holds is safe without it: in the store, or in the dock's spool.
        safe_to_take: Nothing is being read from it or changed on it, so it may be pulled.
        advice: What the person is told.
    """

    may_leave: bool
    safe_to_take: bool
    advice: Advice


def decide_lights(tile: Tile) -> Lights:
    """Decide what a slot shows; pure."""
    is_safe = tile.files is not None and tile.is_complete and tile.stored + tile.spooled >= tile.files
    safe_to_take = tile.phase not in _TOUCHED
    is_full = Concern.CARD_NEARLY_FULL in tile.condition.concerns and tile.removed == 0
    if tile.phase is Phase.REFUSED or _NEEDS_A_PERSON & set(tile.all_concerns):
        advice = Advice.CALL_SOMEBODY
    elif is_full and Concern.SERVICE_AWAY in tile.concerns:
        advice = Advice.TAKE_A_SPARE
    elif is_safe:
        advice = Advice.LEAVE
    elif tile.phase is Phase.UNPLUGGED:
        advice = Advice.PLUG_IN_AGAIN
    elif tile.phase in (Phase.FAILED, Phase.DONE):
        advice = Advice.CALL_SOMEBODY
    else:
        advice = Advice.WAIT
    return Lights(is_safe, safe_to_take, advice)


class Tiles:
    """Every slot's tile; used by the threads of all recorders."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tiles: dict[str, Tile] = {}
        self._measured: dict[str, tuple[float, int]] = {}
        self._kept_back: dict[str, str] = {}

    def begin(self, slot: str) -> None:
        """Something was plugged in."""
        with self._lock:
            self._tiles[slot] = Tile(slot)
            self._measured[slot] = (time.monotonic(), 0)

    def change(self, slot: str, **changes: Any) -> None:
        """Note what changed."""
        with self._lock:
            self._tiles[slot] = replace(self._tiles.get(slot) or Tile(slot), **changes)

    def worry(self, slot: str, *concerns: Concern) -> None:
        """Add to what somebody should look at."""
        with self._lock:
            tile = self._tiles.get(slot) or Tile(slot)
            self._tiles[slot] = replace(tile, concerns=tile.concerns | set(concerns))

    def calm(self, slot: str, *concerns: Concern) -> None:
        """Take back what no longer holds."""
        with self._lock:
            tile = self._tiles.get(slot) or Tile(slot)
            self._tiles[slot] = replace(tile, concerns=tile.concerns - set(concerns))

    def begin_reading(self, slot: str, *, size_bytes: int) -> None:
        """So much is to be read, from the beginning."""
        with self._lock:
            tile = self._tiles.get(slot) or Tile(slot)
            self._tiles[slot] = replace(tile, size_bytes=size_bytes, read_bytes=0, bytes_per_s=0.0)
            self._measured[slot] = (time.monotonic(), 0)

    def advance(self, slot: str, count: int) -> None:
        """Note that so many more bytes were read."""
        with self._lock:
            tile = self._tiles.get(slot) or Tile(slot)
            read_bytes, speed = tile.read_bytes + count, tile.bytes_per_s
            since, before = self._measured.get(slot, (time.monotonic(), 0))
            seconds = time.monotonic() - since
            if seconds >= 1:
                speed, self._measured[slot] = (read_bytes - before) / seconds, (time.monotonic(), read_bytes)
            self._tiles[slot] = replace(tile, read_bytes=read_bytes, bytes_per_s=speed)

    def forget(self, slot: str) -> None:
        """What was plugged in has left."""
        with self._lock:
            self._tiles.pop(slot, None)
            self._measured.pop(slot, None)

    def keep_back(self, session_id: str, reason: str | None) -> None:
        """Note why the service does not take a session that lies in the spool, whatever is plugged in now; ``None`` when that is over."""
        with self._lock:
            if reason is None:
                self._kept_back.pop(session_id, None)
            else:
                self._kept_back[session_id] = reason

    def kept_back(self) -> dict[str, str]:
        """Why the service does not take sessions that lie in the spool, by session."""
        with self._lock:
            return dict(self._kept_back)

    def get(self, slot: str) -> Tile:
        """One slot's tile."""
        with self._lock:
            return self._tiles.get(slot) or Tile(slot)

    def all(self) -> tuple[Tile, ...]:
        """Every slot's tile, by slot."""
        with self._lock:
            return tuple(self._tiles[slot] for slot in sorted(self._tiles))
