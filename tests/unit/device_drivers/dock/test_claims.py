import uuid

from device_drivers.dock.claims import Claims
from device_drivers.dock.condition import Concern
from device_drivers.dock.session import dock_recorder


def test_two_slots_with_one_identity_are_rivals():
    claims = Claims()
    claims.claim("1", serial="A", session_id="first")
    claims.claim("2", serial="B", session_id="other")
    claims.claim("3", serial="A", session_id="second")

    assert claims.rivals("3") == ("first",)
    assert claims.rivals("1") == ("second",)
    assert claims.rivals("2") == ()


def test_a_recorder_that_left_rivals_nobody():
    claims = Claims()
    claims.claim("1", serial="A", session_id="first")
    claims.leave("1")
    claims.claim("2", serial="A", session_id="second")

    assert claims.rivals("2") == ()


def test_a_recorder_plugged_in_again_at_its_slot_is_no_rival_of_itself():
    claims = Claims()
    claims.claim("1", serial="A", session_id="first")
    claims.claim("1", serial="A", session_id="again")

    assert claims.rivals("1") == ()


def test_a_rival_that_came_while_the_session_was_opened_is_told_of(service, tools, make_recorder):
    rival = str(uuid.uuid4())
    service.sessions[rival] = {}
    recorder = make_recorder({"A.MP4": b"a"})
    open_session = tools.client.open_session

    def open_and_meet(session_id, plugged):
        tools.claims.claim("9-9", serial=recorder.serial, session_id=rival)
        return open_session(session_id, plugged)

    tools.client.open_session = open_and_meet

    session = dock_recorder(recorder, tools, session_id=str(uuid.uuid4()), slot="1-1")

    assert service.contested == {session.session_id, rival}
    assert Concern.CONTESTED in tools.tiles.get("1-1").all_concerns
