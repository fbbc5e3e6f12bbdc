"""Every way to one and the same recorder."""

import contextlib
import random
from dataclasses import dataclass, replace

import pytest

from device_drivers.families import ambarella, jieli
from device_drivers.families.mass_storage import FAMILY
from device_drivers.profile import Profile
from device_drivers.registry import open_image
from device_drivers.simulated.faults import Faults
from tests.integration.device_drivers.media import ExfatImage, card, in_partition, write_card
from tests.integration.device_drivers.mtp_peers import DictStore, foreign_mtp, open_mtp, virtual_mtp
from tests.integration.device_drivers.peers import foreign_disks, open_at, simulated, virtual_recorder

_RANDOM = random.Random(20261124)
FILES = {
    "DCIM/100MEDIA/BWC7_100234_20261124093015_1.MP4": _RANDOM.randbytes(3_000_001),
    "DCIM/100MEDIA/BWC7_100234_20261124093015_1.log": b"gps\n" * 99,
    "DCIM/100MEDIA/empty.mp4": b"",
    "DCIM/执法记录 一.mov": _RANDOM.randbytes(65_536),
    "VIDEO/exactly one cluster.avi": _RANDOM.randbytes(32_768),
    "tail.bin": _RANDOM.randbytes(32_769),
}
IDENTITY = "serial=BWC7\r\nofficer=100234\r\nofficer_name=示范人员\r\n".encode("gbk")


MTP_LACKS = {
    "mtp": (),
    "mtp without 64 bits": (0x95C1,),
    "mtp without lists": (0x9805,),
    "mtp without parts or properties": (0x101B, 0x95C1, 0x9803, 0x9805),
}
"""What our virtual MTP recorder does not know, so that the driver has to do without."""
BUILT = {
    "exfat": {"family": "mass-storage", "filesystem": "exfat"},
    "novatek": {"family": "novatek"},
    "jieli 94": {"family": "jieli"},
    "jieli 89": {"family": "jieli", "filesystem": "exfat", "record_bytes": 89, "encoding": "utf-8"},
    "ambarella": {"family": "ambarella"},
    "bc300": {"family": "ambarella-bc300", "filesystem": "exfat"},
}
"""Virtual recorders that are built whole, and how."""
_BC300 = Profile("ambarella", tuple(replace(match, quirks=frozenset({"bc300"})) for match in ambarella.FAMILY.profile.matches))
DISK_FAMILIES = [jieli.FAMILY, ambarella.FAMILY, FAMILY]
BC300_FAMILIES = [ambarella.FAMILY.with_profile(_BC300)]
_AT_ONCE = Faults(reenumerate_after_s=0.0, password="000000")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a recorder says about itself; ``record`` is a part of what it keeps verbatim."""

    serial: str | None = "BWC7"
    officer_code: str | None = "100234"
    officer_name: str | None = "示范人员"
    record: bytes | None = "示范人员".encode("gbk")


CLAIMS = {
    "jieli 89": Claims(record="示范人员".encode()),
    "ambarella": Claims(officer_code=None, officer_name=None, record=b"BWC7"),
    "bc300": Claims(None, None, None, None),
}


@pytest.fixture(scope="session")
def content():
    return FILES


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    with_identity = {"recorder.txt": IDENTITY, **FILES}
    fat = write_card(folder / "fat32.img", card(with_identity))
    exfat = ExfatImage(folder / "exfat.img")
    folders = {"": exfat.root}
    for path, data in with_identity.items():
        parent, _, name = path.rpartition("/")
        for depth in range(1, len(parent.split("/")) + 1 if parent else 1):
            above = "/".join(parent.split("/")[:depth])
            if above not in folders:
                folders[above] = exfat.add_directory(folders[above.rpartition("/")[0]], above.rpartition("/")[2])
        exfat.add_file(folders[parent], name, data, contiguous=len(data) % 2 == 0)
    return {"fat32": fat, "exfat": exfat.close(), "partition": in_partition(folder / "mbr.img", fat)}


@pytest.fixture(
    params=["image fat32", "image exfat", "image partition", "virtual recorder", "foreign fat32", "foreign exfat", "foreign mtp", *MTP_LACKS, *BUILT]
)
def way(request):
    return request.param


@pytest.fixture
def claims(way):
    return CLAIMS.get(way, Claims())


@pytest.fixture
def recorder(way, images):
    """One recorder, opened in one of the ways."""
    with contextlib.ExitStack() as stack:
        how, _, what = way.partition(" ")
        if how == "image":
            yield stack.enter_context(open_image(images[what], families=[FAMILY]))
        elif way == "foreign mtp":
            yield stack.enter_context(open_mtp(stack.enter_context(foreign_mtp(DictStore({"recorder.txt": IDENTITY, **FILES})))))
        elif way in MTP_LACKS:
            faults = Faults(mtp_operations_missing=frozenset(MTP_LACKS[way]))
            server = stack.enter_context(virtual_mtp(card({"recorder.txt": IDENTITY, **FILES}), faults=faults))
            yield stack.enter_context(open_mtp(server.address))
        elif how == "foreign":
            address = stack.enter_context(foreign_disks(images[what]))
            yield stack.enter_context(open_at(address))
        elif way in BUILT:
            shows_a_disk = BUILT[way]["family"] in ("mass-storage", "novatek")
            files = {"recorder.txt": IDENTITY, **FILES} if shows_a_disk else FILES
            plan = {"serial": "BWC7", "officer": "100234", "officer_name": "示范人员", **BUILT[way]}
            server, _ = stack.enter_context(simulated(card(files), faults=_AT_ONCE, **plan))
            yield stack.enter_context(open_at(server.address, families=BC300_FAMILIES if way == "bc300" else DISK_FAMILIES))
        else:
            server = stack.enter_context(virtual_recorder(card({"recorder.txt": IDENTITY, **FILES})))
            yield stack.enter_context(open_at(server.address))
