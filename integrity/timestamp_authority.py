"""A time-stamp authority of one's own (RFC 3161): bytes in, bytes out; the time and the serial number are passed in.

It always suffices for sealing: its tokens bind a checkpoint to a time that everybody who has the root can check. Authorities elsewhere add that the
time is not the service's word alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrity import der
from integrity.errors import MalformedValueError, TimestampError
from integrity.hashing import digest_by_name, sha256
from integrity.timestamp_token import (
    CONTENT_TYPE,
    DIGEST_ALGORITHMS,
    MAX_TOKEN_BYTES,
    MESSAGE_DIGEST,
    SIGNED_DATA,
    SIGNING_CERTIFICATE_V2,
    TST_INFO,
)

DEFAULT_POLICY = "1.3.6.1.4.1.99999.1.1"
"""Policy named in tokens. The arc is an example's; an installation with an enterprise number of its own sets another."""
VALIDITY = timedelta(days=7305)

_SIGNING_TIME = "1.2.840.113549.1.9.5"
_SHA256 = der.sequence(der.object_identifier("2.16.840.1.101.3.4.2.1"))
_ECDSA_WITH_SHA256 = der.sequence(der.object_identifier("1.2.840.10045.4.3.2"))
_GRANTED, _REJECTION = 0, 2
_BAD_ALGORITHM, _BAD_REQUEST, _BAD_DATA_FORMAT, _UNACCEPTED_POLICY, _UNACCEPTED_EXTENSION = 0, 2, 5, 15, 16
"""PKIFailureInfo bits (RFC 3161, section 2.4.2)."""
_CLOCK_SKEW = timedelta(minutes=5)


class _RefusedError(Exception):
    def __init__(self, failure_bit: int) -> None:
        super().__init__(failure_bit)
        self.failure_bit = failure_bit


@dataclass(frozen=True, slots=True)
class _Request:
    imprint: bytes
    nonce: bytes
    wants_certificate: bool


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """An authority's key and certificates.

    Attributes:
        private_key: Its key on P-256.
        certificate: Certificate of that key, for time-stamping alone.
        root: The certificate that others must trust; its key no longer exists.
        policy: Policy named in tokens, as a dotted object identifier.
    """

    private_key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate
    policy: str = DEFAULT_POLICY

    def issue(self, request: bytes, *, at: datetime, serial: int) -> bytes:
        """Answer a request.

        Args:
            request: A TimeStampReq, as from :func:`integrity.timestamp_token.build_request`.
            at: The time to attest, aware.
            serial: A number never used before by this authority.

        Returns:
            A TimeStampResp: a token, or a refusal with its reason when the request cannot be granted.

        Raises:
            TimestampError: The authority's certificate is not valid at that time.
        """
        if not self.certificate.not_valid_before_utc <= at <= self.certificate.not_valid_after_utc:
            raise TimestampError("the authority's certificate is not valid at that time")
        try:
            asked = _read_request(request, policy=self.policy)
        except _RefusedError as refusal:
            return der.sequence(der.sequence(der.integer(_REJECTION), der.named_bit(refusal.failure_bit)))
        content = der.sequence(
            der.integer(1),
            der.object_identifier(self.policy),
            asked.imprint,
            der.integer(serial),
            der.generalized_time(at),
            der.sequence(der.integer(1)),  # accuracy: one second
            asked.nonce,
        )
        token = self._sign(content, at=at, wants_certificate=asked.wants_certificate)
        return der.sequence(der.sequence(der.integer(_GRANTED)), token)

    def _sign(self, content: bytes, *, at: datetime, wants_certificate: bool) -> bytes:
        certificate = self.certificate.public_bytes(Encoding.DER)
        issuer, number = self.certificate.issuer.public_bytes(), der.integer(self.certificate.serial_number)
        issuer_serial = der.sequence(der.sequence(der.context(4, issuer)), number)
        attributes = der.set_of(
            _attribute(CONTENT_TYPE, der.object_identifier(TST_INFO)),
            _attribute(_SIGNING_TIME, _signing_time(at)),
            _attribute(MESSAGE_DIGEST, der.octet_string(sha256(content))),
            _attribute(SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(der.sequence(der.octet_string(sha256(certificate)), issuer_serial)))),
        )
        signer = der.sequence(
            der.integer(1),
            der.sequence(issuer, number),
            _SHA256,
            der.context(0, der.parse(attributes).content),
            _ECDSA_WITH_SHA256,
            der.octet_string(self.private_key.sign(attributes, ec.ECDSA(hashes.SHA256()))),
        )
        signed_data = der.sequence(
            der.integer(3),
            der.set_of(_SHA256),
            der.sequence(der.object_identifier(TST_INFO), der.context(0, der.octet_string(content))),
            *([der.context(0, certificate)] if wants_certificate else []),
            der.set_of(signer),
        )
        return der.sequence(der.object_identifier(SIGNED_DATA), der.context(0, signed_data))

    def to_pem(self) -> bytes:
        """The key, the certificate and the root, in this order; as secret as the key."""
        key = self.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM) + self.root_pem()

    def root_pem(self) -> bytes:
        """The root certificate, for everybody."""
        return self.root.public_bytes(Encoding.PEM)

    @classmethod
    def from_pem(cls, pem: bytes, *, policy: str = DEFAULT_POLICY) -> TimestampAuthority:
        """Read what :meth:`to_pem` wrote.

        Raises:
            MalformedValueError: It is damaged, or the key is not the certificate's.
        """
        try:
            key = load_pem_private_key(pem, password=None)
            certificate, root = x509.load_pem_x509_certificates(pem)
        except (ValueError, TypeError) as error:
            raise MalformedValueError("time-stamp authority", "expected a key and two certificates in PEM") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise MalformedValueError("time-stamp authority", "the key is not that of the certificate")
        return cls(key, certificate, root, policy)


