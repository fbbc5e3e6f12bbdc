import base64
import time
from datetime import UTC, datetime

import pytest

from device_drivers.errors import (
    NoReadableVolumeError,
    RecorderError,
    RecorderRefusedError,
    RecorderUnpluggedError,
    TransportTimeoutError,
    UnsupportedCommandError,
)
from device_drivers.families import jieli, mass_storage
from device_drivers.families.jieli.protocol import COMMANDS
from device_drivers.recorder import Removal
from device_drivers.registry import find_usb_recorders
from device_drivers.simulated.faults import Faults
from device_drivers.transports import bulk_only_scsi, storage_mode, vendor_unit
from device_drivers.transports.usb import UsbBus
from device_drivers.transports.usbip import usbip_backend
from tests.integration.device_drivers.media import card
from tests.integration.device_drivers.peers import found_at, open_at, read_whole, simulated

FAMILIES = [jieli.FAMILY, mass_storage.FAMILY]
FOOTAGE = {"DCIM/A.MP4": b"a" * 300_000, "DCIM/B.MP4": b"b" * 7}
MOMENT = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)


@pytest.fixture
def short_waits(monkeypatch):
    """Time-outs of a test's length, where a recorder is to be silent or to stay away."""
    monkeypatch.setattr(vendor_unit, "_READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(vendor_unit, "_WRITE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(bulk_only_scsi, "_TIMEOUT_S", 0.2)
    monkeypatch.setattr(storage_mode, "BACK_WITHIN_S", 1.0)


def plugged(faults=Faults(), **plan):  # noqa: B008 - a frozen value
    return simulated(card(FOOTAGE), "jieli", faults=faults, **plan)


def open_jieli(server):
    recorder = open_at(server.address, families=FAMILIES)
    assert type(recorder).__module__ == jieli.__name__ + ".driver"
    return recorder


def read_everything(recorder):
    return {file.path: read_whole(recorder, file) for file in recorder.list_files()}


def test_it_is_asked_as_a_recorder_and_read_as_a_disk():
    with plugged(officer="100234", officer_name="示范人员") as (server, built), open_jieli(server) as recorder:
        identity = recorder.identity()
        status = recorder.read_status()
        assert recorder.capabilities.can_set_clock
        content = read_everything(recorder)

        assert (identity.serial, identity.id_code, identity.officer_code, identity.officer_name) == ("BWC7001", "DEMO01", "100234", "示范人员")
        assert identity.volume_id is None
        assert (status.battery_percent, status.has_card, status.video_width, status.video_height) == (80, True, 1920, 1080)
        assert content == FOOTAGE
        assert recorder.identity() == identity
        assert recorder.read_status().capacity_bytes == built.volume.size_bytes
        assert not recorder.capabilities.can_set_clock


def test_its_clock_is_set_in_its_own_zone_before_it_becomes_a_disk():
    with plugged() as (server, built), open_jieli(server) as recorder:
        recorder.set_clock(MOMENT)

        assert built.device._bulk._target.clock == (2026, 11, 25, 7, 59, 58)
        assert recorder.read_clock() is None
        list(recorder.list_files())
        with pytest.raises(UnsupportedCommandError):
            recorder.set_clock(MOMENT)


def test_nothing_but_listed_commands_and_inquiries_was_sent():
    with plugged() as (server, built), open_jieli(server) as recorder:
        recorder.set_clock(MOMENT)
        list(recorder.list_files())
        received = built.device._bulk._target.received

    vendor = {block for block in received if block[0] in (0xFB, 0xFD)}
    assert vendor <= {command.block for command in COMMANDS}
    assert {block[0] for block in received} <= {0x00, 0x03, 0x12, 0xFB, 0xFD}


def test_a_pull_makes_it_take_commands_again():
    with plugged() as (server, _), open_jieli(server) as recorder:
        list(recorder.list_files())
        server.unplug()
        with pytest.raises(RecorderUnpluggedError):
            read_everything(recorder)
        server.plug_in()
        with open_jieli(server) as again:
            assert again.capabilities.can_set_clock
            assert read_everything(again) == FOOTAGE


def test_found_as_a_disk_already_it_is_read_with_what_is_known():
    with plugged() as (server, built):
        with open_jieli(server) as recorder:
            list(recorder.list_files())
        with open_jieli(server) as recorder:
            identity = recorder.identity()

            assert (identity.serial, identity.volume_id) == (None, built.volume.volume_id)
            assert not recorder.capabilities.can_set_clock
            assert read_everything(recorder) == FOOTAGE


@pytest.mark.parametrize("serial", ["", "0000000", "UNKNOWN"])
def test_a_serial_that_is_none_makes_it_known_by_its_volume(serial):
    with plugged(serial=serial) as (server, built), open_jieli(server) as recorder:
        identity = recorder.identity()

        assert (identity.serial, identity.volume_id) == (None, built.volume.volume_id)
        assert serial.encode() in base64.b64decode(identity.record_base64)
        assert recorder.read_status().battery_percent == 80
        assert recorder.identity() == identity
        assert read_everything(recorder) == FOOTAGE


def test_two_with_one_serial_are_two_recorders():
    with plugged() as (one, _), plugged() as (other, _), open_jieli(one) as first, open_jieli(other) as second:
        assert first.identity() == second.identity()
        assert read_everything(first) == read_everything(second)


def test_without_a_card_it_says_so_and_is_not_told_to_become_a_disk():
    with plugged(Faults(no_card=True)) as (server, built), open_jieli(server) as recorder:
        assert recorder.read_status().has_card is False
        with pytest.raises(NoReadableVolumeError, match="no card"):
            list(recorder.list_files())
        assert not any(block[:6] == b"\xfb\x82\0\0\0\x06" for block in built.device._bulk._target.received)


def test_a_low_battery_is_told():
    with plugged(Faults(battery_percent=3)) as (server, _), open_jieli(server) as recorder:
        assert recorder.read_status().battery_percent == 3


def test_one_that_says_every_command_failed_is_refused():
    with plugged(Faults(stuck_status=True)) as (server, _), pytest.raises(RecorderRefusedError):
        open_jieli(server)


def test_one_that_does_not_come_back_counts_as_unplugged(short_waits):
    with plugged(Faults(reenumerate_after_s=None)) as (server, _), open_jieli(server) as recorder:
        with pytest.raises(RecorderUnpluggedError):
            list(recorder.list_files())
        with pytest.raises(RecorderUnpluggedError):
            list(recorder.list_files())


def test_one_that_stays_what_it_is_is_refused(short_waits, monkeypatch):
    monkeypatch.setattr(
        "device_drivers.simulated.jieli_target.JieliTarget.becomes_a_disk", property(lambda _: False, lambda _, __: None), raising=False
    )
    with plugged() as (server, _), open_jieli(server) as recorder, pytest.raises(RecorderRefusedError, match="disk"):
        list(recorder.list_files())


@pytest.mark.parametrize("every", [2, 3, 5, 8, 11, 14])
def test_a_silent_moment_ends_in_time_with_the_right_files_or_a_clear_failure(short_waits, every):
    began = time.monotonic()
    with plugged(Faults(hang_every=every)) as (server, _):
        try:
            with open_jieli(server) as recorder:
                content = read_everything(recorder)
        except (TransportTimeoutError, RecorderUnpluggedError):
            content = None

    assert content in (None, FOOTAGE)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("kind", ["stall_every", "short_every", "wrong_length_every"])
@pytest.mark.parametrize("every", [2, 3, 4, 5, 7, 9, 12])
def test_spoilt_answers_end_with_the_right_files_or_a_clear_failure(kind, every):
    with plugged(Faults(**{kind: every})) as (server, _):
        try:
            with open_jieli(server) as recorder:
                identity = recorder.identity()
                content = read_everything(recorder)
        except RecorderError:
            return

    assert identity.serial in (None, "BWC7001")
    assert content == FOOTAGE


@pytest.mark.parametrize("at", [0, 36, 40, 130, 1_000, 200_000])
def test_a_pull_at_any_byte_is_overcome_by_docking_again(at):
    with plugged(Faults(unplug_after_bytes=(at,), replug_after_s=0.0)) as (server, _):
        with pytest.raises(RecorderUnpluggedError), open_jieli(server) as recorder:
            read_everything(recorder)
        with open_jieli(server) as recorder:
            assert read_everything(recorder) == FOOTAGE


def test_a_plain_disk_stays_one_where_jieli_is_installed():
    with simulated(card(FOOTAGE), "mass-storage") as (server, _):
        (found,) = found_at(server.address, families=FAMILIES)
        with found.open() as recorder:
            assert recorder.identity().family == "mass-storage"


class Remover:
    """Notes what it was asked to remove; the files stay, as on a card whose kernel refuses."""

    def __init__(self):
        self.asked = []

    def remove(self, place, files):
        self.asked.append((place, files))
        for file in files:
            yield Removal(file, kept_because="a test")


def open_with(remover, server):
    (found,) = find_usb_recorders(UsbBus(usbip_backend(*server.address)), families=FAMILIES, remover=remover)
    return found.open()


def test_files_are_removed_from_its_card_by_the_docks_remover():
    remover = Remover()
    with plugged() as (server, built), open_with(remover, server) as recorder:
        assert recorder.capabilities.can_remove_files
        files = list(recorder.list_files())
        kept = list(recorder.remove_files(files))
        ((place, asked),) = remover.asked

        assert [removal.file for removal in kept] == asked == files
        assert (place.port, place.volume_id) == ("1@2", built.volume.volume_id)
        assert read_everything(recorder) == FOOTAGE


@pytest.mark.parametrize("remover", [None, Remover()])
def test_nothing_is_removed_without_a_remover_or_from_a_card_that_takes_no_writes(remover):
    with plugged(Faults(write_protected=remover is not None)) as (server, built), open_with(remover, server) as recorder:
        if remover is None:
            assert not recorder.capabilities.can_remove_files
            with pytest.raises(UnsupportedCommandError):
                recorder.remove_files([])
            assert not built.device._bulk._target.becomes_a_disk
        files = list(recorder.list_files())

        assert not recorder.capabilities.can_remove_files
        with pytest.raises(UnsupportedCommandError):
            recorder.remove_files(files)
