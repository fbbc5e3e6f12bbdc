from datetime import timedelta

import pytest

from device_drivers.dock.clocks import ClockPolicy, ClockVerdict, decide_clock, measure_dock_clock, system_clock_is_synchronised
from device_drivers.dock.session import dock_recorder
from device_drivers.errors import RecorderRefusedError, RecorderUnpluggedError
from device_drivers.recorder import Capabilities
from integrity.listing import ClockReading, DockClock
from tests.unit.device_drivers.dock.conftest import NOW

SETTABLE = Capabilities(can_set_clock=True)
READING = ClockReading("2026-11-24T11:29:07", NOW, 40.0, 0.5)
GOOD = DockClock(NOW, 0.1, 0.01, is_synchronised=True)


def decide(policy=ClockPolicy.MEASURED, capabilities=SETTABLE, *, reading=READING, dock=GOOD):
    return decide_clock(policy, capabilities, reading=reading, dock=dock)


def test_a_measured_clock_that_is_off_is_set():
    assert decide() is ClockVerdict.SET


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"policy": ClockPolicy.NEVER}, ClockVerdict.NOT_WANTED),
        ({"capabilities": Capabilities()}, ClockVerdict.CANNOT_BE_SET),
        ({"dock": None}, ClockVerdict.DOCK_UNKNOWN),
        ({"dock": DockClock(NOW, 0.1, 0.01, is_synchronised=False)}, ClockVerdict.DOCK_NOT_SYNCHRONISED),
        ({"dock": DockClock(NOW, -2.5, 0.01, is_synchronised=True)}, ClockVerdict.DOCK_DIFFERS),
        ({"reading": None}, ClockVerdict.NOT_MEASURED),
        ({"reading": ClockReading("2026-11-24T11:29:07", NOW, -0.9, 0.5)}, ClockVerdict.IN_STEP),
    ],
)
def test_a_clock_is_left_alone_for_each_of_these_reasons(changes, verdict):
    assert decide(**changes) is verdict


def test_a_clock_that_cannot_be_read_is_set_only_where_that_is_wanted():
    assert decide(ClockPolicy.ALWAYS, reading=None) is ClockVerdict.SET


@pytest.mark.parametrize("policy", list(ClockPolicy))
def test_an_unsynchronised_dock_sets_no_clock_whatever_the_policy(policy):
    assert decide(policy, dock=DockClock(NOW, 0.0, 0.01, is_synchronised=False)) is not ClockVerdict.SET


def test_the_docks_clock_is_compared_with_the_services(service, tools):
    service.ahead_s = -3.0

    measured = measure_dock_clock(tools.client, tools.now, is_synchronised=lambda: False)

    assert measured.offset_s == pytest.approx(3.0, abs=measured.uncertainty_s + 0.001)
    assert not measured.is_synchronised


def test_a_service_that_does_not_answer_leaves_the_docks_clock_unknown(service, tools):
    service.fault("answer", "GET /api/v1/dock/time")

    assert measure_dock_clock(tools.client, tools.now, is_synchronised=lambda: True) is None


def test_the_system_can_be_asked():
    assert isinstance(system_clock_is_synchronised(), bool)


def settable(recorder):
    recorder.capabilities = SETTABLE
    return recorder


def test_a_clock_is_set_after_it_was_attested_and_both_are_on_record(service, tools, make_recorder):
    recorder = settable(make_recorder({"A.MP4": b"a"}))

    session = dock_recorder(recorder, tools, session_id="3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f", slot="1-1")

    setting = service.clocks_set[session.session_id]
    path = f"/api/v1/dock/sessions/{session.session_id}"
    put, told = service.requests.index(f"PUT {path}"), service.requests.index(f"POST {path}/clock")
    assert put < told
    assert recorder.calls.index("set_clock") < recorder.calls.index("list_files")
    assert abs(recorder.set_to - NOW) < timedelta(seconds=1)
    assert setting.after is not None
    assert service.sessions[session.session_id]["clock"]["offset_s"] == 2.0


def test_a_recorder_that_refuses_to_be_set_is_docked_all_the_same(service, tools, make_recorder):
    recorder = settable(make_recorder({"A.MP4": b"a"}))
    recorder.clock_refusal = RecorderRefusedError("setting its clock", "wrong password")

    session = dock_recorder(recorder, tools, session_id="3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f", slot="1-1")

    assert session.error is None
    assert service.clocks_set == {}


def test_a_recorder_that_leaves_while_it_is_set_is_unplugged(tools, make_recorder):
    recorder = settable(make_recorder({"A.MP4": b"a"}))
    recorder.clock_refusal = RecorderUnpluggedError("setting its clock")

    session = dock_recorder(recorder, tools, session_id="3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f", slot="1-1")

    assert session.error is recorder.clock_refusal
