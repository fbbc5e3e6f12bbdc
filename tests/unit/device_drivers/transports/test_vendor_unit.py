import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import CommandFailedError, EndpointStalledError, RecorderError, TransferError, UnsupportedCommandError
from device_drivers.families.jieli.protocol import COMMANDS, ENTER_STORAGE_MODE, READ_BATTERY, READ_RECORD, SET_CLOCK
from device_drivers.transports.bulk_only_scsi import ScsiUnit
from device_drivers.transports.bulk_only_transport import BulkOnlyTransport, encode_command
from device_drivers.transports.usb import UsbDescription, UsbEndpoint, UsbInterface
from device_drivers.transports.vendor_unit import VendorCommand, VendorUnit

IN, OUT = UsbEndpoint(0x81, 2, 512), UsbEndpoint(0x02, 2, 512)
INTERFACE = UsbInterface(0, 8, 6, 0x50, (IN, OUT))


class ScriptedDevice:
    """Plays one step for each transfer after a command: bytes for IN, ``None`` for OUT taken, an error, or a status by name and residue."""

    interface = INTERFACE
    description = UsbDescription(0x1209, 1, 0, 1, 2, "1-1", 3, (INTERFACE,))

    def __init__(self, *steps):
        self.steps, self.sent, self.log, self.tag = list(steps), [], [], 0

    def bulk_out(self, endpoint, data, *, timeout_s, during):
        self.sent.append(bytes(data))
        if data[:4] == b"USBC":
            self.tag = struct.unpack_from("<I", data, 4)[0]
            return
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step

    def bulk_in(self, endpoint, buffer, *, timeout_s, during):
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        if isinstance(step, tuple):
            step = struct.pack("<4sIIB", b"USBS", self.tag, step[1], step[0])
        buffer[: len(step)] = step
        return len(step)

    def control(self, request_type, request, *, value=0, length=0, timeout_s, during):
        self.log.append("reset")
        return bytes(length)

    def clear_halt(self, endpoint):
        self.log.append(f"clear {endpoint.address:#04x}")


def unit_over(*steps):
    device = ScriptedDevice(*steps)
    transport = BulkOnlyTransport(device)
    return VendorUnit(transport, ScsiUnit(transport, 0), allowed=COMMANDS), device


SENSE = struct.pack(">BBBIBIHBBBB", 0x70, 0, 5, 0, 10, 0, 0x2000, 0, 0, 0, 0)
TIME = bytes(range(8))


def test_every_other_opcode_and_sub_command_is_refused_before_a_byte_goes_out():
    unit, device = unit_over()
    allowed = {(each.code, each.number) for each in COMMANDS}
    for code in range(256):
        for number in range(256):
            if (code, number) not in allowed:
                for is_in in (True, False):
                    command = VendorCommand("", code, 0x81 if is_in else 0x82, number, 0, is_in)
                    with pytest.raises(UnsupportedCommandError):
                        unit.read(command) if is_in else unit.write(command)

    assert device.sent == []


@given(st.sampled_from(COMMANDS), st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 65_535), st.booleans())
def test_a_listed_command_with_anything_changed_is_refused_before_a_byte_goes_out(command, group, number, length, is_in):
    changed = VendorCommand(command.name, command.code, group, number, length, is_in)
    if changed in COMMANDS:
        return
    unit, device = unit_over()

    with pytest.raises(UnsupportedCommandError):
        unit.read(changed) if is_in else unit.write(changed, bytes(length))

    assert device.sent == []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_listed_command_is_not_sent_in_the_other_direction(command):
    unit, device = unit_over()

    with pytest.raises(UnsupportedCommandError):
        unit.write(command) if command.is_in else unit.read(command)

    assert device.sent == []


@pytest.mark.parametrize("length", [0, 7, 9])
def test_data_of_another_length_is_not_sent(length):
    unit, device = unit_over()

    with pytest.raises(UnsupportedCommandError):
        unit.write(SET_CLOCK, bytes(length))

    assert device.sent == []


def test_neither_identity_nor_passwords_nor_codes_can_be_written_or_asked_for():
    assert {each.number for each in COMMANDS}.isdisjoint({4, 9, 10, 11, 13})


def test_a_reading_command_is_laid_out_as_the_vendor_says():
    unit, device = unit_over(b"x" * 94, (0, 0))

    assert unit.read(READ_RECORD) == b"x" * 94
    assert device.sent == [encode_command(1, 94, unit=0, block=bytes([0xFD, 0x81, 0, 0, 0, 3, 0, 94]) + bytes(8))]


def test_a_shorter_answer_is_given_as_it_came():
    unit, _ = unit_over(b"x" * 89, (0, 5))

    assert unit.read(READ_RECORD) == b"x" * 89


def test_a_writing_command_is_followed_by_its_data():
    unit, device = unit_over(None, (0, 0))

    unit.write(SET_CLOCK, TIME)

    block = bytes([0xFB, 0x82, 0, 0, 0, 5, 0, 8]) + bytes(8)
    assert device.sent == [encode_command(1, 8, unit=0, block=block, is_in=False), TIME]
    assert device.sent[0][12] == 0


def test_a_command_without_data_has_no_data_stage():
    unit, device = unit_over((0, 0))

    unit.write(ENTER_STORAGE_MODE)

    assert device.sent == [encode_command(1, 0, unit=0, block=bytes([0xFB, 0x82, 0, 0, 0, 6]) + bytes(10), is_in=False)]


def test_data_that_is_refused_is_cleared_and_explained():
    unit, device = unit_over(EndpointStalledError("", 2), (1, 8), SENSE, (0, 0))

    with pytest.raises(CommandFailedError) as caught:
        unit.write(SET_CLOCK, TIME)

    assert (caught.value.sense_key, caught.value.sense_code) == (5, 0x2000)
    assert device.log == ["clear 0x02"]


def test_data_that_was_not_used_whole_is_a_failure():
    unit, _ = unit_over(None, (0, 3))

    with pytest.raises(CommandFailedError, match="5 of 8 bytes"):
        unit.write(SET_CLOCK, TIME)


@pytest.mark.parametrize("steps", [[None, (2, 0)], [None, (0, 9)], [None, b"junk"], [TransferError("", "")]])
def test_a_lost_step_while_sending_ends_in_a_reset_recovery(steps):
    unit, device = unit_over(*steps)

    with pytest.raises(RecorderError):
        unit.write(SET_CLOCK, TIME)

    assert device.log == ["reset", "clear 0x81", "clear 0x02"]


def test_a_failed_reading_command_is_explained():
    unit, _ = unit_over(EndpointStalledError("", 0x81), (1, 4), SENSE, (0, 0))

    with pytest.raises(CommandFailedError, match="reading the battery"):
        unit.read(READ_BATTERY)
