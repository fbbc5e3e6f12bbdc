"""The log is checked by parts that nobody here wrote, or that know nothing of the database."""

import base64
import subprocess

import pytest

from integrity.checkpoint import open_checkpoint, verifier_key
from integrity.errors import SignatureMismatchError
from integrity.merkle import InclusionProof, verify_inclusion
from integrity.signing import Ed25519Signer


def test_every_event_of_a_clip_is_under_the_signed_checkpoint(api, clip_id):
    checkpoint = api.ask("GET", "/api/v1/log/checkpoint").json()
    opened = open_checkpoint(checkpoint["checkpoint"], [checkpoint["log_key"]]).checkpoint

    events = api.ask("GET", f"/api/v1/clips/{clip_id}/custody").json()["events"]

    assert len(events) == 4
    for event in events:
        proof = api.ask("GET", f"/api/v1/log/checkpoints/{opened.size}/proofs/{event['leaf_index']}").json()
        path = tuple(bytes.fromhex(sibling) for sibling in proof["path"])
        verify_inclusion(bytes.fromhex(event["leaf_hash"]), InclusionProof(event["leaf_index"], opened.size, path), root=opened.root)


def test_a_checkpoint_is_of_one_key_only(api, clip_id):
    note = api.ask("GET", "/api/v1/log/checkpoint").json()["checkpoint"]
    other = Ed25519Signer.generate("test.example/log")

    with pytest.raises(SignatureMismatchError):
        open_checkpoint(note, [verifier_key(other.name, other.public_key)])


def test_the_token_verifies_with_openssl(api, clip_id, tmp_path):
    checkpoint = api.ask("GET", "/api/v1/log/checkpoint").json()
    text = checkpoint["checkpoint"].rpartition("\n\n")[0] + "\n"
    (tmp_path / "text").write_text(text)
    (tmp_path / "token").write_bytes(base64.b64decode(checkpoint["token_base64"]))
    (tmp_path / "root.pem").write_text(checkpoint["timestamp_root"])

    command = ["openssl", "ts", "-verify", "-data", "text", "-in", "token", "-token_in", "-CAfile", "root.pem"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "Verification: OK" in done.stdout, done.stderr


def test_without_a_checkpoint_there_is_no_proof(api):
    assert api.ask("GET", "/api/v1/log/checkpoint").status_code == 404
    assert api.ask("GET", "/api/v1/log/checkpoints/5/proofs/0").status_code == 404
