"""Walking the folders of an MTP device.

Handles come from GetObjectHandles alone. What an object is comes from property lists of its whole folder where the device has them, which is a
few transactions instead of two for each object, and else from ObjectInfo and the property ObjectSize.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from device_drivers.errors import ListingIncompleteError, RecorderError, RecorderUnpluggedError, TransportTimeoutError
from device_drivers.families.mtp.protocol import (
    DESCRIBING,
    FoundObject,
    ObjectFacts,
    Place,
    below,
    facts_from_info,
    facts_from_properties,
    wall_time,
)
from device_drivers.transports.ptp import OperationRefusedError, Session, SessionLostError
from device_drivers.transports.ptp.codes import ObjectProperty, Operation, ResponseCode
from device_drivers.transports.ptp.operations import (
    ROOT,
    ask_object,
    ask_object_size,
    ask_property,
    ask_property_of_all,
    list_handles,
    list_storages,
)
from integrity.listing import MAX_FILES, MAX_SIZE_BYTES

_MAX_OBJECTS = 2 * MAX_FILES
_MAX_DEPTH = 64
_MAX_MISSING = 20
_MAX_TIMEOUTS = 3
_UNKNOWN = frozenset({ResponseCode.OPERATION_NOT_SUPPORTED, ResponseCode.INVALID_OBJECT_PROPERTY, ResponseCode.OBJECT_PROPERTY_NOT_SUPPORTED})
_WORTH_A_LIST = 8
"""In smaller folders asking for each object is no slower than asking for lists."""


@dataclass(slots=True)
class _Walk:
    """What a walk has met so far."""

    missing: list[str]
    seen: set[int]
    elsewhere: set[int]
    timeouts: int = 0


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder still to be read; ``None`` is the root."""

    storage: int
    place: FoundObject | None
    depth: int

    @property
    def handle(self) -> int:
        return ROOT if self.place is None else self.place.facts.handle

    @property
    def title(self) -> str:
        return "/" if self.place is None else self.place.path[:200]


