"""The guest of the USB lab: Debian's kernel, and a first file system that leads on into the files of the host.

Nothing is installed: ``apt-get download`` fetches three packages, ``dpkg`` unpacks them, and what is made of them stays in ``build/lab``.
"""

import hashlib
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

BASE = ["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay", "xhci_pci", "usb_storage", "sd_mod"]
BASE += ["vfat", "exfat", "nls_ascii", "nls_cp437", "nls_utf8"]
NETWORK = ["virtio_net", "vhci_hcd"]
"""Only when asked for: its many ports take seconds to come up."""
GADGET = ["dummy_hcd", "usb_f_mass_storage", "usb_f_fs"]
_XZ = b"\xfd7zXZ\0"
_INIT = r"""#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /host /over
$b mount -t proc proc /proc; $b mount -t sysfs sysfs /sys; $b mount -t devtmpfs dev /dev
for m in $($b cat /modules/base ${network:+/modules/network} ${gadget:+/modules/gadget}); do $b insmod /modules/$m.ko; done
echo 0 >/sys/module/usb_storage/parameters/delay_use
$b ip link set lo up
[ "$network" ] && $b ip link set eth0 up && $b ip addr add 10.0.2.15/24 dev eth0
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=loose,ro root /host
$b mount -t tmpfs over /over; $b mkdir -p /over/upper /over/work /over/root
$b mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work root /over/root
for d in proc sys dev; do $b mount --move /$d /over/root/$d; done
$b mkdir -p /over/root/lab /over/root/scratch
$b mount -t tmpfs scratch /over/root/scratch
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=524288,cache=none lab /over/root/lab
exec $b chroot /over/root /lab/init
"""


class LabUnavailableError(Exception):
    """The lab cannot be built or started on this machine; the text says what is missing."""


@dataclass(frozen=True)
class GuestImage:
    """What QEMU boots, and the programs of Debian that only the guest runs."""

    folder: Path

    @property
    def kernel(self) -> Path:
        return self.folder / "kernel"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"

    @property
    def umtprd(self) -> Path:
        return self.folder / "umtprd"


def guest_image(cache: Path) -> GuestImage:
    """Give the image, made anew when this file changed."""
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    image = GuestImage(cache / f"guest-{digest}")
    if not image.folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as made:
            _build(Path(made))
            shutil.rmtree(Path(made) / "packages")
            Path(made).chmod(0o755)
            shutil.copytree(made, f"{image.folder}.new", dirs_exist_ok=True)
        Path(f"{image.folder}.new").rename(image.folder)
    return image


def _build(out: Path) -> None:
    packages = out / "packages"
    packages.mkdir()
    for name in (_kernel_package(), "busybox-static", "umtp-responder"):
        _run("apt-get", "download", name, cwd=packages)
    for package in packages.glob("*.deb"):
        _run("dpkg", "-x", package.name, "unpacked", cwd=packages)
    unpacked = packages / "unpacked"
    (out / "kernel").write_bytes(_uncompressed_kernel(next((unpacked / "boot").glob("vmlinuz-*")).read_bytes()))
    shutil.copy(unpacked / "usr/bin/umtprd", out / "umtprd")
    busybox = next(path for path in unpacked.rglob("busybox") if path.is_file() and os.access(path, os.X_OK))
    (out / "initrd").write_bytes(_initrd(_Modules(unpacked), busybox.read_bytes()))


def _kernel_package() -> str:
    found = re.search(r"linux-image-[0-9]\S+", _run("apt-cache", "depends", "linux-image-amd64"))
    if found is None:
        _run("apt-get", "-qq", "update")  # the lists of packages may be missing
        found = re.search(r"linux-image-[0-9]\S+", _run("apt-cache", "depends", "linux-image-amd64"))
    if found is None:
        raise LabUnavailableError("the USB lab boots Debian's kernel, and this machine's packages hold no linux-image-amd64")
    return found[0]


def _run(*command, cwd=None) -> str:
    if shutil.which(command[0]) is None:
        raise LabUnavailableError(f"the USB lab needs Debian's {command[0]}, which is not on this machine")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabUnavailableError(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def _uncompressed_kernel(image: bytes) -> bytes:
    """Take the ELF kernel out of a bzImage, which QEMU starts by PVH without a BIOS (Linux, ``Documentation/x86/boot.rst``)."""
    start, size = struct.unpack_from("<II", image, 0x248)
    start += ((image[0x1F1] or 4) + 1) * 512
    if image[start : start + 6] != _XZ:
        return image  # packed otherwise; it unpacks itself
    return lzma.decompress(image[start : start + size - 4])


class _Modules:
    """The kernel's modules, and in which order they are to be loaded."""

    def __init__(self, unpacked: Path) -> None:
        self._paths = {path.name.split(".")[0].replace("-", "_"): path for path in unpacked.rglob("*.ko*")}

    def content(self, name: str) -> bytes:
        data = self._paths[name].read_bytes()
        return lzma.decompress(data) if data.startswith(_XZ) else data

    def order(self, names, known=()) -> list[str]:
        """Names with what they depend on before them, less what is known already; a name without a file is built in."""
        order = list(known)

        def load(name: str) -> None:
            if name in self._paths and name not in order:
                needed = re.search(rb"\0depends=([^\0]*)\0", self.content(name))[1].decode()
                for each in filter(None, needed.replace("-", "_").split(",")):
                    load(each)
                order.append(name)

        for name in names:
            load(name)
        return order[len(known) :]


def _initrd(modules: _Modules, busybox: bytes) -> bytes:
    base = modules.order(BASE)
    groups = {"base": base, "network": modules.order(NETWORK, base), "gadget": modules.order(GADGET, base)}
    files = dict.fromkeys(("bin", "modules"), (16877, b""))
    files["bin/busybox"] = (0o100755, busybox)
    files["init"] = (0o100755, _INIT.encode())
    for group, names in groups.items():
        files[f"modules/{group}"] = (0o100644, "".join(f"{name}\n" for name in names).encode())
        files.update({f"modules/{name}.ko": (0o100644, modules.content(name)) for name in names})
    return _archive(files)


def _archive(files: dict[str, tuple[int, bytes]]) -> bytes:
    """An archive in the "newc" format of cpio (Linux, ``Documentation/driver-api/early-userspace/buffer-format.rst``)."""
    out = bytearray()
    for number, (name, (mode, data)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        encoded = name.encode() + b"\0"
        out += b"070701" + b"".join(b"%08X" % each for each in (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0))
        out += encoded
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)