def create_authority(now: datetime, common_name: str, *, policy: str = DEFAULT_POLICY) -> TimestampAuthority:
    """Make a new authority: a root whose key is thrown away, and below it a certificate for time-stamping.

    Args:
        now: The present, aware; both certificates are valid from five minutes before it for twenty years.
        common_name: Name shown in the certificates, at most 50 characters.
        policy: Policy named in tokens, as a dotted object identifier.
    """
    root_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{common_name} Root")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    root_identifier = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    root = (
        _certificate(root_name, root_key.public_key(), issuer=root_name, now=now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .add_extension(root_identifier, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        _certificate(name, key.public_key(), issuer=root_name, now=now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_identifier), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    return TimestampAuthority(key, certificate, root, policy)


def _certificate(name: x509.Name, key: ec.EllipticCurvePublicKey, *, issuer: x509.Name, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + VALIDITY)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _read_request(request: bytes, *, policy: str) -> _Request:
    try:
        if len(request) > MAX_TOKEN_BYTES:
            raise _RefusedError(_BAD_REQUEST)
        version, imprint, *optional = der.parse(request).expect(der.SEQUENCE).children()
        algorithm, digest = imprint.expect(der.SEQUENCE).children()
        name = DIGEST_ALGORITHMS.get(algorithm.expect(der.SEQUENCE).children()[0].as_object_identifier())
        policies = [value.as_object_identifier() for value in optional if value.tag == der.OBJECT_IDENTIFIER]
        is_whole = version.as_integer() == 1 and digest.tag == der.OCTET_STRING
    except (MalformedValueError, ValueError, IndexError) as error:
        raise _RefusedError(_BAD_DATA_FORMAT) from error
    if name is None:
        raise _RefusedError(_BAD_ALGORITHM)
    if not is_whole or len(digest.content) != len(digest_by_name(name, b"")):
        raise _RefusedError(_BAD_DATA_FORMAT)
    if policies not in ([], [policy]):
        raise _RefusedError(_UNACCEPTED_POLICY)
    if any(value.tag == 0xA0 for value in optional):
        raise _RefusedError(_UNACCEPTED_EXTENSION)
    nonces = [value.raw for value in optional if value.tag == der.INTEGER]
    return _Request(imprint.raw, b"".join(nonces[:1]), der.boolean(True) in [value.raw for value in optional])


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.object_identifier(kind), der.set_of(value))


def _signing_time(at: datetime) -> bytes:
    """UTCTime up to 2049, GeneralizedTime from 2050 (RFC 5652, section 11.3)."""
    generalized = der.parse(der.generalized_time(at))
    return generalized.raw if generalized.content >= b"2050" else der.encode(der.UTC_TIME, generalized.content[2:])
