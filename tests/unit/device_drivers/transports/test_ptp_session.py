from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import (
    EndpointStalledError,
    MalformedReplyError,
    RecorderError,
    RecorderUnpluggedError,
    TransferError,
    TransportTimeoutError,
)
from device_drivers.transports.ptp import OperationRefusedError, Patience, SessionLostError, open_session
from device_drivers.transports.ptp.codes import Operation, ResponseCode
from device_drivers.transports.ptp.operations import delete_object
from tests.unit.device_drivers.transports.ptp_device import DEVICE_INFO, PACKET, ScriptedDevice, data, opening, response

PATIENCE = Patience(answer_s=0.01, long_answer_s=0.01, control_s=0.01, recovery_s=0.2, silence_s=0.01)
FETCH = Operation.GET_PARTIAL_OBJECT
FULL = PACKET - 12
"""A payload that fills a packet."""
CANCELLED_2 = (0x21, 0x64, bytes.fromhex("0140 02000000"))


def session_with(*replies):
    device = ScriptedDevice(*opening(), *replies)
    return open_session(device, patience=PATIENCE), device


def fetch(session):
    return session.fetch(FETCH, (1,), during="reading")


def test_opening_a_session_is_spelled_as_on_the_wire():
    _, device = session_with()

    assert [command.hex(" ", 4) for command in device.commands] == [
        "0c000000 01000110 00000000",
        "10000000 01000210 00000000 01000000",
        "0c000000 01000110 01000000",
    ]


@pytest.mark.parametrize("refusing", [0, 2])
def test_device_info_may_be_refused_before_or_after_opening(refusing):
    replies = opening()
    replies[refusing] = [response(int(refusing == 2), ResponseCode.SESSION_NOT_OPEN)]

    session = open_session(ScriptedDevice(*replies), patience=PATIENCE)

    assert session.record == DEVICE_INFO
    assert session.supports(Operation.GET_OBJECT)


def test_a_device_that_never_says_who_it_is_is_refused():
    with pytest.raises(OperationRefusedError):
        open_session(ScriptedDevice([response(0, 0x2003)], [response(0)], [response(1, 0x2005)]), patience=PATIENCE)


def test_a_session_that_another_program_left_open_is_closed_first():
    replies = opening()
    replies[1:2] = [[response(0, ResponseCode.SESSION_ALREADY_OPEN, 1)], [response(1)], [response(0)]]
    device = ScriptedDevice(*replies)

    open_session(device, patience=PATIENCE)

    assert [int.from_bytes(command[6:8], "little") for command in device.commands] == [0x1001, 0x1002, 0x1003, 0x1002, 0x1001]


def test_what_another_program_was_in_the_middle_of_is_thrown_away():
    stale = [data(0x1009, 77, bytes(500)), *opening()[0]]

    session = open_session(ScriptedDevice(stale, *opening()), patience=PATIENCE)

    assert session.record == DEVICE_INFO


def test_a_device_that_is_silent_at_first_is_asked_again():
    session = open_session(ScriptedDevice([], *opening()), patience=PATIENCE)

    assert session.record == DEVICE_INFO


@pytest.mark.parametrize(
    ("payload", "transfers"),
    [
        (b"abc", [data(FETCH, 2, b"abc"), response(2)]),
        (b"", [data(FETCH, 2, b""), response(2)]),
        (b"", [response(2)]),
        (b"x" * FULL, [data(FETCH, 2, b"x" * FULL), response(2)]),  # no empty packet
        (b"x" * FULL, [data(FETCH, 2, b"x" * FULL), b"", response(2)]),  # one that comes late
        (b"x" * FULL, [data(FETCH, 2, b"x" * FULL), b"", b"", response(2)]),
        (b"x" * FULL, [data(FETCH, 2, b"x" * FULL) + response(2)]),  # none, and the response in the same transfer
        (b"xxxx", [data(FETCH, 2, b"", length=16), b"xxxx", response(2)]),  # the head by itself
        (b"x" * 16_372, [data(FETCH, 2, b"x" * 16_372), response(2)]),  # exactly one transfer
        (b"x" * 16_372, [data(FETCH, 2, b"x" * 16_372), b"", response(2)]),
        (b"x" * 40_000, [data(FETCH, 2, b"x" * 40_000), response(2)]),  # several transfers
        (b"abc", [b"", data(FETCH, 2, b"abc"), response(2)]),  # the end of something before
        (b"x" * 99, [data(FETCH, 2, b"x" * 99, length=2**32 - 1), response(2)]),  # no length, ended by a short packet
        (b"x" * FULL, [data(FETCH, 2, b"x" * FULL, length=2**32 - 1), response(2)]),
    ],
)
def test_data_arrive_however_their_container_ends(payload, transfers):
    session, device = session_with(transfers)

    assert fetch(session) == payload
    assert not device.pipe
    assert not device.controls


