import base64
import contextlib
import io
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.transports.file_removal import program
from device_drivers.transports.file_removal.request import RemovalRequest, encode_request
from integrity.hashing import sha256
from integrity.listing import RecordedFile


def file(name, content):
    return RecordedFile(
        path=name,
        path_raw_base64=base64.b64encode(name.encode("utf-16-le")).decode(),
        size_bytes=len(content),
        fingerprint=sha256(content).hex(),
    )


@pytest.fixture
def folder(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.MP4").write_bytes(bytes([number]))
    return tmp_path


@pytest.fixture
def request_for(folder):
    return RemovalRequest("1-2", 0, 0, 0, "1234abcd", tuple(file(f"{number}.MP4", bytes([number % 4])) for number in range(5)))


class Disk:
    """A plain folder in the place of a volume."""

    def __init__(self, folder, *, leaves_after=None):
        self.folder, self.node = folder, folder
        self._left = leaves_after

    @property
    def is_there(self):
        if self._left is not None:
            self._left -= 1
        return self._left is None or self._left >= 0

    def open_unused(self):
        return os.open(self.folder, os.O_RDONLY)


@pytest.fixture
def carry_out(folder, request_for, monkeypatch):
    """Carry out the request on a plain folder; gives the answer's lines."""
    order = []

    @contextlib.contextmanager
    def mounted(node, _layout):
        order.append("mount")
        descriptor = os.open(node, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
            order.append("unmount")

    def run(disk, *, layout=lambda *_: None):
        monkeypatch.setattr(program, "isolate", lambda: order.append("isolate"))
        monkeypatch.setattr(program, "give_up_rights", lambda: order.append("give up rights"))
        monkeypatch.setattr(program, "await_block_device", lambda _request: disk)
        monkeypatch.setattr(program, "read_layout", layout)
        monkeypatch.setattr(program, "mounted", mounted)
        answers = io.BytesIO()
        error = None
        try:
            program.carry_out(request_for, answers)
        except (FileRemovalError, RecorderUnpluggedError) as failure:
            error = failure
        return SimpleNamespace(lines=[json.loads(line) for line in answers.getvalue().splitlines()], error=error, order=order)

    return run


def test_every_file_gets_a_line_and_only_changed_ones_stay(carry_out, folder):
    done = carry_out(Disk(folder))

    assert [(line["file"], line["kept_because"]) for line in done.lines] == [*((n, None) for n in range(4)), (4, "its content is another")]
    assert [path.name for path in folder.iterdir()] == ["4.MP4"]
    assert done.error is None


def test_rights_are_given_up_before_the_first_file_and_the_volume_is_unmounted(carry_out, folder):
    assert carry_out(Disk(folder)).order == ["isolate", "mount", "give up rights", "unmount"]


def test_a_disk_that_leaves_ends_the_work_and_what_was_said_stays_true(carry_out, folder):
    done = carry_out(Disk(folder, leaves_after=2))

    assert [line["file"] for line in done.lines] == [0, 1]
    assert isinstance(done.error, RecorderUnpluggedError)
    assert done.order[-1] == "unmount"


def test_another_volume_is_not_mounted(carry_out, folder):
    def refuse(*_arguments):
        raise FileRemovalError("the volume is another")

    done = carry_out(Disk(folder), layout=refuse)

    assert done.order == ["isolate"]
    assert len(list(folder.iterdir())) == 5


def run_program(given):
    command = [sys.executable, "-m", "device_drivers.transports.file_removal.program"]
    done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("given", [b"", b"\n", b"{}\n", b'{"port": "/dev/sda"}\n'])
def test_a_request_that_is_none_is_answered_and_nothing_is_done(given):
    code, lines = run_program(given)

    assert code == 1
    assert [line["end"] for line in lines] == ["failed"]


def test_a_port_with_nothing_in_it_is_said_to_be_unplugged_or_the_right_to_mount_to_be_missing(request_for):
    nowhere = RemovalRequest("999-1", 0, 0, 0, "1234abcd", request_for.files)

    code, (line,) = run_program(encode_request(nowhere))

    assert code == 1
    assert line["end"] == "unplugged" or "no right to mount" in line["reason"]


def test_the_program_loads_no_usb_and_no_file_system_parser():
    script = "import sys, device_drivers.transports.file_removal.program; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()

    assert not {"usb", "usb.core", "libusb_package", "pytsk3", "pydantic"} & set(loaded)
