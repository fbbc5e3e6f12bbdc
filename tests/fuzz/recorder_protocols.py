"""Answers of recorders of the four families, up to the values that a dock attests."""

import struct
from datetime import UTC, datetime, timedelta, timezone

from device_drivers.errors import MalformedReplyError, ProfileError
from device_drivers.families.ambarella import protocol as ambarella
from device_drivers.families.jieli import protocol as jieli
from device_drivers.families.mass_storage import protocol as mass_storage
from device_drivers.families.mtp import clock
from device_drivers.families.mtp import protocol as mtp
from device_drivers.identity_file import MAX_IDENTITY_FILE_BYTES, IdentityRecord, parse_identity_file
from device_drivers.profile import parse_profile
from device_drivers.simulated.mtp_values import numbers_16, numbers_32, text
from device_drivers.transports.filesystem_child import VolumeFacts
from device_drivers.transports.ptp import datasets
from device_drivers.transports.ptp.date_times import format_date_time, parse_date_time
from integrity.listing import RecorderIdentity
from tests.fuzz.target import Target, joined, records

_ZONE = timezone(timedelta(hours=8))
_NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
_VOLUME = VolumeFacts(0, "FAT32", "12ab34cd", "BODYCAM", 0, None)


def _attest(record: IdentityRecord) -> RecorderIdentity:
    """An identity that cannot be attested would end the plugging-in."""
    return mass_storage.make_identity(_VOLUME, record, usb=None)


def _jieli_record(data: bytes) -> object:
    return _attest(jieli.decode_record(data))


def _jieli_numbers(data: bytes) -> object:
    code = jieli.decode_id_code(data)
    number = data[:4].ljust(4, b"\0")
    return code, jieli.decode_number(number), jieli.decode_percent(number), jieli.decode_resolution(data[:8].ljust(8, b"\0"))


def _ambarella_reply(data: bytes) -> object:
    ambarella.is_logged_in(data)
    ambarella.answers(data, ambarella.LOG_IN)
    record = ambarella.decode_device_id(data)
    assert ambarella.is_device_id(data)
    return _attest(record)


def _identity_file(data: bytes) -> object:
    return _attest(parse_identity_file(data))


def _profile(data: bytes) -> object:
    return parse_profile(data.decode("utf-8", "replace"), quirks=frozenset({"bc300"}))


def _mtp_device(data: bytes) -> object:
    info = datasets.parse_device_info(data)
    return RecorderIdentity(
        family="mtp", serial=mtp.own_serial(info.serial), volume_label=mtp.readable(info.model), usb_serial=mtp.readable(info.manufacturer)
    )


def _mtp_storage(data: bytes) -> object:
    storages = [datasets.parse_storage_info(piece) for piece in records(data)]
    mtp.total_capacity(storages), mtp.total_free(storages), mtp.is_write_protected(storages)
    return [mtp.readable(each.volume) for each in storages]


def _mtp_object(data: bytes) -> object:
    place = None
    for handle, piece in enumerate(records(data)[:8]):
        place = mtp.below(place, 0x10001, mtp.facts_from_info(handle, datasets.parse_object_info(piece)))
        _record(place)
    return place


def _mtp_property_lists(data: bytes) -> object:
    lists = [datasets.parse_property_list(piece, wanted) for piece, wanted in zip(records(data), mtp.DESCRIBING, strict=False)]
    handles = set(lists[0]).intersection(*lists[1:]) if len(lists) == len(mtp.DESCRIBING) else set()
    for handle in handles:
        facts = mtp.facts_from_properties(handle, {each: values[handle] for each, values in zip(mtp.DESCRIBING, lists, strict=True)})
        _record(mtp.below(None, 0x10001, facts))
    return handles


def _record(found: mtp.FoundObject) -> None:
    if not found.is_too_deep:
        file = mtp.as_recorded_file(found, found.facts.size_bytes or 0, numbering="00c0ffee")
        assert mtp.parse_locator(file.locator) == mtp.Locator("00c0ffee", found.storage, found.facts.handle)
        assert mtp.place_of(file, found.storage) == found.place


def _mtp_battery(data: bytes) -> object:
    return mtp.battery_percent(datasets.parse_number_property(data))


def _mtp_date_time(data: bytes) -> object:
    read = parse_date_time(data)
    if read is None:
        return None
    format_date_time(_NOW, _ZONE, like=read)
    return clock._reading(read, _NOW, _NOW + timedelta(seconds=1), zone=_ZONE, unknown_s=read.resolution_s)


def _utf_16(value: str) -> bytes:
    return value.encode("utf-16-le")


