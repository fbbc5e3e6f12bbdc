import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrity.canonical import canonical_bytes, parse_canonical
from integrity.errors import IntegrityError, MalformedValueError, SignatureMismatchError
from integrity.hashing import Digests
from integrity.listing import ClockReading, RecordedFile, RecorderIdentity
from integrity.manifest import Manifest, StoredObject, open_manifest, sign_manifest
from integrity.signing import Ed25519Signer

GOLDEN = Path(__file__).parents[2] / "golden" / "manifest_v1.json"
SIGNER = Ed25519Signer("bodycam.example/manifests", b"\x03" * 32)
NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
MANIFEST = Manifest(
    clip_id="0199f0c2-7d3e-7bb1-8d55-3b1f0a6f4c11",
    session_id="3f2b8f0e-54c5-4f7e-9a53-0f0a6c1d2e3f",
    dock_id="dock-7",
    identity=RecorderIdentity(family="mass-storage", serial="A123456", officer_code="100001", volume_id="12AB34CD"),
    clock=ClockReading("2026-11-24T11:29:07", NOW, 2.25, 0.5),
    file=RecordedFile(
        path="DCIM/\\ud83d.MP4",
        path_raw_base64=base64.b64encode(b"D\0C\0I\0M\0/\0=\xd8.\0M\0P\0004\0").decode(),
        size_bytes=12,
        modified="2026-11-24T11:00:00",
        attributes="A",
        fingerprint="ab" * 32,
        locator="131072",
    ),
    size_bytes=11,
    digests=Digests.of(b"hello world"),
    received_at=NOW + timedelta(minutes=1),
    recorded_at=None,
    officer_id=None,
    agency_id="a-1",
    flags=("size_mismatch", "unknown_officer"),
    stored=StoredObject("evidence", "clips/0199f0c2", "v1", NOW + timedelta(days=180)),
)


def test_a_manifest_is_written_byte_for_byte_as_before():
    assert sign_manifest(MANIFEST, SIGNER) == GOLDEN.read_bytes()
    assert open_manifest(GOLDEN.read_bytes(), SIGNER.public_key) == MANIFEST


@given(st.data())
def test_a_changed_byte_is_refused_or_touches_only_the_name_of_the_key(data):
    good = GOLDEN.read_bytes()
    bad = bytearray(good)
    bad[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        opened = open_manifest(bytes(bad), SIGNER.public_key)
    except IntegrityError:
        return

    assert opened == MANIFEST


def test_a_manifest_signed_by_another_key_is_refused():
    with pytest.raises(SignatureMismatchError):
        open_manifest(sign_manifest(MANIFEST, Ed25519Signer.generate(SIGNER.name)), SIGNER.public_key)


@pytest.mark.parametrize("changes", [{"version": 2}, {"format": "other"}, {"more": 1}, {"size_bytes": "11"}, {"stored": None}])
def test_a_signed_manifest_of_another_shape_is_refused(changes):
    members = {**parse_canonical(MANIFEST.canonical()), **changes}
    signature = base64.b64encode(SIGNER.sign(canonical_bytes(members))).decode()
    envelope = {"manifest": members, "signature": {"algorithm": "ed25519", "key": SIGNER.name, "value": signature}}

    with pytest.raises(MalformedValueError):
        open_manifest(canonical_bytes(envelope), SIGNER.public_key)


@pytest.mark.parametrize(
    "changes",
    [{"algorithm": "rsa"}, {"value": "!"}, {"value": 1}, {"key": None}, {"more": 1}],
)
def test_a_signature_of_another_shape_is_refused(changes):
    envelope = parse_canonical(sign_manifest(MANIFEST, SIGNER))

    with pytest.raises(MalformedValueError):
        open_manifest(canonical_bytes({**envelope, "signature": {**envelope["signature"], **changes}}), SIGNER.public_key)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"manifest":{}}', b" " * 300_000])
def test_bytes_that_are_no_manifest_are_refused(data):
    with pytest.raises(MalformedValueError):
        open_manifest(data, SIGNER.public_key)


@pytest.mark.parametrize(
    "changes",
    [
        {"clip_id": ""},
        {"clip_id": "a b"},
        {"officer_id": "x" * 129},
        {"size_bytes": -1},
        {"flags": ("b", "a")},
        {"flags": ("a", "a")},
        {"flags": ("Flag",)},
        {"flags": tuple("abcdefghijklmnopqrstuvwxyz") + tuple(f"z_{letter}" for letter in "abcdefg")},
        {"received_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - a time without an offset is what is refused
        {"recorded_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - likewise
    ],
)
def test_a_manifest_out_of_bounds_cannot_be_made(changes):
    with pytest.raises(MalformedValueError):
        replace(MANIFEST, **changes)


@pytest.mark.parametrize("changes", [{"bucket": ""}, {"key": "k" * 1025}, {"version_id": ""}, {"retain_until": datetime(2026, 1, 1)}])  # noqa: DTZ001 - likewise
def test_a_place_out_of_bounds_cannot_be_made(changes):
    with pytest.raises(MalformedValueError):
        replace(MANIFEST.stored, **changes)


def test_a_manifest_is_bounded(monkeypatch):
    monkeypatch.setattr("integrity.manifest.MAX_MANIFEST_BYTES", 100)

    with pytest.raises(MalformedValueError):
        sign_manifest(MANIFEST, SIGNER)
