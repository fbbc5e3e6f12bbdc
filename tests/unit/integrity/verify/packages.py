"""Evidence packages written from docs/formats/evidence-package.md alone, with real keys: what the verifier is asked about.

Shares nothing with the service's writer of packages. Parts can be exchanged before the bag is closed over them, so that a test can lie in one place
and stay consistent everywhere else.
"""

import base64
import io
import json
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from integrity.canonical import canonical_bytes
from integrity.checkpoint import Checkpoint, cosign, sign_checkpoint, verifier_key
from integrity.custody_event import CustodyEvent, EventActor, EventSubject
from integrity.hashing import Digests, digest_by_name, sha256_hex
from integrity.key_transition import KeyTransition, sign_transition
from integrity.listing import RecordedFile, RecorderIdentity
from integrity.manifest import Manifest, StoredObject, sign_manifest
from integrity.merkle import append_leaves, consistency_proof, inclusion_proof, leaf_hash, tree_root
from integrity.plain import spell_instant
from integrity.signing import Ed25519Signer
from integrity.timestamp_authority import create_authority
from integrity.timestamp_token import build_request, token_of_response
from integrity.witness import witness_key

ORIGIN = "bodycam.example/log"
SIGNER = Ed25519Signer(ORIGIN, bytes([1]) * 32)
NEXT_SIGNER = Ed25519Signer(ORIGIN, bytes([2]) * 32)
WITNESS = Ed25519Signer("witness.example/w", bytes([3]) * 32)
MANIFEST_SIGNER = Ed25519Signer(f"{ORIGIN}/manifests", bytes([4]) * 32)
LOG_KEY = verifier_key(SIGNER.name, SIGNER.public_key)
NEXT_LOG_KEY = verifier_key(NEXT_SIGNER.name, NEXT_SIGNER.public_key)
WITNESS_KEY = witness_key(WITNESS)
MANIFEST_KEY = verifier_key(MANIFEST_SIGNER.name, MANIFEST_SIGNER.public_key)
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AUTHORITY = create_authority(NOW - timedelta(days=1), "Bodycam Time-stamps")
OTHER_AUTHORITY = create_authority(NOW - timedelta(days=1), "Time-stamps Elsewhere")
PACKAGE_ID = "0193a1d0-0000-7000-8000-00000000aaaa"
CLIP_A = "0193a1d0-0000-7000-8000-000000000001"
CLIP_B = "0193a1d0-0000-7000-8000-000000000002"
RECORDED = b"".join(b"frame %d of a clip as the recorder made it\n" % number for number in range(40))
BROUGHT = b"".join(b"frame %d brought from elsewhere\n" % number for number in range(30))
REDACTED = b"".join(b"frame %d with faces made unrecognisable\n" % number for number in range(20))


@dataclass(frozen=True)
class Elsewhere:
    """Bytes that lie on a disk and are too many to be held: only what is known of them."""

    size_bytes: int
    sha256: str
    sm3: str

    @classmethod
    def of(cls, data):
        """What is known of bytes; of such as lie elsewhere, what is known already."""
        return data if isinstance(data, cls) else cls(len(data), sha256_hex(data), Digests.of(data).sm3)


class Log:
    """A custody log: events in order, chained by subject."""

    def __init__(self, signer=SIGNER):
        self.signer = signer
        self.events = []
        self._nodes = {}

    def append(self, kind, subject_id, action, **details):
        before = [each for each in self.events if (each.subject.kind, each.subject.id) == (kind, subject_id)]
        event = CustodyEvent(
            subject=EventSubject(kind, subject_id),
            subject_seq=len(before),
            prev=before[-1].leaf_hash() if before else None,
            action=action,
            actor=EventActor("user", "u-1", "reviewer"),
            at=NOW + timedelta(seconds=len(self.events)),
            details=details,
        )
        self.put(event)
        return event

    def put(self, event):
        fresh, _ = append_leaves(self.read, len(self.events), [leaf_hash(event.canonical())])
        self._nodes.update({(node.level, node.index): node.hash for node in fresh})
        self.events.append(event)

    def read(self, level, index):
        return self._nodes[level, index]

    def checkpoint(self, size=None):
        size = len(self.events) if size is None else size
        return Checkpoint(ORIGIN, size, tree_root(self.read, size))

    def proof(self, index, size):
        return [sibling.hex() for sibling in inclusion_proof(self.read, index, tree_size=size).path]

    def growth(self, first, second):
        return [sibling.hex() for sibling in consistency_proof(self.read, first, second_size=second).path]


def stamp(text, authority=AUTHORITY, algorithm="sha256"):
    request = build_request(digest_by_name(algorithm, text.encode()), nonce=7, algorithm=algorithm)
    return token_of_response(authority.issue(request, at=NOW + timedelta(hours=1), serial=9))


