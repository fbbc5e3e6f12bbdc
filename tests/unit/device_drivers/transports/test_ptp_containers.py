import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import MalformedReplyError
from device_drivers.transports.ptp.containers import Header, Kind, Response, encode_command, encode_data, parse_header, parse_response

U16, U32 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1)


def test_commands_and_data_are_spelled_as_on_the_wire():
    assert encode_command(0x1002, 0, (1,)) == bytes.fromhex("10000000 0100 0210 00000000 01000000")
    assert encode_command(0x101B, 7, (0x20, 0x100000, 0x80000)) == bytes.fromhex("18000000 0100 1b10 07000000 20000000 00001000 00000800")
    assert encode_data(0x1016, 9, b"\x02A\0\0\0") == bytes.fromhex("11000000 0200 1610 09000000 0241000000")


def test_a_head_says_what_follows():
    assert parse_header(bytes.fromhex("0c001000 0200 0910 05000000")) == Header(0x100000, Kind.DATA, 0x1009, 5)


def test_a_length_that_does_not_fit_is_unknown():
    assert parse_header(bytes.fromhex("ffffffff 0200 0910 05000000")).payload_bytes is None


def test_a_response_carries_its_parameters():
    assert parse_response(bytes.fromhex("10000000 0300 0120 07000000 00000800"), 7) == Response(0x2001, (0x80000,))


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "0c000000 0300 0120 070000",  # cut
        "0b000000 0300 0120 07000000",  # shorter than a head
        "0c000000 0500 0120 07000000",  # of no kind
        "0c000000 0200 0120 07000000",  # data
        "0c000000 0300 0120 08000000",  # of another transaction
        "10000000 0300 0120 07000000",  # a parameter is missing
        "0d000000 0300 0120 07000000 00",  # a quarter of a parameter
        "24000000 0300 0120 07000000" + "00000000" * 6,  # more parameters than there are
        "ffffffff 0300 0120 07000000",
    ],
)
def test_what_is_no_response_to_this_transaction_is_refused(raw):
    with pytest.raises(MalformedReplyError):
        parse_response(bytes.fromhex(raw), 7)


@given(U16, U32, st.lists(U32, max_size=5))
def test_a_response_is_read_back_as_it_was_spelled(code, transaction, parameters):
    raw = encode_command(code, transaction, parameters)

    assert parse_response(raw[:4] + b"\x03\0" + raw[6:], transaction) == Response(code, tuple(parameters))


@given(st.binary(max_size=64), U32)
def test_any_bytes_are_a_response_or_malformed(raw, transaction):
    try:
        response = parse_response(raw, transaction)
    except MalformedReplyError:
        return
    assert len(response.parameters) <= 5
