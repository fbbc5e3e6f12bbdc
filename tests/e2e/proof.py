"""What must hold for a sealed clip, checked by parts that nobody here wrote where there are any: openssl, and the log's public proofs."""

import base64
import subprocess
from collections import Counter

from integrity.checkpoint import open_checkpoint
from integrity.custody_event import parse_event
from integrity.merkle import InclusionProof, leaf_hash, verify_inclusion

ONCE = ("clip.announced", "clip.stored", "clip.verified")


def openssl_digest(path, name):
    """Digest of a file by openssl, in hexadecimal."""
    done = subprocess.run(("openssl", "dgst", f"-{name}", "-r", path), capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def openssl_digests(path):
    """What a clip of this file must be known by."""
    return openssl_digest(path, "sha256"), openssl_digest(path, "sm3")


def check_digests(docking, paths):
    """Every docked file has the digests that openssl finds, and none is missing; ``paths`` maps the path on the card to the file."""
    found = {file["path"]: (file["sha256"], file["sm3"]) for file in docking.files}
    assert found == {path: openssl_digests(file) for path, file in paths.items()}


def check_chain(system, clip_id):
    """The clip's chain has no gap, each event follows from the one before, and each is under a signed checkpoint; gives the actions."""
    custody = system.get("/api/v1/log/checkpoint")
    checkpoint = open_checkpoint(custody["checkpoint"], [system.appliance.ready()["log_key"]]).checkpoint
    events = system.events(clip_id)
    before = None
    for number, event in enumerate(events):
        parsed = parse_event(event["canonical"].encode())
        leaf = leaf_hash(event["canonical"].encode())
        assert (parsed.subject.id, parsed.subject_seq, parsed.prev) == (clip_id, number, before)
        path = system.get(f"/api/v1/log/checkpoints/{checkpoint.size}/proofs/{event['leaf_index']}")["path"]
        proof = InclusionProof(event["leaf_index"], checkpoint.size, tuple(map(bytes.fromhex, path)))
        verify_inclusion(leaf, proof, root=checkpoint.root)
        before = leaf.hex()
    assert len({event["leaf_index"] for event in events}) == len(events)
    return [event["action"] for event in events]


def check_sealed_once(system, clip_id):
    """The clip is sealed, its object exists once, and its chain tells each step once."""
    assert system.clip(clip_id)["state"] == "sealed"
    assert len(system.versions(clip_id)) == 1
    actions = check_chain(system, clip_id)
    counts = Counter(actions)
    assert all(counts[action] == 1 for action in ONCE), actions
    assert set(actions) == {*ONCE, "upload.begun"}, actions


def check_token(system, tmp_path):
    """Openssl verifies the time-stamp of the newest checkpoint."""
    custody = system.get("/api/v1/log/checkpoint")
    (tmp_path / "text").write_text(custody["checkpoint"].rpartition("\n\n")[0] + "\n")
    (tmp_path / "token").write_bytes(base64.b64decode(custody["token_base64"]))
    (tmp_path / "root.pem").write_text(custody["timestamp_root"])
    command = ("openssl", "ts", "-verify", "-data", "text", "-in", "token", "-token_in", "-CAfile", "root.pem")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout, done.stderr


def check_media(system, clip_id, content):
    """The API gives back every byte: whole, by any range, and nothing beyond the end."""
    size = len(content)
    whole = system.media(clip_id)
    assert (whole.status, whole.data) == (200, content)
    head = system.media(clip_id, method="HEAD")
    assert (head.status, int(head.headers["Content-Length"]), head.data) == (200, size, b"")
    for first, last in ((0, 0), (1, 70_000), (size - 5, size - 1), (size // 2, size + 10**9)):
        part = system.media(clip_id, headers={"Range": f"bytes={first}-{last}"})
        assert (part.status, part.data) == (206, content[first : last + 1])
        assert part.headers["Content-Range"] == f"bytes {first}-{min(last, size - 1)}/{size}"
    tail = system.media(clip_id, headers={"Range": "bytes=-7"})
    assert (tail.status, tail.data) == (206, content[-7:])
    beyond = system.media(clip_id, headers={"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