@dataclass
class Package:
    """A package before its bag is closed.

    Attributes:
        files: Everything but the bag's own lists, by path.
        index: ``evidence.json`` as plain members; written when the bag is closed.
        contents: ``contents.json`` likewise, exactly as the log knows it unless a test changes it.
    """

    files: dict[str, bytes]
    index: dict
    contents: dict
    log: Log
    volume: tuple[int, int] = (1, 1)
    oxum: bool = True
    raw: dict[str, bytes] = field(default_factory=dict)

    @property
    def folder(self):
        number, count = self.volume
        return f"evidence-{PACKAGE_ID}" + (f"-volume-{number}" if count > 1 else "")

    def closed(self):
        """Every file of the bag, by its path below the folder; ``raw`` overrides what stands in for JSON files, before the lists are made."""
        files = {"evidence.json": canonical_bytes(self.index), "contents.json": canonical_bytes(self.contents), **self.files, **self.raw}
        return close_bag(files, oxum=self.oxum)

    def zipped(self):
        return zip_bytes({f"{self.folder}/{path}": data for path, data in self.closed().items()})


def close_bag(files, *, oxum=True):
    payload = {path: data for path, data in files.items() if path.startswith("data/")}
    tags = {path: data for path, data in files.items() if not path.startswith("data/")}
    known = {path: Elsewhere.of(data) for path, data in payload.items()}
    size = sum(each.size_bytes for each in known.values())
    tags["bagit.txt"] = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    tags["bag-info.txt"] = b"Source-Organization: An agency\n" + (f"Payload-Oxum: {size}.{len(payload)}\n".encode() if oxum else b"")
    tags["manifest-sha256.txt"] = listing({path: each.sha256 for path, each in known.items()})
    tags["digests-sm3.txt"] = listing({path: each.sm3 for path, each in known.items()})
    tags.pop("tagmanifest-sha256.txt", None)
    tags["tagmanifest-sha256.txt"] = listing({path: sha256_hex(data) for path, data in tags.items()})
    return {**tags, **payload}


def listing(digests):
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())).encode()


def zip_bytes(files, *, streamed=True):
    """A stored ZIP; ``streamed`` writes data descriptors, as a writer that cannot seek does."""
    target = io.BytesIO()
    out = SimpleNamespace(write=target.write, flush=target.flush) if streamed else target
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 24, 12, 0, 0)), data)
    return target.getvalue()


def make_package(*, imported=True, derived=True, pieces=1, outside_token=True, key_change=False, witness=True, lean=False, recorded=RECORDED):
    """A package of two clips, one of them brought from elsewhere, and one derivative, out of a log that also holds other things.

    ``lean`` leaves out the second clip and every event that need not be. ``recorded`` is the first clip.
    """
    clips = {CLIP_A: recorded} if lean else {CLIP_A: recorded, CLIP_B: BROUGHT}
    log = Log()
    if not lean:
        for number in range(3):
            log.append("case", f"case-{number}", "case.opened")
    _tell_clip(log, CLIP_A, recorded, verified=not lean)
    early = len(log.events)
    if not lean:
        _tell_clip(log, CLIP_B, BROUGHT, **({"imported": provenance()} if imported else {}))
        log.append("clip", CLIP_A, "clip.viewed", purpose="review")
    for clip_id in clips:
        log.append("clip", clip_id, "clip.exported", package_id=PACKAGE_ID, recipient="Court", purpose="trial")
    contents = {
        "format": "bodycam.evidence-contents",
        "version": 1,
        "package_id": PACKAGE_ID,
        "recipient": "Court",
        "purpose": "trial",
        "case": {"id": "case-1", "number": "2026-17", "title": "A case"},
        "clips": [_listed(log, clip_id, data) for clip_id, data in clips.items()],
        "derivatives": [_described(CLIP_A, REDACTED) | {"recipe": {"tool": "redact", "version": 1}}] if derived else [],
    }
    log.append(
        "package",
        PACKAGE_ID,
        "package.made",
        contents_sha256=sha256_hex(canonical_bytes(contents)),
        clips=2,
        recipient="Court",
        purpose="trial",
        case_id="case-1",
    )
    if not lean:
        log.append("case", "case-1", "case.closed")
    return _lay_out(
        log, contents, derived=derived, pieces=pieces, early=early if outside_token else 0, key_change=key_change, witness=witness, clips=clips
    )


def _tell_clip(log, clip_id, data, *, verified=True, **details):
    log.append("clip", clip_id, "clip.announced", session_id="s-1", **details)
    log.append("clip", clip_id, "clip.stored", version_id=f"v-{clip_id}", **_known(data))
    if verified:
        log.append("clip", clip_id, "clip.verified", sha256=Elsewhere.of(data).sha256)


def provenance():
    return {"import_id": "i-1", "importer": "importer-name", "received_from": "A witness", "document": "Letter 7", "opened_at": spell_instant(NOW)}


def _known(data):
    known = Elsewhere.of(data)
    return {"size_bytes": known.size_bytes, "sha256": known.sha256, "sm3": known.sm3}


def _described(clip_id, data):
    return {"clip_id": clip_id, **_known(data)}


def _listed(log, clip_id, data):
    own = [event for event in log.events if event.subject.id == clip_id]
    return {**_described(clip_id, data), "events": len(own), "head": own[-1].leaf_hash()}


