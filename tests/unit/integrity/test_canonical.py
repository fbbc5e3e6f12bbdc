import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.canonical import MAX_DEPTH, MAX_INTEGER, canonical_bytes, parse_canonical
from integrity.errors import MalformedValueError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)

# RFC 8785, appendix B: IEEE 754 bits and their spelling.
NUMBERS = [
    ("0000000000000000", "0"),
    ("8000000000000000", "0"),
    ("0000000000000001", "5e-324"),
    ("8000000000000001", "-5e-324"),
    ("7fefffffffffffff", "1.7976931348623157e+308"),
    ("ffefffffffffffff", "-1.7976931348623157e+308"),
    ("4340000000000000", "9007199254740992"),
    ("c340000000000000", "-9007199254740992"),
    ("4430000000000000", "295147905179352830000"),
    ("44b52d02c7e14af5", "9.999999999999997e+22"),
    ("44b52d02c7e14af6", "1e+23"),
    ("44b52d02c7e14af7", "1.0000000000000001e+23"),
    ("444b1ae4d6e2ef4e", "999999999999999700000"),
    ("444b1ae4d6e2ef4f", "999999999999999900000"),
    ("444b1ae4d6e2ef50", "1e+21"),
    ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
    ("3eb0c6f7a0b5ed8d", "0.000001"),
    ("41b3de4355555553", "333333333.3333332"),
    ("41b3de4355555554", "333333333.33333325"),
    ("41b3de4355555555", "333333333.3333333"),
    ("41b3de4355555556", "333333333.3333334"),
    ("41b3de4355555557", "333333333.33333343"),
    ("becbf647612f3696", "-0.0000033333333333333333"),
    ("43143ff3c1cb0959", "1424953923781206.2"),
]


@pytest.mark.parametrize(("bits", "spelling"), NUMBERS)
def test_doubles_are_spelled_as_in_the_appendix_of_the_rfc(bits, spelling):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))

    assert canonical_bytes(value) == spelling.encode()


def test_the_example_of_the_rfc_is_spelled_as_there():
    # RFC 8785, section 3.2.2 and 3.2.4.
    source = r"""{
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
    }"""
    expected = (
        "7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e35"
        "2c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d"
    )

    assert canonical_bytes(json.loads(source)).hex() == expected


def test_members_are_sorted_by_utf_16_code_units():
    # RFC 8785, section 3.2.3.
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}

    order = [json.loads(canonical_bytes(value).decode(), object_pairs_hook=lambda pairs: [number for _, number in pairs])]

    assert order == [[2, 4, 6, 7, 1, 5, 3]]


@given(JSON)
def test_what_was_written_canonically_reads_back_and_writes_the_same(value):
    data = canonical_bytes(value)

    assert parse_canonical(data) == value
    assert canonical_bytes(parse_canonical(data)) == data


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_survives_its_spelling(value):
    assert float(canonical_bytes(value)) == value


@given(JSON, st.data())
def test_a_changed_byte_is_refused_or_another_value(value, data):
    good = canonical_bytes(value)
    position = data.draw(st.integers(0, len(good) - 1))
    bad = bytearray(good)
    bad[position] ^= data.draw(st.integers(1, 255))

    try:
        parsed = parse_canonical(bytes(bad))
    except MalformedValueError:
        return

    assert canonical_bytes(parsed) == bytes(bad)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1\n",
        b"1.0",
        b"-0",
        b"1e2",
        b"1E+30",
        b"NaN",
        b"Infinity",
        b"[1, 2]",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b"\xff",
        b"\xef\xbb\xbf1",
        b"9007199254740993",
        b"1" * 5000,
        b"[" * 5000,
        b"[" * 200_000,
    ],
    ids=lambda data: data[:16].decode("latin-1"),
)
def test_another_spelling_is_refused(data):
    with pytest.raises(MalformedValueError):
        parse_canonical(data)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), MAX_INTEGER + 1, -MAX_INTEGER - 1, "\ud800", {"\udfff": 1}, {1: 2}, {2, 3}, b"bytes"])
def test_what_json_readers_do_not_agree_about_is_refused(value):
    with pytest.raises(MalformedValueError):
        canonical_bytes([value])


def test_nesting_is_bounded():
    value = []
    for _ in range(MAX_DEPTH):
        value = [value]

    assert parse_canonical(canonical_bytes(value)) == value
    with pytest.raises(MalformedValueError):
        canonical_bytes([value])


def test_length_is_bounded(monkeypatch):
    monkeypatch.setattr("integrity.canonical.MAX_BYTES", 8)

    assert parse_canonical(canonical_bytes("123456")) == "123456"
    with pytest.raises(MalformedValueError):
        canonical_bytes("1234567")
    with pytest.raises(MalformedValueError):
        parse_canonical(b'"1234567"')
