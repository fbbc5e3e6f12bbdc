import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import (
    CommandFailedError,
    EndpointStalledError,
    MalformedReplyError,
    RecorderError,
    RecorderReadError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
    UnsupportedRecorderError,
)
from device_drivers.transports.bulk_only_scsi import READING_COMMANDS, ScsiDisk, ScsiUnit, parse_inquiry, parse_sense
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport, PhaseError, decode_status, encode_command
from device_drivers.transports.usb import UsbDescription, UsbEndpoint, UsbInterface

IN, OUT = UsbEndpoint(0x81, 2, 512), UsbEndpoint(0x02, 2, 512)
INTERFACE = UsbInterface(0, 8, 6, 0x50, (IN, OUT))
DESCRIPTION = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, (INTERFACE,))
STALL = object()
READ = b"\x28" + bytes(9)


class ScriptedDevice:
    """Plays one step for each IN transfer: bytes, ``STALL``, an error, or ``"ok"``/``"failed"`` for a status of the last command."""

    def __init__(self, *steps, interface=INTERFACE):
        self.interface, self.description = interface, DESCRIPTION
        self.steps, self.log, self.tag = list(steps), [], 0
        self.control_error = None

    def bulk_out(self, endpoint, data, *, timeout_s, during):
        self.tag = struct.unpack_from("<I", data, 4)[0]
        self.log.append(("command", data[15]))

    def bulk_in(self, endpoint, buffer, *, timeout_s, during):
        step = self.steps.pop(0)
        if step is STALL:
            raise EndpointStalledError(during, endpoint.address)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, (str, tuple)):
            name, residue = step if isinstance(step, tuple) else (step, 0)
            step = struct.pack("<4sIIB", b"USBS", self.tag, residue, {"ok": 0, "failed": 1, "phase": 2}[name])
        buffer[: len(step)] = step
        return len(step)

    def control(self, request_type, request, *, value=0, length=0, timeout_s, during):
        self.log.append(("control", request))
        if self.control_error is not None:
            raise self.control_error
        return bytes(length)

    def clear_halt(self, endpoint):
        self.log.append(("clear", endpoint.address))

    def reset(self):
        self.log.append(("reset",))


def run(device, length):
    buffer = bytearray(length)
    passed, count = BulkOnlyTransport(device).run(READ, memoryview(buffer), unit=0, timeout_s=1, during="reading")
    return passed, bytes(buffer[:count])


RECOVERY = [("control", 0xFF), ("clear", 0x81), ("clear", 0x02)]


def test_data_then_status_is_the_ordinary_way():
    assert run(ScriptedDevice(b"x" * 512, "ok"), 512) == (True, b"x" * 512)


def test_a_halted_data_stage_is_cleared_and_the_status_is_read():
    device = ScriptedDevice(STALL, ("failed", 512))

    assert run(device, 512) == (False, b"")
    assert device.log == [("command", 0x28), ("clear", 0x81)]


def test_a_halted_status_is_cleared_and_read_once_more():
    assert run(ScriptedDevice(b"x" * 512, STALL, "ok"), 512) == (True, b"x" * 512)


def test_an_empty_packet_before_the_status_is_passed_over():
    assert run(ScriptedDevice(b"x" * 512, b"", "ok"), 512) == (True, b"x" * 512)


def test_the_residue_takes_bytes_away():
    assert run(ScriptedDevice(b"x" * 512, ("ok", 12)), 512) == (True, b"x" * 500)


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ([b"x" * 512, "phase"], PhaseError),
        ([b"x" * 512, b"USBS" + bytes(9)], MalformedReplyError),
        ([b"x" * 512, b"junk" + bytes(9)], MalformedReplyError),
        ([b"x" * 512, b"USBS"], MalformedReplyError),
        ([b"x" * 512, ("ok", 513)], MalformedReplyError),
        ([b"x" * 512, STALL, STALL], EndpointStalledError),
        ([b"x" * 512, b"", b""], TransferError),
        ([TransportTimeoutError("reading", 1)], TransportTimeoutError),
    ],
)
def test_whatever_loses_step_ends_in_a_reset_recovery(steps, error):
    device = ScriptedDevice(*steps)

    with pytest.raises(error):
        run(device, 512)

    assert device.log[-3:] == RECOVERY


def test_where_the_recovery_is_refused_the_port_is_reset():
    device = ScriptedDevice(b"x" * 512, "phase")
    device.control_error = EndpointStalledError("recovering", 0)

    with pytest.raises(PhaseError):
        run(device, 512)

    assert device.log[-1] == ("reset",)


def test_nothing_more_is_sent_to_an_unplugged_recorder():
    device = ScriptedDevice(RecorderUnpluggedError("reading"))

    with pytest.raises(RecorderUnpluggedError):
        run(device, 512)

    assert device.log == [("command", 0x28)]


def test_an_interface_without_bulk_endpoints_is_refused():
    with pytest.raises(UnsupportedRecorderError):
        BulkOnlyTransport(ScriptedDevice(interface=UsbInterface(0, 8, 6, 0x50, (IN,))))


