"""What a recorder said about itself and its files, exactly as a dock attests it.

These values are evidence: the dock builds them, the service checks them, the manifest beside each object repeats them. Both sides therefore
share this one definition. Text that came from a recorder is kept twice: readable (``path``) and verbatim (``path_raw``).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from integrity.errors import MalformedValueError

MAX_FILES = 100_000
MAX_PATH_CHARACTERS = 4_096
MAX_TEXT_CHARACTERS = 512
MAX_RECORD_BYTES = 4_096
MAX_SIZE_BYTES = 2**53 - 1
"""Largest size that a JSON number carries exactly (RFC 8785, section 3.2.2.3)."""
FINGERPRINT_SPAN_BYTES = 16_384
"""A fingerprint covers this much of a file's head and this much of its tail."""

_FACTORY_DEFAULTS = frozenset({"0123456789abcdef", "0123456789abcdef" * 2, "1234567890", "123456789", "12345678", "unknown", "default", "serial"})
"""Serials and codes that factories leave in whole batches of recorders, in lower case."""

_FORBID_EXTRA = {"extra": "forbid"}
_HEX_64 = re.compile(r"[0-9a-f]{64}")
WALL_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?([+-]\d{2}:\d{2})?")
"""How times stand that somebody else wrote: as he wrote them, with an offset only where he gave one."""


@dataclass(frozen=True, slots=True)
class RecorderIdentity:
    """Who a recorder says it is; every field but the family may be unknown.

    Attributes:
        family: Name of the driver family that read it, for instance ``mass-storage``.
        serial: The recorder's own serial number. Never the USB serial, which whole batches share.
        id_code: Maker and product code (GetIDCode), 5 to 6 characters.
        officer_code: Officer number stored on the recorder, usually 6 characters.
        officer_name: Officer name stored on the recorder.
        unit_code: Unit number stored on the recorder.
        unit_name: Unit name stored on the recorder.
        volume_id: Serial number of the volume, 8 hexadecimal digits.
        volume_label: Label of the volume.
        usb_vendor_id: From the device descriptor.
        usb_product_id: From the device descriptor.
        usb_serial: From the device descriptor; for cross-checks only.
        record_base64: The identity record verbatim, as read, in base64.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    family: str
    serial: str | None = None
    id_code: str | None = None
    officer_code: str | None = None
    officer_name: str | None = None
    unit_code: str | None = None
    unit_name: str | None = None
    volume_id: str | None = None
    volume_label: str | None = None
    usb_vendor_id: int | None = None
    usb_product_id: int | None = None
    usb_serial: str | None = None
    record_base64: str | None = None

    def __post_init__(self) -> None:
        for name in ("family", "serial", "id_code", "officer_code", "officer_name", "unit_code", "unit_name", "volume_label", "usb_serial"):
            check_text(f"identity.{name}", getattr(self, name), MAX_TEXT_CHARACTERS)
        _check_base64("identity.record_base64", self.record_base64, MAX_RECORD_BYTES)

    @property
    def recognition_key(self) -> str:
        """Name under which files of this recorder are recognised again: its serial, else its volume."""
        if self.serial:
            return f"serial:{self.serial}"
        return f"volume:{self.family}:{self.volume_id or ''}:{self.volume_label or ''}"


@dataclass(frozen=True, slots=True)
class ClockReading:
    """A recorder's clock beside the dock's, read before anything was set.

    Attributes:
        recorder_time: What the recorder said, verbatim wall time ``YYYY-MM-DDTHH:MM:SS``.
        dock_time: The dock's clock at the middle of the reading, aware UTC.
        offset_s: Recorder minus dock, in seconds; positive when the recorder is ahead.
        uncertainty_s: Half the time the reading took plus half the recorder's resolution, in seconds.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    recorder_time: str
    dock_time: datetime
    offset_s: float
    uncertainty_s: float

    def __post_init__(self) -> None:
        if not WALL_TIME.fullmatch(self.recorder_time):
            raise MalformedValueError("clock.recorder_time", "expected YYYY-MM-DDTHH:MM:SS")
        if self.dock_time.tzinfo is None:
            raise MalformedValueError("clock.dock_time", "expected a time with an offset")


