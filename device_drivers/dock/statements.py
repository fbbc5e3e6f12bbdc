"""What a dock says to the service beyond evidence (docs/formats/dock-protocol.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from device_drivers.recorder import RecorderStatus
from integrity.listing import ClockReading, DockClock, Listing, RecorderIdentity


@dataclass(frozen=True, slots=True)
class PluggedRecorder:
    """A recorder was plugged in.

    Attributes:
        slot: Where, for people.
        software: The dock program and its version.
        identity: Who the recorder says it is.
        clock: Its clock, read before anything was set.
        dock_clock: The dock's clock beside the service's.
        condition: Battery, card and room left.
        plugged_at: When it was plugged in, by the dock's clock, aware UTC.
        rivals: Sessions of other recorders that are plugged in now and say they are the same.
        identity_read_at: When the identity was read, aware UTC, where that was earlier at this plugging-in: the dock was started again, and the
            recorder is a disk that cannot be asked. ``None`` where it was read now.
    """

    slot: str
    software: str
    identity: RecorderIdentity
    clock: ClockReading | None
    dock_clock: DockClock | None
    condition: RecorderStatus | None
    plugged_at: datetime | None
    rivals: tuple[str, ...] = ()
    identity_read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """A recorder's clock was set.

    Attributes:
        set_to: What it was told to show, aware UTC.
        done_at: The dock's clock when it had taken it, aware UTC.
        after: The recorder's clock read again, where it can be read.
    """

    set_to: datetime
    done_at: datetime
    after: ClockReading | None


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """How far a docking is, for the service's board.

    Attributes:
        read_bytes: Read of each file so far, by index.
        bytes_per_s: Speed of the last second.
        phase: What is being done.
        left_s: Time that is left, in seconds; ``None`` while it cannot be told.
        may_leave: Everything the recorder holds is safe without it.
        safe_to_take: Nothing is being read from it or changed on it.
        warnings: Codes of what somebody should look at.
    """

    read_bytes: Mapping[int, int]
    bytes_per_s: float
    phase: str
    left_s: float | None
    may_leave: bool
    safe_to_take: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipRemoval:
    """What became of a clip's file that was to be removed; ``kept_because`` is ``None`` when it is gone."""

    clip_id: str
    kept_because: str | None


@dataclass(frozen=True, slots=True)
class ReleaseReport:
    """What was removed, and what the recorder lists now; ``None`` when it left before it could be listed."""

    removals: tuple[ClipRemoval, ...]
    remaining: Listing | None