@given(st.binary(max_size=40), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_any_status_is_accepted_only_when_valid_and_meaningful(raw, tag, requested):
    try:
        status = decode_status(raw, tag, requested=requested)
    except RecorderError:
        return
    assert raw[:8] == b"USBS" + struct.pack("<I", tag)
    assert status.residue <= requested


def test_a_command_is_laid_out_as_the_standard_says():
    raw = encode_command(0x01020304, 512, unit=3, block=READ)

    assert raw == b"USBC" + bytes([4, 3, 2, 1, 0, 2, 0, 0, 0x80, 3, 10, 0x28]) + bytes(15)


def failing(key, code):
    """A failed command without data, and the sense that follows."""
    return [STALL, "failed", struct.pack(">BBBIBIHBBBB", 0x70, 0, key, 0, 10, 0, code, 0, 0, 0, 0), "ok"]


def disk(*steps, blocks=1000):
    device = ScriptedDevice(struct.pack(">II", blocks - 1, 512), "ok", *steps)
    return ScsiDisk(ScsiUnit(BulkOnlyTransport(device), 0)), device


def read(subject, offset, length):
    buffer = bytearray(length)
    count = subject.read_at(offset, memoryview(buffer))
    return bytes(buffer[:count])


def test_an_unaligned_read_takes_whole_blocks():
    subject, _ = disk(b"a" * 512, "ok", b"b" * 512, "ok", b"c" * 512, "ok")

    assert read(subject, 500, 600) == b"a" * 12 + b"b" * 512 + b"c" * 76


def test_reading_ends_with_the_disk():
    subject, _ = disk(b"a" * 512, "ok", blocks=1)

    assert read(subject, 0, 5_000) == b"a" * 512
    assert read(subject, 512, 10) == b""


def test_a_short_answer_is_asked_for_the_rest():
    subject, _ = disk(b"a" * 512, ("ok", 512), b"b" * 512, "ok")

    assert read(subject, 0, 1024) == b"a" * 512 + b"b" * 512


def test_a_medium_error_is_a_read_error_that_says_where():
    subject, _ = disk(*failing(3, 0x1100) * 3)

    with pytest.raises(RecorderReadError) as caught:
        read(subject, 1024, 512)

    assert caught.value.offset_bytes == 1024


def test_a_failure_that_passes_is_overcome():
    subject, _ = disk(*failing(6, 0x2900), b"x" * 512, "phase", b"x" * 512, "ok")

    assert read(subject, 0, 512) == b"x" * 512


@pytest.mark.parametrize(("key", "code"), [(2, 0x3A00), (6, 0x2800)])
def test_a_card_taken_out_is_an_unplugged_recorder(key, code):
    subject, _ = disk(*failing(key, code))

    with pytest.raises(RecorderUnpluggedError):
        read(subject, 0, 512)


def test_a_large_disk_is_measured_by_the_longer_command():
    device = ScriptedDevice(b"\xff" * 8, "ok", struct.pack(">QI20x", 2**33 - 1, 512), "ok")

    assert ScsiDisk(ScsiUnit(BulkOnlyTransport(device), 0)).size_bytes == 2**42


@pytest.mark.parametrize("answer", [struct.pack(">II", 9, 0), struct.pack(">II", 9, 513), struct.pack(">II", 9, 2**31)])
def test_a_capacity_that_makes_no_sense_is_malformed(answer):
    with pytest.raises(MalformedReplyError):
        ScsiDisk(ScsiUnit(BulkOnlyTransport(ScriptedDevice(answer, "ok")), 0))


def test_a_reader_without_a_card_is_not_ready():
    unit = ScsiUnit(BulkOnlyTransport(ScriptedDevice(*failing(2, 0x3A00)[1:])), 0)

    assert not unit.wait_until_ready(within_s=5)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([bytes([3, 0, 0x80, 0]), ("ok", 188)], True),
        ([bytes([3, 0, 0x10, 0]), ("ok", 188)], False),
        ([bytes([3, 0]), ("ok", 190)], None),
        (failing(5, 0x2000), None),
        ([TransportTimeoutError("asking", 1)], None),
    ],
)
def test_a_disk_is_asked_whether_it_takes_writes(steps, expected):
    assert ScsiUnit(BulkOnlyTransport(ScriptedDevice(*steps)), 0).is_write_protected() is expected


def test_a_disk_that_leaves_while_it_is_asked_is_unplugged():
    unit = ScsiUnit(BulkOnlyTransport(ScriptedDevice(RecorderUnpluggedError("asking"))), 0)

    with pytest.raises(RecorderUnpluggedError):
        unit.is_write_protected()


def test_a_command_that_could_write_is_never_sent():
    device = ScriptedDevice()
    unit = ScsiUnit(BulkOnlyTransport(device), 0)

    for code in set(range(256)) - READING_COMMANDS:
        with pytest.raises(CommandFailedError):
            unit._run(bytes([code]) + bytes(9), memoryview(bytearray()), "trying")

    assert device.log == []


@given(st.binary(max_size=64))
def test_any_inquiry_data_is_read_or_malformed(raw):
    try:
        inquiry = parse_inquiry(raw)
    except MalformedReplyError:
        assert len(raw) < 36
    else:
        assert len(inquiry.vendor) <= 8


@given(st.binary(max_size=32))
def test_any_sense_data_gives_a_key(raw):
    key, code = parse_sense(raw)

    assert 0 <= key <= 15
    assert 0 <= code <= 0xFFFF
