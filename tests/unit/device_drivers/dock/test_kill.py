"""The program as a process of its own, killed at any moment and started again."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

SIZES = [9_000_000, 0, 3_000_000, 12_345_678]
PROGRAM = """
import base64, random, sys
sys.path.insert(0, {folder!r})
from conftest import MemoryRecorder
from device_drivers.dock import command
files = {{f"{{number}}.MP4": random.Random(number).randbytes(size) for number, size in enumerate({sizes!r})}}
command.open_image = lambda path: MemoryRecorder(files)
sys.exit(command.main(["--service", {url!r}, "--token", "dock-token", "--once", "--image", "card.img"]))
"""


def start(service, request):
    script = PROGRAM.format(folder=str(request.path.parent), sizes=SIZES, url=service.url)
    return subprocess.Popen([sys.executable, "-c", script], cwd=request.config.rootpath, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("after_requests", [2, 4, 6, 8, 10, 12])
def test_a_killed_dock_started_again_loses_nothing_and_does_nothing_twice(service, request, after_requests):
    service.part_bytes = 5_000_000
    killed = start(service, request)
    while len(service.requests) < after_requests and killed.poll() is None:
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()

    again = start(service, request)
    output, _ = again.communicate(timeout=60)

    lines = [json.loads(line) for line in output.splitlines()]
    assert again.returncode == 0
    assert [line["state"] for line in lines[:-1]] == ["sealed"] * len(SIZES)
    assert len(service.clips) == len(SIZES)
    for number, size in enumerate(SIZES):
        assert service.clip_of(f"{number}.MP4").content == random.Random(number).randbytes(size)


def test_sigterm_ends_the_dock_cleanly(service, request):
    service.fault("answer", "/store/", times=10_000, status=503)
    asked = start(service, request)
    while not service.counts("/store/"):
        time.sleep(0.01)

    asked.terminate()
    output, _ = asked.communicate(timeout=20)

    assert asked.returncode == 8
    assert list(service.ended.values()) == ["failed"]
    assert json.loads(output.splitlines()[-1])["exit_code"] == 8
