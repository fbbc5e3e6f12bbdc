"""Media for tests: images made by Debian's tools, a writer of exFAT files, and virtual cards written out as images."""

import shutil
import struct
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from device_drivers.simulated.fat32 import Fat32Volume
from device_drivers.simulated.footage import CardFile, Folder

PACKAGES = {
    "mkfs.vfat": "dosfstools",
    "fsck.vfat": "dosfstools",
    "mcopy": "mtools",
    "mdel": "mtools",
    "mkfs.exfat": "exfatprogs",
    "fsck.exfat": "exfatprogs",
    "losetup": "mount",
}
WHEN = datetime(2026, 11, 24, 1, 30, 15, tzinfo=UTC)


def run_tool(name, *arguments):
    program = shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert program, f"{name} is missing: install the Debian package {PACKAGES[name]}"
    done = subprocess.run(
        [program, *map(str, arguments)], capture_output=True, check=False, env={"MTOOLS_SKIP_CHECK": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8"}
    )
    assert done.returncode == 0, f"{name} failed: {done.stdout.decode(errors='replace')}{done.stderr.decode(errors='replace')}"
    return done.stdout.decode(errors="replace")


def make_fat_image(path: Path, source: Path, *, bits=32, size_bytes=64 * 1024**2, label="BODYCAM", serial="1234abcd") -> Path:
    """A FAT volume made by mkfs.vfat, filled by mcopy."""
    with path.open("wb") as image:
        image.truncate(size_bytes)
    run_tool("mkfs.vfat", "-F", bits, "-n", label, "-i", serial, path)
    run_tool("mcopy", "-s", "-i", path, *sorted(source.iterdir()), "::/")
    return path


def in_partition(path: Path, volume: Path, kind: int = 0x0C) -> Path:
    """A disk with an MBR whose second entry is a volume, beginning at 1 MiB."""
    start = 2048
    entry = struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, volume.stat().st_size // 512)
    with path.open("wb") as disk:
        disk.write(bytes(446) + bytes(16) + entry + bytes(32) + b"\x55\xaa")
        disk.seek(start * 512)
        with volume.open("rb") as source:
            shutil.copyfileobj(source, disk)
    return path


def card(files: dict[str, bytes]) -> Folder:
    """A virtual card; a name in the last part of a path may hold anything but ``/``."""
    root = Folder()
    for path, content in files.items():
        *parents, name = path.split("/")
        folder = root
        for parent in parents:
            found = next((each for each in folder.folders if each.name == parent), None)
            if found is None:
                found = Folder(parent)
                folder.folders.append(found)
            folder = found
        folder.files.append(CardFile(name, len(content), WHEN, content))
    return root


def write_card(path: Path, root: Folder, *, volume_class=Fat32Volume, **options) -> Path:
    """A virtual card as a sparse image."""
    volume = volume_class(root, volume_id=0x0BADCAFE, **options)
    step = 1024**2
    with path.open("wb") as image:
        image.truncate(volume.size_bytes)
        used = volume.used_bytes
        for offset in range(0, used, step):
            piece = volume.read(offset, min(step, used - offset))
            if piece.count(0) != len(piece):
                image.seek(offset)
                image.write(piece)
    volume.close()
    return path


class ExfatImage:
    """Adds files to an empty volume that mkfs.exfat made; ``fsck.exfat`` is asked whether it was done right."""

    CLUSTER_BYTES = 32_768

    def __init__(self, path: Path, size_bytes: int = 64 * 1024**2) -> None:
        with path.open("wb") as image:
            image.truncate(size_bytes)
        run_tool("mkfs.exfat", "-c", self.CLUSTER_BYTES, "-L", "执法记录", path)
        self.path = path
        self._image = path.open("r+b")
        boot = self._image.read(512)
        fat, _, heap, self._count, self.root = struct.unpack_from("<5I", boot, 80)
        self.serial = f"{struct.unpack_from('<I', boot, 100)[0]:08x}"
        self._fat_offset, self._heap_offset = fat * 512, heap * 512
        root = self._read(self._offset(self.root), self.CLUSTER_BYTES)
        entry = next(root[at : at + 32] for at in range(0, len(root), 32) if root[at] == 0x81)
        self._bitmap = self._offset(struct.unpack_from("<I", entry, 20)[0])
        self._next = self.root + 1
        self._ends = {self.root: next(at for at in range(0, len(root), 32) if root[at] == 0)}

    def add_file(self, directory: int, name: str, content=b"", *, size=None, valid=None, contiguous=True, zone=0xA0) -> None:
        """``size`` alone makes a sparse file, whose bytes at the end of each GiB tell where they are."""
        length = len(content) if size is None else size
        first = self._allocate(-(-length // self.CLUSTER_BYTES), contiguous=contiguous) if length else 0
        if content:
            self._write(self._offset(first), content)
        for at in range(2**30, length, 2**30):
            self._write(self._offset(first) + at - 8, struct.pack("<Q", at))
        self._add_set(directory, name, 0x20, first, length, length if valid is None else valid, contiguous=contiguous and bool(length), zone=zone)

    def add_directory(self, directory: int, name: str) -> int:
        first = self._allocate(1, contiguous=False)
        self._add_set(directory, name, 0x10, first, self.CLUSTER_BYTES, self.CLUSTER_BYTES, contiguous=False, zone=0)
        self._ends[first] = 0
        return first

    def close(self, *, check=True) -> Path:
        self._image.close()
        if check:
            run_tool("fsck.exfat", "-n", self.path)
        return self.path

    def _add_set(self, directory, name, attributes, first, length, valid, *, contiguous, zone):
        units = name.encode("utf-16-le", "surrogatepass")
        pieces = [units[at : at + 30].ljust(30, b"\0") for at in range(0, len(units), 30)]
        stamp = (2026 - 1980) << 25 | 11 << 21 | 24 << 16 | 9 << 11 | 30 << 5 | 7
        head = struct.pack("<BBHHHIIIBBBBB7x", 0x85, 1 + len(pieces), 0, attributes, 0, stamp, stamp, stamp, 150, 0, zone, zone, zone)
        name_hash = _sum16(name.upper().encode("utf-16-le", "surrogatepass"))
        stream = struct.pack("<BBBBHHQIIQ", 0xC0, 3 if contiguous else 1, 0, len(units) // 2, name_hash, 0, valid, 0, first, length)
        entries = bytearray(head + stream + b"".join(b"\xc1\0" + piece for piece in pieces))
        struct.pack_into("<H", entries, 2, _sum16(entries[:2] + entries[4:]))
        self._write(self._offset(directory) + self._ends[directory], entries)
        self._ends[directory] += len(entries)
        assert self._ends[directory] < self.CLUSTER_BYTES

    def _allocate(self, count, *, contiguous):
        first = self._next
        self._next += count
        for cluster in range(first, first + count):
            at = self._bitmap + (cluster - 2 >> 3)
            self._write(at, bytes([self._read(at, 1)[0] | 1 << (cluster - 2 & 7)]))
            if not contiguous:
                link = 0xFFFFFFFF if cluster == first + count - 1 else cluster + 1
                self._write(self._fat_offset + 4 * cluster, struct.pack("<I", link))
        return first

    def _offset(self, cluster):
        return self._heap_offset + (cluster - 2) * self.CLUSTER_BYTES

    def _read(self, offset, length):
        self._image.seek(offset)
        return self._image.read(length)

    def _write(self, offset, data):
        self._image.seek(offset)
        self._image.write(data)


def _sum16(data):
    total = 0
    for byte in data:
        total = ((total & 1) << 15 | total >> 1) + byte & 0xFFFF
    return total
