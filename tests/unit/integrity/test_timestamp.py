import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from integrity import der
from integrity.errors import MalformedValueError, TimestampError
from integrity.hashing import digest_by_name
from integrity.timestamp_authority import VALIDITY, TimestampAuthority, create_authority
from integrity.timestamp_token import build_request, token_of_response, verify_token

GOLDEN = Path(__file__).parents[2] / "golden"
BORN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 24, 3, 29, 5, tzinfo=UTC)
NONCE = 0x8123456789ABCDEF
MESSAGE = b"bodycam.example/log\n1234\n"
DIGEST = digest_by_name("sha256", MESSAGE)
AUTHORITY = create_authority(BORN, "Bodycam Time-stamps")
ROOTS = [AUTHORITY.root]
RESPONSE = AUTHORITY.issue(build_request(DIGEST, nonce=NONCE), at=NOW, serial=7)
TOKEN = token_of_response(RESPONSE)
OPENSSL = shutil.which("openssl")


def openssl(directory, *arguments):
    return subprocess.run([OPENSSL, *arguments], cwd=directory, check=False, capture_output=True, text=True)


def variant(*, ca=True, usages=(ExtendedKeyUsageOID.TIME_STAMPING,), critical=True, key=None, born=BORN):
    """An authority whose certificate was made with other properties than it should have."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), key or ec.generate_private_key(ec.SECP256R1())
    root_name, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("R", "L"))

    def builder(subject, public_key):
        return (
            x509.CertificateBuilder(issuer_name=root_name, subject_name=subject, public_key=public_key, serial_number=x509.random_serial_number())
            .not_valid_before(born)
            .not_valid_after(born + VALIDITY)
        )

    root = builder(root_name, root_key.public_key()).add_extension(x509.BasicConstraints(ca, None), critical=True).sign(root_key, hashes.SHA256())
    leaf = builder(name, key.public_key())
    if usages:
        leaf = leaf.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    return TimestampAuthority(key, leaf.sign(root_key, hashes.SHA256()), root)


def token_from(authority, *, digest=DIGEST, at=NOW):
    return token_of_response(authority.issue(build_request(digest, nonce=NONCE), at=at, serial=7))


def test_a_token_proves_its_digest_and_time():
    proved = verify_token(TOKEN, DIGEST, roots=ROOTS, nonce=NONCE)

    assert (proved.at, proved.serial, proved.policy) == (NOW, 7, AUTHORITY.policy)
    assert proved.authority == "CN=Bodycam Time-stamps"
    assert proved.certificate_sha256 == AUTHORITY.certificate.fingerprint(hashes.SHA256()).hex()


def test_a_token_of_an_earlier_release_still_verifies():
    token, root = (GOLDEN / "timestamp_token_v1.der").read_bytes(), (GOLDEN / "timestamp_root_v1.pem").read_bytes()

    assert verify_token(token, DIGEST, roots=[x509.load_pem_x509_certificate(root)], nonce=NONCE).at == NOW


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sm3"])
def test_a_digest_of_each_algorithm_can_be_stamped(algorithm):
    digest = digest_by_name(algorithm, MESSAGE)

    token = token_of_response(AUTHORITY.issue(build_request(digest, nonce=1, algorithm=algorithm), at=NOW, serial=8))

    assert verify_token(token, digest, roots=ROOTS, algorithm=algorithm).serial == 8


def test_openssl_verifies_what_the_authority_issues(tmp_path):
    (tmp_path / "data").write_bytes(MESSAGE)
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root_pem())
    asked = openssl(tmp_path, "ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "request")
    (tmp_path / "response").write_bytes(AUTHORITY.issue((tmp_path / "request").read_bytes(), at=NOW, serial=2**62))

    at = str(int(NOW.timestamp()))
    checked = openssl(tmp_path, "ts", "-verify", "-queryfile", "request", "-in", "response", "-CAfile", "root.pem", "-attime", at)
    (tmp_path / "data").write_bytes(MESSAGE + b"!")
    refused = openssl(tmp_path, "ts", "-verify", "-data", "data", "-in", "response", "-CAfile", "root.pem", "-attime", at)

    assert asked.returncode == 0
    assert "Verification: OK" in checked.stdout
    assert refused.returncode != 0


def test_openssl_reads_a_refusal(tmp_path):
    (tmp_path / "response").write_bytes(AUTHORITY.issue(b"rubbish", at=NOW, serial=1))

    shown = openssl(tmp_path, "ts", "-reply", "-in", "response", "-text")

    assert "Rejected" in shown.stdout
    assert "the data submitted has the wrong format" in shown.stdout


def test_a_token_issued_by_openssl_verifies_here(tmp_path):
    key = rsa.generate_private_key(65537, 2048)
    authority = variant(key=key)
    (tmp_path / "root.pem").write_bytes(authority.root_pem())
    (tmp_path / "tsa.pem").write_bytes(authority.certificate.public_bytes(rfc3161_encoding()))
    (tmp_path / "key.pem").write_bytes(private_pem(key))
    (tmp_path / "request").write_bytes(build_request(DIGEST, nonce=NONCE))
    (tmp_path / "serial").write_text("0A")
    (tmp_path / "openssl.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\nordering=yes\ntsa_name=yes\n"
        "ess_cert_id_alg=sha256\naccuracy=secs:1\n"
    )

    signing = ("-signer", "tsa.pem", "-inkey", "key.pem")
    made = openssl(tmp_path, "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "request", *signing, "-out", "response")

    assert made.returncode == 0, made.stderr
    token = token_of_response((tmp_path / "response").read_bytes())
    proved = verify_token(token, DIGEST, roots=[authority.root], nonce=NONCE)
    assert (proved.serial, proved.policy) == (11, "1.2.3.4")


def rfc3161_encoding():
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415 - only here

    return Encoding.PEM


def private_pem(key):
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415 - only here

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_another_implementation_verifies_what_the_authority_issues():
    verifier = rfc3161_client.VerifierBuilder().add_root_certificate(AUTHORITY.root).tsa_certificate(AUTHORITY.certificate).nonce(NONCE).build()

    assert verifier.verify(rfc3161_client.decode_timestamp_response(RESPONSE), DIGEST)


@given(st.data())
def test_a_changed_byte_is_refused_or_proves_the_same(data):
    bad = bytearray(TOKEN)
    bad[data.draw(st.integers(0, len(TOKEN) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        proved = verify_token(bytes(bad), DIGEST, roots=ROOTS, nonce=NONCE)
    except TimestampError:
        return

    assert proved == verify_token(TOKEN, DIGEST, roots=ROOTS, nonce=NONCE)


@given(st.binary(max_size=200))
def test_rubbish_is_refused(data):
    with pytest.raises(TimestampError):
        verify_token(data, DIGEST, roots=ROOTS)
    with pytest.raises(TimestampError):
        token_of_response(data)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"digest": bytes(32)}, "another digest"),
        ({"digest": DIGEST, "algorithm": "sm3"}, "another digest"),
        ({"digest": DIGEST, "nonce": NONCE + 1}, "nonce"),
        ({"digest": DIGEST, "roots": []}, "no path"),
        ({"digest": DIGEST, "roots": [create_authority(BORN, "Bodycam Time-stamps").root]}, "no path"),
    ],
)
def test_a_token_about_something_else_is_refused(arguments, reason):
    digest = arguments.pop("digest")

    with pytest.raises(TimestampError, match=reason):
        verify_token(TOKEN, digest, **{"roots": ROOTS, **arguments})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ca": False}, "no path"),
        ({"usages": ()}, "no purpose"),
        ({"usages": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "not for time-stamping"),
        ({"usages": (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)}, "not for time-stamping"),
        ({"critical": False}, "not for time-stamping"),
        ({"key": ec.generate_private_key(ec.SECP256R1())}, None),
    ],
)
def test_a_certificate_with_other_powers_is_refused(changes, reason):
    authority = variant(**changes)
    token = token_from(authority)

    if reason is None:
        assert verify_token(token, DIGEST, roots=[authority.root]).serial == 7
    else:
        with pytest.raises(TimestampError, match=reason):
            verify_token(token, DIGEST, roots=[authority.root])


def test_a_token_from_before_its_certificate_is_refused():
    early = variant(born=NOW + timedelta(days=1))
    backdated = replace(early, certificate=early.certificate)
    with pytest.raises(TimestampError, match="not valid at that time"):
        backdated.issue(build_request(DIGEST, nonce=1), at=NOW, serial=1)

    token = token_from(early, at=NOW + timedelta(days=2)).replace(b"20261126032905Z", b"20261124032905Z")

    with pytest.raises(TimestampError):
        verify_token(token, DIGEST, roots=[early.root])


def test_a_token_without_its_certificate_verifies_when_that_is_at_hand():
    request = der.parse(build_request(DIGEST, nonce=NONCE))
    bare = der.sequence(*(part.raw for part in request.children() if part.tag != der.BOOLEAN))

    token = token_of_response(AUTHORITY.issue(bare, at=NOW, serial=9))

    with pytest.raises(TimestampError, match="no certificate"):
        verify_token(token, DIGEST, roots=ROOTS)
    assert verify_token(token, DIGEST, roots=ROOTS, certificates=[AUTHORITY.certificate]).serial == 9


def imprint(identifier="2.16.840.1.101.3.4.2.1", digest=DIGEST):
    return der.sequence(der.sequence(der.object_identifier(identifier), der.null()), der.octet_string(digest))


@pytest.mark.parametrize(
    ("request_bytes", "bit"),
    [
        (b"", 5),
        (b"\x30\x00", 5),
        (bytes(70_000), 2),
        (der.sequence(der.integer(2), imprint()), 5),
        (der.sequence(der.integer(1), imprint(digest=bytes(20))), 5),
        (der.sequence(der.integer(1), imprint(identifier="1.3.14.3.2.26", digest=bytes(20))), 0),
        (der.sequence(der.integer(1), imprint(), der.object_identifier("1.2.3")), 15),
        (der.sequence(der.integer(1), imprint(), der.context(0, der.sequence())), 16),
    ],
)
def test_a_request_that_cannot_be_granted_is_refused_with_its_reason(request_bytes, bit):
    response = AUTHORITY.issue(request_bytes, at=NOW, serial=1)

    assert response == der.sequence(der.sequence(der.integer(2), der.named_bit(bit)))
    with pytest.raises(TimestampError, match="refused with status 2"):
        token_of_response(response)


def test_an_answer_without_a_token_is_refused():
    with pytest.raises(TimestampError, match="no token"):
        token_of_response(der.sequence(der.sequence(der.integer(0))))


def test_only_a_whole_digest_of_an_accepted_algorithm_is_asked_for():
    with pytest.raises(MalformedValueError):
        build_request(bytes(31), nonce=1)
    with pytest.raises(MalformedValueError):
        build_request(bytes(20), nonce=1, algorithm="sha1")


def test_an_authority_can_be_kept_and_used_again():
    again = TimestampAuthority.from_pem(AUTHORITY.to_pem())

    assert verify_token(token_from(again), DIGEST, roots=ROOTS).serial == 7


@pytest.mark.parametrize(
    "pem", [b"", AUTHORITY.root_pem(), variant().to_pem().split(b"-----BEGIN CERT")[0] + AUTHORITY.to_pem().partition(b"KEY-----\n")[2]]
)
def test_a_damaged_authority_is_refused(pem):
    with pytest.raises(MalformedValueError):
        TimestampAuthority.from_pem(pem)


def test_the_key_of_another_certificate_is_refused():
    other = create_authority(BORN, "Other")
    key_end = b"-----END PRIVATE KEY-----\n"
    mixed = other.to_pem().partition(key_end)[0] + key_end + AUTHORITY.to_pem().partition(key_end)[2]

    with pytest.raises(MalformedValueError, match="not that of the certificate"):
        TimestampAuthority.from_pem(mixed)
