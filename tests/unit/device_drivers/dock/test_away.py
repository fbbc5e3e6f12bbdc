"""A service that is away, a spool, and the service back again."""

import hashlib
import threading
import uuid
from dataclasses import replace

import pytest

from device_drivers.dock.answers import SessionOutcome
from device_drivers.dock.away import StoreAndForward
from device_drivers.dock.condition import Concern
from device_drivers.dock.errors import StoppedError
from device_drivers.dock.machine import look_at_refusals
from device_drivers.dock.patience import Patience
from device_drivers.dock.service_client import ServiceClient
from device_drivers.dock.session import dock_recorder
from device_drivers.dock.spool.errors import NotForwardedError
from device_drivers.dock.spool.forward import Forwarder
from device_drivers.dock.spool.store import Spool
from device_drivers.dock.tile import Advice, Phase, decide_lights
from device_drivers.dock.turns import Turns
from tests.unit.device_drivers.dock.conftest import TOKEN

SLOT = "1-1"
FILES = {"A.MP4": b"a" * 3_000_000, "B.MP4": b"b" * 10, "C_IMP.MP4": b"c" * 20_000}


class Station:
    """A dock with a spool in front of a service that can be sent away."""

    def __init__(self, service, tools, stop, folder, *, limit_bytes=10**9):
        patience = Patience(0.2, stop)
        client = ServiceClient(service.url, TOKEN, pool=tools.pool, patience=patience)
        self.service, self.stop = service, stop
        self.tools = replace(tools, client=client, patience=patience, turns=Turns(2, patience), spools=True)
        self.spool = Spool(folder / "spool", limit_bytes=limit_bytes, key_file=folder / "key")
        self.forwarder = Forwarder(self.spool, self.tools, interval_s=0.05)
        self.away = StoreAndForward(self.spool, self.forwarder, self.tools)
        self.thread = threading.Thread(target=self.forwarder.run)
        self.thread.start()

    def send_away(self, pattern="."):
        self.service.fault("answer", pattern, times=10**9, status=503)

    def call_back(self):
        self.service.faults.clear()

    def dock(self, recorder):
        session = dock_recorder(recorder, self.tools, session_id=str(uuid.uuid4()), slot=SLOT)
        self.away.carry_on(recorder, session)
        return session

    def dock_in_background(self, recorder):
        sessions = []
        thread = threading.Thread(target=lambda: sessions.append(self.dock(recorder)))
        thread.start()
        return thread, sessions

    def tile(self):
        return self.tools.tiles.get(SLOT)

    def await_tile(self, wanted):
        for _ in range(1000):
            if wanted(self.tile()):
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.tile())

    def close(self):
        self.stop.set()
        self.thread.join()


@pytest.fixture
def make_station(service, tools, stop, tmp_path):
    made = []

    def make(**options):
        made.append(Station(service, tools, stop, tmp_path, **options))
        return made[-1]

    yield make
    for station in made:
        station.close()


@pytest.fixture
def station(make_station):
    return make_station()


def everything_arrived(service, files=FILES):
    return {path: service.clip_of(path).content for path in files} == files


def test_footage_waits_in_the_spool_and_arrives_when_the_service_is_back(station, service, make_recorder):
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.spooled == 3 and tile.phase is Phase.WAITING)

    lights = decide_lights(station.tile())
    assert (lights.may_leave, lights.safe_to_take) == (True, True)
    assert service.clips == {}
    station.call_back()
    thread.join(20)

    assert sessions[0].error is None
    assert everything_arrived(service)
    assert service.ended[sessions[0].session_id] == "finished"
    assert Concern.SERVICE_AWAY not in station.tile().all_concerns


def test_each_file_is_read_from_the_recorder_once(station, service, make_recorder):
    recorder = make_recorder(FILES)
    station.send_away()
    thread, _ = station.dock_in_background(recorder)
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    station.call_back()
    thread.join(20)

    fingerprints = sum(min(len(content), 2 * 16_384) for content in FILES.values())
    assert recorder.read_bytes == sum(map(len, FILES.values())) + fingerprints


