"""Evidence packages written from docs/formats/evidence-package.md alone, with real keys, for the page to judge; and ways to spoil them."""

import base64
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from integrity.canonical import canonical_bytes
from integrity.checkpoint import Checkpoint, cosign, sign_checkpoint, verifier_key
from integrity.custody_event import CustodyEvent, EventActor, EventSubject
from integrity.hashing import Digests, sha256, sha256_hex
from integrity.key_transition import KeyTransition, sign_transition
from integrity.merkle import append_leaves, consistency_proof, inclusion_proof, leaf_hash
from integrity.signing import Ed25519Signer
from integrity.timestamp_authority import create_authority
from integrity.timestamp_token import build_request, token_of_response
from integrity.witness import witness_key

STARTED = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
ORIGIN = "evidence.example/log"
PACKAGE_ID = "0b5f6d3e-6a53-4c8c-9a3e-4d6f1c2b7a90"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TIME_STAMPS = create_authority(STARTED, "Example Time-Stamps")


@dataclass(frozen=True)
class Footage:
    """A clip to hand over; `stored` is what the store received where that is other than what lies in the package."""

    number: int
    content: bytes
    name: str = "DCIM/100MEDIA/REC_0001.MP4"
    imported: dict | None = None
    stored: bytes | None = None
    piece_bytes: int | None = None

    @property
    def clip_id(self) -> str:
        return f"00000000-0000-4000-8000-{self.number:012}"

    def pieces(self) -> dict[str, bytes]:
        path = f"data/{self.clip_id}/original.MP4"
        if self.piece_bytes is None:
            return {path: self.content}
        starts = range(0, len(self.content), self.piece_bytes)
        return {f"{path}.{number:03}": self.content[start : start + self.piece_bytes] for number, start in enumerate(starts, 1)}


class Log:
    """A custody log in memory."""

    def __init__(self, signer: Ed25519Signer | None = None) -> None:
        self.signer = signer or Ed25519Signer(ORIGIN, bytes(range(32)))
        self.events: list[tuple[CustodyEvent, bytes]] = []
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.last: dict[tuple[str, str], CustodyEvent] = {}

    def append(self, kind: str, subject_id: str, action: str, details: dict) -> CustodyEvent:
        before = self.last.get((kind, subject_id))
        event = CustodyEvent(
            subject=EventSubject(kind, subject_id),
            subject_seq=before.subject_seq + 1 if before else 0,
            prev=before.leaf_hash() if before else None,
            action=action,
            actor=EventActor("user", "account-7", "reviewer"),
            at=STARTED + timedelta(seconds=len(self.events)),
            details=details,
        )
        data = event.canonical()
        fresh, _ = append_leaves(self._node, len(self.events), [leaf_hash(data)])
        self.nodes |= {(node.level, node.index): node.hash for node in fresh}
        self.events.append((event, data))
        self.last[kind, subject_id] = event
        return event

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        log = Log()
        size = len(self.events) if size is None else size
        _, root = append_leaves(log._node, 0, [leaf_hash(data) for _, data in self.events[:size]])
        return Checkpoint(ORIGIN, size, root)

    def entry(self, index: int, size: int) -> dict:
        proof = inclusion_proof(self._node, index, tree_size=size)
        canonical = base64.b64encode(self.events[index][1]).decode()
        return {"canonical": canonical, "leaf_index": index, "proof": [sibling.hex() for sibling in proof.path]}

    def consistency(self, first: int, second: int) -> list[str]:
        return [sibling.hex() for sibling in consistency_proof(self._node, first, second_size=second).path] if first != second else []

    def _node(self, level: int, index: int) -> bytes:
        return self.nodes[level, index]


def stamp(text: str, *, authority=TIME_STAMPS) -> bytes:
    response = authority.issue(build_request(sha256(text.encode()), nonce=7), at=STARTED + timedelta(hours=1), serial=42)
    return token_of_response(response)


@dataclass
class Package:
    """A package as files; `bag` writes the lists of digests anew, as a forger would."""

    files: dict[str, bytes]
    root: str
    log: Log
    extra: dict[str, object] = field(default_factory=dict)

    @property
    def log_key(self) -> str:
        return verifier_key(ORIGIN, self.log.signer.public_key)

    @property
    def evidence(self) -> dict:
        return json.loads(self.files["evidence.json"])

    def with_file(self, path: str, content: bytes | None) -> "Package":
        """The same with one file replaced or left out, and the bag right again."""
        files = {name: data for name, data in self.files.items() if name != path}
        if content is not None:
            files[path] = content
        return replace(self, files=bag(files))

    def with_evidence(self, change) -> "Package":
        evidence = self.evidence
        change(evidence)
        return self.with_file("evidence.json", canonical_bytes(evidence))

    def entries(self) -> list[tuple[str, bytes]]:
        return [(f"{self.root}/{path}", data) for path, data in self.files.items()]

    def zip(self, *, has_descriptors: bool = False) -> bytes:
        return zip_of(self.entries(), has_descriptors=has_descriptors)

    def save(self, path: Path, **options) -> Path:
        path.write_bytes(self.zip(**options))
        return path

    def unpack(self, folder: Path) -> Path:
        for path, data in self.files.items():
            target = folder / self.root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return folder / self.root


