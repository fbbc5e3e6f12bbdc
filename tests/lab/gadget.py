"""In the guest: Linux itself as a recorder, under any identity, on ``dummy_hcd`` (Linux, ``Documentation/usb/gadget_configfs.rst``)."""

import subprocess
from pathlib import Path

_CONFIGFS = Path("/sys/kernel/config")
_CONTROLLERS = Path("/sys/class/udc")
HIGH_SPEED_PACKET = "0x200"


class Gadget:
    """One gadget; plugged in and pulled as often as one likes."""

    def __init__(self, name: str, vendor_id: int, product_id: int, serial: str) -> None:
        if not (_CONFIGFS / "usb_gadget").is_dir():
            subprocess.run(["mount", "-t", "configfs", "configfs", _CONFIGFS], check=True)
        self._folder = _CONFIGFS / "usb_gadget" / name
        (self._folder / "strings/0x409").mkdir(parents=True)
        (self._folder / "configs/c.1").mkdir()
        self._write("idVendor", f"{vendor_id:#06x}")
        self._write("idProduct", f"{product_id:#06x}")
        self._write("strings/0x409/serialnumber", serial)

    def add_disk(self, image: Path) -> None:
        """Have the kernel's f_mass_storage serve an image."""
        unit = "functions/mass_storage.0/lun.0"
        (self._folder / "functions/mass_storage.0").mkdir()
        self._write(f"{unit}/removable", "1")
        self._write(f"{unit}/file", str(image))
        (self._folder / "configs/c.1/mass_storage.0").symlink_to(self._folder / "functions/mass_storage.0")

    def add_user_function(self, name: str, mount_point: Path) -> None:
        """Have a program serve a function through FunctionFS, whose endpoints then lie at the mount point."""
        (self._folder / f"functions/ffs.{name}").mkdir()
        (self._folder / f"configs/c.1/ffs.{name}").symlink_to(self._folder / f"functions/ffs.{name}")
        mount_point.mkdir(parents=True)
        subprocess.run(["mount", "-t", "functionfs", name, mount_point], check=True)

    def plug(self) -> None:
        self._write("UDC", next(_CONTROLLERS.iterdir()).name)

    def pull(self) -> None:
        self._write("UDC", "\n")

    def _write(self, name: str, value: str) -> None:
        (self._folder / name).write_text(value)
