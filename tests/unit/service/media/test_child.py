import json
import os
import time
from pathlib import Path

import pytest

from service.media.child import ByteSource, Limits, run_child
from service.media.errors import ChildFailedError, ChildUnavailableError
from service.media.probe import probe_media

PROGRAM = "tests.unit.service.media.misbehaving"


class Source:
    """Bytes in memory that count how much of them is asked for."""

    def __init__(self, data):
        self.data, self.given_bytes = data, 0

    def read(self, offset, length):
        self.given_bytes += length
        yield self.data[offset : offset + length]


def wish(what, **limits):
    data = what.encode().ljust(2 * 1024**2)
    return run_child(PROGRAM, ByteSource(len(data), Source(data).read), limits=Limits(**limits))


@pytest.mark.parametrize(
    ("what", "limits", "code"),
    [
        ("sleep", {"wall_s": 0.5}, "parser_too_slow"),
        ("spin", {"cpu_s": 2}, "parser_too_slow"),
        ("read_all", {"read_bytes": 5 * 1024**2}, "read_too_much"),
        ("read_beyond", {}, "parser_misbehaved"),
        ("talk", {}, "parser_misbehaved"),
    ],
)
def test_a_file_that_makes_the_child_misbehave_is_given_up_within_bounds(what, limits, code):
    begun = time.monotonic()

    try:
        answer = json.loads(wish(what, **limits))
    except ChildFailedError as error:
        answer = {"error": error.code}

    assert answer == {"error": code}
    assert time.monotonic() - begun < 20
    assert children_of_ours() == []


def test_a_file_that_makes_the_child_eat_memory_is_given_up():
    assert json.loads(wish("eat")) == {"error": "parser_out_of_memory"}


def test_the_child_can_open_nothing_and_start_nothing():
    done = json.loads(wish("escape"))["did"]

    assert done[0] != "done"
    assert done[1] != "done"
    assert done[3] != "done"
    assert done[2] == "BlockingIOError"


def test_the_child_inherits_no_variable_and_no_descriptor(monkeypatch):
    monkeypatch.setenv("BODYCAM_STORE_SECRET_KEY", "secret")
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)

    variables = json.loads(wish("environment"))["did"]
    descriptors = json.loads(wish("descriptors"))["did"]
    os.close(reader)
    os.close(writer)

    assert not [name for name in variables if name.startswith(("BODYCAM_", "HOME", "USER"))]
    assert descriptors == []


def test_a_program_that_does_not_come_up_says_nothing_about_the_file():
    with pytest.raises(ChildUnavailableError):
        run_child("service.media.no_such_program", ByteSource(5, lambda _offset, _length: [b"bytes"]))


def test_an_answer_that_is_none_becomes_a_code(monkeypatch):
    data = b"environment".ljust(100)

    report = probe_media(ByteSource(100, Source(data).read), program=PROGRAM)

    assert report.media == {"error": "parser_misbehaved"}
    assert report.flags == ("damaged_media",)


def test_what_the_store_raises_is_passed_on_and_the_child_ended():
    def away(_offset, _length):
        raise TimeoutError

    with pytest.raises(TimeoutError):
        run_child(PROGRAM, ByteSource(100, away))

    assert children_of_ours() == []


def children_of_ours():
    return [path for path in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split() if is_program(path)]


def is_program(pid):
    try:
        return PROGRAM.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