class _Unseekable(io.BytesIO):
    def seekable(self) -> bool:
        return False

    def seek(self, *_arguments):
        raise io.UnsupportedOperation


def zip_of(entries, *, has_descriptors: bool = False) -> bytes:
    """A stored archive; with data descriptors, as streams have them."""
    target = _Unseekable() if has_descriptors else io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, data in entries:
            archive.writestr(zipfile.ZipInfo(path, (2026, 11, 20, 10, 0, 0)), data)
    return target.getvalue()


def bag(files: dict[str, bytes]) -> dict[str, bytes]:
    """Write the lists of digests of a bag anew."""
    lists = {"manifest-sha256.txt", "tagmanifest-sha256.txt", "digests-sm3.txt"}
    payload = {path: data for path, data in files.items() if path.startswith("data/")}
    tags = {path: data for path, data in files.items() if not path.startswith("data/") and path not in lists}
    tags["digests-sm3.txt"] = _listing({path: Digests.of(data).sm3 for path, data in payload.items()})
    tags["manifest-sha256.txt"] = _listing({path: sha256_hex(data) for path, data in payload.items()})
    return payload | tags | {"tagmanifest-sha256.txt": _listing({path: sha256_hex(data) for path, data in tags.items()})}


def _listing(digests: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def log_clip(log: Log, footage: Footage) -> None:
    """The life of a clip before it is handed over."""
    announced = {"file": {"path": footage.name}} | ({"imported": footage.imported} if footage.imported else {})
    log.append("clip", footage.clip_id, "clip.announced", announced)
    log.append("clip", f"other-{footage.number}", "clip.announced", {})
    log.append("clip", footage.clip_id, "clip.stored", _stored(footage))
    log.append("clip", footage.clip_id, "clip.verified", {})


def _stored(footage: Footage) -> dict:
    stored = footage.content if footage.stored is None else footage.stored
    digests = Digests.of(stored)
    return {"size_bytes": len(stored), "sha256": digests.sha256, "sm3": digests.sm3, "version_id": f"v{footage.number}"}


def _manifest(clip: Footage) -> bytes:
    stored = _stored(clip)
    facts = {"clip_id": clip.clip_id, "size_bytes": stored["size_bytes"], "digests": {name: stored[name] for name in ("sha256", "sm3")}}
    return canonical_bytes({"manifest": facts | {"stored": {"version_id": stored["version_id"]}}, "signature": {}})


def _listed(log: Log, footage: Footage) -> dict:
    digests = Digests.of(footage.content)
    last = log.last["clip", footage.clip_id]
    facts = {"clip_id": footage.clip_id, "sha256": digests.sha256, "sm3": digests.sm3, "size_bytes": len(footage.content)}
    return facts | {"events": last.subject_seq + 1, "head": last.leaf_hash()}


def make_package(
    *clips: Footage, derivatives=(), volumes: list[list[int]] | None = None, witnesses=(), tokens_at=(), successor=None, package_id=PACKAGE_ID
) -> list[Package]:
    """Hand clips over: one package, or one for each volume (lists of the clips' numbers)."""
    log = Log()
    log.append("case", "case-1", "case.opened", {})
    for clip in clips:
        log_clip(log, clip)
    for clip in clips:
        log.append("clip", clip.clip_id, "clip.exported", {"package_id": package_id, "recipient": "示范检察院", "purpose": "审查起诉"})
    contents = {
        "format": "bodycam.evidence-contents",
        "version": 1,
        "package_id": package_id,
        "recipient": "示范检察院",
        "purpose": "审查起诉",
        "case": {"id": "case-1", "number": "示范 1", "title": "示范案件"},
        "clips": [_listed(log, clip) for clip in sorted(clips, key=lambda clip: clip.clip_id)],
        "derivatives": [one["listed"] for one in derivatives],
    }
    data = canonical_bytes(contents)
    details = {"contents_sha256": sha256_hex(data), "clips": len(clips), "recipient": "示范检察院", "purpose": "审查起诉", "case_id": "case-1"}
    log.append("package", package_id, "package.made", details)
    for number in range(3):
        log.append("case", f"later-{number}", "case.opened", {})
    settings = {"witnesses": witnesses, "tokens_at": tokens_at, "successor": successor, "package_id": package_id}
    chosen = volumes or [[clip.number for clip in clips]]
    return [
        _volume(
            log, data, [clip for clip in clips if clip.number in numbers], derivatives if position == 1 else (), (position, len(chosen)), settings
        )
        for position, numbers in enumerate(chosen, 1)
    ]


def _volume(log, contents, clips, derivatives, volume, settings) -> Package:
    size = len(log.events)
    checkpoint = log.checkpoint()
    note, notes = _signed(log, checkpoint, settings["successor"])
    tokens = []
    files = {f"log/keys/{number}.note": text.encode() for number, text in enumerate(notes, 1)}
    for number, older in enumerate(settings["tokens_at"], 1):
        text = log.checkpoint(older).text()
        files[f"log/tokens/{number}.tst"] = stamp(text)
        signed = sign_checkpoint(log.checkpoint(older), log.signer)
        tokens.append({"path": f"log/tokens/{number}.tst", "checkpoint": signed, "consistency": log.consistency(older, size)})
    ids = {clip.clip_id for clip in clips} | {settings["package_id"]}
    evidence = {
        "format": "bodycam.evidence-package",
        "version": 1,
        "package_id": settings["package_id"],
        "made_at": "2026-11-20T04:00:00.000000Z",
        "maker": "reviewer",
        "software": "bodycam-evidence 0.1.0",
        "log_origin": ORIGIN,
        "volume": {"number": volume[0], "count": volume[1]},
        "clips": [_stated(clip) for clip in clips],
        "derivatives": [one["stated"] for one in derivatives],
        "events": [log.entry(index, size) for index, (event, _) in enumerate(log.events) if event.subject.id in ids],
        "checkpoint_size": size,
        "tokens": tokens,
    }
    files |= {path: data for clip in clips for path, data in clip.pieces().items()}
    files |= {one["stated"]["paths"][0]: one["content"] for one in derivatives}
    witness_lines = "".join(cosign(checkpoint, key, at=STARTED) for key in settings["witnesses"])
    files |= {
        "bagit.txt": DECLARATION,
        "bag-info.txt": b"Bagging-Date: 2026-11-20\n",
        "evidence.json": canonical_bytes(evidence),
        "contents.json": contents,
        "log/checkpoint": (note + witness_lines).encode(),
        "log/checkpoint.tst": stamp(checkpoint.text()),
        "log/timestamp-root.pem": TIME_STAMPS.root_pem(),
    } | {f"manifests/{clip.clip_id}.json": _manifest(clip) for clip in clips}
    ending = f"-volume-{volume[0]}" if volume[1] > 1 else ""
    extra = {"root_pem": TIME_STAMPS.root_pem().decode(), "witness_keys": [witness_key(key) for key in settings["witnesses"]]}
    return Package(bag(files), f"evidence-{settings['package_id']}{ending}", log, extra)


def _signed(log: Log, checkpoint: Checkpoint, successor: Ed25519Signer | None) -> tuple[str, list[str]]:
    if successor is None:
        return sign_checkpoint(checkpoint, log.signer), []
    before = log.checkpoint(checkpoint.size - 1)
    keys = [verifier_key(ORIGIN, signer.public_key) for signer in (log.signer, successor)]
    transition = KeyTransition(ORIGIN, *keys, before.size, before.root)
    return sign_checkpoint(checkpoint, successor), [sign_transition(transition, log.signer, successor)]


def _stated(clip: Footage) -> dict:
    return {
        "clip_id": clip.clip_id,
        "paths": list(clip.pieces()),
        "original_name": clip.name,
        "recorder": "ZF00009",
        "officer": "000001",
        "recorded_at": "2026-11-20T01:00:00.000000Z",
        "received_at": "2026-11-20T02:00:00.000000Z",
        "imported": clip.imported is not None,
        "manifest": f"manifests/{clip.clip_id}.json",
    }


def make_derivative(of: Footage, content: bytes, *, number: int = 1) -> dict:
    digests = Digests.of(content)
    listed = {
        "clip_id": of.clip_id,
        "sha256": digests.sha256,
        "sm3": digests.sm3,
        "size_bytes": len(content),
        "recipe": {"kind": "excerpt", "from_s": 1, "to_s": 2},
    }
    stated = {"clip_id": of.clip_id, "paths": [f"data/{of.clip_id}/derivative-{number}.mp4"], "sha256": digests.sha256}
    return {"listed": listed, "stated": stated, "content": content}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
