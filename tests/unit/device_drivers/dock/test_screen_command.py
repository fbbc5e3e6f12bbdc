"""``bodycam dock --screen`` on a terminal of its own."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest

from device_drivers.dock import command, doctor

SETTINGS = {"BODYCAM_DOCK_SERVICE_URL": "http://127.0.0.1:9", "BODYCAM_DOCK_TOKEN": "token", "BODYCAM_DOCK_LANGUAGE": "en"}


def read_until(descriptor, words, *, within_s=20):
    seen, deadline = b"", time.monotonic() + within_s
    while words not in seen and time.monotonic() < deadline:
        if select.select([descriptor], [], [], 0.2)[0]:
            try:
                seen += os.read(descriptor, 65_536)
            except OSError:  # nobody writes any more
                break
    return seen


def test_the_screen_takes_a_terminal_until_the_dock_is_asked_to_end():
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    program = "import sys; from device_drivers.dock.command import main; sys.exit(main(sys.argv[1:]))"
    arguments = [sys.executable, "-c", program, "--screen", "--usbip", "127.0.0.1:9"]
    environment = {"PATH": os.defpath, "TERM": "xterm-256color", "PYTHONPATH": os.pathsep.join(sys.path), **SETTINGS}
    with subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = read_until(ours, b"Plug in a recorder")
        process.send_signal(signal.SIGTERM)
        ending = read_until(ours, b"\x1b[?1049l")
        assert process.wait(timeout=20) == 0
    os.close(ours)

    assert b"\x1b[?1049h" in shown
    assert b"Plug in a recorder" in shown
    assert b"\x1b[?1049l" in shown + ending


def test_without_a_terminal_there_is_no_screen(capsys):
    with pytest.raises(SystemExit) as ended:
        command.main(["--screen"])

    assert ended.value.code == 2
    assert "--screen needs a terminal" in capsys.readouterr().err


def test_the_doctor_is_a_word_of_the_dock(monkeypatch):
    asked = []
    monkeypatch.setattr(doctor, "main", lambda arguments: asked.append(arguments) or 0)

    assert command.main(["doctor", "--json"]) == 0
    assert asked == [["--json"]]
