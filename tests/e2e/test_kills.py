"""Any part killed or stopped in the middle of a docking: afterwards every file is sealed exactly once."""

import json
import os
import signal
import time
from contextlib import contextmanager

import pytest

from tests.e2e.proof import check_sealed_once
from tests.e2e.system import finish

PARTS = ["worker", "serve", "postgresql", "seaweedfs"]
UPLOADING_S = 2.5
"""About how long the card takes to reach the store on a quiet machine; a moment is drawn from it."""
SEALING_S = 4.0


def wait_until_listed(dock):
    """Wait until a dock has told the service what the card holds."""
    while json.loads(dock.stderr.readline())["event"] != "listed":
        pass


def check_card(system, card):
    """The recorder has one clip for each of its files, each sealed once, with the digests that openssl finds."""
    clips = system.clips_of(card.serial)
    assert {clip["original_name"]: (clip["sha256"], clip["sm3"]) for clip in clips} == card.digests()
    assert len(clips) == len(card.digests())
    for clip in clips:
        check_sealed_once(system, clip["id"])


def dock_and_kill(system, card, part, *, after_s):
    card.become_another()
    dock = system.start_dock("--image", card.image)
    wait_until_listed(dock)
    time.sleep(after_s)
    killed = system.kill(part)
    docking = finish(dock)
    assert docking.code == 0, docking.errors
    system.wait_until_back(part, killed)
    check_card(system, card)


@pytest.mark.parametrize("part", PARTS)
def test_a_part_killed_in_the_middle_of_a_docking_costs_nothing_but_time(system, chance, two_hundred_megabytes, part):
    longest_s = SEALING_S if part == "worker" else UPLOADING_S

    dock_and_kill(system, two_hundred_megabytes, part, after_s=chance.uniform(0, longest_s))


def test_a_dock_killed_in_the_middle_goes_on_where_it_was(system, chance, two_hundred_megabytes):
    card = two_hundred_megabytes
    card.become_another()
    for _ in range(2):
        dock = system.start_dock("--image", card.image)
        wait_until_listed(dock)
        time.sleep(chance.uniform(0, UPLOADING_S))
        dock.kill()
        dock.communicate()

    docking = system.dock("--image", card.image)

    assert docking.code == 0, docking.errors
    check_card(system, card)


@contextmanager
def stopped(system, part):
    """A part that neither answers nor ends, as on a machine that hangs."""
    processes = system.processes_of(part)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in reversed(processes):
            os.kill(pid, signal.SIGCONT)


def dock_while_stopped(system, card, part, *, after_s, for_s):
    card.become_another()
    dock = system.start_dock("--image", card.image)
    wait_until_listed(dock)
    time.sleep(after_s)
    with stopped(system, part):
        time.sleep(for_s)
    docking = finish(dock)
    assert docking.code == 0, docking.errors
    check_card(system, card)


@pytest.mark.parametrize("part", ["postgresql", "seaweedfs"])
def test_a_server_that_hangs_for_a_while_is_waited_for(system, chance, two_hundred_megabytes, part):
    dock_while_stopped(system, two_hundred_megabytes, part, after_s=chance.uniform(0, UPLOADING_S / 2), for_s=12)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", ["postgresql", "seaweedfs"])
def test_a_server_that_hangs_for_more_than_a_minute_is_waited_for(system, chance, two_hundred_megabytes, part):
    dock_while_stopped(system, two_hundred_megabytes, part, after_s=chance.uniform(0, UPLOADING_S / 2), for_s=70)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("part", PARTS)
def test_whenever_a_part_is_killed(system, chance, two_hundred_megabytes, part, number):
    dock_and_kill(system, two_hundred_megabytes, part, after_s=chance.uniform(0, SEALING_S))
