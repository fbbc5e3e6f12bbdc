"""What a directory says about one file or directory. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field

from device_drivers.transports.filesystem_child.names import EntryName


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One file or directory.

    Attributes:
        position: Where its primary entry begins, in bytes from the start of what was parsed.
        name: Its name.
        is_directory: Whether it is a directory.
        size_bytes: Size that the entry announces.
        valid_bytes: How much of it was ever written; what lies beyond reads as zeros (exFAT, section 7.6.5). Equal to the size on FAT.
        first_cluster: Where its content begins; 0 when it has none.
        is_contiguous: Whether the content lies in one piece and the table must not be asked (exFAT, section 6.3.4.2).
        modified: Wall time of the last change.
        created: Wall time of creation.
        attributes: Attribute letters.
    """

    position: int
    name: EntryName
    is_directory: bool
    size_bytes: int
    valid_bytes: int
    first_cluster: int
    is_contiguous: bool
    modified: str | None
    created: str | None
    attributes: str


@dataclass(slots=True)
class ParsedDirectory:
    """What a stretch of a directory held.

    Attributes:
        entries: Files and directories in use, in their order.
        consumed: How many bytes are done with; a set of entries cut off by the end of the stretch is not.
        ended: Whether the directory's end mark was met.
        label: Label of the volume, where this stretch holds it.
        damage: What did not follow the format, if anything.
    """

    entries: list[DirectoryEntry] = field(default_factory=list)
    consumed: int = 0
    ended: bool = False
    label: str | None = None
    damage: str | None = None
