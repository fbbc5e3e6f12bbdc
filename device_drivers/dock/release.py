"""Removing from a recorder exactly what the service orders, and showing by a fresh listing what is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from device_drivers.dock.answers import ReleaseOrder, ReleaseRecorded
from device_drivers.dock.listing import take_listing
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.statements import ClipRemoval, ReleaseReport
from device_drivers.errors import RecorderError, RecorderUnpluggedError
from device_drivers.recorder import Recorder
from integrity.listing import Listing, RecordedFile

_LONGEST_REASON = 500
_UNKNOWN = "it is not known whether it was removed"


def release_files(
    recorder: Recorder, client: ServiceClient, *, session_id: str, listing: Listing, now: Callable[[], datetime]
) -> ReleaseRecorded | None:
    """Ask what is to go, remove it, list the recorder afresh, and report both.

    What the dock cannot report, because it dies or the recorder leaves, is made up for by the recorder's next listing.

    Args:
        recorder: Open, and used by nobody else.
        client: Calls to the service.
        session_id: The session, its files sealed as far as they will be.
        listing: What the recorder said at this session.
        now: The dock's clock, aware UTC.

    Returns:
        What the service recorded; ``None`` when nothing was to go.

    Raises:
        RecorderUnpluggedError: The recorder left; what became of the files is reported as far as it is known.
        DockError: The service could not be asked or told.
    """
    orders = [order for order in client.order_release(session_id) if order.allowed]
    if not orders:
        return None
    removals, failure = _remove(recorder, orders, listing.files)
    remaining = None
    if not isinstance(failure, RecorderUnpluggedError):
        remaining, failure = take_listing(recorder, listing.identity, clock=listing.clock, now=now, fingerprints=False)
    recorded = client.report_release(session_id, ReleaseReport(tuple(removals), remaining))
    if isinstance(failure, RecorderUnpluggedError):
        raise failure
    return recorded


def _remove(recorder: Recorder, orders: list[ReleaseOrder], files: tuple[RecordedFile, ...]) -> tuple[list[ClipRemoval], RecorderError | None]:
    """Remove files one after another; those of which nothing was heard are reported as such."""
    removals: list[ClipRemoval] = []
    failure: RecorderError | None = None
    try:
        for order, removal in zip(orders, recorder.remove_files([files[order.index] for order in orders]), strict=False):
            removals.append(ClipRemoval(order.clip_id, _shorten(removal.kept_because)))
    except RecorderError as error:
        failure = error
    reason = _shorten(f"{_UNKNOWN}: {failure}")
    removals.extend(ClipRemoval(order.clip_id, reason) for order in orders[len(removals) :])
    return removals, failure


def _shorten(reason: str | None) -> str | None:
    return None if reason is None else reason.encode(errors="backslashreplace").decode()[:_LONGEST_REASON]