_TIME = _utf_16("20261124T112905")
_RECORD = b"A123456\0100001\0" + "张伟".encode("gbk").ljust(33, b"\0") + b"310115000001\0" + "浦东分局".encode().ljust(33, b"\0")
_PROFILE = b'{"family": "mass-storage", "matches": [{"title": "Disk", "interface": "08/06/50", "verified_by": "specification",'
_PROFILE += b' "vendor_id": "0603", "product_id": "8611", "inquiry": "NOVATEK", "quirks": ["bc300"]}]}'
_DEVICE = (
    struct.pack("<HIH", 100, 6, 100) + text("microsoft.com: 1.0") + bytes(2) + numbers_16([0x1001, 0x9805]) + bytes(4) + numbers_16([0x5001, 0x5011])
)
_DEVICE += bytes(8) + text("Maker") + text("BC-1") + text("1.0") + text("A123456")
_STORAGE = struct.pack("<HHHQQI", 3, 2, 0, 64 * 1024**3, 1024**3, 0xFFFF_FFFF) + text("Card") + text("12AB34CD")
_TIMES = text("20261124T112905") + text("20261124T112905.0+0800")


def _object_info(name: str, *, kind: int, parent: int) -> bytes:
    return struct.pack("<IHHIH6IIHII", 0x10001, kind, 1, 67_108_864, 0, *(0,) * 6, parent, 1, 0, 0) + text(name) + _TIMES + text("")


def _property_list(code: int, kind: int, *values: bytes) -> bytes:
    return struct.pack("<I", len(values)) + b"".join(struct.pack("<IHH", number, code, kind) + value for number, value in enumerate(values, 1))


_LISTS = joined(
    _property_list(0xDC07, 0xFFFF, text("A.MP4"), text("B/\ud83d.MP4".encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))),
    _property_list(0xDC02, 4, b"\x0d\x30", b"\x01\x30"),
    _property_list(0xDC04, 8, struct.pack("<Q", 5 * 1024**3), bytes(8)),
    _property_list(0xDC03, 4, bytes(2), b"\1\0"),
    _property_list(0xDC08, 0xFFFF, text("20261124T112905"), text("")),
    _property_list(0xDC09, 0xFFFF, text("20261124T112905Z"), text("19800101T000000")),
    _property_list(0xDC0B, 6, bytes(4), b"\xff" * 4),
)
_BATTERY = struct.pack("<HHBBBBBBB", 0x5001, 2, 0, 100, 70, 1, 0, 100, 1)

TARGETS = (
    Target("jieli-record", _jieli_record, (), (_RECORD, _RECORD.replace(b"\0", b"")[:89].ljust(89)), longest=128),
    Target("jieli-numbers", _jieli_numbers, (MalformedReplyError,), (b"JL0001\0\0", b"\x40\x06\0\0\xb0\x04\0\0"), longest=16),
    Target("ambarella-reply", _ambarella_reply, (MalformedReplyError,), (b"@Gdv;8;A1234567;#", b"@Ver;OK;#@Gdv;7;A123456#"), longest=512),
    Target(
        "identity-file",
        _identity_file,
        (),
        (
            b"serial=A123456\r\nofficer: 100001\r\nunit-name = x\r\n",
            "\ufeff# 卡\nserial：B7\nofficer_name=张伟\n".encode(),
            "unit_name=分局".encode("gbk"),
        ),
        longest=MAX_IDENTITY_FILE_BYTES,
    ),
    Target("profile", _profile, (ProfileError,), (_PROFILE,), longest=65_536),
    Target("mtp-device-info", _mtp_device, (MalformedReplyError,), (_DEVICE,)),
    Target("mtp-storage-info", _mtp_storage, (MalformedReplyError,), (joined(_STORAGE), joined(_STORAGE, _STORAGE))),
    Target(
        "mtp-object-info",
        _mtp_object,
        (MalformedReplyError,),
        (joined(_object_info("DCIM", kind=0x3001, parent=0), _object_info("20261124_112905.MP4", kind=0x300D, parent=1)),),
    ),
    Target("mtp-property-lists", _mtp_property_lists, (MalformedReplyError,), (_LISTS,)),
    Target("mtp-handles", lambda data: datasets.parse_numbers("ObjectHandles", data), (MalformedReplyError,), (numbers_32([1, 2, 0xFFFF_FFFF]),)),
    Target("mtp-battery", _mtp_battery, (MalformedReplyError,), (_BATTERY, struct.pack("<HHBBBBHBBB", 0x5001, 2, 0, 1, 2, 2, 3, 0, 50, 100))),
    Target("mtp-date-time", _mtp_date_time, (), (_TIME, _utf_16("20261124T112905.5+0800"), _utf_16("00010101T000000.123456Z\0")), longest=128),
)
