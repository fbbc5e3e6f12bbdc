"""One volume of a package, from beginning to end: each check in its order, told as it is done."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from integrity.checkpoint import MAX_NOTE_CHARACTERS
from integrity.errors import MalformedValueError
from integrity.hashing import sha256_hex
from integrity.manifest import MAX_MANIFEST_BYTES
from integrity.timestamp_token import MAX_TOKEN_BYTES
from integrity.verify.bag import PAYLOAD_MANIFEST, SM3_LIST, Bag, check_bag
from integrity.verify.checking import Check, Step, fails, holds, note
from integrity.verify.checkpoint_checks import (
    Trust,
    check_checkpoint,
    check_keys,
    check_other_checkpoint,
    check_time,
    check_tokens,
    summarise_time,
)
from integrity.verify.container import Container
from integrity.verify.errors import RefusedPackageError
from integrity.verify.event_checks import Chain, check_chains, check_clips, check_handing_over, check_manifests, prove_events
from integrity.verify.package import CONTENTS, INDEX, Contents, EvidenceIndex, parse_contents, parse_index
from integrity.verify.streams import Measured, measure
from integrity.verify.verdicts import FileVerdict, VolumeReport, judge_clip, judge_derivative, judge_stranger

_KEY_NOTE = re.compile(r"log/keys/([1-9][0-9]{0,2})\.note")

MAX_NOTE_BYTES = 4 * MAX_NOTE_CHARACTERS
"""Longest note in UTF-8."""


class Observer(Protocol):
    """Whoever is told of the verification as it goes on."""

    def check(self, check: Check) -> None:
        """Something was looked at."""

    def file(self, verdict: FileVerdict) -> None:
        """It is known what a file is."""

    def progress(self, done_bytes: int, total_bytes: int) -> None:
        """So much of the payload was read."""


@dataclass(slots=True)
class _Volume:
    container: Container
    trust: Trust
    observer: Observer
    checks: list[Check] = field(default_factory=list)
    files: list[FileVerdict] = field(default_factory=list)
    done_bytes: int = 0
    total_bytes: int = 0

    def __post_init__(self) -> None:
        self.total_bytes = sum(self.container.sizes[path] for path in self.container.payload())

    def tell(self, checks: Sequence[Check]) -> None:
        for check in checks:
            self.checks.append(check)
            self.observer.check(check)

    def has(self, path: str) -> bool:
        return path in self.container.sizes

    def advance(self, size_bytes: int) -> None:
        self.done_bytes += size_bytes
        self.observer.progress(self.done_bytes, self.total_bytes)


@dataclass(frozen=True, slots=True)
class _Known:
    """What the log vouches for when files are looked at."""

    index: EvidenceIndex
    contents: Contents
    is_vouched: bool
    chains: Mapping[str, Chain]
    sound: set[str]


def refused(label: str, error: RefusedPackageError, observer: Observer, *, before: Sequence[Check] = ()) -> VolumeReport:
    """Report a package that is not read, or no further."""
    check = fails(Step.CONTAINER, f"refused_{error.reason}", name=error.name, detail=error.detail)
    observer.check(check)
    return VolumeReport(label, (*before, check), is_read=False)


def verify_volume(container: Container, trust: Trust, observer: Observer) -> VolumeReport:
    """Check one volume.

    Args:
        container: The volume.
        trust: What the reader brought.
        observer: Told of everything as it is done.

    Returns:
        What was found. A volume that cannot be read to its end is reported as such.
    """
    volume = _Volume(container, trust, observer)
    try:
        return _verify(volume)
    except RefusedPackageError as error:
        return refused(container.label, error, observer, before=volume.checks)


def _verify(volume: _Volume) -> VolumeReport:
    container = volume.container
    volume.tell([holds(Step.CONTAINER, "container_read", files=len(container.sizes), size_bytes=sum(container.sizes.values()))])
    found, bag = check_bag(container)
    volume.tell(found)
    missing = tuple(sorted(path for path in bag.sha256 if not volume.has(path)))
    try:
        index_bytes, contents_bytes = (_require(container, name) for name in (INDEX, CONTENTS))
        index, contents = parse_index(index_bytes), parse_contents(contents_bytes)
    except MalformedValueError as error:
        volume.tell([fails(Step.CONTENTS, "json_wrong", reason=str(error))])
        _measure_all(volume, bag)
        return VolumeReport(container.label, tuple(volume.checks), tuple(volume.files), missing)
    known = _check_log(volume, index, contents, contents_sha256=sha256_hex(contents_bytes))
    _judge_files(volume, known, bag)
    named = {path for path in index.payload_paths() if not volume.has(path)}
    return VolumeReport(
        container.label,
        tuple(volume.checks),
        tuple(volume.files),
        tuple(sorted({*missing, *named})),
        index=index,
        contents=contents,
        contents_sha256=sha256_hex(contents_bytes) if known.is_vouched else "",
    )


def _require(container: Container, name: str) -> bytes:
    if name not in container.sizes:
        raise MalformedValueError(name, "is missing")
    return container.read_small(name)


def _check_log(volume: _Volume, index: EvidenceIndex, contents: Contents, *, contents_sha256: str) -> _Known:
    container, trust = volume.container, volume.trust
    read_token = partial(container.read_small, limit_bytes=MAX_TOKEN_BYTES)
    numbered = sorted((int(match[1]), path) for path in container.sizes if (match := _KEY_NOTE.fullmatch(path)))
    found, keys = check_keys(trust, [container.read_small(path, MAX_NOTE_BYTES) for _, path in numbered])
    volume.tell(found)
    data = container.read_small("log/checkpoint", MAX_NOTE_BYTES) if volume.has("log/checkpoint") else None
    found, checkpoint = check_checkpoint(data, keys, trust=trust, log_origin=index.log_origin, size=index.checkpoint_size)
    volume.tell(found)
    if trust.checkpoint is not None and checkpoint is not None:
        volume.tell(check_other_checkpoint(trust.checkpoint, checkpoint, keys, tokens=index.tokens))
    is_vouched = False
    if checkpoint is not None:
        token = read_token("log/checkpoint.tst") if volume.has("log/checkpoint.tst") else None
        found, is_vouched = check_time(token, checkpoint, roots=trust.roots)
        volume.tell(found)
        found, is_also_vouched = check_tokens(index.tokens, container.sizes, checkpoint, read=read_token, keys=keys, roots=trust.roots)
        volume.tell(found)
        is_vouched = is_vouched or is_also_vouched
    volume.tell(summarise_time(checkpoint, has_roots=bool(trust.roots), is_vouched=is_vouched))
    found, proved = prove_events(index, checkpoint)
    volume.tell(found)
    found, chains = check_chains(index, proved)
    volume.tell(found)
    found, is_made = check_handing_over(index, contents, contents_sha256=contents_sha256, proved=proved)
    volume.tell(found)
    if container.folder_id not in {None, index.package_id}:
        volume.tell([fails(Step.CONTENTS, "package_ids")])
    found, sound = check_clips(index, contents, chains)
    volume.tell(found)
    manifests = {path for path in container.sizes if path.startswith("manifests/")}
    read_manifest = partial(container.read_small, limit_bytes=MAX_MANIFEST_BYTES)
    volume.tell(check_manifests(index, manifests, chains, read=read_manifest, manifest_key=trust.manifest_key))
    return _Known(index, contents, is_made, chains, sound if is_made else set())


def _judge_files(volume: _Volume, known: _Known, bag: Bag) -> None:
    listed = {clip.clip_id: clip for clip in known.contents.clips}
    derivatives = {(each.clip_id, each.sha256): each for each in known.contents.derivatives}
    rest = set(volume.container.payload())
    wrong: list[Check] = []
    for clip in known.index.clips:
        if paths := _present(volume, clip.paths, rest):
            measured = _measure(volume, paths, bag, wrong)
            verdict = judge_clip(
                paths,
                measured,
                clip_id=clip.clip_id,
                chain=known.chains[clip.clip_id],
                listed=listed.get(clip.clip_id),
                is_sound=clip.clip_id in known.sound,
                original_name=clip.original_name,
            )
            _tell_file(volume, verdict)
    for each in known.index.derivatives:
        if paths := _present(volume, each.paths, rest):
            measured = _measure(volume, paths, bag, wrong)
            listed_as = derivatives.get((each.clip_id, each.sha256))
            verdict = judge_derivative(paths, measured, clip_id=each.clip_id, listed=listed_as, is_vouched=known.is_vouched)
            _tell_file(volume, verdict)
    _judge_rest(volume, rest, bag, wrong)


def _measure_all(volume: _Volume, bag: Bag) -> None:
    """Where nothing says what belongs to what, the files are nobody's; their digests are still those of the bag, or not."""
    _judge_rest(volume, set(volume.container.payload()), bag, [])


