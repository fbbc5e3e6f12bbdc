"""A family that somebody else wrote: installed as a package of its own, found by its entry point, tried by the kit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from device_drivers.simulated.faults import NO_FAULTS
from device_drivers.simulated.mass_storage_device import MassStorageDevice
from device_drivers.simulated.recorders import build_disk, build_volume
from device_drivers.simulated.usb_device import DeviceFacts
from device_drivers.simulated.usbip_server import UsbipServer
from tests.integration.device_drivers.media import card

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/badge-disk"
FILES = {"BADGE.CFG": b"[badge]\r\nNUMBER=BWC7001\r\n", "DCIM/1.MP4": bytes(range(256)) * 500, "DCIM/2.MP4": b"second" * 9_000}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of packages with the example in it."""
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", folder, EXAMPLE], check=True, capture_output=True)
    return folder


def drivers(site, *arguments):
    environment = {"PATH": os.defpath, "PYTHONPATH": f"{site}:{ROOT}", "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, "-m", "service.cli.main", "drivers", *arguments, "--json"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def address():
    volume = build_volume(card(FILES), serial="BWC7001")
    with UsbipServer(MassStorageDevice(build_disk(volume, NO_FAULTS), DeviceFacts(0x1209, 0x0B0D))) as server:
        yield "{}:{}".format(*server.address)
    volume.close()


def test_it_is_listed_beside_ours_with_its_level(site):
    _, told = drivers(site, "list")

    (badge,) = [each for each in told if each["family"] == "badge-disk"]
    assert badge["package"] == "bodycam-badge-disk 1.0"
    assert badge["quality"] == "bronze"
    assert set(badge["to_do"]) == {"reports-clock-drift", "tested-on-hardware"}
    assert {"mass-storage", "mtp"} <= {each["family"] for each in told}


def test_its_recorder_is_known_by_its_ids_before_any_disk_is(site, address):
    _, (told,) = drivers(site, "probe", "--open", "--usbip", address)

    assert {"badge-disk", "mass-storage"} <= {match["family"] for match in told["matches"]}
    assert told["opened"]["identity"]["family"] == "badge-disk"
    assert told["opened"]["identity"]["serial"] == "BWC7001"
    assert told["opened"]["files"] == len(FILES)


def test_it_passes_the_suite(site, address):
    status, told = drivers(site, "conformance", "--usbip", address)

    assert [check for check in told["checks"] if check["outcome"] == "failed"] == []
    assert status == 0


def test_a_site_profile_makes_its_recorders_of_others_too(site, tmp_path):
    match = {"title": "another", "vendor_id": "1209", "product_id": "0b0e", "interface": "08/06/50", "verified_by": "this test"}
    (tmp_path / "another.yaml").write_text(json.dumps({"family": "badge-disk", "matches": [match]}))

    _, told = drivers(site, "list", "--profiles", tmp_path)

    (badge,) = [each for each in told if each["family"] == "badge-disk"]
    assert badge["matches"][0]["product_id"] == "0b0e"
