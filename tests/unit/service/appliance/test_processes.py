import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from service.appliance.processes import MARKER, end_processes, find_marked, is_running, mark_process, send

SLEEP = "import time; print('up', flush=True); time.sleep(60)"


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code=SLEEP, directory=tmp_path):
        process = subprocess.Popen((sys.executable, "-c", code), env={MARKER: str(directory)}, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_running_process_is_recognised(start):
    mark = mark_process(start().pid)

    assert is_running(mark)


def test_the_remains_of_a_process_are_no_process(start):
    process = start()
    mark = mark_process(process.pid)

    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)

    assert mark_process(process.pid) is None
    assert not is_running(mark)


@pytest.mark.parametrize("change", [{"start_ticks": 1}, {"boot_id": "another"}])
def test_a_stranger_with_the_same_number_is_left_alone(start, change):
    process = start()
    stranger = replace(mark_process(process.pid), **change)

    send(stranger, signal.SIGKILL)
    end_processes([stranger], within_s=0.1)

    assert process.poll() is None


def test_processes_are_found_by_the_directory_they_were_started_for(start, tmp_path):
    ours = start()
    start(directory=tmp_path / "another")

    assert [mark.pid for mark in find_marked(tmp_path)] == [ours.pid]


def test_a_program_with_spaces_and_parentheses_in_its_name_is_read(start):
    process = start("import ctypes; ctypes.CDLL(None).prctl(15, b'a) R (b', 0, 0, 0); print('up', flush=True); import time; time.sleep(60)")

    assert is_running(mark_process(process.pid))


def test_what_ignores_the_request_is_killed(start):
    process = start(f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}")

    end_processes([mark_process(process.pid)], within_s=0.3)

    assert process.wait(5) == -signal.SIGKILL


def test_asking_a_process_that_is_gone_changes_nothing(start):
    process = start()
    mark = mark_process(process.pid)
    process.kill()
    process.wait()

    end_processes([mark], within_s=0.1)

    assert not is_running(mark)
