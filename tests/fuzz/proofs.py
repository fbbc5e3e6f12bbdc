"""What proves something: canonical JSON, events, manifests, receipts, checkpoints, time-stamps."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from integrity import der
from integrity.canonical import canonical_bytes, parse_canonical
from integrity.checkpoint import open_checkpoint, parse_verifier_key
from integrity.custody_event import parse_event
from integrity.errors import IntegrityError, MalformedValueError, SignatureMismatchError, TimestampError
from integrity.hashing import digest_by_name
from integrity.listing import Listing
from integrity.manifest import ManifestSignature, open_manifest
from integrity.plain import from_plain, to_members, to_plain
from integrity.receipt import UploadReceipt
from integrity.signing import Ed25519Signer
from integrity.timestamp_authority import create_authority
from integrity.timestamp_token import build_request, token_of_response, verify_token
from tests.fuzz.target import Target

_GOLDEN = Path(__file__).parents[1] / "golden"
_TRANSCRIPTS = Path(__file__).parents[1] / "conformance" / "dock_protocol" / "transcripts"
_KEY, _, _CHECKPOINT = (_GOLDEN / "checkpoint_v1.txt").read_text().partition("\n")
_MANIFEST = (_GOLDEN / "manifest_v1.json").read_bytes()
_SIGNER = Ed25519Signer("bodycam.example/manifests", b"\x03" * 32)
_TOKEN = (_GOLDEN / "timestamp_token_v1.der").read_bytes()
_ROOT = x509.load_pem_x509_certificate((_GOLDEN / "timestamp_root_v1.pem").read_bytes())
_DIGEST = digest_by_name("sha256", b"bodycam.example/log\n1234\n")
_NONCE = 0x8123456789ABCDEF
_NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
_AUTHORITY = create_authority(datetime(2026, 11, 1, tzinfo=UTC), "Bodycam Time-stamps")
_REQUEST = build_request(_DIGEST, nonce=_NONCE)


def _canonical(data: bytes) -> object:
    value = parse_canonical(data)
    assert canonical_bytes(value) == data
    return value


def _event(data: bytes) -> object:
    event = parse_event(data)
    assert event.canonical() == data
    return event.leaf_hash()


def _signed_members(data: bytes) -> object:
    """Any members, with a signature that holds."""
    members = parse_canonical(data)
    signature = ManifestSignature("ed25519", _SIGNER.name, base64.b64encode(_SIGNER.sign(canonical_bytes(members))).decode())
    return open_manifest(canonical_bytes({"manifest": members, "signature": to_members(signature)}), _SIGNER.public_key)


def _statement(kind: type):
    def read(data: bytes) -> object:
        value = from_plain(kind, json.loads(data))
        assert from_plain(kind, json.loads(json.dumps(to_plain(value)))) == value
        return value

    return read


def _tree(data: bytes) -> int:
    """Every value in an encoding, however deep."""
    waiting, count = [der.parse(data)], 0
    while waiting:
        value, count = waiting.pop(), count + 1
        for read in (value.as_integer, value.as_object_identifier, value.as_time):
            try:
                read()
            except MalformedValueError:
                continue
        if value.tag & 0x20:
            waiting.extend(value.children())
    return count


def _response(data: bytes) -> object:
    return verify_token(token_of_response(data), _DIGEST, roots=[_AUTHORITY.root], nonce=_NONCE)


def _body(name: str, *path: str) -> bytes:
    value = json.loads((_TRANSCRIPTS / f"{name}.json").read_text())["request"]["body"]
    for step in path:
        value = value[step]
    return json.dumps(value).encode()


_RESPONSE = _AUTHORITY.issue(_REQUEST, at=_NOW, serial=7)

TARGETS = (
    Target("canonical-json", _canonical, (MalformedValueError,), (b'{"a":[1,-2.5,1e+30,null,true,"\xe4\xb8\x80"],"b":{}}', _MANIFEST)),
    Target("custody-event", _event, (MalformedValueError,), ((_GOLDEN / "custody_event_v1.json").read_bytes(),)),
    Target("manifest", lambda data: open_manifest(data, _SIGNER.public_key), (MalformedValueError, SignatureMismatchError), (_MANIFEST,)),
    Target("manifest-members", _signed_members, (MalformedValueError,), (canonical_bytes(json.loads(_MANIFEST)["manifest"]),)),
    Target("listing", _statement(Listing), (MalformedValueError, json.JSONDecodeError, UnicodeDecodeError), (_body("announce"),)),
    Target(
        "receipt", _statement(UploadReceipt), (MalformedValueError, json.JSONDecodeError, UnicodeDecodeError), (_body("send_receipt", "receipt"),)
    ),
    Target(
        "checkpoint",
        lambda data: open_checkpoint(data.decode("utf-8", "surrogatepass"), [_KEY]),
        (IntegrityError, UnicodeDecodeError),
        (_CHECKPOINT.encode(),),
    ),
    Target(
        "verifier-key",
        lambda data: str(parse_verifier_key(data.decode("utf-8", "surrogatepass"))),
        (MalformedValueError, UnicodeDecodeError),
        (_KEY.encode(),),
    ),
    Target("der", _tree, (MalformedValueError,), (_TOKEN, _REQUEST, _RESPONSE)),
    Target("timestamp-token", lambda data: verify_token(data, _DIGEST, roots=[_ROOT], nonce=_NONCE), (TimestampError,), (_TOKEN,), 65_536),
    Target("timestamp-response", _response, (TimestampError,), (_RESPONSE,), 65_536),
    Target("timestamp-request", lambda data: _AUTHORITY.issue(data, at=_NOW, serial=8), (), (_REQUEST,), 65_536),
)
