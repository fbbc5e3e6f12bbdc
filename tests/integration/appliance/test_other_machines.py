"""A dock on another machine: a network namespace of its own, joined by one cable, TLS on everything that crosses it."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.appliances import TrialAppliance, clean_environment
from tests.certificates import make_certificate

pytestmark = pytest.mark.root
FOOTAGE = os.urandom(9 * 1024**2)
DOCKED_WITHIN_S = 120


@dataclass(frozen=True)
class OtherMachine:
    """A network namespace: what runs in it sees this machine only at one address."""

    name: str
    address_here: str
    address_there: str

    def run(self, *command, environment=None, within_s=30):
        return subprocess.run(
            ("ip", "netns", "exec", self.name, *command),
            env={**clean_environment(), **(environment or {})},
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
        )


@pytest.fixture(scope="module")
def other_machine():
    tag = secrets.token_hex(3)
    subnet = f"10.213.{secrets.randbelow(256)}"
    machine = OtherMachine(f"bodycam-{tag}", f"{subnet}.1", f"{subnet}.2")
    here, there = f"bc{tag}a", f"bc{tag}b"
    ip("netns", "add", machine.name)
    try:
        ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", machine.name)
        ip("address", "add", f"{machine.address_here}/24", "dev", here)
        ip("link", "set", here, "up")
        ip("-n", machine.name, "address", "add", f"{machine.address_there}/24", "dev", there)
        ip("-n", machine.name, "link", "set", there, "up")
        yield machine
    finally:
        ip("netns", "delete", machine.name)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory, other_machine):
    return make_certificate(tmp_path_factory.mktemp("tls"), other_machine.address_here)


@pytest.fixture(scope="module")
def appliance(tmp_path_factory, other_machine, certificate, module_port):
    appliance = TrialAppliance(
        tmp_path_factory.mktemp("open") / "data",
        module_port,
        *("--listen", other_machine.address_here),
        *("--tls-certificate", str(certificate.certificate), "--tls-key", str(certificate.key), "--tls-authority", str(certificate.authority)),
    )
    appliance.start()
    yield appliance
    appliance.end()


@pytest.fixture
def card(tmp_path) -> Path:
    footage, image = tmp_path / "CLIP0001.MP4", tmp_path / "card.img"
    footage.write_bytes(FOOTAGE)
    subprocess.run(("mkfs.vfat", "-F", "32", "-C", image, str(64 * 1024)), check=True, capture_output=True)
    subprocess.run(("mcopy", "-i", image, footage, "::CLIP0001.MP4"), check=True, capture_output=True)
    return image


def test_a_dock_on_another_machine_brings_a_clip_all_the_way(appliance, other_machine, certificate, card):
    ready = appliance.ready()
    environment = {
        "BODYCAM_DOCK_SERVICE_URL": ready["url"],
        "BODYCAM_DOCK_TOKEN": ready["dock"]["token"],
        "BODYCAM_DOCK_CA_FILE": str(certificate.authority),
    }
    command = (sys.executable, "-P", "-m", "service.cli.main", "dock", "--once", "--image", str(card))

    docked = other_machine.run(*command, environment=environment, within_s=DOCKED_WITHIN_S)

    assert docked.returncode == 0, docked.stderr[-3000:]
    clip = json.loads(docked.stdout.splitlines()[0])
    assert ready["url"].startswith(f"https://{other_machine.address_here}:")
    assert clip["state"] == "sealed"
    assert clip["sha256"] == hashlib.sha256(FOOTAGE).hexdigest()


def test_nothing_but_pages_and_store_can_be_reached_from_another_machine(appliance, other_machine):
    pages = appliance.address[1]
    others = json.loads((appliance.directory.root / "ports.json").read_text()).values()

    answers = {port: knock(other_machine, port) for port in (pages, pages + 1, *others)}

    assert answers == {pages: "open", pages + 1: "open", **dict.fromkeys(others, "closed")}


def test_the_pages_answer_nothing_in_the_clear(appliance, other_machine):
    code = f"import urllib.request as r; print(r.urlopen('http://{other_machine.address_here}:{appliance.address[1]}/readyz').status)"

    assert other_machine.run(sys.executable, "-c", code).returncode != 0


def test_who_does_not_know_the_authority_sends_no_credential(appliance, other_machine, card):
    ready = appliance.ready()
    environment = {"BODYCAM_DOCK_SERVICE_URL": ready["url"], "BODYCAM_DOCK_TOKEN": ready["dock"]["token"], "BODYCAM_DOCK_RETRY_FOR_S": "1"}
    command = (sys.executable, "-P", "-m", "service.cli.main", "dock", "--once", "--image", str(card))

    refused = other_machine.run(*command, environment=environment, within_s=DOCKED_WITHIN_S)

    assert refused.returncode != 0
    assert "is not trusted" in refused.stderr


def knock(machine, port):
    code = f"import socket; socket.create_connection(('{machine.address_here}', {port}), 5).close()"
    return "open" if machine.run(sys.executable, "-c", code).returncode == 0 else "closed"


def ip(*arguments):
    done = subprocess.run(("ip", *arguments), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr} (needs root and Debian's iproute2)"
