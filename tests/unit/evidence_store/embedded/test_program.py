import os
import sys
import time

import pytest

from evidence_store.embedded.errors import EmbeddedServerError
from evidence_store.embedded.program import Program, launch, stop

STUBBORN = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def make_program(tmp_path, code, **changes):
    arguments = (sys.executable, "-c", code)
    return Program(name="trial", arguments=arguments, environment={"PATH": os.defpath}, directory=tmp_path, **changes)


def run_to_end(program, log_file):
    process = launch(program, log_file)
    assert process.wait(20) == 0
    return log_file.read_text()


def test_nothing_of_the_environment_is_inherited(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET", "1")

    output = run_to_end(make_program(tmp_path, "import os; print(sorted(os.environ))"), tmp_path / "log")

    assert "SECRET" not in output


def test_output_is_appended_to_a_private_file(tmp_path):
    run_to_end(make_program(tmp_path, "print('one')"), tmp_path / "log")

    assert run_to_end(make_program(tmp_path, "print('two')"), tmp_path / "log") == "one\ntwo\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_a_program_that_will_not_stop_is_killed(tmp_path):
    program = make_program(tmp_path, STUBBORN, stop_within_s=0.2)
    process = launch(program, tmp_path / "log")
    while not (tmp_path / "log").read_text():
        time.sleep(0.02)

    stop(program, process)

    assert process.returncode == -9


def test_what_a_program_leaves_is_removed(tmp_path):
    leftover = tmp_path / "socket"
    leftover.touch()
    program = make_program(tmp_path, "pass", leaves=(leftover,))

    stop(program, launch(program, tmp_path / "log"))

    assert not leftover.exists()


def test_a_missing_program_is_named(tmp_path):
    program = Program(name="ghost", arguments=("/nowhere/ghost",), environment={}, directory=tmp_path)

    with pytest.raises(EmbeddedServerError, match="/nowhere/ghost"):
        launch(program, tmp_path / "log")


def test_a_started_program_is_the_leader_of_its_own_session(tmp_path):
    program = make_program(tmp_path, "import os; print(os.getsid(0) == os.getpid())")

    assert run_to_end(program, tmp_path / "log") == "True\n"
