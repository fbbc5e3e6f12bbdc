import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.errors import MalformedValueError
from integrity.log_export import LogStretch, StampedCheckpointLine, cut_stretch, parse_stretch, write_stretch

STRETCH = LogStretch("example.org/log", 5, "ab" * 32, (b"{}", b"[1]"), (StampedCheckpointLine("note\n", "AAAA"),))


def test_a_stretch_is_read_as_it_was_written():
    assert parse_stretch(write_stretch(STRETCH)) == STRETCH
    assert STRETCH.size == 7


def test_an_empty_stretch_is_none():
    with pytest.raises(MalformedValueError):
        write_stretch(LogStretch("example.org/log", 0, None, (), ()))


def test_every_single_changed_byte_is_noticed_or_is_another_stretch():
    data = write_stretch(STRETCH)
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            assert parse_stretch(changed) != STRETCH
        except MalformedValueError:
            continue


@given(st.binary(max_size=300))
def test_whatever_lies_there_is_read_or_refused(data):
    try:
        stretch = parse_stretch(data)
    except MalformedValueError:
        return
    assert write_stretch(stretch) == data


@pytest.mark.parametrize(("limit", "taken"), [(0, 1), (3, 1), (4, 2), (5, 2), (6, 3), (100, 3)])
def test_as_many_events_as_fit_and_at_least_one_are_taken(limit, taken):
    leaves = [(7, b"aa"), (8, b"bb"), (9, b"cc")]

    assert cut_stretch(leaves, limit_bytes=limit) == [event for _, event in leaves[:taken]]
