"""In the guest: what nobody here wrote, as recorders that can be pulled, plugged in again, and, disks, looked at by Linux."""

from __future__ import annotations

import hashlib
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from device_drivers.recorder import Recorder
from device_drivers.registry import FoundRecorder, find_usb_recorders, installed_families
from device_drivers.transports.file_removal.client import KernelFileRemover
from tests.lab.cable import Cable
from tests.lab.gadget import Gadget

FOOTAGE = Path("/lab/footage")
_WITHIN_S = 30.0


def until(question, *, within_s: float = _WITHIN_S):
    """Wait until a question has a true answer, and give it."""
    ends = time.monotonic() + within_s
    while not (answer := question()):
        assert time.monotonic() < ends, f"nothing within {within_s:g} s"
        time.sleep(0.05)
    return answer


@cache
def families():
    """What is installed, looked up once: the guest's processor is slow."""
    return installed_families()


def digest(data) -> str:
    return hashlib.sha256(data).hexdigest()


def digests_of(folder: Path) -> dict[str, str]:
    """Every file below a folder, by path."""
    return {str(path.relative_to(folder)): digest(path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()}


def run_tool(*command) -> str:
    """Run a program of Debian; gives what it printed."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} answered {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def found_by(usb_ids: tuple[int, int]) -> FoundRecorder | None:
    """What the registry finds under these ids."""
    everything = find_usb_recorders(families=families(), remover=KernelFileRemover())
    return next((each for each in everything if (each.description.vendor_id, each.description.product_id) == usb_ids), None)


class Peer:
    """A recorder on the guest's USB; how it is plugged is told by those below. An open one stays open from check to check."""

    usb_ids: tuple[int, int]
    name_for_others: str | None = None
    """What it calls every file whose name is not ASCII; ``None`` is by its name."""
    is_plugged = False
    last_plugged: Peer | None = None
    _recorder: Recorder | None = None

    def _plug(self) -> None:
        raise NotImplementedError

    def _pull(self) -> None:
        raise NotImplementedError

    def plug(self) -> None:
        """Plug it in, unless it is, after whatever was plugged in before has left."""
        if Peer.last_plugged not in (None, self):
            Peer.last_plugged.leave()
        Peer.last_plugged = self
        if not self.is_plugged:
            self._plug()
            self.is_plugged = True

    def pull(self) -> None:
        """Pull it out, unless it is."""
        if self.is_plugged:
            self.is_plugged = False
            self._pull()

    def leave(self) -> None:
        """Close the recorder, pull the cable, and wait until it is gone; another one with its ids may be plugged in instead."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None
        self.pull()
        if Peer.last_plugged is self:
            until(lambda: self.found() is None)

    def found(self) -> FoundRecorder | None:
        """What the registry finds of it."""
        return found_by(self.usb_ids)

    def recorder(self) -> Recorder:
        """The recorder, plugged in and open."""
        if self._recorder is None:
            self.plug()
            self._recorder = until(self.found).open()
        return self._recorder


class Disk(Peer):
    """A disk, which Linux can mount as well."""

    kind: str
    volume_offset = 0

    def node(self) -> Path:
        """The volume's block device, once the kernel has it; plugged in anew, because the drivers had taken it away."""
        self.leave()
        self.plug()
        port = until(self.found).description.port
        size = "*/partition" if self.volume_offset else "size"
        shown = until(lambda: next(Path("/sys/bus/usb/devices").glob(f"{port}:1.0/host*/target*/*/block/*/{size}"), None))
        until(lambda: (shown.parent / "size").read_text().strip() != "0")
        return Path("/dev") / shown.parent.name

    @contextmanager
    def mounted(self, options: str = "ro", *, is_sound: bool = True) -> Iterator[Path]:
        """The disk as Linux mounts it, and, unless it was pulled while being written, as Debian's own checker finds it sound."""
        folder, node = Path("/scratch/mounted"), self.node()
        folder.mkdir(exist_ok=True)
        if is_sound:
            run_tool(f"fsck.{self.kind}", "-n", node)
        run_tool("mount", "-t", self.kind, "-o", f"{options},utf8" if self.kind == "vfat" else options, node, folder)
        try:
            yield folder
        finally:
            run_tool("umount", folder)


class QemuDisk(Disk):
    """QEMU's usb-storage over an image that was given to QEMU as a node."""

    usb_ids = (0x46F4, 0x0001)

    def __init__(self, cable: Cable, node: str, kind: str, volume_offset: int = 0) -> None:
        self._cable, self._node, self.kind, self.volume_offset = cable, node, kind, volume_offset
        self._count = 0

    def _plug(self) -> None:
        until(self._is_taken)

    def _is_taken(self) -> bool:
        """Plug it in; ``False`` while QEMU has not let go of the image yet, which it does a while after the cable was pulled."""
        self._count += 1
        try:
            self._cable.plug("usb-storage", f"{self._node}-{self._count}", drive=self._node, removable=True, serial=f"QEMU{self._node}")
        except OSError as error:
            if "Permission conflict" not in str(error):
                raise
            return False
        return True

    def _pull(self) -> None:
        self._cable.pull(f"{self._node}-{self._count}")


class GadgetDisk(Disk):
    """Linux's f_mass_storage over an image."""

    image: Path
    """What the recorder's medium is made of."""

    usb_ids = (0x0525, 0xA4A5)

    def __init__(self, name: str, image: Path, kind: str) -> None:
        self.kind, self.image = kind, image
        self._gadget = Gadget(name, *self.usb_ids, serial=f"LINUX{name}")
        self._gadget.add_disk(image)

    def _plug(self) -> None:
        self._gadget.plug()

    def _pull(self) -> None:
        self._gadget.pull()


class _Imported:
    """A virtual recorder of the host's, which ``vhci-hcd`` plugs in (Linux, ``Documentation/usb/usbip_protocol.rst``)."""

    _PLACE = Path("/sys/devices/platform/vhci_hcd.0")
    _PORT = 0
    """The first of the ports for high speed."""

    _FREE = "004"
    """State of a port that nothing is attached to (Linux, ``include/uapi/linux/usbip.h``, ``VDEV_ST_NULL``)."""

    def __init__(self, address: tuple[str, int], *, comes_back: bool = False) -> None:
        """Know where it is; one that comes back is a recorder that leaves the bus to become a disk, and is plugged in again on the same port then."""
        self._address, self._comes_back = address, comes_back
        self._pulled = threading.Event()
        self._thread: threading.Thread | None = None

    def plug(self) -> None:
        self._attach()
        if self._comes_back:
            self._pulled.clear()
            self._thread = threading.Thread(target=self._attach_again_and_again, daemon=True)
            self._thread.start()

    def _attach_again_and_again(self) -> None:
        while not self._pulled.wait(0.1):
            if self._is_free():
                self._attach()

    def _is_free(self) -> bool:
        lines = (line.split() for line in (self._PLACE / "status").read_text().splitlines()[1:])
        return next(state for hub, port, state, *_ in lines if hub == "hs" and int(port) == self._PORT) == self._FREE

    def _attach(self) -> None:
        until(self._is_imported)

    def _is_imported(self) -> bool:
        """Import it and let the kernel have it; ``False`` while it is on its way back."""
        with socket.create_connection(self._address, timeout=_WITHIN_S) as link:
            link.sendall(struct.pack(">HHI32s", 0x0111, 0x8003, 0, b"1-1"))
            answer = link.recv(8 + 312, socket.MSG_WAITALL)
            if len(answer) < 320:
                return False
            bus, number, speed = struct.unpack_from(">III", answer, 8 + 256 + 32)
            link.setblocking(True)  # the kernel takes it over as it is
            (self._PLACE / "attach").write_text(f"{self._PORT} {link.fileno()} {bus << 16 | number} {speed}")
            return True

    def pull(self) -> None:
        self._pulled.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_free():
            return
        (self._PLACE / "detach").write_text(str(self._PORT))


class VirtualDisk(Disk):
    """Our virtual recorder of disks, as Linux sees it."""

    def __init__(self, address: tuple[str, int], usb_ids: tuple[int, int], kind: str) -> None:
        self._imported, self.usb_ids, self.kind = _Imported(address), usb_ids, kind

    def _plug(self) -> None:
        self._imported.plug()

    def _pull(self) -> None:
        self._imported.pull()


class VirtualRecorder(Peer):
    """Our virtual recorder of a kind that takes commands first, and then leaves the bus and comes back as a disk."""

    def __init__(self, address: tuple[str, int], usb_ids: tuple[int, int], disk_ids: tuple[int, int]) -> None:
        self._imported, self.usb_ids, self.disk_ids = _Imported(address, comes_back=True), usb_ids, disk_ids

    def found(self) -> FoundRecorder | None:
        """What the registry finds of it, as it was or as a disk."""
        return super().found() or found_by(self.disk_ids)

    def _plug(self) -> None:
        self._imported.plug()

    def _pull(self) -> None:
        self._imported.pull()


class VirtualMtp(Peer):
    """Our virtual MTP recorder, as Linux sees it."""

    def __init__(self, address: tuple[str, int], usb_ids: tuple[int, int]) -> None:
        self._imported, self.usb_ids = _Imported(address), usb_ids

    def _plug(self) -> None:
        self._imported.plug()

    def _pull(self) -> None:
        self._imported.pull()


class QemuMtp(Peer):
    """QEMU's usb-mtp over a folder of the host, which it only reads."""

    usb_ids = (0x46F4, 0x0004)
    name_for_others = "Oops"

    def __init__(self, cable: Cable, folder: str) -> None:
        self._cable, self._folder = cable, folder
        self._count = 0

    def _plug(self) -> None:
        self._count += 1
        self._cable.plug("usb-mtp", f"mtp-{self._count}", rootdir=self._folder, readonly=True)

    def _pull(self) -> None:
        self._cable.pull(f"mtp-{self._count}")


class UmtpRecorder(Peer):
    """Debian's umtp-responder on Linux's dummy_hcd, over a folder that it may change."""

    usb_ids = (0x1209, 0x0002)

    def __init__(self, program: Path, folder: Path) -> None:
        endpoints = Path("/dev/ffs-mtp")
        self._gadget = Gadget("mtp", *self.usb_ids, serial="UMTP0001")
        self._gadget.add_user_function("mtp", endpoints)
        settings = Path("/etc/umtprd/umtprd.conf")
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(_UMTP.format(folder=folder, vendor=self.usb_ids[0], product=self.usb_ids[1], endpoints=endpoints))
        self._program, self._endpoints = program, endpoints
        self._process: subprocess.Popen[bytes] | None = None

    def _plug(self) -> None:
        self._process = subprocess.Popen([self._program], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until((self._endpoints / "ep1").exists)
        self._gadget.plug()

    def _pull(self) -> None:
        """Pull the cable; the recorder starts anew when it is plugged in again."""
        self._gadget.pull()
        if self._process is not None:
            self._process.kill()
            self._process.wait()


_UMTP = """storage "{folder}" "Recorder" "rw"
manufacturer "Debian"
product "umtp-responder"
serial "UMTP0001"
usb_vendor_id {vendor:#06x}
usb_product_id {product:#06x}
usb_class 0x6
usb_subclass 0x1
usb_protocol 0x1
usb_dev_version 0x3008
usb_functionfs_mode 0x1
usb_dev_path "{endpoints}/ep0"
usb_epin_path "{endpoints}/ep1"
usb_epout_path "{endpoints}/ep2"
usb_epint_path "{endpoints}/ep3"
usb_max_packet_size 0x200
"""
