"""Backup of a running installation, and what becomes of it: whole, up to a moment, damaged, in wrong hands."""

import json
import random
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime

import pytest

from tests.appliances import TrialAppliance, clean_environment, wait_until
from tests.e2e.cards import Card
from tests.e2e.system import PROGRAM, System
from tests.integration.device_drivers.media import make_fat_image

PROVEN, FAILED, LACKING = 0, 1, 3


def bodycam(*arguments):
    return subprocess.run((*PROGRAM, *map(str, arguments)), env=clean_environment(), capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def passphrase(tmp_path_factory):
    file = tmp_path_factory.mktemp("secret") / "passphrase"
    file.write_text("rather many letters for a test\n")
    return file


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    place = tmp_path_factory.mktemp("backup-card")
    source = place / "source"
    source.mkdir()
    (source / "CLIP.MP4").write_bytes(random.Random(5).randbytes(300_000))
    (source / Card.IDENTITY_FILE).write_bytes(Card.identity("TRIAL000"))
    return Card(make_fat_image(place / "card.img", source), source)


@pytest.fixture(scope="module")
def backed_up(running_system, card, tmp_path_factory, passphrase):
    """A folder with a base backup; a clip came before it, one after it, and their changes were received; and the moment between both."""
    data, folder = running_system.appliance.directory.root, tmp_path_factory.mktemp("backups") / "folder"
    before = dock_one(running_system, card)
    done = bodycam("backup", "--data", data, "--to", folder, "--passphrase-file", passphrase)
    assert done.returncode == 0, done.stderr
    time.sleep(1)
    between = datetime.now(UTC)
    after = dock_one(running_system, card)
    done = bodycam("backup", "--data", data, "--to", folder, "--changes-only")
    assert done.returncode == 0, done.stderr
    return folder, before, between, after


def dock_one(system, card):
    card.become_another()
    system.wait_until_ready()
    docking = system.dock("--image", card.image)
    assert docking.code == 0, docking.errors
    (clip_id,) = {file["clip_id"] for file in docking.files if file["path"].endswith("CLIP.MP4")}
    wait_until(lambda: system.clip(clip_id)["state"] == "sealed", 60)
    return clip_id


def test_a_drill_restores_everything_proves_it_and_leaves_nothing(backed_up, passphrase, tmp_path):
    done = bodycam("restore-drill", "--from", backed_up[0], "--passphrase-file", passphrase, "--all", "--scratch", tmp_path)

    assert done.returncode == PROVEN, done.stdout + done.stderr
    assert "restored and proved in " in done.stdout
    assert "the custody log gives the root that was signed" in done.stdout
    assert " 0 wrong" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_moment_between_two_backups_comes_back_and_the_service_goes_on_from_there(backed_up, passphrase, tmp_path, free_port):
    folder, before, between, after = backed_up
    data = tmp_path / "again"

    done = bodycam("restore", "--from", folder, "--data", data, "--until", between.isoformat(), "--passphrase-file", passphrase)

    assert done.returncode in {PROVEN, LACKING}, done.stdout + done.stderr
    again = TrialAppliance(data, free_port)
    try:
        again.start()
        system = System(again)
        assert system.clip(before)["state"] == "sealed"
        assert system.ask("GET", f"/api/v1/clips/{after}").status == 404
    finally:
        again.end()


def test_nothing_is_restored_over_something(backed_up, passphrase, tmp_path):
    (tmp_path / "here").write_text("something")

    done = bodycam("restore", "--from", backed_up[0], "--data", tmp_path, "--passphrase-file", passphrase)

    assert done.returncode == FAILED
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["here"]


def test_another_passphrase_opens_nothing_and_no_key_lies_open(backed_up, tmp_path):
    other = tmp_path / "other"
    other.write_text("another passphrase altogether")

    done = bodycam("restore-drill", "--from", backed_up[0], "--passphrase-file", other)

    assert done.returncode == FAILED
    assert "passphrase is another" in done.stderr


@pytest.mark.parametrize("part", ["database", "facts", "secrets"])
def test_a_changed_backup_is_refused(backed_up, passphrase, tmp_path, part):
    folder = tmp_path / "folder"
    shutil.copytree(backed_up[0], folder)
    (base,) = (folder / "bases").iterdir()
    if part == "database":
        flip(max((base / "database" / "base").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0))
    elif part == "facts":
        facts = json.loads((base / "backup.json").read_text())
        facts["counts"]["clip"] = 0
        (base / "backup.json").write_text(json.dumps(facts))
    else:
        flip(base / "secrets.sealed")

    done = bodycam("restore-drill", "--from", folder, "--passphrase-file", passphrase, "--scratch", tmp_path)

    assert done.returncode == FAILED, done.stdout
    assert "bodycam:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_moment_before_every_backup_is_refused(backed_up, passphrase):
    done = bodycam("restore-drill", "--from", backed_up[0], "--until", "2020-01-01T00:00:00Z", "--passphrase-file", passphrase)

    assert done.returncode == FAILED
    assert "no backup from before" in done.stderr


def test_a_folder_of_something_else_is_no_place_for_backups(running_system, passphrase, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")

    done = bodycam("backup", "--data", running_system.appliance.directory.root, "--to", tmp_path, "--passphrase-file", passphrase)

    assert done.returncode == FAILED
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_every_change_is_received_as_it_happens_until_somebody_stops_it(running_system, backed_up, tmp_path):
    folder = tmp_path / "following"
    data = running_system.appliance.directory.root
    command = (*PROGRAM, "backup", "--data", str(data), "--to", str(folder), "--changes-only", "--follow")
    with (tmp_path / "log").open("w") as log:
        follower = subprocess.Popen(command, env=clean_environment(), stdout=log, stderr=log)
    try:
        wait_until(lambda: "receiving every change" in (tmp_path / "log").read_text(), 30, (tmp_path / "log").read_text)
        wait_until(lambda: list(folder.glob("wal/*.partial")), 30, (tmp_path / "log").read_text)
        follower.send_signal(signal.SIGTERM)
        assert follower.wait(20) == 0, (tmp_path / "log").read_text()
    finally:
        follower.kill()


def flip(file):
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        (byte,) = stream.read(1)
        stream.seek(-1, 1)
        stream.write(bytes([byte ^ 1]))
