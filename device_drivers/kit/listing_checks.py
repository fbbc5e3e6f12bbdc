"""Checks of how files are listed."""

from __future__ import annotations

import base64

from device_drivers.kit.judging import Subject, require
from integrity.listing import RecordedFile

_SHOWN = 3


def lists_whole(subject: Subject) -> None:
    """Everything on it is listed, as RecordedFile."""
    require(all(isinstance(file, RecordedFile) for file in subject.listing()), "list_files() gave something else than RecordedFile")


def lists_without_fingerprints(subject: Subject) -> None:
    """Listing reads no content: fingerprints are left to the dock."""
    require(all(file.fingerprint is None for file in subject.listing()), "files are listed with fingerprints")


def lists_twice_the_same(subject: Subject) -> None:
    """A listing taken again is equal, in order too."""
    first, again = list(subject.listing()), list(subject.recorder.list_files())
    different = [file.path for file, other in zip(first, again, strict=False) if file != other]
    require(len(first) == len(again), f"{len(first)} files at first, {len(again)} afterwards")
    require(not different, f"{len(different)} files are described otherwise: numbers {_numbers(first, again)}")


def gives_each_its_locator(subject: Subject) -> None:
    """Every file has a locator of its own."""
    locators = [file.locator for file in subject.listing()]
    require(all(locators), "a file has no locator")
    require(len(set(locators)) == len(locators), f"{len(locators)} files share {len(set(locators))} locators")


def writes_paths_its_way(subject: Subject) -> None:
    """Paths have / between their parts, none at the ends, and come verbatim too."""
    for number, file in enumerate(subject.listing()):
        require(all(part not in ("", ".", "..") for part in file.path.split("/")), f"the path of file {number} has an empty part, . or ..")
        require(bool(base64.b64decode(file.path_raw_base64)), f"the path of file {number} is not given verbatim")


def _numbers(first: list[RecordedFile], again: list[RecordedFile]) -> str:
    return ", ".join([str(number) for number, (one, other) in enumerate(zip(first, again, strict=False)) if one != other][:_SHOWN])


CHECKS = (lists_whole, lists_without_fingerprints, lists_twice_the_same, gives_each_its_locator, writes_paths_its_way)
"""Every check of this module, in their order."""
