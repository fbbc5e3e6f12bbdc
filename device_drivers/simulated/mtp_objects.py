"""The objects of a virtual MTP recorder: a card's folders and files under handles, with what the fault script says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from device_drivers.simulated.faults import Faults
from device_drivers.simulated.footage import CardFile, ContentReader, Folder, ghosts_of

STORAGE, ABSENT_STORAGE = 0x0001_0001, 0x0001_0000
CAPACITY_BYTES = 64 * 1024**3
ASSOCIATION, _UNDEFINED = 0x3001, 0x3000
_FORMATS = {"mp4": 0xB982, "mov": 0x300D, "avi": 0x300A, "jpg": 0x3801, "wav": 0x3008, "txt": 0x3004, "log": 0x3004}
_RENUMBERED = 0x0010_0001
"""Handles are other ones after each plugging-in, as real devices have them."""


@dataclass(slots=True)
class StoredObject:
    """One object.

    Attributes:
        handle: Its number.
        parent: Number of its folder, 0 in the root.
        path: Its path on the card.
        content: The file, or ``None`` for a folder.
        within: The folder of the card that it is, or that holds the file.
        is_ghost: Whether it is listed and nothing more is known of it.
    """

    handle: int
    parent: int
    path: str
    content: CardFile | None
    within: Folder
    is_ghost: bool = False

    @property
    def name(self) -> str:
        """The last part of its path as it is, which may hold ``/``."""
        return self.content.name if self.content is not None else self.within.name

    @property
    def object_format(self) -> int:
        """Format code (PIMA 15740, clause 6.2; MTP 1.1, appendix A), by the name's extension."""
        if self.content is None:
            return ASSOCIATION
        return _FORMATS.get(self.name.rpartition(".")[2].lower(), _UNDEFINED)


class ObjectStore:
    """Every object of one storage, in the order of the card."""

    def __init__(self, card: Folder, faults: Faults) -> None:
        self._card, self._faults = _copy(card), faults
        self._reader = ContentReader()
        self._objects: dict[int, StoredObject] = {}
        self._inside: dict[int, list[int]] = {}
        self._looks: dict[str, int] = {}
        self._plugged_in = 0
        self.renumber()

    def renumber(self) -> None:
        """Give every object another handle, as happens when the recorder is plugged in."""
        self._plugged_in += 1
        first = self._plugged_in * _RENUMBERED % 0x7000_0000
        self._objects, self._inside = {}, {0: []}
        self._enter(self._card, 0, "", first)

    def storages(self) -> tuple[int, ...]:
        """List the ids of its storages; one without a medium has 0 in its lower half."""
        return (ABSENT_STORAGE,) if self._faults.no_card else (STORAGE,)

    def find(self, handle: int) -> StoredObject | None:
        """Give an object; ``None`` for a number that stands for none, and for a ghost."""
        found = self._objects.get(handle)
        return None if found is None or found.is_ghost else found

    def all(self) -> Iterator[StoredObject]:
        """Give every object that is not a ghost."""
        return (each for each in self._objects.values() if not each.is_ghost)

    def inside(self, parent: int) -> Iterator[StoredObject]:
        """Give what is in a folder, 0 for the root, without ghosts."""
        return (each for handle in self._inside.get(parent, ()) if not (each := self._objects[handle]).is_ghost)

    def look_into(self, parent: int) -> tuple[StoredObject, ...]:
        """Give what is in a folder, 0 for the root, ghosts among it; every look lets files grow that the script wants to grow."""
        found = tuple(self._objects[each] for each in self._inside.get(parent, ()))
        for each in found:
            self._looks[each.path] = self._looks.get(each.path, 0) + 1
        return found

    def announced_bytes(self, item: StoredObject) -> int:
        """Give the size that it is said to have."""
        if item.content is None:
            return 0
        growth = self._faults.growing_files.get(item.path)
        if growth:
            return growth[min(max(self._looks.get(item.path, 1) - 1, 0), len(growth) - 1)]
        return self._faults.sizes.get(item.path, item.content.size_bytes)

    def is_unreadable(self, item: StoredObject, offset: int, length: int) -> bool:
        """Whether a stretch of a file touches what the medium does not give."""
        stretches = (each for each in self._faults.unreadable if each.path == item.path)
        return any(each.offset < offset + length and offset < each.offset + each.length for each in stretches)

    def read(self, item: StoredObject, offset: int, length: int) -> bytes:
        """Read a stretch of a file."""
        return self._reader.read(item.content, offset, length) if item.content is not None else b""

    def used_bytes(self) -> int:
        """Give how much the files take."""
        return sum(each.content.size_bytes for each in self._objects.values() if each.content is not None)

    def delete(self, item: StoredObject) -> None:
        """Take a file off the card."""
        self._inside[item.parent].remove(item.handle)
        del self._objects[item.handle]
        if item.content is not None:
            item.within.files.remove(item.content)

    def close(self) -> None:
        """Close the host's files."""
        self._reader.close()

    def _enter(self, folder: Folder, parent: int, path: str, first: int) -> None:
        ghosts = set(ghosts_of(self._faults.ghost_entries, path))
        for file in folder.files:
            self._add(StoredObject(first + len(self._objects), parent, path + file.name, file, folder, file.name in ghosts))
            ghosts.discard(file.name)
        for name in sorted(ghosts):
            self._add(StoredObject(first + len(self._objects), parent, path + name, None, Folder(name), is_ghost=True))
        for below in folder.folders:
            item = StoredObject(first + len(self._objects), parent, path + below.name, None, below)
            self._add(item)
            self._inside[item.handle] = []
            self._enter(below, item.handle, f"{path}{below.name}/", first)

    def _add(self, item: StoredObject) -> None:
        self._objects[item.handle] = item
        self._inside[item.parent].append(item.handle)


def _copy(folder: Folder) -> Folder:
    return Folder(folder.name, [_copy(each) for each in folder.folders], list(folder.files))
