"""`bodycam up --demo`: real recorders on a virtual cable, real docks, and a demonstration that survives being killed."""

import json
import os
import signal
from collections import Counter

import pytest
import urllib3

from tests.appliances import TrialAppliance, wait_until

DOCKED_WITHIN_S = 90


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory, module_port):
    appliance = TrialAppliance(tmp_path_factory.mktemp("demo") / "data", module_port, "--demo")
    appliance.start()
    yield appliance
    appliance.end()


def finished(appliance):
    file = appliance.directory.root / "demo.json"
    return json.loads(file.read_text())["finished"] if file.exists() else 0


def ask(appliance, path, person="reviewer"):
    ready = appliance.ready()
    token = urllib3.request("POST", f"{ready['url']}/api/v1/tokens", json=ready[person], timeout=30).json()["access_token"]
    return urllib3.request("GET", f"{ready['url']}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30).json()


def test_the_province_is_there_as_soon_as_the_service_is_ready(demonstration):
    coverage = ask(demonstration, "/api/v1/coverage", "administrator")

    assert 0.94 < coverage["rate"] < 0.98
    assert coverage["denominator"] > 800


def test_a_demonstration_killed_in_the_middle_of_a_docking_goes_on_and_docks_nothing_twice(demonstration):
    cards = demonstration.directory.root / "demo"
    wait_until(lambda: finished(demonstration) >= 1, DOCKED_WITHIN_S, demonstration._explain)
    wait_until((cards / "docking-0002").is_dir, DOCKED_WITHIN_S, demonstration._explain)
    first = demonstration.pid_of("demo")

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: finished(demonstration) >= 2, DOCKED_WITHIN_S, demonstration._explain)
    clips = ask(demonstration, "/api/v1/clips?limit=200")["items"]
    assert demonstration.pid_of("demo") != first
    assert set(Counter(clip["original_name"] for clip in clips).values()) == {1}
    assert not (cards / "docking-0002").exists()


def test_a_docked_clip_is_sealed_described_and_has_its_officer(demonstration):
    wait_until(lambda: finished(demonstration) >= 1, DOCKED_WITHIN_S, demonstration._explain)
    wait_until(lambda: newest_described(demonstration), DOCKED_WITHIN_S, demonstration._explain)

    clip = newest_described(demonstration)[0]

    assert clip["officer"]["name"].startswith("示范人员")
    assert clip["agency"]["name"].endswith("(演示数据)")
    assert (clip["state"], clip["media"]["playable"], clip["media"]["video"]["codec"]) == ("sealed", True, "h264")
    assert 6 <= clip["duration_s"] <= 12


def newest_described(appliance):
    return [
        clip for clip in ask(appliance, "/api/v1/clips?limit=200")["items"] if (clip["state"], clip["kind"]) == ("sealed", "video") and clip["media"]
    ]
