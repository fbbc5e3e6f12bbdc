import hashlib
import json
import os
import threading
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device_drivers.dock import board, file_reading
from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.errors import RefusedError, StoppedError, UnreachableError
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.session import await_state, dock_recorder
from device_drivers.errors import RecorderReadError, RecorderUnpluggedError
from integrity.receipt import ClipState

MIB = 1024**2
PART = 5 * MIB


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(file_reading, "PAUSE_S", 0.01)


def dock(recorder, tools):
    return dock_recorder(recorder, tools, session_id=str(uuid.uuid4()), slot="1-1")


def settle(session, tools, *, wait_s=5.0):
    return await_state(session, tools, wanted=ClipState.SEALED, wait_s=wait_s, stop=threading.Event())


def content(size, seed=b"x"):
    block = hashlib.sha256(seed).digest() * 1024
    return (block * (size // len(block) + 1))[:size]


def test_every_file_arrives_whole_and_is_sealed(service, tools, make_recorder):
    files = {"A.MP4": content(12 * MIB + 7), "B.MP4": content(PART, b"b"), "EMPTY.MP4": b"", "C.LOG": b"log"}
    service.part_bytes = PART

    session = dock(make_recorder(files), tools)

    assert (session.outcome, session.error) == (SessionOutcome.FINISHED, None)
    assert settle(session, tools)
    assert {path: service.clip_of(path).content for path in files} == files
    assert [session.clips[index].sha256 for index in range(4)] == [hashlib.sha256(data).hexdigest() for data in files.values()]
    assert service.ended == {session.session_id: "finished"}


def test_identity_and_clock_are_read_before_anything_else(tools, make_recorder):
    recorder = make_recorder({"A.MP4": b"a"})

    dock(recorder, tools)

    assert recorder.calls[:4] == ["identity", "read_clock", "read_status", "list_files"]


def test_every_file_is_read_once_but_for_its_fingerprint(service, tools, make_recorder):
    recorder = make_recorder({"A.MP4": content(9 * MIB)})
    service.part_bytes = PART

    dock(recorder, tools)

    assert recorder.read_bytes == 9 * MIB + 2 * 16_384
    assert service.listings.popitem()[1].files[0].fingerprint is not None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40_000), max_size=12))
def test_files_of_any_sizes_arrive_whole(service, tools, make_recorder, sizes):
    service.part_bytes = 10_000
    files = {f"{uuid.uuid4()}.MP4": os.urandom(size) for size in sizes}

    session = dock(make_recorder(files), tools)

    assert session.error is None
    assert {path: service.clip_of(path).content for path in files} == files


def test_a_recorder_docked_again_gives_nothing_twice(service, tools, make_recorder):
    files = {"A.MP4": content(MIB), "B.MP4": content(2 * MIB)}
    dock(make_recorder(files), tools)
    clips, put = dict(service.clips), len(service.put_parts)

    session = dock(make_recorder(files), tools)

    assert settle(session, tools)
    assert service.clips.keys() == clips.keys()
    assert len(service.put_parts) == put


@pytest.mark.parametrize("unplug_after_mib", [0, 3, 5, 11, 16, 23])
def test_a_recorder_unplugged_midway_resumes_and_loses_nothing(service, tools, make_recorder, unplug_after_mib):
    files = {"A.MP4": content(12 * MIB + 5, b"a"), "B.MP4": content(11 * MIB, b"b")}
    service.part_bytes = PART

    broken = dock(make_recorder(files, unplug_after_bytes=unplug_after_mib * MIB + 4 * 16_384), tools)
    put_before = set(service.put_parts)
    again = dock(make_recorder(files), tools)

    assert broken.outcome is SessionOutcome.UNPLUGGED
    assert isinstance(broken.error, RecorderUnpluggedError)
    assert service.ended[broken.session_id] == "unplugged"
    assert settle(again, tools)
    assert {path: service.clip_of(path).content for path in files} == files
    assert len(service.clips) == 2
    assert len(service.put_parts) == len(set(service.put_parts)) == 6, "a stored part is not sent again"
    assert put_before <= set(service.put_parts)


def test_unplugging_while_listing_announces_what_was_examined_and_names_the_rest(service, tools, make_recorder):
    session = dock(make_recorder({"A.MP4": content(MIB), "B.MP4": content(MIB)}, unplug_after_bytes=40_000), tools)

    listing = service.listings[session.session_id]
    assert [file.path for file in listing.files] == ["A.MP4"]
    assert listing.failure.endswith("1 more files were named and not examined: B.MP4")
    assert not listing.is_complete
    assert service.ended[session.session_id] == "unplugged"


