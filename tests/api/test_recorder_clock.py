"""Every clock is told apart: the recorder's, the dock's and the service's."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from evidence_store.actor import Role
from integrity.listing import ClockReading, DockClock
from service.ingest.open_session import PluggingIn, open_session
from service.ingest.set_recorder_clock import ClockSetting, record_clock_setting
from tests.builders import IDENTITY, NOW, make_file

READING = ClockReading("2026-11-24T09:32:00", NOW, 120.0, 0.5)
DOCK_CLOCK = DockClock(NOW, -3.0, 0.25, is_synchronised=True)


def plug_in(service, *, clock=READING, dock_clock=DOCK_CLOCK):
    session_id = uuid4()
    open_session(service.context, session_id, PluggingIn("slot 1", "test", 1, IDENTITY, clock, dock_clock), dock=service.dock)
    return session_id


def test_a_clip_tells_recorded_time_both_offsets_and_corrected_time_apart(api):
    (announced,) = api.service.announce(plug_in(api.service), make_file("DCIM/20261124_081530.MP4"))

    item = api.ask("GET", f"/api/v1/clips/{announced.clip_id}").json()

    assert item["recorded_at"] == "2026-11-24T00:15:30Z"
    assert (item["clock_offset_s"], item["clock_uncertainty_s"]) == (120.0, 0.5)
    assert (item["dock_offset_s"], item["dock_uncertainty_s"]) == (-3.0, 0.25)
    assert (item["corrected_at"], item["corrected_uncertainty_s"]) == ("2026-11-24T00:13:33Z", 0.75)


@pytest.mark.parametrize("missing", [{"clock": None}, {"dock_clock": None}])
def test_without_one_of_the_offsets_nothing_is_called_corrected(api, missing):
    (announced,) = api.service.announce(plug_in(api.service, **missing), make_file())

    item = api.ask("GET", f"/api/v1/clips/{announced.clip_id}").json()

    assert item["recorded_at"] is not None
    assert (item["corrected_at"], item["corrected_uncertainty_s"]) == (None, None)


def test_the_announcement_in_the_chain_names_both_clocks(api):
    (announced,) = api.service.announce(plug_in(api.service), make_file())

    (event,) = api.ask("GET", f"/api/v1/clips/{announced.clip_id}/custody").json()["events"]

    assert event["details"]["clock"]["offset_s"] == 120.0
    assert event["details"]["dock_clock"]["offset_s"] == -3.0


def test_a_recorders_drift_is_told_with_what_was_set(api):
    api.service.register("ZF00001")
    plug_in(api.service)
    api.service.clock.advance(hours=1)
    later = plug_in(api.service, clock=replace(READING, offset_s=130.0))
    setting = ClockSetting(NOW, NOW + timedelta(seconds=1), replace(READING, offset_s=0.5))
    record_clock_setting(api.service.context, later, setting, dock=api.service.dock)

    newest, oldest = api.ask("GET", "/api/v1/recorders/ZF00001/clock").json()["items"]

    assert (newest["clock_offset_s"], newest["offset_after_s"], newest["set_at"]) == (130.0, 0.5, "2026-11-24T01:30:01Z")
    assert (oldest["clock_offset_s"], oldest["set_at"], oldest["is_dock_synchronised"]) == (120.0, None, True)


def test_a_recorder_that_is_not_registered_has_no_history(api):
    answer = api.ask("GET", "/api/v1/recorders/ZF99999/clock", role=Role.ADMINISTRATOR)

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/recorder-not-found")
