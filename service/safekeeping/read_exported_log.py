"""The custody log as it lies in the store, read stretch by stretch and proved by the checkpoints in it; what proves nothing is named and left out."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from evidence_store.object_store.keys import LOG_PREFIX, log_export_key
from evidence_store.object_store.store import ListedVersion, ObjectStore
from integrity.custody_event import parse_event
from integrity.errors import IntegrityError, MalformedValueError
from integrity.hashing import sha256, sha256_hex
from integrity.key_transition import KeyTransition, open_transition
from integrity.log_export import MAX_STRETCH_BYTES, LogStretch, StampedCheckpointLine, parse_stretch
from integrity.merkle import TreeNode, append_leaves, frontier, leaf_hash
from integrity.timestamp_token import verify_token
from service.context import ServiceContext
from service.custody.audit_vouchers import TrustedKeys
from service.custody.change_key import verifier_key_of
from service.custody.timestamp_checkpoint import signed_text
from service.safekeeping.read_version import UnreadableVersionError, read_version

Reject = Callable[[str, str], None]
"""Told what was left out (key and version) and why."""


@dataclass(frozen=True, slots=True)
class ProvenCheckpoint:
    """A checkpoint whose signature and root are right; ``token`` is ``None`` where its time-stamp is not."""

    size: int
    root: bytes
    note: str
    token: bytes | None
    stamped_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProvenPiece:
    """Leaves that a checkpoint covers, from the one before on, and the nodes of the tree they complete."""

    first_index: int
    events: tuple[bytes, ...]
    nodes: tuple[TreeNode, ...]
    checkpoint: ProvenCheckpoint


@dataclass(frozen=True, slots=True)
class ProvenStretch:
    """A stretch of which every leaf is proved, as the store holds it."""

    first_index: int
    size: int
    key: str
    version_id: str
    sha256: str
    retain_until: datetime | None


@dataclass(slots=True)
class _Tree:
    """The tree as far as it is proved, and the leaves behind it that are not yet."""

    size: int = 0
    nodes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    pending: list[bytes] = field(default_factory=list)


class ExportedLog:
    """Reads the log from a store; forgeries and damage are told to ``reject``.

    Args:
        context: The service; its log key is trusted, and vouches for the keys before it.
        reject: Told what is left out.
    """

    def __init__(self, context: ServiceContext, reject: Reject) -> None:
        self._objects: ObjectStore = context.objects
        self._context = context
        self._told = reject
        self._versions = _by_key(context.objects.list_all(LOG_PREFIX))
        self._accepted: dict[str, ProvenStretch] = {}
        self._named: set[str] = set()
        self._tree = _Tree()
        self._waiting: list[ProvenStretch] = []
        self.keys = self._follow_keys()

    def read(self) -> Iterator[ProvenPiece | ProvenStretch]:
        """Give the log in order: pieces under a checkpoint, and each stretch once all of it is proved."""
        first, previous = 0, None
        while True:
            stretch, sha256_of = None, ""
            for version in self._versions.get(log_export_key(first), []):
                found = self._open(version, first, previous)
                if found is None:
                    continue
                pieces, is_right = self._grow(found[0], version)
                yield from pieces
                if is_right:
                    stretch, sha256_of = found
                    self._accept(stretch, version, sha256_of)
                    break
            yield from self._proven_stretches()
            if stretch is None:
                break
            first, previous = stretch.size, sha256_of
        self._name_the_rest()

    def _open(self, version: ListedVersion, first: int, previous: str | None) -> tuple[LogStretch, str] | None:
        data = self._read(version)
        if data is None:
            return None
        try:
            stretch = parse_stretch(data)
        except IntegrityError as error:
            self._reject(_place(version), str(error))
            return None
        if (stretch.first_index, stretch.previous_sha256, stretch.log_origin) != (first, previous, self._context.log_signer.name):
            self._reject(_place(version), "does not continue the stretch before it")
            return None
        return stretch, sha256_hex(data)

    def _grow(self, stretch: LogStretch, version: ListedVersion) -> tuple[list[ProvenPiece], bool]:
        """Grow the tree by a stretch, checkpoint by checkpoint; what no checkpoint covers yet waits for the next stretch."""
        tree = self._tree
        before = tree.pending[: max(0, stretch.first_index - tree.size)]
        tree.pending = before + list(stretch.events[max(0, tree.size - stretch.first_index) :])
        pieces: list[ProvenPiece] = []
        for line in stretch.checkpoints:
            try:
                piece = self._prove(line)
            except IntegrityError as error:
                self._reject(_place(version), f"a checkpoint in it proves nothing: {error}")
                tree.pending = before
                return pieces, False
            if piece is not None:
                pieces.append(piece)
                before = []
        return pieces, True

    def _prove(self, line: StampedCheckpointLine) -> ProvenPiece | None:
        """Hold a checkpoint against the tree and make the leaves it covers part of it.

        Raises:
            IntegrityError: Another key signed it, or the leaves give another root.
        """
        tree = self._tree
        size = _size_of(line.checkpoint)
        if size <= tree.size:
            return None
        checkpoint = self.keys.open(line.checkpoint, size)
        taken = tree.pending[: size - tree.size]
        nodes, root = append_leaves(lambda level, index: tree.nodes[level, index], tree.size, [leaf_hash(event) for event in taken])
        if len(taken) != size - tree.size or checkpoint.root != root:
            raise MalformedValueError("checkpoint", f"the leaves give another root for {size}")
        token, stamped_at = self._stamp(line)
        piece = ProvenPiece(tree.size, tuple(taken), tuple(nodes), ProvenCheckpoint(size, root, line.checkpoint, token, stamped_at))
        known = tree.nodes | {(node.level, node.index): node.hash for node in nodes}
        tree.size, tree.pending = size, tree.pending[len(taken) :]
        tree.nodes = {place: known[place] for place in frontier(size)}
        return piece

    def _stamp(self, line: StampedCheckpointLine) -> tuple[bytes | None, datetime | None]:
        try:
            token = base64.b64decode(line.token, validate=True)
            stamped = verify_token(token, sha256(signed_text(line.checkpoint)), roots=[self._context.authority.root])
        except (ValueError, IntegrityError) as error:
            self._reject("token", f"of a checkpoint proves nothing: {error}")
            return None, None
        return token, stamped.at

    def _accept(self, stretch: LogStretch, version: ListedVersion, digest: str) -> None:
        lock = self._objects.retention(version.key, version.version_id)
        place = (version.key, version.version_id, digest, lock.until if lock else None)
        self._accepted[version.key] = ProvenStretch(stretch.first_index, stretch.size, *place)
        self._waiting.append(self._accepted[version.key])

    def _proven_stretches(self) -> Iterator[ProvenStretch]:
        while self._waiting and self._waiting[0].size <= self._tree.size:
            yield self._waiting.pop(0)

    def _name_the_rest(self) -> None:
        if self._tree.pending:
            self._reject(LOG_PREFIX, f"{len(self._tree.pending)} events behind leaf {self._tree.size} are under no checkpoint")
        for key, versions in self._versions.items():
            accepted = self._accepted.get(key)
            for version in versions:
                if _place(version) in self._named or (accepted is not None and version.version_id == accepted.version_id):
                    continue
                data = self._read(version)
                if data is not None and (accepted is None or sha256_hex(data) != accepted.sha256):
                    self._reject(_place(version), "is no part of the log")

    def _reject(self, place: str, reason: str) -> None:
        self._named.add(place)
        self._told(place, reason)

    def _read(self, version: ListedVersion) -> bytes | None:
        if version.size_bytes > MAX_STRETCH_BYTES:
            self._reject(_place(version), f"is no stretch of the log: {version.size_bytes} bytes")
            return None
        try:
            return read_version(self._context, version.key, version.version_id, limit=MAX_STRETCH_BYTES)
        except UnreadableVersionError as error:
            self._reject(_place(version), str(error))
            return None

    def _follow_keys(self) -> TrustedKeys:
        """Follow the notes of changed keys, wherever in the log they stand, back from the key that this service holds."""
        changes = {change.new_key: change for versions in self._versions.values() for one in versions for change in self._changes(one)}
        key, trusted = verifier_key_of(self._context.log_signer), list[tuple[str, int]]()
        while True:
            change = changes.pop(key, None)
            trusted.insert(0, (key, change.size if change else 0))
            if change is None:
                return TrustedKeys(tuple(trusted))
            key = change.old_key

    def _changes(self, version: ListedVersion) -> Iterator[KeyTransition]:
        data = self._read(version) or b""
        for line in data.split(b"\n"):
            try:
                event = base64.b64decode(json.loads(line)["event"])
                if b'"key.changed"' in event:
                    yield open_transition(str(parse_event(event).details.get("transition")))
            except (ValueError, KeyError, TypeError, IntegrityError):
                continue  # no event, or one that vouches for nothing; damage is named where the stretch is read


def _by_key(listed: Iterable[ListedVersion]) -> Mapping[str, list[ListedVersion]]:
    """Versions by key, the oldest first: nobody can have written before the service did, nor remove what it locked."""
    found: dict[str, list[ListedVersion]] = {}
    for version in listed:
        if not version.is_delete_marker:
            found.setdefault(version.key, []).append(version)
    return {key: sorted(versions, key=lambda one: (one.written_at, one.version_id)) for key, versions in found.items()}


def _place(version: ListedVersion) -> str:
    return f"{version.key}@{version.version_id}"


def _size_of(note: str) -> int:
    lines = note.split("\n")
    if len(lines) < 2 or not lines[1].isascii() or not lines[1].isdigit():
        raise MalformedValueError("checkpoint", "names no size")
    return int(lines[1])
