"""Boot a guest that has a real Linux USB stack and QEMU's USB devices, and run a command in it as root.

The guest sees the host's files, read-only under a layer of memory, so that the checkout and its virtual environment just work; ``/lab`` is a folder
that both can write, ``/scratch`` is memory. ``/dev/vport0p1`` is QEMU's own monitor, with which ``cable`` pulls and plugs. QEMU emulates
the processor (no KVM), so that every machine runs the same guest.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.guest_image import GuestImage, LabUnavailableError

QEMU = "qemu-system-x86_64"
RESULTS = "results.jsonl"
_CONSOLE = "console.txt"
_PROCESSOR = "qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+rdrand"
"""One plain core takes a third less of the host's time than two with everything: wide vectors and waiting for each other are emulated too."""
_INIT = """#!/bin/sh
export PATH={path} HOME=/root LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
cd {checkout}
{command} >/dev/ttyS0 2>&1 </dev/null
sync
echo '{{"execute": "qmp_capabilities"}} {{"execute": "quit"}}' >/dev/vport0p1
while :; do sleep 1; done
"""


@dataclass(frozen=True)
class GuestRun:
    """What is to run, with which devices.

    Attributes:
        command: Program and arguments, in the checkout.
        devices: More arguments for QEMU; its USB bus is ``usb.0``.
        has_gadget: Whether Linux plays a recorder itself (``dummy_hcd``).
        has_network: Whether the host answers at 10.0.2.2 and ``vhci-hcd`` is there.
        timeout_s: Longest run.
    """

    command: Sequence[str]
    devices: Sequence[str] = ()
    has_gadget: bool = False
    has_network: bool = False
    timeout_s: float = 560.0


def require_emulator() -> None:
    """See that QEMU is on this machine.

    Raises:
        LabUnavailableError: It is not.
    """
    if shutil.which(QEMU) is None:
        raise LabUnavailableError(f"the USB lab needs {QEMU} (on Debian: apt-get install --no-install-recommends qemu-system-x86)")


def run_guest(image: GuestImage, lab: Path, run: GuestRun) -> str:
    """Run a command in a guest whose ``/lab`` is a folder; gives what its console said."""
    init = lab / "init"
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin:/usr/bin:/bin"
    init.write_text(_INIT.format(path=shlex.quote(path), checkout=shlex.quote(str(Path.cwd())), command=shlex.join(run.command)))
    init.chmod(0o755)
    console = lab / _CONSOLE
    with tempfile.TemporaryDirectory(prefix="bodycam-lab-") as folder, console.open("wb") as output:
        command = [*_machine(image, run), *_monitor(Path(folder) / "monitor"), *_folders(lab), *_bus(run)]
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            qemu.wait(run.timeout_s)
        except subprocess.TimeoutExpired:
            with console.open("ab") as more:
                more.write(f"\nthe guest did not finish within {run.timeout_s:g} s\n".encode())
        finally:
            qemu.kill()
            qemu.wait()
    return console.read_text(errors="replace")


def _machine(image: GuestImage, run: GuestRun) -> list[str]:
    options = ["console=ttyS0", "quiet", "loglevel=1", "panic=-1", "mitigations=off", "random.trust_cpu=on"]
    options += ["gadget=1"] * run.has_gadget + ["network=1"] * run.has_network
    command = [QEMU, "-M", "q35", "-accel", "tcg", "-cpu", _PROCESSOR, "-smp", "1", "-m", "1G"]
    command += ["-nodefaults", "-display", "none", "-no-reboot"]
    command += ["-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", " ".join(options)]
    command += ["-chardev", "stdio,id=console,signal=off", "-device", "isa-serial,chardev=console"]
    return command


def _bus(run: GuestRun) -> list[str]:
    network = ["-netdev", "user,id=host", "-device", "virtio-net-pci,netdev=host,romfile="] * run.has_network
    return ["-device", "qemu-xhci,id=usb,p2=8,p3=8", *network, *run.devices]


def _folders(lab: Path) -> list[str]:
    command = ["-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"]
    command += ["-device", "virtio-9p-pci,fsdev=root,mount_tag=root"]
    command += ["-fsdev", f"local,id=lab,path={lab},security_model=none"]
    return [*command, "-device", "virtio-9p-pci,fsdev=lab,mount_tag=lab"]


def _monitor(socket: Path) -> list[str]:
    """QEMU's monitor, both ends in QEMU: one is the first port of the guest, because it comes first on the bus."""
    command = ["-device", "virtio-serial-pci", "-device", "virtserialport,chardev=port"]
    command += ["-chardev", f"socket,id=port,path={socket},server=on,wait=off", "-chardev", f"socket,id=monitor,path={socket}"]
    return [*command, "-mon", "chardev=monitor,mode=control"]