@pytest.mark.parametrize("unplug_after_bytes", range(0, 4 * 16_384, 8_192))
def test_a_recorder_that_left_while_it_was_examined_gives_every_file_once(service, tools, make_recorder, unplug_after_bytes):
    files = {"A.MP4": content(MIB, b"a"), "B.MP4": content(MIB, b"b")}
    dock(make_recorder(files, unplug_after_bytes=unplug_after_bytes), tools)

    session = dock(make_recorder(files), tools)

    assert settle(session, tools)
    assert len(service.clips) == 2


def test_a_listing_that_fails_half_way_is_announced_as_incomplete(service, tools, make_recorder):
    session = dock(make_recorder({"A.MP4": b"a"}, missing=["DCIM/B\udc80D"]), tools)

    listing = service.listings[session.session_id]
    assert not listing.is_complete
    assert "DCIM/B\\udc80D" in listing.failure
    assert settle(session, tools)


def test_a_stored_part_that_differs_is_sent_again(service, tools, make_recorder):
    files = {"A.MP4": content(12 * MIB)}
    service.part_bytes = PART
    dock(make_recorder(files, unplug_after_bytes=11 * MIB), tools)
    clip = service.clip_of("A.MP4")
    assert sorted(clip.parts) == [1, 2]
    clip.parts[1] = bytes(PART)

    dock(make_recorder(files), tools)

    assert clip.content == files["A.MP4"]
    assert [number for _, number in service.put_parts] == [1, 2, 1, 3] or sorted(number for _, number in service.put_parts) == [1, 1, 2, 3]


@pytest.mark.parametrize("announced", [3 * MIB, 9 * MIB, 11 * MIB])
def test_a_size_that_lies_is_told_as_it_was_read(service, tools, make_recorder, announced):
    service.part_bytes = PART
    data = content(6 * MIB)

    session = dock(make_recorder({"A.MP4": data}, announced={"A.MP4": announced}), tools)

    assert session.error is None
    assert service.clip_of("A.MP4").content == data
    assert service.clip_of("A.MP4").size_bytes == 6 * MIB


def test_a_file_that_cannot_be_read_is_reported_and_the_others_go_on(service, tools, make_recorder, lines):
    recorder = make_recorder({"A.MP4": content(1000), "BAD.MP4": content(1000, b"bad"), "C.MP4": content(1000, b"c")}, unreadable=["BAD.MP4"])

    session = dock(recorder, tools)

    assert session.outcome is SessionOutcome.FINISHED
    assert isinstance(session.results[1].failure, RecorderReadError)
    assert service.clip_of("BAD.MP4").failures == [
        {"code": "unreadable", "detail": "BAD.MP4: cannot be read at byte 100: bad sector", "read_bytes": 100}
    ]
    assert service.clip_of("C.MP4").state == "sealed"
    assert recorder.calls.count("open BAD.MP4 100") == file_reading.ATTEMPTS - 1
    assert settle(session, tools), "what was sent is sealed"
    lines.seek(0)
    assert "file_failed" in [json.loads(line)["event"] for line in lines]


def test_a_falter_of_the_medium_is_read_over(service, tools, make_recorder):
    recorder = make_recorder({"A.MP4": content(4 * MIB)})
    falters = [RecorderReadError("A.MP4", 2 * MIB, "once")]

    def gate(_path, offset):
        if offset == 2 * MIB and falters:
            raise falters.pop()

    recorder.gate = gate

    dock(recorder, tools)

    assert service.clip_of("A.MP4").content == recorder.files["A.MP4"]
    assert f"open A.MP4 {2 * MIB}" in recorder.calls


def test_a_broken_connection_to_the_recorder_ends_the_session(service, tools, make_recorder):
    from device_drivers.errors import TransportTimeoutError  # noqa: PLC0415 - only here

    recorder = make_recorder({f"{number}.MP4": content(100_000, b"%d" % number) for number in range(20)})

    def gate(_path, _offset):
        raise TransportTimeoutError("reading", 5)

    recorder.gate = gate

    session = dock(recorder, tools)

    assert session.outcome is SessionOutcome.FAILED
    assert isinstance(session.error, TransportTimeoutError)
    assert len(session.results) == 10
    assert all(clip.failures for clip in list(service.clips.values())[:10])


