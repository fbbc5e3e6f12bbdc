"""What a comparison can find, how bad each of it is, and one finding as a value."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from integrity.canonical import JsonValue


class Severity(StrEnum):
    """How bad a finding is."""

    ALARM = "alarm"
    FAULT = "fault"
    NOTICE = "notice"


class FindingKind(StrEnum):
    """What was found."""

    RELEASED_OBJECT_GONE = "released_object_gone"
    OBJECT_GONE = "object_gone"
    OBJECT_SIZE_DIFFERS = "object_size_differs"
    NOT_LOCKED = "not_locked"
    LOCK_SHORTER = "lock_shorter"
    DELETE_MARKER = "delete_marker"
    MANIFEST_GONE = "manifest_gone"
    MANIFEST_DIFFERS = "manifest_differs"
    LOG_EXPORT_GONE = "log_export_gone"
    COVERAGE_GONE = "coverage_gone"
    CLIP_ROW_GONE = "clip_row_gone"
    CLIP_ROW_DIFFERS = "clip_row_differs"
    CLIP_WITHOUT_CHAIN = "clip_without_chain"
    LISTING_DIFFERS = "listing_differs"
    CASE_DIFFERS = "case_differs"
    NEVER_STORED = "never_stored"
    ORPHANED_OBJECT = "orphaned_object"
    UNFINISHED_UPLOAD = "unfinished_upload"
    FIXITY_FAILED = "fixity_failed"


_SEVERITY = {
    FindingKind.RELEASED_OBJECT_GONE: Severity.ALARM,
    FindingKind.NEVER_STORED: Severity.NOTICE,
    FindingKind.ORPHANED_OBJECT: Severity.NOTICE,
    FindingKind.UNFINISHED_UPLOAD: Severity.NOTICE,
    FindingKind.DELETE_MARKER: Severity.NOTICE,
}

RECONCILED = frozenset(FindingKind) - {FindingKind.FIXITY_FAILED}
"""Kinds that a run of comparison finds, and resolves when it no longer does."""
LEFTOVERS = frozenset({FindingKind.ORPHANED_OBJECT, FindingKind.UNFINISHED_UPLOAD, FindingKind.DELETE_MARKER})
"""Kinds of things in the store that two people may remove, unless they are locked."""


def severity_of(kind: FindingKind) -> Severity:
    """How bad a kind of finding is: footage that nobody has any more is worst, what is merely left over least."""
    return _SEVERITY.get(kind, Severity.FAULT)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as the records say.

    Attributes:
        subject: What it is about; the same thing found again has the same subject.
        clip_id: The clip it concerns.
    """

    kind: FindingKind
    subject: str
    clip_id: UUID | None = None
    details: dict[str, JsonValue] = field(default_factory=dict)