def _judge_rest(volume: _Volume, rest: set[str], bag: Bag, wrong: list[Check]) -> None:
    for path in sorted(rest):
        _tell_file(volume, judge_stranger(path, _measure(volume, (path,), bag, wrong)))
    if not wrong:
        volume.tell([holds(Step.FILES, "payload_digests", count=len(volume.container.payload()))])
    if not volume.trust.with_sm3:
        volume.tell([note(Step.FILES, "sm3_not_computed")])


def _present(volume: _Volume, paths: Sequence[str], rest: set[str]) -> tuple[str, ...]:
    rest.difference_update(paths)
    return tuple(path for path in paths if volume.has(path))


def _measure(volume: _Volume, paths: tuple[str, ...], bag: Bag, wrong: list[Check]) -> Measured:
    pieces, joined = measure(volume.container.open, paths, with_sm3=volume.trust.with_sm3, progress=volume.advance)
    for path, piece in zip(paths, pieces, strict=True):
        found = [fails(Step.FILES, "payload_digest", name=path, list=PAYLOAD_MANIFEST)] if bag.sha256.get(path, piece.sha256) != piece.sha256 else []
        if piece.sm3 is not None and bag.sm3.get(path, piece.sm3) != piece.sm3:
            found.append(fails(Step.FILES, "payload_digest", name=path, list=SM3_LIST))
        wrong += found
        volume.tell(found)
    return joined


def _tell_file(volume: _Volume, verdict: FileVerdict) -> None:
    volume.files.append(verdict)
    volume.observer.file(verdict)