@pytest.mark.parametrize("kind", ["drop", "lose"])
@pytest.mark.parametrize(
    "pattern", [r"^PUT .*sessions/[^/]+$", "listing", "upload$", "receipt", "/store/", "end$", "clips$", "part-urls", r"GET .*sessions/[^/]+$"]
)
def test_a_lost_request_or_answer_changes_nothing(service, tools, make_recorder, kind, pattern):
    files = {"A.MP4": content(12 * MIB), "B.MP4": b"b"}
    service.part_bytes, service.urls_in_grant = PART, 1
    service.fault(kind, pattern, times=2)

    session = dock(make_recorder(files), tools)

    assert settle(session, tools)
    assert session.error is None
    assert {path: service.clip_of(path).content for path in files} == files
    assert len(service.clips) == 2


@pytest.mark.parametrize("pattern", ["listing", "upload$", "receipt", "/store/"])
def test_errors_of_the_service_are_waited_out(service, tools, make_recorder, pattern):
    service.fault("answer", pattern, times=3, status=503)

    session = dock(make_recorder({"A.MP4": content(MIB)}), tools)

    assert settle(session, tools)


def test_expired_addresses_are_asked_for_again(service, tools, make_recorder):
    service.part_bytes = PART
    recorder = make_recorder({"A.MP4": content(22 * MIB)})

    def gate(_path, offset):
        if offset == 11 * MIB:
            service.valid_address = "2"

    recorder.gate = gate

    session = dock(recorder, tools)

    assert session.error is None
    assert service.clip_of("A.MP4").content == recorder.files["A.MP4"]
    assert service.counts("part-urls") >= 1


def test_a_part_damaged_on_the_way_is_sent_again(service, tools, make_recorder, monkeypatch):
    damaged = []
    put = service.put

    def damage_once(path, headers, body):
        if not damaged:
            damaged.append(path)
            return put(path, headers, body[:-1] + b"?")
        return put(path, headers, body)

    monkeypatch.setattr(service, "put", damage_once)

    dock(make_recorder({"A.MP4": content(1000)}), tools)

    assert service.clip_of("A.MP4").content == content(1000)


def test_a_part_refused_for_good_fails_its_file_only(service, tools, make_recorder, monkeypatch):
    put = service.put

    def refuse(path, headers, body):
        return (404, "NoSuchUpload", "") if len(body) == 1000 else put(path, headers, body)

    monkeypatch.setattr(service, "put", refuse)

    session = dock(make_recorder({"A.MP4": content(1000), "B.MP4": content(2000)}), tools)

    assert "NoSuchUpload" in str(session.results[0].failure)
    assert session.results[1].failure is None
    assert session.outcome is SessionOutcome.FINISHED


def test_a_store_that_takes_other_bytes_is_not_believed(service, tools, make_recorder, monkeypatch, stop):
    monkeypatch.setattr(service, "put", lambda *_arguments: (200, "", "0" * 32))
    impatient = replace(tools, patience=Patience(0.2, stop))

    session = dock(make_recorder({"A.MP4": content(1000)}), impatient)

    assert isinstance(session.error, UnreachableError)
    assert service.clip_of("A.MP4").state == "uploading"


def test_a_clip_the_service_has_is_not_read_again(service, tools, make_recorder):
    files = {"A.MP4": content(MIB)}
    dock(make_recorder(files), tools)
    service.actions["A.MP4"] = "upload"
    recorder = make_recorder(files)

    session = dock(recorder, tools)

    assert settle(session, tools)
    assert recorder.read_bytes == 2 * 16_384


def test_a_file_drawn_for_comparison_is_read_whole_and_skipped_when_equal(service, tools, make_recorder):
    files = {"A.MP4": content(9 * MIB)}
    dock(make_recorder(files), tools)
    put = len(service.put_parts)
    service.actions["A.MP4"] = "reread"
    recorder = make_recorder(files)

    session = dock(recorder, tools)

    assert settle(session, tools)
    assert recorder.read_bytes == 9 * MIB + 2 * 16_384
    assert len(service.put_parts) == put


