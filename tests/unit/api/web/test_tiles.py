from datetime import timedelta
from uuid import uuid4

import pytest

from api.web.docks.tiles import make_tile
from evidence_store.models import BoardRow, Dock, DockSession, Recorder
from tests.builders import NOW


def make_row(states=None, *, recorder=None, **values):
    identity = {"serial": "ZF00001", "officer_code": "000001"}
    facts = {"identity": identity, "slot": "1", "opened_at": NOW, "listing_complete": True, "file_count": 3} | values
    return BoardRow(DockSession(id=uuid4(), **facts), Dock(name="dock"), recorder or Recorder(serial="ZF00001"), states or {})


@pytest.mark.parametrize(
    ("states", "stored", "sealed", "may_leave", "is_sealed"),
    [
        ({"announced": 3}, 0, 0, False, False),
        ({"uploading": 1, "stored": 2}, 2, 0, False, False),
        ({"stored": 1, "verified": 2}, 3, 0, True, False),
        ({"verified": 1, "sealed": 2}, 3, 2, True, False),
        ({"sealed": 2, "released": 1}, 3, 3, True, True),
    ],
)
def test_one_may_leave_when_all_is_stored_and_is_done_when_all_is_sealed(states, stored, sealed, may_leave, is_sealed):
    tile = make_tile(make_row(states), NOW)

    assert (tile.stored, tile.sealed, tile.may_leave, tile.is_sealed) == (stored, sealed, may_leave, is_sealed)


@pytest.mark.parametrize("listing", [{"file_count": None, "listing_complete": None}, {"listing_complete": False}])
def test_nobody_is_told_to_leave_before_every_file_is_known(listing):
    tile = make_tile(make_row({"sealed": 3}, **listing), NOW)

    assert not tile.may_leave
    assert not tile.is_sealed


def test_a_recorder_without_files_holds_nobody_up():
    assert make_tile(make_row(file_count=0), NOW).may_leave


def test_what_is_unusual_is_remarked():
    row = make_row(listing_complete=False, identity={"serial": None, "officer_code": None})
    row = BoardRow(row.session, row.dock, None, row.states)

    tile = make_tile(row, NOW)

    assert tile.remarks == ("listing_incomplete", "unregistered", "unknown_officer")
    assert tile.serial is None


def test_what_is_being_read_is_shown_while_the_dock_says_so():
    progress = {"files": [{"index": 0, "read_bytes": 10}, {"index": 4, "read_bytes": 5}], "bytes_per_s": 7.5}
    row = make_row(progress=progress, progress_at=NOW)

    reading = make_tile(row, NOW + timedelta(seconds=5)).reading

    assert (reading.numbers, reading.read_bytes, reading.bytes_per_s) == ((1, 5), 15, 7.5)
    assert make_tile(row, NOW + timedelta(seconds=11)).reading is None


def test_nothing_is_being_read_after_the_end():
    progress = {"files": [{"index": 0, "read_bytes": 10}], "bytes_per_s": 7.5}

    tile = make_tile(make_row(progress=progress, progress_at=NOW, ended_at=NOW, outcome="unplugged"), NOW)

    assert tile.reading is None
    assert tile.outcome == "unplugged"


SAID = {"files": [], "bytes_per_s": 0.0, "phase": "releasing", "left_s": None, "may_leave": True, "safe_to_take": False, "warnings": ["battery_low"]}


def test_the_docks_own_lights_are_shown_while_they_are_fresh():
    row = make_row({"sealed": 3}, progress=SAID, progress_at=NOW, condition={"battery_percent": 3})

    tile = make_tile(row, NOW + timedelta(seconds=29))

    assert (tile.safe_to_take, tile.phase, tile.concerns, tile.battery_percent) == (False, "releasing", ("battery_low",), 3)
    assert make_tile(row, NOW + timedelta(seconds=31)).safe_to_take is None


def test_a_contested_identity_is_remarked():
    assert make_tile(make_row(is_contested=True), NOW).remarks == ("contested",)


def test_what_service_and_dock_both_remark_is_shown_once():
    row = make_row(is_contested=True, progress=SAID | {"warnings": ["battery_low", "contested"]}, progress_at=NOW)

    tile = make_tile(row, NOW)

    assert (tile.remarks, tile.concerns) == (("contested",), ("battery_low",))


def test_a_dock_that_says_no_lights_shows_none():
    tile = make_tile(make_row(progress={"files": [], "bytes_per_s": 0.0}, progress_at=NOW), NOW)

    assert (tile.safe_to_take, tile.phase, tile.left_s, tile.concerns) == (None, None, None, ())
