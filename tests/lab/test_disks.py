import pytest

from tests.integration.device_drivers.media import in_partition, make_fat_image, run_tool
from tests.lab.runner import names

pytestmark = [pytest.mark.lab, pytest.mark.timeout(700)]
SIZE_BYTES = 64 * 1024**2


def boot(lab, _image, run_checks):
    fat = make_fat_image(lab / "fat.img", lab / "footage", size_bytes=SIZE_BYTES)
    partition = in_partition(lab / "partition.img", fat)
    for name in ("exfat", "exfat_of_qemu"):
        with (lab / f"{name}.img").open("wb") as medium:
            medium.truncate(SIZE_BYTES)
        run_tool("mkfs.exfat", lab / f"{name}.img")
    devices = ["-device", "usb-kbd,bus=usb.0", "-netdev", "user,id=usbnet,restrict=on", "-device", "usb-net,bus=usb.0,netdev=usbnet"]
    for node, path in {"partition": partition, "exfat": lab / "exfat_of_qemu.img"}.items():
        devices += ["-blockdev", f"driver=file,node-name={node},filename={path}"]
    devices += ["-blockdev", f"driver=file,node-name=protected,filename={fat},read-only=on"]
    return run_checks("disks", lab, devices=devices, has_gadget=True)


@pytest.mark.parametrize("check", names("disks"))
def test_disks_nobody_here_wrote(run, check):
    run.require(check)