@given(st.integers(0, 40_000), st.sampled_from(["with", "without", "late"]))
def test_data_of_any_length_arrive(length, zero_length):
    container = data(FETCH, 2, bytes(length % 251 for _ in range(length)))
    transfers = [container, response(2)]
    if len(container) % PACKET == 0:
        transfers = {"without": [container + response(2)], "with": [container, b"", response(2)], "late": [container, b"", response(2)]}[zero_length]
    session, _ = session_with(transfers)

    assert fetch(session) == container[12:]


@pytest.mark.parametrize(
    ("transfers", "error"),
    [
        ([data(FETCH, 2, b"abc", length=20), response(2)], MalformedReplyError),  # shorter than announced
        ([data(FETCH, 2, b"abcdef", length=14), response(2)], MalformedReplyError),  # longer
        ([data(FETCH, 2, b"x" * FULL) + response(3)], MalformedReplyError),  # glued to another transaction's response
        ([data(FETCH, 3, b"abc"), response(2)], MalformedReplyError),
        ([data(0x1008, 2, b"abc"), response(2)], MalformedReplyError),
        ([data(FETCH, 2, b"abc"), response(3)], MalformedReplyError),
        ([data(FETCH, 2, b"abc"), data(FETCH, 2, b"abc")], MalformedReplyError),
        ([b"no container"], MalformedReplyError),
        ([EndpointStalledError("reading", 0x81)], EndpointStalledError),
        ([TransferError("reading", "babble")], TransferError),
        ([b"", b"", b"", b""], TransferError),
    ],
)
def test_nonsense_is_cancelled_and_asked_for_again_and_then_is_an_error(transfers, error):
    session, device = session_with(transfers, [data(FETCH, 3, b"good"), response(3)])

    assert fetch(session) == b"good"
    assert device.controls[0] == CANCELLED_2

    session, device = session_with(*[[*transfers]] * 3)
    with pytest.raises(error):
        fetch(session)


def test_silence_is_cancelled_and_a_time_out_and_the_session_lives_on():
    session, device = session_with([], [data(FETCH, 3, b"good"), response(3)])
    device.statuses.extend([bytes.fromhex("0400 1920"), bytes.fromhex("0400 0120")])

    with pytest.raises(TransportTimeoutError):
        fetch(session)

    assert [each[1] for each in device.controls] == [0x64, 0x67, 0x67]
    assert fetch(session) == b"good"


def test_a_halted_endpoint_that_the_status_names_is_cleared():
    session, device = session_with([EndpointStalledError("reading", 0x81)], [data(FETCH, 3, b"good"), response(3)])
    device.statuses.extend([bytes.fromhex("0800 1f20 81000000"), bytes.fromhex("0400 0120")])

    assert fetch(session) == b"good"
    assert device.cleared == [0x81]


def test_a_device_that_cannot_cancel_is_reset_and_what_it_numbered_is_void():
    session, device = session_with([], [response(0)], [data(FETCH, 1, b"good"), response(1)])
    device.refused = {0x64}
    before = session.numbering

    with pytest.raises(SessionLostError):
        fetch(session)

    assert [each[1] for each in device.controls] == [0x64, 0x66, 0x67]
    assert session.numbering != before
    assert fetch(session) == b"good"


def test_a_device_that_cannot_even_be_reset_is_reset_by_its_port():
    session, device = session_with([], [response(0)])
    device.refused = {0x64, 0x66}

    with pytest.raises(SessionLostError):
        fetch(session)

    assert device.resets == 1


def test_a_reset_is_not_followed_by_another_try_with_the_old_handle():
    session, device = session_with([b"nonsense"], [response(0)])
    device.refused = {0x64}

    with pytest.raises(SessionLostError):
        fetch(session)

    assert len(device.commands) == 5


def test_a_session_that_the_device_dropped_is_opened_again_and_what_it_numbered_is_void():
    session, device = session_with([response(2, ResponseCode.SESSION_NOT_OPEN)], [response(0)], [data(FETCH, 1, b"good"), response(1)])

    with pytest.raises(SessionLostError):
        fetch(session)

    assert not device.controls
    assert fetch(session) == b"good"


def test_a_pull_is_not_recovered_from():
    session, device = session_with([RecorderUnpluggedError("reading")])

    with pytest.raises(RecorderUnpluggedError):
        fetch(session)

    assert not device.controls


