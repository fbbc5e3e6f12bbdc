import os
import signal
import socket
import subprocess
import time

import pytest
import urllib3

from tests.appliances import STOPPED_WITHIN_S, TrialAppliance, clean_environment, wait_until

RESTARTED_WITHIN_S = 60


@pytest.fixture(scope="module")
def one(tmp_path_factory, module_port):
    appliance = TrialAppliance(tmp_path_factory.mktemp("up") / "data", module_port)
    yield appliance
    appliance.end()


@pytest.fixture
def running(one):
    one.start()
    return one


def test_the_ready_file_says_how_to_sign_in_and_is_private(running):
    ready = running.ready()

    assert running.ready_file.stat().st_mode & 0o777 == 0o600
    assert set(ready) == {"url", "administrator", "reviewer", "dock", "log_key"}
    assert set(ready["dock"]) == {"id", "token"}
    for person in ("administrator", "reviewer"):
        answer = urllib3.request("POST", f"{ready['url']}/api/v1/tokens", json=ready[person], timeout=30)
        assert answer.status in {200, 201}, answer.data


@pytest.mark.parametrize("name", ["serve", "worker", "postgresql", "seaweedfs"])
def test_a_child_that_is_killed_comes_back(running, name):
    first = running.pid_of(name)

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: running.pid_of(name) not in {None, first}, RESTARTED_WITHIN_S)
    wait_until(running.is_ready, RESTARTED_WITHIN_S, running._explain)


def test_a_second_start_on_the_same_directory_is_refused(running):
    second = subprocess.run(running.command(), env=clean_environment(), capture_output=True, text=True, timeout=30, check=False)

    assert second.returncode == 1
    assert f"in use by process {running.process.pid}" in second.stderr
    assert running.is_ready()


def test_only_loopback_is_listened_on(running):
    sockets = subprocess.run(("ss", "-Hltnp"), capture_output=True, text=True, check=True).stdout
    ours = [line for line in sockets.splitlines() if any(f"pid={pid}," in line for pid in running.processes())]

    assert len(ours) >= 10
    assert {line.split()[3].rsplit(":", 1)[0] for line in ours} == {"127.0.0.1"}


def test_what_a_killed_supervisor_leaves_is_ended_and_started_again(running):
    before, orphans = running.ready(), set(running.processes())
    running.kill_supervisor()
    stranger = subprocess.Popen(("sleep", "60"))

    running.start()

    assert orphans.isdisjoint(running.processes())
    assert running.ready() == before
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_stop_leaves_no_process_and_no_lock(running):
    begun = time.monotonic()

    status = running.stop()

    assert time.monotonic() - begun <= STOPPED_WITHIN_S
    assert status == 0
    assert running.processes() == []
    assert not running.ready_file.exists()
    assert not (running.directory.root / "lock").exists()
    assert running.directory.read_children() == {}


def test_a_stop_is_heeded_while_everything_is_still_starting(one):
    if one.process is not None and one.process.poll() is None:
        one.stop()
    as_background_job = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh"]
    with one.output.open("ab") as output:
        one.process = subprocess.Popen([*as_background_job, *one.command()], env=clean_environment(), stdout=output, stderr=output)
    wait_until(lambda: one.pid_of("seaweedfs") is not None, 30)

    assert one.stop(signal.SIGINT) == 0
    assert one.processes() == []


def test_a_taken_port_is_named(tmp_path, free_port):
    other = TrialAppliance(tmp_path / "other", free_port)

    with socket.create_server(("127.0.0.1", free_port)):
        refused = subprocess.run(other.command(), env=clean_environment(), capture_output=True, text=True, timeout=30, check=False)

    assert refused.returncode == 1
    assert str(free_port) in refused.stderr
    assert other.processes() == []


def test_other_machines_are_not_let_in_without_tls(tmp_path):
    open_one = TrialAppliance(tmp_path / "open", 8000, "--listen", "0.0.0.0")

    refused = subprocess.run(open_one.command(), env=clean_environment(), capture_output=True, text=True, timeout=30, check=False)

    assert refused.returncode == 2
    assert "--tls-certificate" in refused.stderr
