import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest

from device_drivers.dock import command
from device_drivers.dock.results import ExitCode
from device_drivers.errors import RecorderUnpluggedError, UnsupportedRecorderError

TOKEN = "dock-token"


@pytest.fixture
def dock(service, monkeypatch, capsys):
    """Run the program on a recorder as if it were an image; gives back the exit code and both outputs as JSON lines."""
    for name in [name for name in os.environ if name.startswith("BODYCAM_DOCK_")]:
        monkeypatch.delenv(name)

    def run(recorder, *arguments, token=TOKEN):
        monkeypatch.setattr(command, "open_image", lambda _path: recorder)
        code = command.main(["--service", service.url, "--token", token, "--once", "--image", "card.img", *arguments])
        output = capsys.readouterr()
        return code, [json.loads(line) for line in output.out.splitlines()], [json.loads(line) for line in output.err.splitlines()]

    return run


def test_a_docked_recorder_gives_one_object_for_each_file_then_a_summary(dock, make_recorder):
    code, results, _ = dock(make_recorder({"A.MP4": b"abc", "B.MP4": b""}))

    assert code == 0
    assert [(line["path"], line["state"], line["size_bytes"]) for line in results[:2]] == [("A.MP4", "sealed", 3), ("B.MP4", "sealed", 0)]
    assert results[0]["sm3"] == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert set(results[0]) == {"path", "clip_id", "state", "size_bytes", "sha256", "sm3"}
    assert "clip_id" not in results[2]
    assert (results[2]["files"], results[2]["sealed"], results[2]["outcome"]) == (2, 2, "finished")


def test_progress_carries_no_names(dock, make_recorder):
    _, _, progress = dock(make_recorder({"SECRET-NAME.MP4": b"abc" * 100}))

    assert [line["event"] for line in progress] == ["session_opened", "listed", "reading", "session_ended"]
    assert "SECRET-NAME" not in json.dumps(progress)


def test_an_empty_recorder_is_done_at_once(dock, make_recorder):
    code, results, _ = dock(make_recorder({}))

    assert code == 0
    assert results[-1]["files"] == 0


def test_a_file_that_cannot_be_read_shows_in_the_exit_code(dock, make_recorder, monkeypatch):
    monkeypatch.setattr("device_drivers.dock.file_reading.PAUSE_S", 0.01)

    code, results, _ = dock(make_recorder({"A.MP4": b"a", "BAD.MP4": b"b" * 1000}, unreadable=["BAD.MP4"]))

    assert code == ExitCode.FILES_FAILED
    assert "bad sector" in results[1]["failure"]
    assert results[0]["state"] == "sealed"


def test_an_incomplete_listing_shows_in_the_exit_code(dock, make_recorder):
    code, results, _ = dock(make_recorder({"A.MP4": b"a"}, missing=["DCIM"]))

    assert code == ExitCode.FILES_FAILED
    assert results[-1]["listing_complete"] is False


def test_a_pulled_cable_shows_in_the_exit_code_and_what_arrived_is_told(dock, make_recorder):
    code, results, _ = dock(make_recorder({"A.MP4": b"a" * 1000, "B.MP4": b"b" * 100_000}, unplug_after_bytes=40_000 + 3000 + 60_000))

    assert code == ExitCode.UNPLUGGED
    assert [line["state"] for line in results[:2]] == ["sealed", "uploading"]
    assert "unplugged" in results[-1]["reason"]


def test_clips_not_sealed_in_time_show_in_the_exit_code(dock, make_recorder, service):
    service.seals = False

    code, results, _ = dock(make_recorder({"A.MP4": b"a"}), "--wait-s", "0.1")

    assert code == ExitCode.NOT_SEALED
    assert results[0]["state"] == "stored"


def test_whoever_waits_only_for_the_store_does_not_wait_for_the_seal(dock, make_recorder, service):
    service.seals = False

    code, results, _ = dock(make_recorder({"A.MP4": b"a"}), "--until", "stored", "--wait-s", "60")

    assert code == 0
    assert results[0]["state"] == "stored"


def test_a_quarantined_clip_says_why(dock, make_recorder, service, monkeypatch):
    monkeypatch.setattr("device_drivers.dock.session.QUARANTINE_GRACE_S", 0.1)
    service.quarantines["A.MP4"] = "two_claimants"

    code, results, _ = dock(make_recorder({"A.MP4": b"a"}))

    assert code == ExitCode.NOT_SEALED
    assert results[0]["quarantine"] == "two_claimants"


