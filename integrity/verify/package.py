"""The two JSON files of a package, read strictly: what lies where, and what was handed over. Format: docs/formats/evidence-package.md."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from integrity.canonical import MAX_INTEGER, JsonValue, parse_canonical
from integrity.errors import MalformedValueError
from integrity.plain import from_plain

INDEX = "evidence.json"
CONTENTS = "contents.json"
VERSION = 1

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_HEX_64 = re.compile(r"[0-9a-f]{64}")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Volume:
    """Which of how many volumes this is, from 1."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise MalformedValueError("evidence.volume", "out of bounds")


@dataclass(frozen=True, slots=True)
class IndexedClip:
    """Where a clip lies, and what is shown of it; none of the latter counts.

    Attributes:
        clip_id: The clip.
        paths: Pieces of the original, in order.
        original_name: As the recorder spelled it.
        recorder: Serial number.
        officer: Number of the officer.
        recorded_at: Recorder's time, as it is shown.
        received_at: The service's time, as it is shown.
        imported: Whether it is said to be brought from elsewhere.
        manifest: Path of the signed manifest.
    """

    clip_id: str
    paths: tuple[str, ...]
    original_name: str
    recorder: str | None
    officer: str | None
    recorded_at: str | None
    received_at: str
    imported: bool
    manifest: str | None

    def __post_init__(self) -> None:
        _check_id("evidence.clips.clip_id", self.clip_id)
        if not self.paths or not all(path.startswith(f"data/{self.clip_id}/original") for path in self.paths):
            raise MalformedValueError("evidence.clips.paths", "expected data/<clip id>/original…")
        if self.manifest not in {None, f"manifests/{self.clip_id}.json"}:
            raise MalformedValueError("evidence.clips.manifest", "expected manifests/<clip id>.json")


@dataclass(frozen=True, slots=True)
class IndexedDerivative:
    """Where something made from a clip lies.

    Attributes:
        clip_id: The clip it was made from.
        paths: Its pieces, in order.
        sha256: Which of ``contents.json`` it is.
    """

    clip_id: str
    paths: tuple[str, ...]
    sha256: str

    def __post_init__(self) -> None:
        _check_id("evidence.derivatives.clip_id", self.clip_id)
        _check_hex("evidence.derivatives.sha256", self.sha256)
        if not self.paths or not all(path.startswith(f"data/{self.clip_id}/derivative-") for path in self.paths):
            raise MalformedValueError("evidence.derivatives.paths", "expected data/<clip id>/derivative-…")


@dataclass(frozen=True, slots=True)
class IndexedEvent:
    """A custody event with its proof.

    Attributes:
        canonical: The event's bytes in base64.
        leaf_index: Its position in the log.
        proof: Sibling hashes in hexadecimal, nearest the leaf first.
    """

    canonical: str
    leaf_index: int
    proof: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.leaf_index <= MAX_INTEGER:
            raise MalformedValueError("evidence.events.leaf_index", "out of bounds")
        for sibling in self.proof:
            _check_hex("evidence.events.proof", sibling)


@dataclass(frozen=True, slots=True)
class IndexedToken:
    """A time-stamp of an authority elsewhere.

    Attributes:
        path: Where the token lies.
        checkpoint: Note text of the checkpoint it stamps.
        consistency: Proof from there to the package's checkpoint, in hexadecimal.
    """

    path: str
    checkpoint: str
    consistency: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.path.startswith("log/tokens/"):
            raise MalformedValueError("evidence.tokens.path", "expected log/tokens/…")
        for sibling in self.consistency:
            _check_hex("evidence.tokens.consistency", sibling)