def test_key_files_are_taken_in_first(station, make_recorder):
    recorder = make_recorder(FILES)
    station.send_away()
    thread, _ = station.dock_in_background(recorder)
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)

    whole = [call for call in recorder.calls[recorder.calls.index("list_files") :] if call.startswith("open") and call.endswith(" 0")]
    assert whole[-3:] == ["open C_IMP.MP4 0", "open A.MP4 0", "open B.MP4 0"]
    station.stop.set()
    thread.join(20)


def test_a_service_that_leaves_in_the_middle_gets_the_rest_later(station, service, make_recorder):
    recorder = make_recorder(FILES)

    def leave_at_b(path, _offset):
        if path == "B.MP4" and "open A.MP4 0" in recorder.calls[-4:] and not service.faults:
            station.send_away()

    recorder.gate = leave_at_b
    thread, sessions = station.dock_in_background(recorder)
    station.await_tile(lambda tile: tile.spooled > 0 and tile.phase is Phase.WAITING)
    recorder.gate = None
    station.call_back()
    thread.join(20)

    assert sessions[0].error is None
    assert everything_arrived(service)
    assert len(service.clips) == 3


def test_a_recorder_pulled_once_everything_lies_in_the_spool_loses_nothing(station, service, make_recorder):
    recorder = make_recorder(FILES)
    station.send_away()
    thread, sessions = station.dock_in_background(recorder)
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    recorder.left_bytes = 0
    station.call_back()
    thread.join(20)

    assert everything_arrived(service)
    assert sessions[0].outcome is SessionOutcome.FINISHED


def test_a_recorder_pulled_in_the_middle_gives_what_was_taken_in(station, service, make_recorder):
    first = len(FILES["C_IMP.MP4"])
    fingerprints = sum(min(len(content), 2 * 16_384) for content in FILES.values())
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES, unplug_after_bytes=fingerprints + first + 100))
    station.await_tile(lambda tile: tile.spooled == 1)
    station.call_back()
    thread.join(20)

    assert sessions[0].outcome is SessionOutcome.UNPLUGGED
    assert service.clip_of("C_IMP.MP4").content == FILES["C_IMP.MP4"]
    assert service.clip_of("A.MP4").content is None


def test_a_full_spool_says_so_stops_pulling_and_the_rest_goes_directly_later(make_station, service, make_recorder):
    station = make_station(limit_bytes=200_000)
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)

    assert Concern.SPOOL_FULL in station.tile().all_concerns
    assert station.tile().spooled == 1
    assert not decide_lights(station.tile()).may_leave
    station.call_back()
    thread.join(20)

    assert sessions[0].error is None
    assert everything_arrived(service)


def test_what_was_left_by_a_program_that_died_is_forwarded_by_the_next(make_station, service, make_recorder):
    station = make_station()
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    station.close()
    thread.join(20)
    assert isinstance(sessions[0].error, StoppedError)
    station.stop.clear()

    make_station()
    station.call_back()
    for _ in range(1000):
        if service.ended:
            break
        threading.Event().wait(0.01)

    assert everything_arrived(service)


def test_the_spool_is_emptied_only_once_everything_is_sealed(station, service, make_recorder):
    service.seals = False
    station.send_away()
    thread, _ = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    station.call_back()
    thread.join(20)
    threading.Event().wait(0.3)
    assert len(station.spool.sessions()) == 1

    for clip in service.clips.values():
        clip.state = "sealed"
    for _ in range(500):
        if not station.spool.sessions():
            break
        threading.Event().wait(0.01)

    assert station.spool.sessions() == []


def test_footage_damaged_in_the_spool_is_read_from_the_recorder_again(station, service, make_recorder, tmp_path):
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    (damaged,) = (tmp_path / "spool").glob("*/0.footage")
    sealed = bytearray(damaged.read_bytes())
    sealed[-20] ^= 1
    damaged.write_bytes(sealed)
    station.call_back()
    thread.join(20)

    assert sessions[0].error is None
    assert everything_arrived(service)


