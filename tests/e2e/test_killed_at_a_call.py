"""The dock killed at one of its system calls, drawn by chance, again and again: nothing is lost and nothing is there twice."""

import contextlib
import json
import shutil
import subprocess

import pytest

from tests.e2e.proof import check_sealed_once
from tests.e2e.system import finish

MOMENTS = {None: 4_000, "session_opened": 150, "listed": 150}
"""From when on a thread's system calls are counted, and how many there are to draw from: from the program's first, or once it said that it has opened
its session or listed the card."""


def dock_and_kill(system, card, moment, number):
    """Dock, and let strace kill the program at the Nth system call of a thread from a moment on; tell how the program ended."""
    dock = system.start_dock("--image", card.image)
    line = "{}"
    while moment is not None and line and json.loads(line).get("event") != moment:
        line = dock.stderr.readline()
    inject = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=all", "-e", f"inject=all:signal=KILL:when={number}", "-p", str(dock.pid)]
    tracer = subprocess.Popen(inject, stderr=subprocess.DEVNULL)
    dock.communicate(timeout=240)
    with contextlib.suppress(subprocess.TimeoutExpired):
        tracer.wait(10)
    tracer.kill()
    tracer.wait()
    return dock.returncode


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kills", [15, pytest.param(50, marks=pytest.mark.nightly)])
def test_a_dock_killed_at_any_system_call_loses_and_doubles_nothing(system, chance, two_hundred_megabytes, kills):
    assert shutil.which("strace")
    card, serials, killed, code = two_hundred_megabytes, [], 0, 0
    while killed < kills:
        if code == 0:  # the run before was done before its call came: it is another recorder's turn
            card.become_another()
            serials.append(card.serial)
        moment = chance.choice(list(MOMENTS))
        code = dock_and_kill(system, card, moment, chance.randint(1, MOMENTS[moment]))
        killed += code != 0

    docking = finish(system.start_dock("--image", card.image))

    assert docking.code == 0, docking.errors
    for serial in serials:
        clips = system.clips_of(serial)
        assert {clip["original_name"]: (clip["sha256"], clip["sm3"]) for clip in clips} == card.digests()
        assert len(clips) == len(card.digests())
        for clip in clips:
            check_sealed_once(system, clip["id"])
