"""Pure rules of ingest: which protocol, whose clip, when recorded, what a file is recognised by."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from integrity.canonical import canonical_bytes
from integrity.hashing import sha256
from integrity.listing import RecordedFile, is_identity

CURRENT_PROTOCOL = 1
CLOCK_TOLERANCE = timedelta(days=1)
EARLIEST_PLAUSIBLE = datetime(2015, 1, 1, tzinfo=UTC)
"""Recorders that lost their battery restart in 1970, 1980 or 2000; none of this trade is older than this."""

_FINAL_MARKS = frozenset({"read_back_mismatch", "object_missing", "fixity_failed"})
"""What is stored is not what was sent, or no longer what it was, or is gone: no person can decide that away."""

_NAME_TIMES = (
    re.compile(r"(?<!\d)(?P<date>20\d{6})[_-]?(?P<time>\d{6})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>20\d{2})_(?P<day>\d{4})_(?P<time>\d{6})(?!\d)"),
    re.compile(r"_0*(?P<stamp>20\d{12})_\d{4}(?:_IMP)?\."),
)
"""Times in names seen on cards (docs/formats/file-names.md). Conventions of makers, never evidence of identity."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """One assignment of a recorder: who had it, from which day to which, both included (Asia/Shanghai)."""

    officer_id: UUID
    is_exclusive: bool
    valid_from: date
    valid_until: date | None

    def covers(self, day: date) -> bool:
        """Whether the officer had the recorder on that day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class CodeTenure:
    """Whom a number that recorders carry meant, from which day to which, both included (Asia/Shanghai)."""

    officer_id: UUID
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class CheckOut:
    """Who had a pool recorder, from which moment to which (not included), UTC."""

    officer_id: UUID
    taken_at: datetime
    returned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose clip it is, as far as is known, and what is unusual about that."""

    officer_id: UUID | None
    flags: tuple[str, ...]


def accepted_protocols(current: int = CURRENT_PROTOCOL) -> tuple[int, ...]:
    """Versions of the dock protocol that are spoken: the current one and the one before it."""
    return tuple(version for version in (current, current - 1) if version >= 1)


def recognition_of(recorder_key: str, file: RecordedFile, *, occurrence: int) -> bytes:
    """What a file is recognised by when its recorder comes again, never its name alone.

    Args:
        recorder_key: ``RecorderIdentity.recognition_key``.
        file: The file as listed.
        occurrence: Number of entries before it in the same listing that look exactly like it.

    Returns:
        SHA-256 over all of these, 32 bytes.
    """
    return sha256(canonical_bytes([recorder_key, file.path_raw_base64, file.size_bytes, file.modified, file.created, file.fingerprint, occurrence]))


def medium_of(identity: Mapping[str, Any]) -> str | None:
    """What the medium of a recorder without a serial number of its own is known by: family, volume and USB numbers.

    Args:
        identity: Members of the ``RecorderIdentity``.

    Returns:
        Canonical text (RFC 8785); ``None`` where the volume has no number, because then every medium of the make looks alike.
    """
    if not is_identity(identity.get("volume_id")):
        return None
    members = ("family", "volume_id", "volume_label", "usb_vendor_id", "usb_product_id")
    return canonical_bytes({name: identity.get(name) for name in members}).decode()


def recorded_time(file: RecordedFile, zone: tzinfo) -> datetime | None:
    """When the recorder says it began recording: by the name, else the time of creation, else that of the last change; UTC, uncorrected.

    Args:
        file: The file as listed.
        zone: Zone of times that carry no offset.
    """
    name = file.path.rsplit("/", 1)[-1]
    for text in (_time_in_name(name), file.created, file.modified):
        if text is not None:
            moment = wall_time(text, zone)
            if moment is not None:
                return moment
    return None


def named_time(name: str, zone: tzinfo) -> datetime | None:
    """The time in a file's name, UTC; ``None`` where it carries none."""
    text = _time_in_name(name)
    return None if text is None else wall_time(text, zone)


