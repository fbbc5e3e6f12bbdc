import os
import signal
import sys
import time

import pytest

from evidence_store.embedded.program import Program
from service.appliance import children as module
from service.appliance.children import ChildPlan, Children, StopPhase
from service.appliance.data_directory import DataDirectory
from service.appliance.errors import NotReadyError, StepFailedError, StopRequestedError
from service.appliance.processes import MARKER, find_marked, is_running

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('ready', 'w').close(); time.sleep(60)"
PARENT = """
import subprocess, sys, time
process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(process.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path):
    return DataDirectory.open(tmp_path)


@pytest.fixture
def reports():
    return []


@pytest.fixture
def children(directory, reports, monkeypatch):
    monkeypatch.setattr(module, "_FIRST_PAUSE_S", 0.1)
    kept = Children(directory, reports.append)
    yield kept
    kept.stop()


def make_program(directory, code, name="child", **changes):
    environment = {"PATH": os.defpath, MARKER: str(directory.root)}
    return Program(name=name, arguments=(sys.executable, "-c", code), environment=environment, directory=directory.root, **changes)


def make_plan(directory, code, phase=StopPhase.SERVICE, *, may_finish=False, **changes):
    return ChildPlan(lambda: make_program(directory, code, **changes), phase, may_finish)


def pid_of(directory, name="child"):
    mark = directory.read_children().get(name)
    return None if mark is None else mark.pid


def test_a_child_that_is_killed_is_started_again(children, directory):
    children.start(make_plan(directory, SLEEP))
    first = pid_of(directory)

    os.kill(first, signal.SIGKILL)

    children.wait_until(lambda: pid_of(directory) not in {None, first}, "the second child", within_s=10)


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(children, directory, reports):
    children.start(make_plan(directory, "raise SystemExit(3)"))

    children.wait_until(lambda: len(reports) >= 4, "four reports", within_s=20)

    assert [report.rsplit(" in ", 1)[1] for report in reports[:4]] == ["0.1 s", "0.2 s", "0.4 s", "0.8 s"]
    assert all("status 3" in report for report in reports)


def test_a_child_whose_work_is_done_is_not_started_again(children, directory, reports):
    children.start(make_plan(directory, "pass", may_finish=True))

    children.wait_until(lambda: bool(reports), "the end", within_s=10)

    assert reports == ["child is done"]
    assert pid_of(directory) is None


def test_a_child_that_should_go_on_is_started_again_even_after_status_0(children, directory, reports):
    children.start(make_plan(directory, "pass"))

    children.wait_until(lambda: len(reports) >= 2, "two ends", within_s=10)

    assert "status 0" in reports[0]


def test_what_a_dead_child_had_started_dies_with_it(children, directory):
    children.start(make_plan(directory, PARENT))
    log = directory.logs / "child.log"
    children.wait_until(lambda: log.read_text().endswith("\n"), "the grandchild", within_s=10)
    grandchild = next(mark for mark in find_marked(directory.root) if mark.pid == int(log.read_text()))

    os.kill(pid_of(directory), signal.SIGKILL)

    children.wait_until(lambda: not is_running(grandchild), "the end of the grandchild", within_s=10)


def test_nothing_runs_after_a_stop(children, directory):
    children.start(make_plan(directory, PARENT, name="one"))
    children.start(make_plan(directory, SLEEP, name="two", phase=StopPhase.SERVER))

    children.stop()

    assert find_marked(directory.root) == []
    assert directory.read_children() == {}


def test_docks_stop_before_the_service_and_the_service_before_its_servers(children, directory, reports):
    for phase in (StopPhase.SERVER, StopPhase.DOCK, StopPhase.SERVICE):
        children.start(make_plan(directory, SLEEP, name=phase.name, phase=phase))

    children.stop()

    assert reports == ["stopping DOCK", "stopping SERVICE", "stopping SERVER"]


def test_a_child_that_will_not_stop_is_killed_in_its_time(children, directory):
    children.start(make_plan(directory, STUBBORN, stop_within_s=0.3))
    children.wait_until((directory.root / "ready").exists, "the child", within_s=10)

    begun = time.monotonic()
    children.stop()

    assert time.monotonic() - begun < 5
    assert find_marked(directory.root) == []


def test_a_step_gets_its_input_and_gives_its_output(children, directory):
    program = make_program(directory, "import sys; print('[' + sys.stdin.read() + ']')")

    assert children.run(program, "text", within_s=10) == "[text]\n"


def test_a_step_that_fails_says_why(children, directory):
    program = make_program(directory, "import sys; sys.exit('no such table')", name="migrate")

    with pytest.raises(StepFailedError, match="no such table"):
        children.run(program, within_s=10)


def test_a_step_that_takes_too_long_is_killed(children, directory):
    with pytest.raises(NotReadyError, match="child"):
        children.run(make_program(directory, SLEEP), within_s=0.3)

    children.stop()
    assert find_marked(directory.root) == []


def test_a_stop_is_heeded_while_a_step_runs(children, directory):
    children.request_stop()

    with pytest.raises(StopRequestedError):
        children.run(make_program(directory, SLEEP), within_s=30)


def test_a_stop_is_heeded_while_waiting(children):
    children.request_stop()

    with pytest.raises(StopRequestedError):
        children.wait_until(lambda: False, "never", within_s=30)


def test_children_are_watched_while_a_step_runs(children, directory, reports):
    children.start(make_plan(directory, "pass", name="server"))

    children.run(make_program(directory, "import time; time.sleep(0.5)"), within_s=10)

    assert any(report.startswith("server") for report in reports)


def test_what_an_earlier_start_left_is_ended(children, directory, reports):
    children.start(make_plan(directory, PARENT))
    successor = Children(directory, reports.append)
    time.sleep(0.3)

    successor.end_orphans()

    assert find_marked(directory.root) == []
    assert "earlier start" in reports[0]


def test_a_full_disk_ends_nothing_that_runs(children, directory, reports, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    children.start(make_plan(directory, SLEEP))
    first = find_marked(directory.root)
    monkeypatch.setattr(DataDirectory, "write_children", refuse)
    monkeypatch.setattr(module, "bound_log", refuse)
    os.kill(first[0].pid, signal.SIGKILL)

    children.wait_until(lambda: bool(running := find_marked(directory.root)) and running != first, "the second child", within_s=10)

    assert any("No space left" in report for report in reports)
