"""Remove files from an MTP device: each is looked at again immediately before, and only that one object is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from device_drivers.families.mtp.objects import ObjectTree
from device_drivers.families.mtp.protocol import READ_ONLY_STORAGE, FoundObject, Place, as_recorded_file, parse_locator, place_of
from device_drivers.recorder import Removal
from device_drivers.transports.ptp import OperationRefusedError, Session
from device_drivers.transports.ptp.codes import ResponseCode
from device_drivers.transports.ptp.operations import ask_storage, delete_object
from integrity.listing import RecordedFile


class Remover:
    """Removes files that are still as they were listed.

    Args:
        session: Used to delete.
        tree: Where the files are looked for, by storage and path; a handle may have another meaning than when it was listed.
        fingerprint: Reads a file's fingerprint as it is now.
    """

    def __init__(self, session: Session, tree: ObjectTree, fingerprint: Callable[[RecordedFile], str | None]) -> None:
        self._session, self._tree, self._fingerprint = session, tree, fingerprint
        self._accesses: dict[int, int] = {}

    def remove(self, files: Sequence[RecordedFile]) -> Iterator[Removal]:
        """Remove files; see ``device_drivers.recorder.Recorder.remove_files``."""
        there = self._tree.find({file.path for file in files})
        for file in files:
            yield Removal(file, self._remove(file, there))

    def _remove(self, file: RecordedFile, there: dict[Place, list[FoundObject]]) -> str | None:
        """Remove one file; answer why it stays, or ``None`` when it is gone."""
        locator = parse_locator(file.locator)
        if locator is None:
            return "this driver has not listed it"
        found = there.get(place_of(file, locator.storage), [])
        if not found:
            return "it is not there any more"
        if len(found) > 1:
            return "several files have its path"
        try:
            reason = self._difference(file, found[0])
            if reason is None and self._access(found[0].storage) == READ_ONLY_STORAGE:
                reason = "its storage allows no deleting"
            if reason is None:
                delete_object(self._session, found[0].facts.handle)
        except OperationRefusedError as error:
            return "it is not there any more" if error.code == ResponseCode.INVALID_HANDLE else str(error)
        return reason

    def _difference(self, file: RecordedFile, found: FoundObject) -> str | None:
        """Look at a file once more; answer in what it is not as it was listed."""
        handle = found.facts.handle
        facts = self._tree.describe(handle)
        if facts.is_folder or facts.name != found.facts.name or facts.parent != found.facts.parent:
            return "another object has taken its place"
        if facts.size_bytes != file.size_bytes:
            return f"its size was {file.size_bytes} bytes and is {facts.size_bytes}"
        if file.modified not in (facts.modified, self._tree.listed_time(handle)):
            return f"it was changed at {file.modified} and is of {facts.modified}"
        if file.fingerprint is None:
            return "its fingerprint is not known"
        now = as_recorded_file(replace(found, facts=facts), file.size_bytes, numbering=self._session.numbering)
        return None if self._fingerprint(now) == file.fingerprint else "its content is not what it was"

    def _access(self, storage: int) -> int:
        if storage not in self._accesses:
            self._accesses[storage] = ask_storage(self._session, storage).access
        return self._accesses[storage]
