"""A recorder that speaks MTP or PTP."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from types import TracebackType
from typing import Self

from device_drivers.errors import ListingIncompleteError, MalformedReplyError, RecorderReadError, UnsupportedCommandError
from device_drivers.families.mtp.clock import measure_clock
from device_drivers.families.mtp.content import ObjectContent, ReadingWays
from device_drivers.families.mtp.objects import ObjectTree
from device_drivers.families.mtp.protocol import (
    as_recorded_file,
    battery_percent,
    is_write_protected,
    own_serial,
    parse_locator,
    place_of,
    readable,
    total_capacity,
    total_free,
)
from device_drivers.families.mtp.removal import Remover
from device_drivers.identity_file import IdentityRecord, is_identity_file, parse_identity_file
from device_drivers.recorder import Capabilities, RecorderStatus, Removal, read_fingerprint
from device_drivers.transports.ptp import OperationRefusedError, Session
from device_drivers.transports.ptp.codes import DeviceProperty, Operation
from device_drivers.transports.ptp.date_times import DateTime, format_date_time, parse_date_time
from device_drivers.transports.ptp.operations import ask_battery, ask_storage, list_storages, read_date_time, set_date_time
from integrity.listing import MAX_RECORD_BYTES, ClockReading, RecordedFile, RecorderIdentity

FAMILY_NAME = "mtp"


@dataclass(frozen=True, slots=True)
class UsbFacts:
    """What the device descriptor says, for cross-checks only."""

    vendor_id: int
    product_id: int
    serial: str | None
    address: tuple[int, int]


class MtpRecorder:
    """An open recorder of this family; keeps the promise of ``device_drivers.recorder.Recorder``.

    Args:
        session: An open session with it.
        zone: Whose wall time its clock shows, where it tells no offset.
        now: The dock's clock, aware UTC.
        usb: What its descriptors say.
        on_close: Called once when it is closed.
    """

    def __init__(
        self, session: Session, *, zone: tzinfo, now: Callable[[], datetime], usb: UsbFacts | None = None, on_close: Callable[[], None] | None = None
    ) -> None:
        self._session, self._zone, self._now, self._usb, self._on_close = session, zone, now, usb, on_close
        self._tree = ObjectTree(session)
        self._ways = ReadingWays.of(session)
        self._record: tuple[str, IdentityRecord] | None = None
        self._record_is_known = False

    @property
    def capabilities(self) -> Capabilities:
        """What it says it can do, less what it turned out not to."""
        has_clock = self._has(DeviceProperty.DATE_TIME)
        return Capabilities(
            can_read_clock=has_clock and self._session.supports(Operation.GET_DEVICE_PROP_VALUE),
            can_set_clock=has_clock and self._session.supports(Operation.SET_DEVICE_PROP_VALUE),
            can_remove_files=self._session.supports(Operation.DELETE_OBJECT),
            can_read_battery=self._has(DeviceProperty.BATTERY_LEVEL) and self._session.supports(Operation.GET_DEVICE_PROP_DESC),
            can_resume=self._ways.any,
        )

    @property
    def usb_address(self) -> tuple[int, int] | None:
        """Where it is on the bus."""
        return None if self._usb is None else self._usb.address

    def identity(self) -> RecorderIdentity:
        """Say who the recorder says it is, from its identity file where it carries one, else from DeviceInfo; see ``Recorder.identity``."""
        record = self._identity_record()
        storages = list_storages(self._session)
        label = ask_storage(self._session, storages[0]) if storages else None
        identity = RecorderIdentity(
            family=FAMILY_NAME,
            serial=own_serial(self._session.info.serial),
            volume_label=readable(label.volume) or readable(label.description) if label is not None else None,
            record_base64=base64.b64encode(self._session.record[:MAX_RECORD_BYTES]).decode(),
        )
        if record is not None:
            identity = replace(identity, **{key: value for key, value in asdict(record[1]).items() if value is not None})
        if self._usb is not None:
            identity = replace(identity, usb_vendor_id=self._usb.vendor_id, usb_product_id=self._usb.product_id, usb_serial=self._usb.serial)
        return identity

    def read_clock(self) -> ClockReading | None:
        """Read its clock, watching it for up to 1.2 s; see ``Recorder.read_clock``."""
        if not self.capabilities.can_read_clock:
            return None
        try:
            return measure_clock(self._read_clock, self._now, self._zone)
        except OperationRefusedError:
            return None

    def set_clock(self, moment: datetime) -> None:
        """Set its clock, in whole seconds, spelled as it spells its own time; see ``Recorder.set_clock``."""
        if not self.capabilities.can_set_clock:
            raise UnsupportedCommandError("set its clock")
        like = self._read_clock() if self.capabilities.can_read_clock else None
        set_date_time(self._session, format_date_time(moment, self._zone, like=like))

    def read_status(self) -> RecorderStatus:
        """Say how its battery and its storages are; see ``Recorder.read_status``."""
        storages = [ask_storage(self._session, each) for each in list_storages(self._session)]
        return RecorderStatus(
            battery_percent=self._read_battery(),
            has_card=bool(storages),
            is_write_protected=is_write_protected(storages),
            capacity_bytes=total_capacity(storages),
            free_bytes=total_free(storages),
        )

    def list_files(self) -> Iterator[RecordedFile]:
        """List every file but the identity file, which is kept whole in the identity; see ``Recorder.list_files``."""
        record = self._identity_record()
        unknown: list[str] = []
        try:
            for found in self._tree.walk():
                if found.facts.size_bytes is None:
                    unknown.append(f"{found.path[:200]}: the recorder cannot tell its size")
                    continue
                file = as_recorded_file(found, found.facts.size_bytes, numbering=self._session.numbering)
                if record is None or file.locator != record[0]:
                    yield file
        except ListingIncompleteError as error:
            raise ListingIncompleteError((*error.missing, *unknown[:1])) from error
        if unknown:
            raise ListingIncompleteError(tuple(unknown[:1]))

    def open_file(self, file: RecordedFile, offset: int = 0) -> ObjectContent:
        """Open a listed file from a byte offset; see ``Recorder.open_file``."""
        locator = parse_locator(file.locator)
        if locator is None:
            raise RecorderReadError(file.path, offset, "its place on the recorder is unknown")
        handle = locator.handle if locator.numbering == self._session.numbering else self._find_again(file, locator.storage, offset)
        return ObjectContent(self._session, self._ways, file, handle=handle, offset=offset)

    def remove_files(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Remove exactly these files, each looked at again immediately before; see ``Recorder.remove_files``."""
        if not self.capabilities.can_remove_files:
            raise UnsupportedCommandError("remove files")
        return Remover(self._session, self._tree, lambda file: read_fingerprint(self, file)).remove(files)

    def close(self) -> None:
        """End the session and give the device back."""
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._session.close()
            on_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _find_again(self, file: RecordedFile, storage: int, offset: int) -> int:
        """Find a file that was listed in another session by its path, size and time of change."""
        found = self._tree.find({file.path}).get(place_of(file, storage), [])
        same = [each.facts for each in found if (each.facts.size_bytes, each.facts.modified) == (file.size_bytes, file.modified)]
        if len(same) != 1:
            raise RecorderReadError(file.path, offset, "it is not where it was before the recorder was reset")
        return same[0].handle

    def _has(self, wanted: DeviceProperty) -> bool:
        return wanted in self._session.info.properties

    def _read_clock(self) -> DateTime | None:
        return parse_date_time(read_date_time(self._session))

    def _read_battery(self) -> int | None:
        if not self.capabilities.can_read_battery:
            return None
        with suppress(OperationRefusedError, MalformedReplyError):  # then it is not known
            return battery_percent(ask_battery(self._session))
        return None

    def _identity_record(self) -> tuple[str, IdentityRecord] | None:
        """Find and read the identity file once; answer its locator and content."""
        if not self._record_is_known:
            self._record = next(self._read_records(), None)
            self._record_is_known = True
        return self._record

    def _read_records(self) -> Iterator[tuple[str, IdentityRecord]]:
        for found in self._tree.root_files():
            if is_identity_file(found.path, found.facts.size_bytes or 0):
                file = as_recorded_file(found, found.facts.size_bytes or 0, numbering=self._session.numbering)
                content = self._read_whole(file)
                if content is not None:
                    yield file.locator, parse_identity_file(content)

    def _read_whole(self, file: RecordedFile) -> bytes | None:
        buffer = bytearray(file.size_bytes)
        try:
            with self.open_file(file) as reader:
                count = reader.readinto(memoryview(buffer))
        except RecorderReadError:  # then it is listed like any other file, and the identity is unknown
            return None
        return bytes(buffer) if count == len(buffer) else None
