import base64
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from device_drivers.errors import (
    RecorderError,
    RecorderRefusedError,
    RecorderUnpluggedError,
    TransportTimeoutError,
    UnsupportedCommandError,
)
from device_drivers.families import ambarella, jieli, mass_storage
from device_drivers.families.ambarella import dialects
from device_drivers.profile import Profile
from device_drivers.simulated.faults import Faults
from device_drivers.transports import bulk_only_scsi, bulk_pipe, storage_mode
from tests.integration.device_drivers.media import card
from tests.integration.device_drivers.peers import open_at, read_whole, simulated

OTHERS = [jieli.FAMILY, mass_storage.FAMILY]
FOOTAGE = {"DCIM/A.MP4": b"a" * 300_000, "DCIM/B.MP4": b"b" * 7}
MOMENT = datetime(2026, 11, 24, 23, 59, 58, tzinfo=UTC)
BOTH = ["ambarella", "ambarella-bc300"]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Time-outs of a test's length: recorders here are silent or stay away."""
    monkeypatch.setattr(dialects, "REPLY_WITHIN_S", 0.15)
    monkeypatch.setattr(dialects, "LEAVES_WITHIN_S", 0.3)
    monkeypatch.setattr(bulk_pipe, "_LOOK_FOR_S", 0.05)
    monkeypatch.setattr(bulk_only_scsi, "_TIMEOUT_S", 0.2)
    monkeypatch.setattr(storage_mode, "BACK_WITHIN_S", 1.5)


def plugged(kind="ambarella", faults=Faults(), **plan):  # noqa: B008 - a frozen value
    return simulated(card(FOOTAGE), kind, faults=faults, **plan)


def open_ambarella(server, *, family=ambarella.FAMILY):
    return open_at(server.address, families=[family, *OTHERS])


def read_everything(recorder):
    return {file.path: read_whole(recorder, file) for file in recorder.list_files()}


def test_it_says_its_device_id_and_is_read_as_a_disk():
    with plugged() as (server, built), open_ambarella(server) as recorder:
        identity = recorder.identity()
        assert recorder.capabilities.can_set_clock
        content = read_everything(recorder)

        assert (identity.family, identity.serial, identity.volume_id) == ("ambarella", "BWC7001", None)
        assert base64.b64decode(identity.record_base64) == b"@Gdv;7;BWC7001#"
        assert content == FOOTAGE
        assert recorder.identity() == identity
        assert recorder.read_status().capacity_bytes == built.volume.size_bytes


def test_one_of_the_binary_dialect_is_known_by_its_volume_and_comes_back_with_another_id():
    with plugged("ambarella-bc300") as (server, built), open_ambarella(server) as recorder:
        assert recorder.read_status().has_card is None
        identity = recorder.identity()

        assert (identity.serial, identity.usb_product_id, identity.volume_id) == (None, 0x0001, built.volume.volume_id)
        assert server.cables[0].device.facts.product_id == 0x1000
        assert read_everything(recorder) == FOOTAGE
        assert recorder.identity() == identity


@pytest.mark.parametrize(("kind", "expected"), [("ambarella", "20261125 07595800"), ("ambarella-bc300", "2026/11/24/23/59/58")])
def test_its_clock_is_set_in_the_zone_of_its_dialect_before_it_becomes_a_disk(kind, expected):
    with plugged(kind) as (server, built), open_ambarella(server) as recorder:
        recorder.set_clock(MOMENT)

        assert built.device._conversation.clock == expected
        assert recorder.read_clock() is None
        list(recorder.list_files())
        assert not recorder.capabilities.can_set_clock
        with pytest.raises(UnsupportedCommandError):
            recorder.set_clock(MOMENT)


@pytest.mark.parametrize("quirk", ["bc300", None])
def test_a_profile_says_which_dialects_are_tried(quirk):
    quirks = frozenset({quirk} if quirk else ())
    profile = Profile("ambarella", tuple(replace(match, quirks=quirks) for match in ambarella.FAMILY.profile.matches))
    with plugged("ambarella-bc300") as (server, _):
        if quirk:
            with open_ambarella(server, family=ambarella.FAMILY.with_profile(profile)) as recorder:
                assert read_everything(recorder) == FOOTAGE
        else:
            with pytest.raises(RecorderRefusedError, match="logging in"):
                open_ambarella(server, family=ambarella.FAMILY.with_profile(profile))


