import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.recorder import Removal
from device_drivers.transports.file_removal.client import KernelFileRemover
from device_drivers.transports.file_removal.request import decode_request
from device_drivers.transports.plugged_in import VolumePlace
from integrity.listing import RecordedFile

PLACE = VolumePlace("1-2.3", 0, 1, 1024**2, "1234abcd")


def file(name, *, fingerprint="0" * 64):
    return RecordedFile(path=name, path_raw_base64="QQA=", size_bytes=1, fingerprint=fingerprint)


FILES = [file("A"), file("B"), file("C")]
DONE = {"end": "done", "reason": ""}


@pytest.fixture
def program():
    """A program behind a socket that says what it is told to; gives the socket's path and what it was asked."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bodycam-")))

        def start(*lines, pause_s=0.0):
            server = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            server.bind(str(folder / "remove.sock"))
            server.listen(1)
            asked = []

            def serve():
                link, _ = server.accept()
                with link, link.makefile("rb") as stream:
                    asked.append(decode_request(stream.readline()))
                    time.sleep(pause_s)
                    with contextlib.suppress(BrokenPipeError):
                        link.sendall(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))

            thread = threading.Thread(target=serve)
            thread.start()
            stack.callback(thread.join)
            return folder / "remove.sock", asked

        yield start


def fate(number, kept_because=None):
    return {"file": number, "kept_because": kept_because}


def test_every_file_is_asked_for_at_its_place_and_answered_in_order(program):
    path, asked = program(fate(0), fate(1, "its size is 2, not 1"), fate(2), DONE)

    removals = list(KernelFileRemover(path).remove(PLACE, FILES))

    assert removals == [Removal(FILES[0]), Removal(FILES[1], "its size is 2, not 1"), Removal(FILES[2])]
    (request,) = asked
    assert (request.port, request.interface_number, request.unit, request.offset_bytes, request.volume_id) == ("1-2.3", 0, 1, 1024**2, "1234abcd")
    assert [each.path for each in request.files] == ["A", "B", "C"]


def test_a_file_without_a_fingerprint_stays_and_is_not_asked_for(program):
    path, asked = program(fate(0), fate(1), DONE)
    unknown = file("U", fingerprint=None)

    removals = list(KernelFileRemover(path).remove(PLACE, [FILES[0], unknown, FILES[1]]))

    assert [(each.file.path, bool(each.kept_because)) for each in removals] == [("A", False), ("U", True), ("B", False)]
    assert [each.path for each in asked[0].files] == ["A", "B"]


def test_nothing_is_asked_where_no_file_has_a_fingerprint(tmp_path):
    (removal,) = KernelFileRemover(tmp_path / "nobody").remove(PLACE, [file("U", fingerprint=None)])

    assert removal.kept_because


def test_what_was_said_before_a_pull_is_given(program):
    path, _ = program(fate(0), {"end": "unplugged", "reason": ""})
    removals = KernelFileRemover(path).remove(PLACE, FILES)

    assert next(removals) == Removal(FILES[0])
    with pytest.raises(RecorderUnpluggedError):
        next(removals)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([{"end": "failed", "reason": "it is in use"}], "it is in use"),
        ([fate(0), fate(1), fate(2), {"end": "failed", "reason": "cannot be unmounted"}], "cannot be unmounted"),
        ([DONE], "before its work was done"),
        ([fate(1)], "out of turn"),
        ([fate(0), fate(0)], "out of turn"),
        ([fate(0), fate(1), fate(2), fate(3)], "more files"),
        ([fate(0)], "without a last word"),
        ([fate(0), fate(1), fate(2)], "without a last word"),
        ([b"nonsense\n"], "no JSON"),
        ([b"x" * 10_000], "too long"),
        ([], "without a last word"),
    ],
)
def test_a_program_that_fails_or_says_what_it_may_not_is_not_believed(program, lines, reason):
    path, _ = program(*lines)

    with pytest.raises(FileRemovalError, match=reason):
        list(KernelFileRemover(path).remove(PLACE, FILES))


def test_a_program_that_says_nothing_is_given_up(program):
    path, _ = program(DONE, pause_s=0.5)

    with pytest.raises(FileRemovalError, match="said nothing"):
        list(KernelFileRemover(path, answer_within_s=0.1).remove(PLACE, FILES))


def test_a_missing_socket_is_named(tmp_path):
    with pytest.raises(FileRemovalError, match="nothing answers"):
        list(KernelFileRemover(tmp_path / "remove.sock").remove(PLACE, FILES))


def test_the_program_is_started_as_a_child_where_there_is_no_socket():
    nowhere = VolumePlace("999-1", 0, 0, 0, "1234abcd")

    with pytest.raises((RecorderUnpluggedError, FileRemovalError)) as caught:
        list(KernelFileRemover().remove(nowhere, FILES))

    assert isinstance(caught.value, RecorderUnpluggedError) or "no right to mount" in str(caught.value)


def test_the_program_speaks_through_a_socket_that_the_system_hands_it():
    nowhere = VolumePlace("999-1", 0, 0, 0, "1234abcd")
    with tempfile.TemporaryDirectory(prefix="bodycam-") as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(f"{folder}/remove.sock")
        server.listen(1)

        def serve():
            link, _ = server.accept()
            with link:
                command = [sys.executable, "-m", "device_drivers.transports.file_removal.program"]
                subprocess.run(command, stdin=link.fileno(), stdout=link.fileno(), check=False)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises((RecorderUnpluggedError, FileRemovalError)) as caught:
            list(KernelFileRemover(Path(folder) / "remove.sock").remove(nowhere, FILES))
        thread.join()

    assert isinstance(caught.value, RecorderUnpluggedError) or "no right to mount" in str(caught.value)