def test_a_refusal_tells_its_code_and_needs_no_recovery():
    session, device = session_with([response(2, ResponseCode.STORE_READ_ONLY)])

    with pytest.raises(OperationRefusedError, match=r"store read only \(0x200e\)") as caught:
        fetch(session)

    assert caught.value.code == ResponseCode.STORE_READ_ONLY
    assert not device.controls


def test_a_busy_device_is_asked_again(monkeypatch):
    monkeypatch.setattr("device_drivers.transports.ptp.session._BUSY_PAUSE_S", 0.0)
    session, _ = session_with([response(2, ResponseCode.DEVICE_BUSY)], [data(FETCH, 3, b"good"), response(3)])

    assert fetch(session) == b"good"


def test_more_data_than_were_asked_for_are_malformed():
    session, _ = session_with(*[[data(FETCH, each, b"12345"), response(each)] for each in (2, 3, 4)])

    with pytest.raises(MalformedReplyError):
        session.fetch_into(memoryview(bytearray(4)), FETCH, (1,), during="reading")


def test_writing_is_never_tried_again():
    session, device = session_with([b"nonsense"], [response(3)])

    with pytest.raises(MalformedReplyError):
        delete_object(session, 7)

    assert len(device.commands) == 4


@pytest.mark.parametrize("handle", [0, 0xFFFFFFFF, -1])
def test_a_handle_that_means_everything_cannot_be_deleted(handle):
    session, device = session_with()

    with pytest.raises(ValueError, match="no single object"):
        delete_object(session, handle)

    assert len(device.commands) == 3


def test_data_that_are_sent_follow_their_command():
    session, device = session_with([], [response(2)])

    session.run(Operation.SET_DEVICE_PROP_VALUE, (0x5011,), data=b"\0", during="setting")

    assert device.commands[3:] == [bytes.fromhex("10000000 0100 1610 02000000 11500000"), bytes.fromhex("0d000000 0200 1610 02000000 00")]


def test_sent_data_that_fill_a_packet_are_ended_by_an_empty_one():
    session, device = session_with([], [response(2)])

    session.run(Operation.SET_DEVICE_PROP_VALUE, (0x5011,), data=bytes(FULL), during="setting")

    assert [len(each) for each in device.commands[3:]] == [16, PACKET, 0]


def test_a_whole_object_whose_length_does_not_fit_ends_where_its_size_says():
    body = bytes(range(256)) * 5 + bytes(PACKET - 12 - 256)
    session, device = session_with([data(0x1009, 2, body[:FULL], length=2**32 - 1) + body[FULL:], response(2)])
    got = bytearray(len(body) + 9)

    with closing(session.open_object(1, len(body), during="reading")) as stream:
        count = stream.readinto(memoryview(got))
        rest = stream.readinto(memoryview(got)[count:])

    assert (bytes(got[:count]), rest) == (body, 0)
    assert not device.controls


def test_a_whole_object_that_is_left_early_is_cancelled():
    session, device = session_with([data(0x1009, 2, bytes(2000)), response(2)], [data(FETCH, 3, b"good"), response(3)])

    with closing(session.open_object(1, 2000, during="reading")) as stream:
        stream.skip(500)
        assert stream.readinto(memoryview(bytearray(100))) == 100

    assert device.controls[0] == CANCELLED_2
    assert fetch(session) == b"good"


def test_another_operation_cancels_a_whole_object_which_then_knows_it_is_lost():
    session, device = session_with([data(0x1009, 2, bytes(2000)), response(2)], [data(FETCH, 3, b"good"), response(3)])
    stream = session.open_object(1, 2000, during="reading")
    stream.skip(10)

    assert fetch(session) == b"good"
    assert stream.is_lost
    assert stream.readinto(memoryview(bytearray(100))) == 0
    assert device.controls[0] == CANCELLED_2


def test_closing_ends_the_session_and_never_raises():
    session, device = session_with([RecorderUnpluggedError("closing")])

    session.close()

    assert device.commands[-1] == bytes.fromhex("0c000000 0100 0310 02000000")


@given(
    st.lists(
        st.lists(
            st.one_of(st.binary(max_size=80), st.just(response(2)), st.builds(lambda raw: data(FETCH, 2, raw), st.binary(max_size=600))), max_size=3
        ),
        max_size=4,
    )
)
def test_whatever_a_device_sends_there_are_data_or_a_typed_error(replies):
    session, _ = session_with(*replies)

    try:
        fetch(session)
    except RecorderError:
        return
