"""One entry in the chain of custody, as the exact bytes that the log holds.

An event names its subject (a clip, a case, a snapshot, a key), its number within that subject, and the leaf hash of the subject's previous event, so
that an event left out shows. Format: docs/formats/custody-event.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrity.canonical import MAX_INTEGER, JsonValue, canonical_bytes, parse_canonical
from integrity.errors import MalformedValueError
from integrity.merkle import leaf_hash
from integrity.plain import from_plain, to_members

FORMAT = "bodycam.custody-event"
VERSION = 1
MAX_EVENT_BYTES = 64 * 1024
MAX_ID_CHARACTERS = 128
MAX_NAME_CHARACTERS = 512

_WORD = re.compile(r"[a-z]+(_[a-z]+)*")
_ACTION = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
_HEX_64 = re.compile(r"[0-9a-f]{64}")
_LONGEST_WORD = 64


@dataclass(frozen=True, slots=True)
class EventSubject:
    """What an event is about.

    Attributes:
        kind: One word, for instance ``clip``.
        id: Which one, 1 to 128 characters.
    """

    kind: str
    id: str

    def __post_init__(self) -> None:
        _check_word("subject.kind", self.kind)
        _check_text("subject.id", self.id, limit=MAX_ID_CHARACTERS)


@dataclass(frozen=True, slots=True)
class EventActor:
    """Who did it.

    Attributes:
        kind: One word, for instance ``user``, ``dock`` or ``worker``.
        id: Which one, 1 to 128 characters.
        name: Name shown to people at the time, where there was one.
    """

    kind: str
    id: str
    name: str | None = None

    def __post_init__(self) -> None:
        _check_word("actor.kind", self.kind)
        _check_text("actor.id", self.id, limit=MAX_ID_CHARACTERS)
        if self.name is not None:
            _check_text("actor.name", self.name, limit=MAX_NAME_CHARACTERS)


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """One entry in the chain of custody of one subject.

    Attributes:
        subject: What the event is about.
        subject_seq: Number of the event within its subject, from 0 without gaps (``clip_seq`` for a clip).
        prev: Leaf hash of the subject's previous event, 64 hexadecimal digits; ``None`` exactly for the first.
        action: What happened, ``noun.past_participle``.
        actor: Who did it.
        at: When, by the service's clock, aware UTC.
        details: Further facts as a JSON object.

    Raises:
        MalformedValueError: A field is out of its bounds.
    """

    subject: EventSubject
    subject_seq: int
    prev: str | None
    action: str
    actor: EventActor
    at: datetime
    details: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        if not 0 <= self.subject_seq <= MAX_INTEGER:
            raise MalformedValueError("event.subject_seq", "out of bounds")
        if (self.subject_seq == 0) != (self.prev is None):
            raise MalformedValueError("event.prev", "is absent exactly for a subject's first event")
        if self.prev is not None and not _HEX_64.fullmatch(self.prev):
            raise MalformedValueError("event.prev", "expected 64 hexadecimal digits")
        if not _ACTION.fullmatch(self.action) or len(self.action) > 2 * _LONGEST_WORD:
            raise MalformedValueError("event.action", "expected noun.past_participle")
        if self.at.tzinfo is None:
            raise MalformedValueError("event.at", "expected a time with an offset")

    def canonical(self) -> bytes:
        """The bytes that are the event: RFC 8785 JSON, at most :data:`MAX_EVENT_BYTES`.

        Raises:
            MalformedValueError: The details hold what JSON cannot carry, or the event is too long.
        """
        data = canonical_bytes({"format": FORMAT, "version": VERSION, **to_members(self)})
        if len(data) > MAX_EVENT_BYTES:
            raise MalformedValueError("event", f"longer than {MAX_EVENT_BYTES} bytes")
        return data

    def leaf_hash(self) -> str:
        """Hash of the event as a leaf of the log, 64 hexadecimal digits; the ``prev`` of its subject's next event."""
        return leaf_hash(self.canonical()).hex()


def parse_event(data: bytes) -> CustodyEvent:
    """Read an event from its canonical bytes.

    Raises:
        MalformedValueError: The bytes are not exactly what :meth:`CustodyEvent.canonical` would write.
    """
    if len(data) > MAX_EVENT_BYTES:
        raise MalformedValueError("event", f"longer than {MAX_EVENT_BYTES} bytes")
    members = parse_canonical(data)
    if not isinstance(members, Mapping) or (members.get("format"), members.get("version")) != (FORMAT, VERSION):
        raise MalformedValueError("event", "is of another format or version")
    event = from_plain(CustodyEvent, {name: member for name, member in members.items() if name not in {"format", "version"}})
    if event.canonical() != data:
        raise MalformedValueError("event", "is not in its canonical spelling")
    return event


def _check_word(what: str, value: str) -> None:
    if not _WORD.fullmatch(value) or len(value) > _LONGEST_WORD:
        raise MalformedValueError(f"event.{what}", "expected lower-case words joined by underscores")


def _check_text(what: str, value: str, *, limit: int) -> None:
    if not 0 < len(value) <= limit:
        raise MalformedValueError(f"event.{what}", f"expected 1 to {limit} characters")
