"""What each file is, and whether everything that was handed over is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from integrity.canonical import JsonValue
from integrity.custody_event import CustodyEvent
from integrity.plain import spell_instant
from integrity.verify.checking import Check
from integrity.verify.event_checks import ANNOUNCED, Chain
from integrity.verify.package import Contents, ContentsClip, ContentsDerivative, EvidenceIndex
from integrity.verify.streams import Measured


class Verdict(StrEnum):
    """What a file is."""

    ORIGINAL = "ORIGINAL"
    IMPORTED = "IMPORTED"
    DERIVED = "DERIVED"
    ALTERED = "ALTERED"
    UNPROVED = "UNPROVED"
    NOT_OURS = "NOT OURS"


GOOD = frozenset({Verdict.ORIGINAL, Verdict.IMPORTED, Verdict.DERIVED})


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What a file is, and why.

    Attributes:
        paths: Its pieces.
        verdict: What it is.
        code: Why, as a word that ``texts`` has a sentence for.
        values: What the sentence names.
        clip_id: The clip it is or was made from; ``None`` when it is nobody's.
        measured: Its bytes.
        original_name: Name that the recorder gave it, as the package says.
    """

    paths: tuple[str, ...]
    verdict: Verdict
    code: str
    values: Mapping[str, JsonValue]
    clip_id: str | None
    measured: Measured
    original_name: str | None = None


