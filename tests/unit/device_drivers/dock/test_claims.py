from device_drivers.dock.claims import Claims


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
