from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity import der
from integrity.errors import MalformedValueError


@given(st.integers(0, 2**200))
def test_a_number_reads_back(value):
    assert der.parse(der.integer(value)).as_integer() == value


@given(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**40), max_size=8))
def test_an_object_identifier_reads_back(first, second, rest):
    dotted = ".".join(map(str, (first, second, *rest)))

    assert der.parse(der.object_identifier(dotted)).as_object_identifier() == dotted


@pytest.mark.parametrize("length", [0, 1, 127, 128, 255, 256, 65_535, 65_536])
def test_a_value_of_any_length_reads_back(length):
    value = der.parse(der.sequence(der.octet_string(bytes(length))))

    assert value.children()[0].content == bytes(length)


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants bounds without a zone
def test_a_time_reads_back_to_the_second(moment):
    written = der.generalized_time(moment.replace(year=max(moment.year, 1000)))

    assert der.parse(written).as_time() == moment.replace(year=max(moment.year, 1000), microsecond=0)


def test_a_fraction_of_a_second_is_read():
    assert der.parse(der.encode(der.GENERALIZED_TIME, b"20261124032905.25Z")).as_time() == datetime(2026, 11, 24, 3, 29, 5, 250_000, tzinfo=UTC)


def test_members_of_a_set_are_sorted():
    assert der.set_of(der.integer(2), der.integer(1)) == der.set_of(der.integer(1), der.integer(2))


@pytest.mark.parametrize(("bit", "written"), [(0, "03020780"), (2, "03020520"), (15, "0303000001"), (16, "030407000080")])
def test_a_named_bit_has_no_trailing_zeros(bit, written):
    assert der.named_bit(bit).hex() == written


@given(st.binary(max_size=64))
def test_bytes_are_refused_or_read_whole(data):
    try:
        value = der.parse(data)
    except MalformedValueError:
        return

    assert value.raw == data
    assert der.encode(value.tag, value.content) == data


@pytest.mark.parametrize(
    "data",
    ["", "30", "3005", "3080", "308100", "30817f", "30820080", "3085010000000000", "3f0100", "02010100", "3084ffffffff"],
)
def test_damaged_lengths_and_tags_are_refused(data):
    with pytest.raises(MalformedValueError):
        der.parse(bytes.fromhex(data))


@pytest.mark.parametrize("data", ["0200", "02020001", "0202ff80", "040101"])
def test_a_number_in_another_form_is_refused(data):
    with pytest.raises(MalformedValueError):
        der.parse(bytes.fromhex(data)).as_integer()


@pytest.mark.parametrize("data", ["0600", "060180", "06032a8001", "060181", "040101"])
def test_an_object_identifier_in_another_form_is_refused(data):
    with pytest.raises(MalformedValueError):
        der.parse(bytes.fromhex(data)).as_object_identifier()


@pytest.mark.parametrize(
    "text", [b"", b"20261124032905", b"20261124032905.Z", b"20261124032905.10Z", b"20261324032905Z", b"20261124032905+0800", b"2026112403Z"]
)
def test_a_time_in_another_form_is_refused(text):
    with pytest.raises(MalformedValueError):
        der.parse(der.encode(der.GENERALIZED_TIME, text)).as_time()
