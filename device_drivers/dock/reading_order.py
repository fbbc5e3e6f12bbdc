"""Which files are read first: those an officer marked as important, then the oldest. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrity.listing import RecordedFile

KEY_MARK = r"_IMP(?=[._]|$)"
"""What a name carries when the officer pressed the key-file button (重点标记), as seen on cards; makers differ, so it can be set."""
_LATEST = "9999"


def is_key_file(file: RecordedFile, mark: re.Pattern[str]) -> bool:
    """Whether the officer marked a file as important."""
    return mark.search(file.path.rsplit("/", 1)[-1]) is not None


def is_locked(file: RecordedFile) -> bool:
    """Whether the recorder protects a file from being overwritten (the read-only attribute of FAT and exFAT)."""
    return "R" in file.attributes


def reading_order(files: Sequence[RecordedFile], mark: re.Pattern[str]) -> list[int]:
    """Give the places of files in the order in which they are to be read.

    Args:
        files: As listed.
        mark: What a key file's name carries.
    """

    def rank(index: int) -> tuple[bool, bool, str, int]:
        file = files[index]
        return not is_key_file(file, mark), not is_locked(file), file.created or file.modified or _LATEST, index

    return sorted(range(len(files)), key=rank)
