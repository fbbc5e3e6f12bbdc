import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_drivers.errors import FileRemovalError
from device_drivers.transports.file_removal.request import (
    MAX_REASON_CHARACTERS,
    MAX_REQUEST_BYTES,
    End,
    Ending,
    FileFate,
    RemovalRequest,
    decode_answer,
    decode_request,
    encode_answer,
    encode_request,
)
from integrity.listing import RecordedFile

FILE = RecordedFile(
    path="DCIM/执法 1.MP4",
    path_raw_base64=base64.b64encode("DCIM/执法 1.MP4".encode("utf-16-le")).decode(),
    size_bytes=5 * 2**30,
    modified="2026-11-24T09:30:14",
    fingerprint="ab" * 32,
)
REQUEST = RemovalRequest("1-2.3", 0, 1, 1024**2, "1234abcd", (FILE,))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda each: st.lists(each) | st.dictionaries(st.text(), each)
)


def altered(**values):
    return json.dumps(json.loads(encode_request(REQUEST)) | values).encode()


def altered_file(**values):
    file = json.loads(encode_request(REQUEST))["files"][0]
    return altered(files=[file | values])


def test_a_request_is_one_line_and_comes_back_as_it_was():
    line = encode_request(REQUEST)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_request(line) == REQUEST


@pytest.mark.parametrize("answer", [FileFate(0, None), FileFate(99_999, "its size is 3, not 4"), Ending(End.DONE), Ending(End.FAILED, "in use")])
def test_an_answer_comes_back_as_it_was(answer):
    assert decode_answer(encode_answer(answer)) == answer


def test_a_long_reason_is_cut_off():
    assert len(decode_answer(encode_answer(FileFate(1, "x" * 10_000))).kept_because) == MAX_REASON_CHARACTERS


@pytest.mark.parametrize(
    "port",
    [
        "",
        "1",
        "usb1",
        "1-",
        "-1",
        "1-2.3.4.5.6.7.8.9",
        "1-2/../../block/sda",
        "*",
        "1-*",
        "1-2\n",
        "1-2:1.0",
        "/dev/sda",
        "１-２",
        "1-2.",
        None,
        1,
        ["1-2"],
    ],
)
def test_only_a_place_on_usb_can_be_named(port):
    with pytest.raises(FileRemovalError):
        decode_request(altered(port=port))


@pytest.mark.parametrize(
    "values",
    [
        {"interface_number": -1},
        {"interface_number": 32},
        {"interface_number": True},
        {"interface_number": "0"},
        {"unit": 16},
        {"unit": 1.5},
        {"offset_bytes": -512},
        {"offset_bytes": 2**60},
        {"offset_bytes": None},
        {"volume_id": "1234ABCD"},
        {"volume_id": "1234abc"},
        {"volume_id": 305441741},
        {"files": []},
        {"files": None},
        {"files": {"0": {}}},
        {"files": ["A.MP4"]},
        {"files": [{}]},
        {"device": "/dev/sda"},
    ],
)
def test_a_value_out_of_bounds_is_refused(values):
    with pytest.raises(FileRemovalError):
        decode_request(altered(**values))


@pytest.mark.parametrize(
    "values",
    [
        {"path": None},
        {"path": "A\0B"},
        {"path": "\ud800"},
        {"path": "x" * 4_097},
        {"path_raw_base64": "***"},
        {"path_raw_base64": 7},
        {"size_bytes": -1},
        {"size_bytes": 2**53},
        {"size_bytes": True},
        {"size_bytes": float("nan")},
        {"modified": "yesterday"},
        {"modified": 0},
        {"fingerprint": None},
        {"fingerprint": ""},
        {"fingerprint": "AB" * 32},
        {"locator": "0/0:1:2:3:0"},
    ],
)
def test_a_file_out_of_bounds_is_refused(values):
    with pytest.raises(FileRemovalError):
        decode_request(altered_file(**values))


def test_more_files_than_a_recorder_can_list_are_refused():
    with pytest.raises(FileRemovalError, match="too many"):
        decode_request(altered(files=[None] * 100_001))


@pytest.mark.parametrize("line", [b"", b"\n", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_REQUEST_BYTES + 1)])
def test_what_is_no_request_is_refused(line):
    with pytest.raises(FileRemovalError):
        decode_request(line)


@given(JSON)
def test_any_json_is_a_request_or_refused(value):
    with pytest.raises(FileRemovalError):
        decode_request(json.dumps(value).encode())


@given(JSON, st.sampled_from(["file", "kept_because", "end", "reason"]))
def test_any_json_is_an_answer_or_refused(value, key):
    for said in (value, {"file": 1, "kept_because": None, key: value}, {"end": "done", "reason": "", key: value}):
        try:
            answer = decode_answer(json.dumps(said).encode())
        except FileRemovalError:
            continue
        assert isinstance(answer, (FileFate, Ending))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(line):
    with pytest.raises(FileRemovalError):
        decode_request(line)
    with pytest.raises(FileRemovalError):
        decode_answer(line)