@dataclass(frozen=True, slots=True)
class DockClock:
    """A dock's own clock beside the service's, so that a recorder's time can be traced to the service's.

    Attributes:
        measured_at: The dock's clock at the middle of the measurement, aware UTC.
        offset_s: Dock minus service, in seconds; positive when the dock is ahead.
        uncertainty_s: Half the time the question was under way, in seconds.
        is_synchronised: Whether the dock's system says that a time source keeps its clock. One that is not never sets a recorder's.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    measured_at: datetime
    offset_s: float
    uncertainty_s: float
    is_synchronised: bool

    def __post_init__(self) -> None:
        if self.measured_at.tzinfo is None:
            raise MalformedValueError("dock_clock.measured_at", "expected a time with an offset")


@dataclass(frozen=True, slots=True)
class RecordedFile:
    r"""A file as the recorder describes it; not yet evidence.

    Attributes:
        path: Readable path with ``/`` between parts. What cannot be shown as text is escaped as ``\udXXX`` or ``\xNN``, spelled out.
        path_raw_base64: The path's bytes exactly as the recorder keeps them (UTF-16LE on FAT and exFAT), in base64.
        size_bytes: Size the recorder announces.
        modified: Wall time of the last change as the recorder wrote it, with an offset only where the recorder wrote one.
        created: Wall time of creation, likewise.
        attributes: Attribute letters as the file system keeps them, for instance ``RA`` (read-only, archive).
        fingerprint: SHA-256 over the first and last :data:`FINGERPRINT_SPAN_BYTES` of the file (the whole file once, when it is shorter than both),
            in hexadecimal; ``None`` where they could not be read.
        locator: How the driver finds this very file again within this plugging-in (for instance an entry number); no meaning elsewhere.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    path: str
    path_raw_base64: str
    size_bytes: int
    modified: str | None = None
    created: str | None = None
    attributes: str = ""
    fingerprint: str | None = None
    locator: str = ""

    def __post_init__(self) -> None:
        check_text("file.path", self.path, MAX_PATH_CHARACTERS)
        _check_base64("file.path_raw_base64", self.path_raw_base64, 4 * MAX_PATH_CHARACTERS)
        check_text("file.attributes", self.attributes, 16)
        check_text("file.locator", self.locator, 128)
        if not 0 <= self.size_bytes <= MAX_SIZE_BYTES:
            raise MalformedValueError("file.size_bytes", f"{self.size_bytes} is not between 0 and {MAX_SIZE_BYTES}")
        for name in ("modified", "created"):
            value = getattr(self, name)
            if value is not None and not WALL_TIME.fullmatch(value):
                raise MalformedValueError(f"file.{name}", "expected YYYY-MM-DDTHH:MM:SS with an optional offset")
        if self.fingerprint is not None and not _HEX_64.fullmatch(self.fingerprint):
            raise MalformedValueError("file.fingerprint", "expected 64 hexadecimal digits")


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything a recorder said it holds at one plugging-in.

    Attributes:
        identity: Who the recorder says it is.
        clock: Its clock, where it can be read.
        files: Every file found, in the order found.
        is_complete: Whether every directory could be read. An incomplete listing shuts the wipe gate.
        failure: What stopped an incomplete listing.
        taken_at: The dock's clock when the listing ended, aware UTC.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _FORBID_EXTRA

    identity: RecorderIdentity
    clock: ClockReading | None
    files: tuple[RecordedFile, ...]
    is_complete: bool
    failure: str | None
    taken_at: datetime

    def __post_init__(self) -> None:
        if len(self.files) > MAX_FILES:
            raise MalformedValueError("listing.files", f"{len(self.files)} files are more than {MAX_FILES}")
        check_text("listing.failure", self.failure, MAX_TEXT_CHARACTERS)
        if self.taken_at.tzinfo is None:
            raise MalformedValueError("listing.taken_at", "expected a time with an offset")
        if self.is_complete == (self.failure is not None):
            raise MalformedValueError("listing.failure", "names what is missing exactly when the listing is incomplete")


def check_text(what: str, value: str | None, limit: int) -> None:
    """Refuse text that is too long, or that a database or JSON could not carry.

    Raises:
        MalformedValueError: It is longer than ``limit`` characters, or holds a NUL or a lone surrogate.
    """
    if value is None:
        return
    if len(value) > limit:
        raise MalformedValueError(what, f"longer than {limit} characters")
    if "\0" in value:
        raise MalformedValueError(what, "holds a NUL; escape it")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise MalformedValueError(what, "holds a lone surrogate; escape it") from error


def is_identity(serial: str | None) -> bool:
    """Whether a serial number or code tells one recorder or officer from another.

    None, nothing but blanks, one character repeated (``000000``), and what factories leave behind (``0123456789ABCDEF`` once or twice,
    ``1234567890``, ``unknown``, ``default``, ``serial`` and their like, in any case) do not: a person has to say whose recorder it is.
    """
    text = (serial or "").strip().lower()
    return len(set(text)) > 1 and text not in _FACTORY_DEFAULTS


def _check_base64(what: str, value: str | None, limit: int) -> None:
    if value is None:
        return
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError) as error:
        raise MalformedValueError(what, "is not base64") from error
    if size > limit:
        raise MalformedValueError(what, f"longer than {limit} bytes")
