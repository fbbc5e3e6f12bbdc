import os
import shutil
import stat

import pytest

from device_drivers.errors import FileRemovalError, RecorderUnpluggedError
from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.footage import Folder
from device_drivers.transports.file_removal.block_device import BlockDevice, await_block_device, read_layout
from device_drivers.transports.file_removal.request import RemovalRequest
from integrity.listing import RecordedFile

FILES = (RecordedFile(path="A", path_raw_base64="QQA=", size_bytes=0, fingerprint="0" * 64),)


def request(*, port="1-2", interface=0, unit=0, offset=0):
    return RemovalRequest(port, interface, unit, offset, "1234abcd", FILES)


class Machine:
    """What the kernel shows of USB disks, and the nodes in /dev."""

    def __init__(self, folder):
        self.usb, self.nodes = folder / "usb", folder / "dev"
        self.usb.mkdir()
        self.nodes.mkdir()

    def add_disk(self, name, port="1-2", *, interface=0, unit=0, size="131072", parts=()):
        (self.usb / port).mkdir(exist_ok=True)
        disk = self.usb / f"{port}:1.{interface}/host3/target3:0:0/3:0:0:{unit}/block/{name}"
        disk.mkdir(parents=True)
        for key, value in {"size": size, "ro": "0", "dev": "8:16"}.items():
            (disk / key).write_text(f"{value}\n")
        for number, start in enumerate(parts, start=1):
            part = disk / f"{name}{number}"
            part.mkdir()
            for key, value in {"partition": number, "start": start, "dev": f"8:{16 + number}"}.items():
                (part / key).write_text(f"{value}\n")
        return disk

    def find(self, wanted, within_s=0.0):
        return await_block_device(wanted, within_s=within_s, devices=self.usb, nodes=self.nodes)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def add_node(path, major, minor):
    os.mknod(path, stat.S_IFBLK | 0o600, os.makedev(major, minor))


@pytest.mark.root
def test_a_whole_disk_and_a_partition_are_found_by_their_place_on_usb(machine):
    machine.add_disk("sdb", unit=0)
    machine.add_disk("sdc", unit=1, parts=(2_048, 65_536))
    machine.add_disk("sdd", "1-2.4")
    for name, minor in (("sdb", 16), ("sdc", 16), ("sdc2", 18)):
        add_node(machine.nodes / name, 8, minor)

    assert machine.find(request()).node.name == "sdb"
    assert machine.find(request(unit=1, offset=65_536 * 512)).node.name == "sdc2"


@pytest.mark.root
def test_a_node_with_another_number_is_refused(machine):
    machine.add_disk("sdb")
    add_node(machine.nodes / "sdb", 8, 0)

    with pytest.raises(FileRemovalError, match="not the disk"):
        machine.find(request())


def test_a_node_that_is_no_block_device_is_refused(machine):
    machine.add_disk("sdb")
    (machine.nodes / "sdb").write_bytes(b"")

    with pytest.raises(FileRemovalError, match="not the disk"):
        machine.find(request())


def test_a_link_instead_of_a_node_is_refused(machine):
    machine.add_disk("sdb")
    (machine.nodes / "sdb").symlink_to("/dev/null")

    with pytest.raises(FileRemovalError, match="not the disk"):
        machine.find(request())


def test_a_missing_node_is_refused(machine):
    machine.add_disk("sdb")

    with pytest.raises(FileRemovalError, match="cannot be looked at"):
        machine.find(request())


@pytest.mark.parametrize("wanted", [request(interface=1), request(unit=3), request(offset=512), request(offset=1024**2)])
def test_another_interface_unit_or_offset_names_nothing(machine, wanted):
    machine.add_disk("sdb", parts=(4_096,))

    with pytest.raises(FileRemovalError, match="the kernel shows no volume"):
        machine.find(wanted)


def test_a_disk_without_a_medium_names_nothing(machine):
    machine.add_disk("sdb", size="0")

    with pytest.raises(FileRemovalError, match="the kernel shows no volume"):
        machine.find(request(), within_s=0.1)


def test_an_empty_port_is_an_unplugged_recorder(machine):
    with pytest.raises(RecorderUnpluggedError):
        machine.find(request(), within_s=5)


def test_a_write_protected_medium_is_refused(machine):
    disk = machine.add_disk("sdb")
    (disk / "ro").write_text("1\n")

    with pytest.raises(FileRemovalError, match="write-protected"):
        BlockDevice(disk, machine.nodes / "sdb", machine.nodes / "sdb").open_unused()


def test_a_node_that_vanished_is_an_unplugged_recorder(machine):
    disk = machine.add_disk("sdb")

    with pytest.raises(RecorderUnpluggedError):
        BlockDevice(disk, machine.nodes / "sdb", machine.nodes / "sdb").open_unused()


def test_a_disk_that_left_is_seen_to_have_left(machine):
    disk = machine.add_disk("sdb")
    device = BlockDevice(disk, machine.nodes / "sdb", machine.nodes / "sdb")
    assert device.is_there

    shutil.rmtree(machine.usb / "1-2:1.0")

    assert not device.is_there


@pytest.fixture
def open_volume(tmp_path):
    volume = Fat32Volume(Folder(), volume_id=0x1234ABCD)
    path = tmp_path / "boot"
    path.write_bytes(volume.read(0, 512))
    descriptor = os.open(path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)
    volume.close()


def test_the_volume_that_is_meant_is_recognised(open_volume):
    assert read_layout(open_volume, "1234abcd").kind == "FAT32"


def test_another_volume_is_refused(open_volume):
    with pytest.raises(FileRemovalError, match="1234abcd, not 1234abce"):
        read_layout(open_volume, "1234abce")


def test_what_is_no_volume_is_refused(tmp_path):
    (tmp_path / "empty").write_bytes(bytes(512))
    descriptor = os.open(tmp_path / "empty", os.O_RDONLY)

    with pytest.raises(FileRemovalError, match="cannot be read"):
        read_layout(descriptor, "1234abcd")
    os.close(descriptor)