def wait_until(question):
    for _ in range(1000):
        if question():
            return
        threading.Event().wait(0.01)
    raise AssertionError(question)


def dock_while_refused(station, make_recorder, status):
    """Dock while the service is away; when it is back it refuses the session."""
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    station.service.fault("answer", "PUT .*/sessions/[^/]+$", times=10**9, status=status)
    del station.service.faults[0]
    return thread, sessions


def test_what_the_service_refuses_is_kept_named_and_left_in_peace(station, service, make_recorder, tmp_path):
    thread, sessions = dock_while_refused(station, make_recorder, 422)
    thread.join(20)
    asked = service.counts("PUT .*/sessions/[^/]+$")
    threading.Event().wait(0.5)

    (session,) = sessions
    (spooled,) = station.spool.sessions()
    assert isinstance(session.error, NotForwardedError)
    assert "refused with 422" in str(session.error)
    assert len(spooled.files()) == len(FILES)
    assert (station.tile().phase, decide_lights(station.tile()).advice) == (Phase.FAILED, Advice.CALL_SOMEBODY)
    assert station.tools.tiles.kept_back().keys() == {session.session_id}
    assert look_at_refusals(tmp_path / "spool", tmp_path / "key").keys() == {session.session_id}
    assert service.counts("PUT .*/sessions/[^/]+$") == asked


def test_whoever_has_not_the_spools_key_still_sees_that_something_was_refused(station, make_recorder, tmp_path):
    thread, _ = dock_while_refused(station, make_recorder, 422)
    thread.join(20)
    (tmp_path / "other").write_bytes(bytes(32))

    for key in ("other", "missing"):
        assert list(look_at_refusals(tmp_path / "spool", tmp_path / key).values()) == ["the reason cannot be read with this key"]


def test_what_was_refused_arrives_with_the_next_start_once_the_service_takes_it(make_station, service, make_recorder, tmp_path):
    station = make_station()
    thread, _ = dock_while_refused(station, make_recorder, 422)
    thread.join(20)
    station.close()
    station.stop.clear()
    station.call_back()

    again = make_station()
    wait_until(lambda: not again.spool.sessions())

    assert everything_arrived(service)
    assert again.tools.tiles.kept_back() == look_at_refusals(tmp_path / "spool", tmp_path / "key") == {}


def test_a_refusal_that_may_pass_is_named_tried_again_ever_more_rarely_and_waited_for(station, service, make_recorder):
    thread, sessions = dock_while_refused(station, make_recorder, 403)
    wait_until(station.tools.tiles.kept_back)
    before = service.counts("PUT .*/sessions/[^/]+$")
    threading.Event().wait(1.0)
    tried = service.counts("PUT .*/sessions/[^/]+$") - before
    station.call_back()
    thread.join(20)

    assert 2 <= tried <= 6, "not twenty times, as often as it looks"
    assert sessions[0].error is None
    assert everything_arrived(service)
    assert station.tools.tiles.kept_back() == {}


def test_files_that_the_service_refuses_keep_their_session_in_the_spool_and_are_counted(station, service, make_recorder):
    station.send_away()
    thread, sessions = station.dock_in_background(make_recorder(FILES, unplug_after_bytes=10**7))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    service.fault("answer", "POST .*/receipt$", times=10**9, status=422)
    del service.faults[0]
    thread.join(20)
    wait_until(station.tools.tiles.kept_back)

    assert "files not taken: 3" in station.tools.tiles.kept_back()[sessions[0].session_id]
    assert len(station.spool.sessions()) == 1


def test_digests_are_those_of_the_recorders_bytes(station, service, make_recorder):
    station.send_away()
    thread, _ = station.dock_in_background(make_recorder(FILES))
    station.await_tile(lambda tile: tile.phase is Phase.WAITING)
    station.call_back()
    thread.join(20)

    assert {path: service.clip_of(path).sha256 for path in FILES} == {path: hashlib.sha256(data).hexdigest() for path, data in FILES.items()}
