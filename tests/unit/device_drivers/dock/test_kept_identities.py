import json
from dataclasses import replace
from datetime import timedelta

import pytest

from device_drivers.dock.errors import StateUnusableError
from device_drivers.dock.kept_identities import KeptIdentities
from device_drivers.transports.plugged_in import DiskPlace
from integrity.listing import RecorderIdentity
from tests.unit.device_drivers.dock.conftest import NOW

PLACE = DiskPlace("1-2.3", 1, 17, 0x1209, 0x0001, "0BADCAFE", "CAM")
BY_COMMANDS = RecorderIdentity(family="jieli", serial="BWC7001", officer_code="100234", officer_name="示范人员")
BY_VOLUME = RecorderIdentity(family="jieli", volume_id="0BADCAFE", volume_label="CAM")


class Disk:
    def __init__(self, place=PLACE):
        self.disk_place = place


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "plugged"


def opened(folder, *, boot_id="this boot", server=None):
    return KeptIdentities(folder, boot_id=boot_id, server=server)


def keep(folder, identity=BY_COMMANDS, place=PLACE, **options):
    opened(folder, **options).keep(Disk(place), identity, read_at=NOW)


def test_a_recorder_that_stayed_plugged_in_is_known_again_and_since_when(folder):
    keep(folder)

    recalled = opened(folder).recall(Disk(), BY_VOLUME)

    assert (recalled.identity, recalled.read_at) == (BY_COMMANDS, NOW)


@pytest.mark.parametrize(
    "difference",
    [
        {"port": "1-2.4"},
        {"bus": 2},
        {"address": 18},
        {"vendor_id": 0x4255},
        {"product_id": 0x1000},
        {"volume_id": "0BADCAFF"},
        {"volume_label": "OTHER"},
        {"volume_label": None},
    ],
)
def test_whatever_differs_makes_it_unknown(folder, difference):
    keep(folder)

    assert opened(folder).recall(Disk(replace(PLACE, **difference)), BY_VOLUME) is None


def test_another_boot_makes_it_unknown_and_leaves_nothing_on_the_dock(folder):
    keep(folder)

    assert opened(folder, boot_id="another boot").recall(Disk(), BY_VOLUME) is None
    assert list(folder.iterdir()) == []


def test_another_server_is_another_place(folder):
    keep(folder, server="127.0.0.1:3240")

    assert opened(folder).recall(Disk(), BY_VOLUME) is None
    assert opened(folder, server="127.0.0.1:3241").recall(Disk(), BY_VOLUME) is None
    assert opened(folder, server="127.0.0.1:3240").recall(Disk(), BY_VOLUME) is not None


def test_a_recorder_that_says_who_it_is_needs_no_memory(folder):
    keep(folder)

    assert opened(folder).recall(Disk(), replace(BY_VOLUME, serial="BWC7002")) is None


@pytest.mark.parametrize("identity", [BY_VOLUME, replace(BY_VOLUME, serial="A1"), RecorderIdentity(family="jieli")])
def test_what_a_disk_says_itself_and_what_names_nobody_is_not_kept(folder, identity):
    keep(folder, identity)

    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("recorder", [Disk(None), object()])
def test_a_recorder_that_is_no_disk_is_neither_kept_nor_known(folder, recorder):
    keep(folder)
    kept = opened(folder)
    kept.keep(recorder, replace(BY_COMMANDS, serial="BWC7009"), read_at=NOW + timedelta(seconds=1))

    assert kept.recall(recorder, BY_VOLUME) is None
    assert kept.recall(Disk(), BY_VOLUME).identity == BY_COMMANDS


def test_what_left_is_forgotten(folder):
    kept = opened(folder)
    kept.keep(Disk(), BY_COMMANDS, read_at=NOW)

    kept.forget("1-2.3")
    kept.forget("../1-2.3")

    assert list(folder.iterdir()) == []


def test_nobody_else_may_read_it(folder):
    keep(folder)

    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b'{"boot_id": "this boot"}'])
def test_a_damaged_note_says_nothing_and_goes(folder, content):
    folder.mkdir()
    (folder / "1-2.3.json").write_bytes(content)

    assert opened(folder).recall(Disk(), BY_VOLUME) is None
    assert list(folder.iterdir()) == []


def test_a_note_with_a_changed_member_says_nothing(folder):
    keep(folder)
    kept = opened(folder)
    note = json.loads((folder / "1-2.3.json").read_text())
    (folder / "1-2.3.json").write_text(json.dumps({**note, "more": 1}))

    assert kept.recall(Disk(), BY_VOLUME) is None


def test_a_folder_that_cannot_be_used_is_told(tmp_path):
    (tmp_path / "plugged").write_text("a file")

    with pytest.raises(StateUnusableError):
        opened(tmp_path / "plugged")