def test_a_wrong_credential_shows_in_the_exit_code(dock, make_recorder):
    code, results, _ = dock(make_recorder({"A.MP4": b"a"}), token="wrong")

    assert code == ExitCode.SERVICE_FAILED
    assert "401" in results[-1]["reason"]


def test_what_cannot_be_opened_shows_in_the_exit_code(dock, monkeypatch, service, capsys):
    def refuse(_path):
        raise UnsupportedRecorderError("card.img", "no volume")

    monkeypatch.setattr(command, "open_image", refuse)

    code = command.main(["--service", service.url, "--token", TOKEN, "--once", "--image", "card.img"])

    assert code == ExitCode.RECORDER_FAILED
    assert json.loads(capsys.readouterr().err)["reason"] == "card.img is not read: no volume"


def test_a_cable_pulled_before_anything_was_listed_is_a_pulled_cable(monkeypatch, service, capsys):
    def leave(_path):
        raise RecorderUnpluggedError("reading")

    monkeypatch.setattr(command, "open_image", leave)

    code = command.main(["--service", service.url, "--token", TOKEN, "--once", "--image", "card.img"])

    assert code == ExitCode.UNPLUGGED
    assert "unplugged" in json.loads(capsys.readouterr().err)["reason"]


def test_without_a_recorder_there_is_nothing_to_pull(service, monkeypatch, capsys):
    monkeypatch.setattr(command, "find_usb_recorders", lambda *_, **__: [])

    code = command.main(["--service", service.url, "--token", TOKEN, "--once"])

    assert code == ExitCode.RECORDER_FAILED
    assert "nothing is plugged in" in capsys.readouterr().err


def test_wrong_settings_are_named(capsys, monkeypatch):
    monkeypatch.setenv("BODYCAM_DOCK_COLOUR", "red")

    assert command.main(["--service", "https://evidence.example", "--token", "t", "--once"]) == ExitCode.USAGE
    assert "BODYCAM_DOCK_COLOUR is not a setting" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--image", "x"], ["--usbip", "x"], ["--usbip", "h:0"], ["--once", "--image", "x", "--usbip", "h:1"], ["--nonsense"]]
)
def test_wrong_usage_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == ExitCode.USAGE
    assert "usage" in capsys.readouterr().err


def test_watching_docks_what_is_plugged_in_and_ends_when_asked(service, monkeypatch, make_recorder, capsys):
    recorder = make_recorder({"A.MP4": b"abc"})
    found = SimpleNamespace(description=SimpleNamespace(port="1-1", bus=1, address=2), open=lambda: recorder)
    monkeypatch.setattr(command, "find_usb_recorders", lambda *_, **__: [found])
    monkeypatch.setenv("BODYCAM_DOCK_WATCH_INTERVAL_S", "0.05")

    def end_when_sealed():
        while not service.ended:
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(os.getpid(), signal.SIGTERM)

    ender = threading.Thread(target=end_when_sealed)
    ender.start()
    code = command.main(["--service", service.url, "--token", TOKEN])
    ender.join()

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [line.get("state") for line in lines] == ["sealed", None]
    assert list(service.ended.values()) == ["finished"]


def test_bars_are_for_people_and_lines_for_programs():
    from device_drivers.dock.progress import JsonLines, ProgressBars, progress_on  # noqa: PLC0415 - only here

    terminal = io.StringIO()
    terminal.isatty = lambda: True
    with progress_on(terminal) as bars:
        bars.begin("s", slot="1-1", files=2, size_bytes=10)
        bars.advance("s", 10)
        bars.tell("session_ended", outcome="finished", reason=None)

    assert isinstance(bars, ProgressBars)
    assert "session ended  outcome=finished" in terminal.getvalue()
    assert isinstance(progress_on(io.StringIO()), JsonLines)


def test_the_dock_loads_nothing_of_the_service():
    script = (
        "import sys, contextlib\nfrom service.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n    main(['dock', '--help'])\n"
        "print(sorted({'api', 'evidence_store', 'fastapi', 'sqlalchemy', 'service.settings', 'psycopg'} & set(sys.modules)))"
        "\nprint('device_drivers.dock.command' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout

    assert shown.splitlines()[-2:] == ["[]", "True"]