def test_other_content_under_the_same_fingerprint_becomes_a_clip_of_its_own(service, tools, make_recorder):
    first = content(MIB)
    second = first[: MIB // 2] + b"?" + first[MIB // 2 + 1 :]
    old = dock(make_recorder({"A.MP4": first}), tools)
    service.actions["A.MP4"] = "reread"

    new = dock(make_recorder({"A.MP4": second}), tools)

    assert settle(new, tools)
    assert new.clips[0].clip_id != old.tickets[0].clip_id
    assert service.clips[new.clips[0].clip_id].content == second
    assert service.clips[old.tickets[0].clip_id].content == first


def test_a_contradicted_receipt_fails_its_file(service, tools, make_recorder):
    service.fault("answer", "receipt", status=409)

    session = dock(make_recorder({"A.MP4": b"a", "B.MP4": b"b"}), tools)

    assert [result.failure is None for _, result in sorted(session.results.items())].count(False) == 1


def test_a_service_that_stays_away_ends_the_session(service, tools, make_recorder, stop):
    service.fault("answer", "listing", times=1000)
    client = ServiceClient(service.url, "dock-token", pool=tools.pool, patience=Patience(0.3, stop))
    impatient = replace(tools, client=client, patience=Patience(0.3, stop))

    session = dock(make_recorder({"A.MP4": b"a"}), impatient)

    assert session.outcome is SessionOutcome.FAILED
    assert isinstance(session.error, UnreachableError)


def test_a_wrong_credential_ends_the_session_at_once(service, tools, make_recorder, patience):
    client = ServiceClient(service.url, "wrong", pool=tools.pool, patience=patience)

    session = dock(make_recorder({"A.MP4": b"a"}), replace(tools, client=client))

    assert isinstance(session.error, RefusedError)
    assert session.error.status == 401


def test_being_asked_to_end_leaves_a_file_to_be_resumed(service, tools, make_recorder, stop):
    service.part_bytes = PART
    files = {"A.MP4": content(16 * MIB)}
    recorder = make_recorder(files)
    recorder.gate = lambda _path, offset: stop.set() if offset == 11 * MIB else None

    session = dock(recorder, tools)
    stop.clear()
    again = dock(make_recorder(files), tools)

    assert isinstance(session.error, StoppedError)
    assert service.ended[session.session_id] == "failed"
    assert settle(again, tools)
    assert service.clip_of("A.MP4").content == files["A.MP4"]


def test_many_small_files_take_few_connections_and_no_sleeps(service, tools, make_recorder):
    files = {f"{number:05}.MP4": b"%d" % number for number in range(300)}

    session = dock(make_recorder(files), tools)

    assert settle(session, tools)
    assert len(session.results) == 300
    assert service.counts("receipt") == 300


def test_clips_that_are_not_sealed_in_time_are_told_apart(service, tools, make_recorder):
    service.seals = False
    session = dock(make_recorder({"A.MP4": b"a"}), tools)

    assert not settle(session, tools, wait_s=0.4)
    assert session.clips[0].state == "stored"


def test_a_quarantined_clip_does_not_hold_up_the_answer_for_ever(service, tools, make_recorder, monkeypatch):
    monkeypatch.setattr("device_drivers.dock.session.QUARANTINE_GRACE_S", 0.3)
    service.quarantines["A.MP4"] = "two_claimants"
    session = dock(make_recorder({"A.MP4": b"a", "B.MP4": b"b"}), tools)

    assert not settle(session, tools, wait_s=60)
    assert session.clips[0].quarantine == "two_claimants"


def test_the_board_hears_how_far_reading_has_come(service, tools, make_recorder, monkeypatch):
    monkeypatch.setattr(board, "INTERVAL_S", 0.05)
    recorder = make_recorder({"A.MP4": content(4 * MIB)})
    pause = threading.Event()
    recorder.gate = lambda _path, _offset: pause.wait(0.1)

    dock(recorder, tools)

    reported = [file for body in service.progress for file in body["files"]]
    assert reported
    assert {file["index"] for file in reported} == {0}
    assert [file["read_bytes"] for file in reported] == sorted(file["read_bytes"] for file in reported)


def test_the_board_hears_of_no_more_files_than_it_takes(service, tools, monkeypatch):
    monkeypatch.setattr(board, "INTERVAL_S", 0.01)
    session_id = str(uuid.uuid4())
    service.sessions[session_id] = {}

    with board.Board(tools.client, session_id, tiles=tools.tiles, slot="1-1") as reports:
        for index in range(200):
            reports.on_read(index, 5)
        while not service.progress:
            threading.Event().wait(0.01)

    assert all(len(body["files"]) <= 64 for body in service.progress)
