import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from device_drivers.errors import RecorderReadError, UnsupportedCommandError
from device_drivers.recorder import Recorder, read_fingerprint
from tests.integration.device_drivers.peers import read_whole


def test_it_keeps_the_shape_of_the_promise(recorder):
    assert isinstance(recorder, Recorder)


def test_it_says_who_it_is_and_keeps_the_record_verbatim(recorder, claims):
    identity = recorder.identity()

    assert (identity.serial, identity.officer_code, identity.officer_name) == (claims.serial, claims.officer_code, claims.officer_name)
    assert identity.record_base64 == claims.record or claims.record in base64.b64decode(identity.record_base64)
    assert len(identity.volume_id or "00000000") == 8


def test_something_tells_it_from_other_recorders(recorder):
    identity = recorder.identity()

    assert identity.serial or identity.volume_id


def test_it_says_the_same_before_and_after_its_files_are_read(recorder, content):
    before = recorder.identity()
    for file in recorder.list_files():
        read_whole(recorder, file)

    assert recorder.identity() == before


def test_its_status_is_plausible_or_unknown(recorder):
    list(recorder.list_files())
    status = recorder.read_status()

    assert status.battery_percent is None or 0 <= status.battery_percent <= 100
    assert (status.battery_percent is not None) == recorder.capabilities.can_read_battery
    assert status.has_card is not False
    assert status.capacity_bytes is None or status.capacity_bytes > (status.free_bytes or 0)


def test_a_clock_is_set_where_the_recorder_says_that_it_can(recorder):
    if recorder.capabilities.can_set_clock:
        recorder.set_clock(datetime(2026, 11, 24, 1, 30, tzinfo=UTC))


def test_a_clock_is_read_where_the_recorder_says_that_it_can(recorder):
    assert (recorder.read_clock() is not None) == recorder.capabilities.can_read_clock


def test_what_a_recorder_cannot_do_is_refused(recorder):
    able = recorder.capabilities

    if not able.can_set_clock:
        with pytest.raises(UnsupportedCommandError):
            recorder.set_clock(datetime(2026, 11, 24, tzinfo=UTC))
    if not able.can_remove_files:
        with pytest.raises(UnsupportedCommandError):
            list(recorder.remove_files([]))


def test_every_file_is_listed_once_with_its_size(recorder, content):
    listed = list(recorder.list_files())

    assert sorted((file.path, file.size_bytes) for file in listed) == sorted((path, len(data)) for path, data in content.items())
    assert len({file.locator for file in listed}) == len(listed)


def test_names_are_kept_as_the_medium_has_them(recorder, content):
    raw = {file.path: base64.b64decode(file.path_raw_base64) for file in recorder.list_files()}

    assert raw == {path: path.encode("utf-16-le") for path in content}


def test_times_are_wall_times_of_the_recorder(recorder):
    (file,) = [file for file in recorder.list_files() if file.path == "tail.bin"]

    assert file.modified[:16] == "2026-11-24T09:30"


def test_every_byte_comes_as_it_was(recorder, content):
    read = {file.path: read_whole(recorder, file) for file in recorder.list_files()}

    assert read == content


@pytest.mark.parametrize("offset", [1, 511, 512, 32_768, 2_999_999, 3_000_001, 9_000_000])
def test_reading_begins_at_any_offset(recorder, content, offset):
    (file,) = [file for file in recorder.list_files() if file.size_bytes == 3_000_001]

    with recorder.open_file(file, offset) as reader:
        buffer = memoryview(bytearray(1000))
        count = reader.readinto(buffer)

    assert bytes(buffer[:count]) == content[file.path][offset : offset + 1000]


def test_two_files_can_be_read_in_turns(recorder, content):
    first, second = [file for file in recorder.list_files() if file.size_bytes > 60_000]
    got = {first.path: bytearray(), second.path: bytearray()}

    with recorder.open_file(first) as one, recorder.open_file(second) as two:
        buffer = memoryview(bytearray(10_001))
        for _ in range(7):
            for file, reader in ((first, one), (second, two)):
                got[file.path] += buffer[: reader.readinto(buffer)]

    assert all(content[path].startswith(bytes(data)) for path, data in got.items())


def test_a_fingerprint_covers_head_and_tail(recorder, content):
    fingerprints = {file.path: read_fingerprint(recorder, file) for file in recorder.list_files()}

    heads_and_tails = {path: data if len(data) <= 32_768 else data[:16_384] + data[-16_384:] for path, data in content.items()}
    assert fingerprints == {path: hashlib.sha256(data).hexdigest() for path, data in heads_and_tails.items()}


def test_a_listing_can_be_taken_again(recorder):
    assert list(recorder.list_files()) == list(recorder.list_files())


def test_a_locator_of_another_driver_is_refused(recorder):
    file = next(iter(recorder.list_files()))

    with pytest.raises(RecorderReadError):
        recorder.open_file(replace(file, locator="elsewhere"))


def test_closing_twice_does_nothing(recorder):
    recorder.close()
    recorder.close()
