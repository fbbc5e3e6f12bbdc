import threading

import pytest

from device_drivers.dock.condition import Concern, Condition
from device_drivers.dock.tile import Advice, Phase, Tile, Tiles, decide_lights

ALL_SAFE = {"files": 3, "is_complete": True, "stored": 2, "spooled": 1}


@pytest.mark.parametrize("phase", [Phase.OPENING, Phase.LISTING, Phase.READING, Phase.SPOOLING, Phase.RELEASING])
def test_a_recorder_that_is_touched_is_not_safe_to_take(phase):
    assert not decide_lights(Tile("1", phase)).safe_to_take


@pytest.mark.parametrize("phase", [Phase.WAITING, Phase.DONE, Phase.FAILED, Phase.REFUSED, Phase.UNPLUGGED])
def test_a_recorder_that_nobody_touches_is_safe_to_take(phase):
    assert decide_lights(Tile("1", phase)).safe_to_take


def test_one_may_leave_once_everything_is_in_the_store_or_the_spool():
    lights = decide_lights(Tile("1", Phase.WAITING, **ALL_SAFE))

    assert lights.may_leave
    assert lights.advice is Advice.LEAVE


def test_the_two_lights_are_independent():
    assert decide_lights(Tile("1", Phase.RELEASING, **ALL_SAFE)).may_leave
    assert not decide_lights(Tile("1", Phase.RELEASING, **ALL_SAFE)).safe_to_take
    assert not decide_lights(Tile("1", Phase.FAILED, files=3, is_complete=True, stored=2)).may_leave


@pytest.mark.parametrize("changes", [{"stored": 1}, {"is_complete": False}, {"files": None}, {"stored": 2, "spooled": 0, "failed": 1}])
def test_nobody_is_told_to_leave_while_anything_is_missing(changes):
    assert not decide_lights(Tile("1", Phase.WAITING, **{**ALL_SAFE, **changes})).may_leave


def test_a_full_recorder_while_the_service_is_away_asks_for_a_spare():
    full = Condition(concerns=(Concern.CARD_NEARLY_FULL,))

    assert (
        decide_lights(Tile("1", Phase.WAITING, condition=full, concerns=frozenset({Concern.SERVICE_AWAY}), **ALL_SAFE)).advice is Advice.TAKE_A_SPARE
    )
    assert decide_lights(Tile("1", Phase.WAITING, condition=full, **ALL_SAFE)).advice is Advice.LEAVE


@pytest.mark.parametrize(
    ("tile", "advice"),
    [
        (Tile("1", Phase.REFUSED), Advice.CALL_SOMEBODY),
        (Tile("1", Phase.WAITING, concerns=frozenset({Concern.CONTESTED}), **ALL_SAFE), Advice.CALL_SOMEBODY),
        (Tile("1", Phase.UNPLUGGED, files=3, stored=1), Advice.PLUG_IN_AGAIN),
        (Tile("1", Phase.FAILED), Advice.CALL_SOMEBODY),
        (Tile("1", Phase.READING, files=3, is_complete=True), Advice.WAIT),
    ],
)
def test_the_person_is_told_what_to_do(tile, advice):
    assert decide_lights(tile).advice is advice


def test_the_time_left_follows_from_the_speed():
    assert Tile("1", Phase.READING, size_bytes=100, read_bytes=40, bytes_per_s=10.0).left_s == 6.0
    assert Tile("1", Phase.READING, size_bytes=100, read_bytes=40).left_s is None
    assert Tile("1", Phase.DONE, size_bytes=100, read_bytes=40, bytes_per_s=10.0).left_s is None


def test_several_threads_change_a_tile_without_losing_anything():
    tiles = Tiles()
    tiles.begin("1")
    threads = [threading.Thread(target=lambda: [tiles.advance("1", 1) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert tiles.get("1").read_bytes == 2_000


def test_a_slot_that_is_empty_again_shows_nothing():
    tiles = Tiles()
    tiles.begin("1")
    tiles.worry("1", Concern.SERVICE_AWAY)
    tiles.forget("1")

    assert tiles.all() == ()
    assert tiles.get("1").concerns == frozenset()


def test_a_concern_can_be_taken_back():
    tiles = Tiles()
    tiles.worry("1", Concern.SERVICE_AWAY, Concern.SPOOL_FULL)
    tiles.calm("1", Concern.SERVICE_AWAY)

    assert tiles.get("1").all_concerns == (Concern.SPOOL_FULL,)