@pytest.mark.parametrize(("kind", "password"), [("ambarella", "888888"), ("ambarella", "12345678"), ("ambarella-bc300", "000000")])
def test_each_usual_password_opens_it(kind, password):
    with plugged(kind, Faults(password=password)) as (server, _), open_ambarella(server) as recorder:
        assert read_everything(recorder) == FOOTAGE


@pytest.mark.parametrize("kind", BOTH)
def test_an_unknown_password_is_a_refusal_that_tells_no_password(kind, caplog):
    caplog.set_level(logging.DEBUG)
    with plugged(kind, Faults(password="s3cret")) as (server, _), pytest.raises(RecorderRefusedError) as caught, open_ambarella(server) as recorder:
        list(recorder.list_files())

    told = f"{caught.value!r}{caught.value.__dict__}{ambarella.FAMILY!r}{caplog.text}"
    assert not any(password in told for password in (*ambarella.FAMILY.passwords, "s3cret"))


@pytest.mark.parametrize("kind", BOTH)
def test_a_sites_own_password_opens_it(kind):
    family = ambarella.FAMILY.with_passwords(("s3cret",))
    with plugged(kind, Faults(password="s3cret")) as (server, _), open_ambarella(server, family=family) as recorder:
        assert read_everything(recorder) == FOOTAGE


def test_one_that_is_a_disk_already_is_read_as_one():
    with plugged("ambarella-bc300") as (server, built):
        with open_ambarella(server) as recorder:
            list(recorder.list_files())
        with open_ambarella(server) as recorder:
            assert (recorder.identity().family, recorder.identity().volume_id) == ("ambarella", built.volume.volume_id)
            assert not recorder.capabilities.can_set_clock
            with pytest.raises(UnsupportedCommandError):
                recorder.set_clock(MOMENT)
            assert read_everything(recorder) == FOOTAGE


@pytest.mark.parametrize("serial", ["00000000", ""])
def test_a_device_id_that_is_none_makes_it_known_by_its_volume(serial):
    with plugged(serial=serial) as (server, built), open_ambarella(server) as recorder:
        assert (recorder.identity().serial, recorder.identity().volume_id) == (None, built.volume.volume_id)


@pytest.mark.parametrize("kind", BOTH)
def test_one_that_stays_what_it_is_is_refused(kind):
    with plugged(kind, Faults(stuck_status=True)) as (server, _), open_ambarella(server) as recorder, pytest.raises(RecorderRefusedError):
        list(recorder.list_files())


@pytest.mark.parametrize("kind", BOTH)
def test_one_that_does_not_come_back_counts_as_unplugged(kind):
    with (
        plugged(kind, Faults(reenumerate_after_s=None)) as (server, _),
        open_ambarella(server) as recorder,
        pytest.raises(RecorderUnpluggedError),
    ):
        list(recorder.list_files())


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("every", [2, 3, 5])
def test_a_silent_moment_ends_in_time_with_the_right_files_or_a_clear_failure(kind, every):
    began = time.monotonic()
    with plugged(kind, Faults(hang_every=every)) as (server, _):
        try:
            with open_ambarella(server) as recorder:
                content = read_everything(recorder)
        except (TransportTimeoutError, RecorderUnpluggedError):
            content = None

    assert content in (None, FOOTAGE)
    assert time.monotonic() - began < 8


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fault", ["stall_every", "short_every", "wrong_length_every"])
@pytest.mark.parametrize("every", [2, 3])
def test_spoilt_answers_end_with_the_right_files_or_a_clear_failure(kind, fault, every):
    with plugged(kind, Faults(**{fault: every})) as (server, _):
        try:
            with open_ambarella(server) as recorder:
                identity = recorder.identity()
                content = read_everything(recorder)
        except RecorderError:
            return

    assert identity.serial in (None, "BWC7001")
    assert content == FOOTAGE


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("at", [5, 1_000, 200_000])
def test_a_pull_at_any_byte_is_overcome_by_docking_again(kind, at):
    with plugged(kind, Faults(unplug_after_bytes=(at,), replug_after_s=0.0)) as (server, _):
        with pytest.raises(RecorderUnpluggedError), open_ambarella(server) as recorder:
            read_everything(recorder)
        with open_ambarella(server) as recorder:
            assert read_everything(recorder) == FOOTAGE