@dataclass(frozen=True, slots=True)
class EvidenceIndex:
    """``evidence.json``: what lies where in this volume, with events and proofs. Its own words prove nothing."""

    package_id: str
    made_at: str
    maker: str
    software: str
    log_origin: str
    volume: Volume
    clips: tuple[IndexedClip, ...]
    derivatives: tuple[IndexedDerivative, ...]
    events: tuple[IndexedEvent, ...]
    checkpoint_size: int
    tokens: tuple[IndexedToken, ...]

    def __post_init__(self) -> None:
        _check_id("evidence.package_id", self.package_id)
        paths = self.payload_paths()
        if len(set(paths)) != len(paths) or len({clip.clip_id for clip in self.clips}) != len(self.clips):
            raise MalformedValueError("evidence", "a clip or a path is named twice")

    def payload_paths(self) -> list[str]:
        """Every path that a clip or a derivative names."""
        return [path for clip in self.clips for path in clip.paths] + [path for derivative in self.derivatives for path in derivative.paths]


@dataclass(frozen=True, slots=True)
class ContentsCase:
    """The case that the clips were gathered for."""

    id: str
    number: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class ContentsClip:
    """A clip that was handed over: its bytes, and how many events its chain has up to that.

    Attributes:
        head: Leaf hash of the last of these events.
    """

    clip_id: str
    sha256: str
    sm3: str
    size_bytes: int
    events: int
    head: str

    def __post_init__(self) -> None:
        _check_id("contents.clips.clip_id", self.clip_id)
        for name in ("sha256", "sm3", "head"):
            _check_hex(f"contents.clips.{name}", getattr(self, name))


@dataclass(frozen=True, slots=True)
class ContentsDerivative:
    """Something made from a clip that was handed over: its bytes, and by which recipe."""

    clip_id: str
    sha256: str
    sm3: str
    size_bytes: int
    recipe: Mapping[str, JsonValue]

    def __post_init__(self) -> None:
        _check_id("contents.derivatives.clip_id", self.clip_id)
        for name in ("sha256", "sm3"):
            _check_hex(f"contents.derivatives.{name}", getattr(self, name))


@dataclass(frozen=True, slots=True)
class Contents:
    """``contents.json``: what was handed over to whom; the custody log holds its digest."""

    package_id: str
    recipient: str
    purpose: str
    case: ContentsCase | None
    clips: tuple[ContentsClip, ...]
    derivatives: tuple[ContentsDerivative, ...]

    def __post_init__(self) -> None:
        _check_id("contents.package_id", self.package_id)
        _check_order("contents.clips", [clip.clip_id for clip in self.clips])
        _check_order("contents.derivatives", [(derivative.clip_id, derivative.sha256) for derivative in self.derivatives])


def parse_index(data: bytes) -> EvidenceIndex:
    """Read ``evidence.json``.

    Raises:
        MalformedValueError: It is not canonical, of another version, or out of bounds.
    """
    return _parse(EvidenceIndex, data, "bodycam.evidence-package")


def parse_contents(data: bytes) -> Contents:
    """Read ``contents.json``.

    Raises:
        MalformedValueError: It is not canonical, of another version, or out of bounds.
    """
    return _parse(Contents, data, "bodycam.evidence-contents")


def _parse(kind: type[_Value], data: bytes, name: str) -> _Value:
    members = parse_canonical(data)
    if not isinstance(members, Mapping) or (members.get("format"), members.get("version")) != (name, VERSION) or members["version"] is True:
        raise MalformedValueError(name, "is of another format or version")
    return from_plain(kind, {key: member for key, member in members.items() if key not in {"format", "version"}})


def _check_id(what: str, value: str) -> None:
    if not _ID.fullmatch(value):
        raise MalformedValueError(what, "expected 1 to 100 letters, digits, - or _")


def _check_hex(what: str, value: str) -> None:
    if not _HEX_64.fullmatch(value):
        raise MalformedValueError(what, "expected 64 hexadecimal digits")


def _check_order(what: str, keys: Sequence[object]) -> None:
    if list(keys) != sorted(set(keys)):  # type: ignore[type-var] # text, or pairs of text
        raise MalformedValueError(what, "expected different ones in order")