def wall_time(text: str, zone: tzinfo) -> datetime | None:
    """Read a time as a recorder wrote it, UTC; ``zone`` where it carries no offset, ``None`` where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def corrected_time(recorded_at: datetime, *, clock_offset_s: float | None, dock_offset_s: float | None) -> datetime | None:
    """What our clock would have shown when a recording began, as far as both offsets are known.

    Args:
        recorded_at: The recorder's own time, UTC.
        clock_offset_s: Recorder minus dock, in seconds.
        dock_offset_s: Dock minus service, in seconds.

    Returns:
        The time, UTC; ``None`` where an offset is unknown or leads out of the calendar.
    """
    if clock_offset_s is None or dock_offset_s is None:
        return None
    try:
        return recorded_at - timedelta(seconds=clock_offset_s + dock_offset_s)
    except OverflowError:
        return None


def corrected_uncertainty(clock_uncertainty_s: float | None, dock_uncertainty_s: float | None) -> float | None:
    """How far a corrected time may be off, in seconds: both uncertainties together; ``None`` where one is unknown."""
    if clock_uncertainty_s is None or dock_uncertainty_s is None:
        return None
    return clock_uncertainty_s + dock_uncertainty_s


def is_liftable(quarantine: str) -> bool:
    """Whether a person may lift a quarantine of this reason."""
    return quarantine not in _FINAL_MARKS


def is_plausible(recorded_at: datetime, now: datetime) -> bool:
    """Whether a recorder's time can be true at all."""
    return EARLIEST_PLAUSIBLE <= recorded_at <= now + CLOCK_TOLERANCE


def holder_of_code(tenures: Sequence[CodeTenure], day: date, *, current: UUID | None) -> UUID | None:
    """Decide whom a number meant on a day.

    Args:
        tenures: What the map says of the number.
        day: Day of recording, Asia/Shanghai.
        current: Officer who bears the number now; counts where the map says nothing of the number and that officer.
    """
    for tenure in tenures:
        if tenure.valid_from <= day and (tenure.valid_until is None or day <= tenure.valid_until):
            return tenure.officer_id
    return None if current in {tenure.officer_id for tenure in tenures} else current


def holder_at(check_outs: Sequence[CheckOut], moment: datetime | None) -> UUID | None:
    """Tell who had a pool recorder at a moment, UTC; at none, nobody."""
    if moment is None:
        return None
    held = (one.officer_id for one in check_outs if one.taken_at <= moment and (one.returned_at is None or moment < one.returned_at))
    return next(held, None)


def attribute(tenures: Sequence[Tenure], day: date, *, claimed: UUID | None, claims_anybody: bool, checked_out: UUID | None = None) -> Attribution:
    """Decide whose clip it is.

    The exclusive assignment on the day it was recorded counts first, then the check-out at the moment, then the officer number that the recorder
    carries, then the only officer it is assigned to.

    Args:
        tenures: Assignments of the recorder; none when it is not registered.
        day: Day of recording, Asia/Shanghai.
        claimed: Officer whom the recorder's number meant on that day, when that is known.
        claims_anybody: Whether the recorder carries any number.
        checked_out: Officer who had the recorder from the pool when it was recorded.
    """
    holders = [tenure for tenure in tenures if tenure.covers(day)]
    registered = next((tenure.officer_id for tenure in holders if tenure.is_exclusive), checked_out)
    if registered is not None:
        differs = claimed is not None and claimed != registered
        return Attribution(registered, ("officer_differs",) if differs else ())
    if claimed is not None:
        is_holder = not holders or any(tenure.officer_id == claimed for tenure in holders)
        return Attribution(claimed, () if is_holder else ("officer_not_assigned",))
    if len(holders) == 1 and not claims_anybody:
        return Attribution(holders[0].officer_id, ())
    return Attribution(None, ("unknown_officer",))


def _time_in_name(name: str) -> str | None:
    for pattern in _NAME_TIMES:
        found = pattern.search(name)
        if found:
            parts = found.groupdict()
            digits = parts.get("stamp") or (parts.get("date") or f"{parts['year']}{parts['day']}") + parts["time"]
            return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:14]}"
    return None
