import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from device_drivers.dock import doctor
from device_drivers.dock.doctor import State, examine
from device_drivers.dock.machine import (
    MachineFacts,
    find_running,
    gather_facts,
    look_at_removal,
    look_at_rules,
    look_at_spool,
    look_at_usb_nodes,
)

GIB = 1024**3
FIT = MachineFacts(
    usb_nodes={"001/002": True, "001/003": True},
    rules_installed=True,
    hears_kernel=True,
    is_synchronised=True,
    spool_dir=Path("/var/lib/bodycam-dock"),
    spool_free_bytes=400 * GIB,
    spool_limit_bytes=200 * GIB,
    service_offset_s=0.2,
    families=("jieli", "mtp"),
)


def states(facts):
    return {finding.name: finding.state for finding in examine(facts)}


def test_nothing_is_wrong_with_a_fit_machine():
    assert set(states(FIT).values()) == {State.OK}


@pytest.mark.parametrize(
    ("change", "name", "state"),
    [
        ({"settings_problems": ("BODYCAM_DOCK_TOKEN: Field required",)}, "settings", State.FAILED),
        ({"libusb_fault": "it cannot be loaded"}, "libusb", State.FAILED),
        ({"usb_nodes": None}, "usb-permissions", State.FAILED),
        ({"usb_nodes": {"001/002": False}}, "usb-permissions", State.WARNING),
        ({"rules_installed": None}, "udev-rules", State.WARNING),
        ({"rules_installed": False}, "udev-rules", State.WARNING),
        ({"rules_installed": None, "rivals": ("udisksd",)}, "automount", State.WARNING),
        ({"hears_kernel": False}, "hotplug", State.WARNING),
        ({"is_synchronised": False}, "clock", State.WARNING),
        ({"spool_dir": None}, "spool", State.WARNING),
        ({"spool_fault": "it may not be written to"}, "spool", State.FAILED),
        ({"spool_free_bytes": 9 * GIB}, "spool", State.FAILED),
        ({"spool_free_bytes": 100 * GIB}, "spool", State.WARNING),
        ({"spool_refusals": {"5f0c": "PUT 5f0c: refused with 422 unacceptable-value: a time is missing"}}, "spooled-footage", State.FAILED),
        ({"service_fault": "GET time: answered 503"}, "service", State.FAILED),
        ({"removal_fault": "no socket is set"}, "file-removal", State.WARNING),
        ({"profiles_fault": "another.yaml: no JSON"}, "profiles", State.FAILED),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(change, name, state):
    (finding,) = [each for each in examine(replace(FIT, **change)) if each.name == name]

    assert finding.state is state
    assert finding.found
    assert finding.to_do


def test_rules_make_a_desktop_harmless_and_root_needs_none():
    assert states(replace(FIT, rivals=("udisksd",)))["automount"] is State.OK
    assert states(replace(FIT, rules_installed=None, is_root=True))["udev-rules"] is State.OK


@pytest.mark.parametrize(("facts", "code"), [(FIT, 0), (replace(FIT, is_synchronised=False), 0), (replace(FIT, libusb_fault="none"), 1)])
def test_only_a_failure_is_an_exit_code(monkeypatch, capsys, facts, code):
    monkeypatch.setattr(doctor, "gather_facts", lambda: facts)

    assert doctor.main(["--json"]) == code
    assert {each["name"]: each["state"] for each in json.loads(capsys.readouterr().out)} == states(facts)


def test_lines_for_a_person_say_what_to_do(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "gather_facts", lambda: replace(FIT, is_synchronised=False))

    doctor.main([])

    out = capsys.readouterr().out
    assert "warning  clock: not kept by a time source, so no recorder's clock is set\n         -> run chrony" in out
    assert "ok       libusb: usable\n" in out


def test_this_machine_can_be_looked_at_without_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith("BODYCAM_DOCK_")]:
        monkeypatch.delenv(name)

    facts = gather_facts()

    assert facts.settings_problems
    assert "mass-storage" in facts.families


def test_an_unreachable_service_is_a_fault_and_no_crash(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("BODYCAM_DOCK_SERVICE_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("BODYCAM_DOCK_TOKEN", "token")
    monkeypatch.setenv("BODYCAM_DOCK_SPOOL_DIR", str(tmp_path))
    monkeypatch.setenv("BODYCAM_DOCK_PROFILES", str(tmp_path / "nowhere"))

    facts = gather_facts()

    assert facts.settings_problems == ()
    assert "GET time" in facts.service_fault
    assert facts.spool_free_bytes > 0
    assert "is no folder" in facts.profiles_fault


def test_device_nodes_are_found_by_bus_and_number(tmp_path):
    (tmp_path / "001").mkdir()
    (tmp_path / "001/002").touch()

    assert look_at_usb_nodes(tmp_path) == {"001/002": True}
    assert look_at_usb_nodes(tmp_path / "nowhere") is None


@pytest.mark.parametrize(("text", "holds"), [("# nothing\n\n", False), ('# rules\nMODE="0660"\n', True)])
def test_a_rules_file_counts_by_its_rules(tmp_path, text, holds):
    path = tmp_path / "70.rules"
    assert look_at_rules((tmp_path / "none", path)) is None

    path.write_text(text)

    assert look_at_rules((tmp_path / "none", path)) is holds


def test_running_programs_are_known_by_the_kernels_short_names(tmp_path):
    for number, name in (("1", "systemd"), ("22", "udisksd"), ("23", "gvfs-udisks2-vo")):
        (tmp_path / number).mkdir()
        (tmp_path / number / "comm").write_text(name + "\n")

    assert find_running(("udisksd", "gvfs-udisks2-vo", "udiskie"), processes=tmp_path) == ("udisksd", "gvfs-udisks2-vo")


def test_a_spool_needs_its_folder(tmp_path):
    assert look_at_spool(None) == (None, None)
    assert look_at_spool(tmp_path / "nowhere") == ("there is no such folder", None)
    assert look_at_spool(tmp_path)[0] is None


def test_removal_needs_root_or_a_socket(tmp_path):
    path = tmp_path / "remove"
    assert look_at_removal(None, is_root=True) is None
    assert "no socket is set" in look_at_removal(None, is_root=False)
    assert "is no socket" in look_at_removal(path, is_root=False)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))

        assert look_at_removal(path, is_root=False) is None