class ObjectTree:
    """The objects of a device, as they are at the moment of asking."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._has_lists = session.supports(Operation.GET_OBJECT_PROP_LIST)
        self._has_sizes = session.supports(Operation.GET_OBJECT_PROP_VALUE)

    def walk(self, *, enters: Callable[[FoundObject], bool] = lambda _: True) -> Iterator[FoundObject]:
        """Give every file, folder by folder.

        Args:
            enters: Whether a folder is to be looked into.

        Raises:
            ListingIncompleteError: At the end, naming what could not be listed.
            RecorderUnpluggedError: The device left.
        """
        walk = _Walk([], set(), set())
        try:
            yield from self._walk(walk, enters)
        except (RecorderUnpluggedError, ListingIncompleteError):
            raise
        except RecorderError as error:  # the storages, or every handle from here on
            raise ListingIncompleteError(_shortened([str(error), *walk.missing])) from error
        walk.missing.extend(f"object {handle:#010x}: not in the folder that it names" for handle in sorted(walk.elsewhere - walk.seen))
        if walk.missing:
            raise ListingIncompleteError(_shortened(walk.missing))

    def find(self, paths: Collection[str]) -> dict[Place, list[FoundObject]]:
        """Find files by their paths, looking into no more folders than needed; what cannot be looked at is not found.

        Raises:
            RecorderUnpluggedError: The device left.
        """
        folders = {path[:end] for path in paths for end, letter in enumerate(path) if letter == "/"}
        there: dict[Place, list[FoundObject]] = {}
        with suppress(ListingIncompleteError):
            for found in self.walk(enters=lambda folder: folder.path in folders):
                if found.path in paths:
                    there.setdefault(found.place, []).append(found)
        return there

    def root_files(self) -> Iterator[FoundObject]:
        """Give the files in the roots of the storages only; what cannot be described there is left to :meth:`walk` to report."""
        for storage in list_storages(self._session):
            for found in self._look_into(_Folder(storage, None, 0), _Walk([], set(), set())):
                if not found.facts.is_folder:
                    yield found

    def describe(self, handle: int) -> ObjectFacts:
        """Say what one object is, by ObjectInfo and its property ObjectSize.

        Raises:
            OperationRefusedError: There is none, or it is not shown.
            RecorderError: The device could not be asked.
        """
        facts = facts_from_info(handle, ask_object(self._session, handle))
        if facts.is_folder or not self._has_sizes:
            return facts
        try:
            return replace(facts, size_bytes=min(ask_object_size(self._session, handle), MAX_SIZE_BYTES))
        except OperationRefusedError as error:
            if error.code not in _UNKNOWN:
                raise
            self._has_sizes = False
            return facts

    def listed_time(self, handle: int) -> str | None:
        """Say when an object was changed as property lists say it; some devices spell it otherwise in ObjectInfo.

        Raises:
            RecorderError: The device could not be asked.
        """
        if not self._has_lists:
            return None
        value = ask_property(self._session, handle, ObjectProperty.DATE_MODIFIED)
        return wall_time(value) if isinstance(value, bytes) else None

    def _walk(self, walk: _Walk, enters: Callable[[FoundObject], bool]) -> Iterator[FoundObject]:
        waiting = [_Folder(storage, None, 0) for storage in reversed(list_storages(self._session))]
        while waiting:
            folder = waiting.pop()
            inside: list[_Folder] = []
            for found in self._look_into(folder, walk):
                if not found.facts.is_folder:
                    yield found
                elif folder.depth >= _MAX_DEPTH:
                    walk.missing.append(f"{found.path[:200]}: too deep")
                elif enters(found):
                    inside.append(_Folder(folder.storage, found, folder.depth + 1))
            waiting.extend(reversed(inside))

    def _look_into(self, folder: _Folder, walk: _Walk) -> Iterator[FoundObject]:
        try:
            handles = list_handles(self._session, folder.storage, folder.handle)
        except (RecorderUnpluggedError, SessionLostError):
            raise
        except RecorderError as error:
            _note(walk, folder.title, error)
            return
        listed = self._list_properties(folder, handles) if len(handles) >= _WORTH_A_LIST else {}
        siblings = frozenset(handles)
        for handle in handles:
            if len(walk.seen) >= _MAX_OBJECTS:
                raise ListingIncompleteError(_shortened([f"more than {_MAX_OBJECTS} objects", *walk.missing]))
            facts = listed.get(handle) or self._describe(handle, folder, walk)
            if facts is None:
                continue
            if facts.parent in siblings and facts.parent != folder.handle:
                walk.elsewhere.add(handle)  # some devices list every object for the root
                continue
            found = below(folder.place, folder.storage, facts)
            if handle in walk.seen:
                walk.missing.append(f"{found.path[:200]}: listed twice")
            elif found.is_too_deep:
                walk.missing.append(f"{found.path[:200]}: its path is too long")
            else:
                walk.seen.add(handle)
                yield found

    def _list_properties(self, folder: _Folder, handles: tuple[int, ...]) -> dict[int, ObjectFacts]:
        """Describe a folder's objects by property lists as far as they go; a device whose lists are of no use is not asked for them again."""
        if not self._has_lists:
            return {}
        try:
            columns = {each: ask_property_of_all(self._session, folder.handle, each) for each in DESCRIBING}
            complete = set(handles).intersection(*columns.values())
            described = {handle: facts_from_properties(handle, {each: columns[each][handle] for each in DESCRIBING}) for handle in complete}
        except (RecorderUnpluggedError, SessionLostError):
            raise
        except RecorderError:
            described = {}
        self._has_lists = bool(described)
        return described

    def _describe(self, handle: int, folder: _Folder, walk: _Walk) -> ObjectFacts | None:
        try:
            return self.describe(handle)
        except (RecorderUnpluggedError, SessionLostError):
            raise
        except RecorderError as error:
            _note(walk, f"{folder.title}: object {handle:#010x}", error)
            return None


def _note(walk: _Walk, what: str, error: RecorderError) -> None:
    """Note what cannot be listed; a device that has fallen silent a few times is not asked any further."""
    walk.missing.append(f"{what}: {error}")
    if isinstance(error, TransportTimeoutError):
        walk.timeouts += 1
        if walk.timeouts >= _MAX_TIMEOUTS:
            raise ListingIncompleteError(_shortened(["the recorder fell silent", *walk.missing])) from error


def _shortened(missing: list[str]) -> tuple[str, ...]:
    if len(missing) <= _MAX_MISSING:
        return tuple(missing)
    return (*missing[:_MAX_MISSING], f"and {len(missing) - _MAX_MISSING} more")