@dataclass(frozen=True, slots=True)
class VolumeReport:
    """What was found in one volume.

    Attributes:
        label: What the reader called it.
        checks: Everything that was looked at.
        files: What the files are.
        missing: Files that are named and not there.
        is_read: Whether it could be read to its end.
        index: Its ``evidence.json``, where that could be read.
        contents: Its ``contents.json``, likewise.
        contents_sha256: Digest of the latter; empty where the log does not vouch for it.
    """

    label: str
    checks: tuple[Check, ...]
    files: tuple[FileVerdict, ...] = ()
    missing: tuple[str, ...] = ()
    is_read: bool = True
    index: EvidenceIndex | None = None
    contents: Contents | None = None
    contents_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether the volumes of a package hold all that was handed over.

    Attributes:
        package_id: The package.
        volumes: Numbers of the given volumes, and of how many.
        missing_clips: Clips and derivatives that were handed over and are in none of them.
        missing_files: Files that a volume names and does not hold.
        is_vouched: Whether the log vouches for the list of what was handed over, and all volumes have the same.
    """

    package_id: str
    volumes: tuple[tuple[int, int], ...]
    missing_clips: tuple[str, ...]
    missing_files: tuple[str, ...]
    is_vouched: bool

    @property
    def is_complete(self) -> bool:
        """Whether all is here."""
        return self.is_vouched and not self.missing_clips and not self.missing_files


def judge_clip(
    paths: tuple[str, ...],
    measured: Measured,
    *,
    clip_id: str,
    chain: Chain,
    listed: ContentsClip | None,
    is_sound: bool,
    original_name: str,
) -> FileVerdict:
    """Say what the joined pieces of a clip are.

    Args:
        paths: The pieces.
        measured: What they are together.
        clip_id: The clip that they are said to be.
        chain: The clip's proved events.
        listed: What ``contents.json`` says of it.
        is_sound: Whether the log vouches for ``contents.json``, and the clip's events are those it counts.
        original_name: Name that the recorder gave it, as the package says.
    """
    stored, first = chain.stored or {}, chain.events[0].event if chain.events else None
    known = (stored.get("sha256"), stored.get("sm3"), stored.get("size_bytes"))
    faults = (
        (first is None, Verdict.NOT_OURS, "no_event"),
        (not stored, Verdict.NOT_OURS, "never_stored"),
        (not _is_stored(measured, stored), Verdict.ALTERED, "other_bytes"),
        (listed is None or not is_sound or not chain.is_whole, Verdict.UNPROVED, "chain_or_contents"),
        (listed is not None and (listed.sha256, listed.sm3, listed.size_bytes) != known, Verdict.UNPROVED, "contents_differ"),
        (first is not None and first.action != ANNOUNCED, Verdict.UNPROVED, "not_announced"),
    )
    fault = next(((verdict, code) for is_met, verdict, code in faults if is_met), None)
    if fault is not None or first is None:
        verdict, code = fault or (Verdict.NOT_OURS, "no_event")
        values: dict[str, JsonValue] = {"stored_sha256": known[0], "stored_bytes": known[2]}
    else:
        verdict, code, values = _begin_of_custody(first)
    return FileVerdict(paths, verdict, code, values, clip_id, measured, original_name)


def _begin_of_custody(first: CustodyEvent) -> tuple[Verdict, str, dict[str, JsonValue]]:
    imported = first.details.get("imported")
    values: dict[str, JsonValue] = {"at": spell_instant(first.at)}
    if imported is None:
        return Verdict.ORIGINAL, "as_stored", values
    said = imported if isinstance(imported, Mapping) else {}
    return Verdict.IMPORTED, "imported", {**values, **{name: said.get(name) for name in ("importer", "received_from", "document")}}


def judge_derivative(
    paths: tuple[str, ...],
    measured: Measured,
    *,
    clip_id: str,
    listed: ContentsDerivative | None,
    is_vouched: bool,
) -> FileVerdict:
    """Say what something made from a clip is.

    Args:
        paths: The pieces.
        measured: What they are together.
        clip_id: The clip that it is said to be made from.
        listed: What ``contents.json`` says of it.
        is_vouched: Whether the log vouches for ``contents.json``.
    """
    if listed is None:
        return FileVerdict(paths, Verdict.NOT_OURS, "derivative_unknown", {}, clip_id, measured)
    if not _is_stored(measured, {"sha256": listed.sha256, "sm3": listed.sm3, "size_bytes": listed.size_bytes}):
        return FileVerdict(paths, Verdict.ALTERED, "derivative_other_bytes", {"stored_sha256": listed.sha256}, clip_id, measured)
    if not is_vouched:
        return FileVerdict(paths, Verdict.UNPROVED, "chain_or_contents", {}, clip_id, measured)
    return FileVerdict(paths, Verdict.DERIVED, "derived", {"clip_id": clip_id, "recipe": listed.recipe}, clip_id, measured)


def judge_stranger(path: str, measured: Measured) -> FileVerdict:
    """Say what a payload file is that belongs to nothing."""
    return FileVerdict((path,), Verdict.NOT_OURS, "belongs_to_nothing", {}, None, measured)


def _is_stored(measured: Measured, stored: Mapping[str, JsonValue]) -> bool:
    known = (stored.get("sha256"), stored.get("size_bytes"))
    return known == (measured.sha256, measured.size_bytes) and measured.sm3 in {None, stored.get("sm3")}


def judge_completeness(volumes: Sequence[VolumeReport]) -> list[Completeness]:
    """Say of each package whether its volumes hold all of it; volumes without a readable list of contents count for none."""
    by_package: dict[str, list[VolumeReport]] = {}
    for volume in volumes:
        if volume.contents is not None:
            by_package.setdefault(volume.contents.package_id, []).append(volume)
    return [_complete(package_id, group) for package_id, group in sorted(by_package.items())]


def _complete(package_id: str, volumes: Sequence[VolumeReport]) -> Completeness:
    present: set[tuple[str, str]] = set()
    for volume in volumes:
        here = {path for file in volume.files for path in file.paths}
        if volume.index is not None:
            present |= {(clip.clip_id, "") for clip in volume.index.clips if here.issuperset(clip.paths)}
            present |= {(each.clip_id, each.sha256) for each in volume.index.derivatives if here.issuperset(each.paths)}
    expected: set[tuple[str, str]] = set()
    for contents in {volume.contents_sha256: volume.contents for volume in volumes}.values():
        if contents is not None:
            expected |= {(clip.clip_id, "") for clip in contents.clips} | {(each.clip_id, each.sha256) for each in contents.derivatives}
    return Completeness(
        package_id,
        tuple(sorted((volume.index.volume.number, volume.index.volume.count) for volume in volumes if volume.index is not None)),
        tuple("/".join(filter(None, key)) for key in sorted(expected - present)),
        tuple(path for volume in volumes for path in volume.missing),
        len({volume.contents_sha256 for volume in volumes}) == 1 and all(volume.contents_sha256 for volume in volumes),
    )