def _lay_out(log, contents, *, derived, pieces, early, key_change, witness, clips):
    size = len(log.events)
    signer = NEXT_SIGNER if key_change else SIGNER
    checkpoint = log.checkpoint()
    note = sign_checkpoint(checkpoint, signer) + (cosign(checkpoint, WITNESS, at=NOW) if witness else "")
    files = {
        "log/checkpoint": note.encode(),
        "log/checkpoint.tst": stamp(checkpoint.text()),
        "log/timestamp-root.pem": AUTHORITY.root_pem(),
        "README.en.txt": b"How to check this.\n",
        "report/custody.json": b"{}",
    }
    if key_change:
        files["log/keys/1.note"] = transition_note(log, size=early or 6).encode()
    placed = [_place(files, clip_id, data, pieces=pieces if clip_id == CLIP_A else 1, imported=clip_id == CLIP_B) for clip_id, data in clips.items()]
    index = {
        "format": "bodycam.evidence-package",
        "version": 1,
        "package_id": PACKAGE_ID,
        "made_at": spell_instant(NOW),
        "maker": "reviewer",
        "software": "bodycam-evidence 0.1.0",
        "log_origin": ORIGIN,
        "volume": {"number": 1, "count": 1},
        "clips": placed,
        "derivatives": [],
        "events": indexed_events(log, size, clips),
        "checkpoint_size": size,
        "tokens": [],
    }
    if derived:
        path = f"data/{CLIP_A}/derivative-1.mp4"
        files[path] = REDACTED
        index["derivatives"] = [{"clip_id": CLIP_A, "paths": [path], "sha256": sha256_hex(REDACTED)}]
    if early:
        earlier = log.checkpoint(early)
        files["log/tokens/1.tst"] = stamp(earlier.text(), OTHER_AUTHORITY, "sha384")
        index["tokens"] = [{"path": "log/tokens/1.tst", "checkpoint": sign_checkpoint(earlier, SIGNER), "consistency": log.growth(early, size)}]
    return Package(files, index, contents, log)


def transition_note(log, *, size):
    return sign_transition(KeyTransition(ORIGIN, LOG_KEY, NEXT_LOG_KEY, size, log.checkpoint(size).root), SIGNER, NEXT_SIGNER)


def indexed_events(log, size, clips=(CLIP_A, CLIP_B)):
    return [
        {"canonical": base64.b64encode(event.canonical()).decode(), "leaf_index": position, "proof": log.proof(position, size)}
        for position, event in enumerate(log.events)
        if event.subject.id in {*clips, PACKAGE_ID}
    ]


def _place(files, clip_id, data, *, pieces, imported):
    path = f"data/{clip_id}/original.mp4"
    paths = [path] if pieces == 1 else [f"{path}.{number:03}" for number in range(1, pieces + 1)]
    cut = -(-Elsewhere.of(data).size_bytes // pieces)
    files.update({path: data} if pieces == 1 else {name: data[number * cut : (number + 1) * cut] for number, name in enumerate(paths)})
    files[f"manifests/{clip_id}.json"] = manifest(clip_id, data)
    return {
        "clip_id": clip_id,
        "paths": paths,
        "original_name": "20261124_0001.mp4",
        "recorder": "R-17",
        "officer": None,
        "recorded_at": None,
        "received_at": spell_instant(NOW),
        "imported": imported,
        "manifest": f"manifests/{clip_id}.json",
    }


def manifest(clip_id, data):
    known = Elsewhere.of(data)
    file = RecordedFile(
        path="DCIM/20261124_0001.mp4",
        path_raw_base64=base64.b64encode(b"DCIM/20261124_0001.mp4").decode(),
        size_bytes=known.size_bytes,
    )
    stored = StoredObject("evidence", f"clips/{clip_id}", f"v-{clip_id}", NOW + timedelta(days=90))
    return sign_manifest(
        Manifest(
            clip_id=clip_id,
            session_id="s-1",
            dock_id="d-1",
            identity=RecorderIdentity("mass-storage", serial="R-17"),
            clock=None,
            file=file,
            size_bytes=known.size_bytes,
            digests=Digests(known.sha256, known.sm3),
            received_at=NOW,
            recorded_at=None,
            officer_id=None,
            agency_id=None,
            flags=(),
            stored=stored,
        ),
        MANIFEST_SIGNER,
    )


def split(package):
    """The same handing-over as two volumes, a clip in each."""
    volumes = []
    for number, clip_id in ((1, CLIP_A), (2, CLIP_B)):
        index = json.loads(json.dumps(package.index))
        index["volume"] = {"number": number, "count": 2}
        index["clips"] = [clip for clip in index["clips"] if clip["clip_id"] == clip_id]
        index["derivatives"] = [each for each in index["derivatives"] if each["clip_id"] == clip_id]
        index["events"] = indexed_events(package.log, index["checkpoint_size"], (clip_id,))
        files = {path: data for path, data in package.files.items() if clip_id in path or not path.startswith(("data/", "manifests/"))}
        volumes.append(Package(files, index, package.contents, package.log, volume=(number, 2)))
    return volumes
