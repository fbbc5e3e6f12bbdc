"""RFC 3161 time-stamps: asking for one, and checking one without asking anybody.

A token proves that a digest existed at a time, to whoever trusts the root of its authority. Its bytes hold parts that nobody signed; they are kept,
but are never an identity. Sources: RFC 3161, RFC 5816 (ESSCertIDv2), RFC 5652 (CMS), RFC 5035.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from integrity import der
from integrity.der import DerValue
from integrity.errors import MalformedValueError, TimestampError
from integrity.hashing import digest_by_name, sha256_hex

MAX_TOKEN_BYTES = 64 * 1024
SIGNED_DATA = "1.2.840.113549.1.7.2"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
DIGEST_ALGORITHMS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "1.2.156.10197.1.401": "sm3",
}

_SIGNATURE_DIGESTS: dict[str, str | None] = {
    "1.2.840.113549.1.1.1": None,  # rsaEncryption: the digest is named beside it
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_HASHES: dict[str, type[hashes.HashAlgorithm]] = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
_DAMAGED = (
    MalformedValueError,
    ValueError,
    TypeError,
    IndexError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What reading a damaged token raises: a certificate's parts are only read when they are looked at."""
_GRANTED = {0, 1}
"""PKIStatus ``granted`` and ``grantedWithMods`` (RFC 3161, section 2.4.2)."""
_LONGEST_PATH = 8
_ACCURACY, _NONCE, _EXTENSIONS = der.SEQUENCE, der.INTEGER, 0xA1
_OPTIONAL_ORDER = (_ACCURACY, der.BOOLEAN, _NONCE, 0xA0, _EXTENSIONS)


@dataclass(frozen=True, slots=True)
class VerifiedTimestamp:
    """What a token proves.

    Attributes:
        at: The authority's time, aware UTC.
        serial: Number of the token at its authority.
        policy: Policy under which it was issued, as a dotted object identifier.
        authority: Subject of the signing certificate (RFC 4514).
        certificate_sha256: SHA-256 of that certificate, 64 hexadecimal digits.
    """

    at: datetime
    serial: int
    policy: str
    authority: str
    certificate_sha256: str


@dataclass(frozen=True, slots=True)
class _SignedToken:
    content: bytes
    certificates: tuple[x509.Certificate, ...]
    issuer: bytes
    serial: int
    digest_name: str
    signed: bytes
    attributes: Mapping[str, DerValue]
    signature_digest: str
    signature: bytes


def build_request(digest: bytes, *, nonce: int, algorithm: str = "sha256", policy: str | None = None) -> bytes:
    """Write a request for a time-stamp that carries its certificate (RFC 3161, section 2.4.1).

    Args:
        digest: What is to be time-stamped.
        nonce: A number never used before, so that an old answer cannot be passed off as this one; from ``secrets``.
        algorithm: How the digest was made: ``sha256``, ``sha384``, ``sha512`` or ``sm3``.
        policy: Policy asked for, as a dotted object identifier; the authority's own when not given.

    Raises:
        MalformedValueError: The digest has not the length of its algorithm, or the algorithm is not accepted.
    """
    if len(digest) != len(digest_by_name(algorithm, b"")):
        raise MalformedValueError("digest", f"has not the length of {algorithm}")
    identifier = next(dotted for dotted, name in DIGEST_ALGORITHMS.items() if name == algorithm)
    imprint = der.sequence(der.sequence(der.object_identifier(identifier), der.null()), der.octet_string(digest))
    asked = (der.object_identifier(policy),) if policy is not None else ()
    return der.sequence(der.integer(1), imprint, *asked, der.integer(nonce), der.boolean(True))


def token_of_response(response: bytes) -> bytes:
    """Take the token out of an authority's answer; nothing about it has been checked then.

    Raises:
        TimestampError: The authority refused, or the answer is damaged.
    """
    try:
        status, *token = _parse(response).expect(der.SEQUENCE).children()
        code = status.expect(der.SEQUENCE).children()[0].as_integer()
    except (MalformedValueError, ValueError, IndexError) as error:
        raise TimestampError("the answer is damaged") from error
    if code not in _GRANTED:
        raise TimestampError(f"the authority refused with status {code}")
    if len(token) != 1:
        raise TimestampError("the answer carries no token")
    return token[0].raw


def verify_token(
    token: bytes,
    digest: bytes,
    *,
    roots: Collection[x509.Certificate],
    nonce: int | None = None,
    algorithm: str = "sha256",
    certificates: Sequence[x509.Certificate] = (),
) -> VerifiedTimestamp:
    """Check that an authority below one of these roots saw this digest.

    Checked are the signature, the signed attributes with ESSCertIDv2, the digest, the nonce, the certificate's sole and critical purpose, and its
    path to a root, all valid at the token's own time. Revocation is not: that takes a network.

    Args:
        token: A TimeStampToken (CMS SignedData), at most :data:`MAX_TOKEN_BYTES`.
        digest: What should have been time-stamped.
        roots: Certificates that are trusted, come by other ways than the token.
        nonce: The number sent with the request, when the answer is new.
        algorithm: How the digest was made.
        certificates: Further certificates between the authority's and a root.

    Raises:
        TimestampError: Something does not hold.
    """
    try:
        signed = _read_token(token)
        moment, serial, policy = _read_content(signed.content, digest, nonce=nonce, algorithm=algorithm)
        leaf = _check_signer(signed, certificates)
        _check_path(leaf, [*roots, *signed.certificates, *certificates], roots=roots, moment=moment)
        authority = leaf.subject.rfc4514_string()
    except _DAMAGED as error:
        raise TimestampError(f"is damaged: {error}") from error
    return VerifiedTimestamp(moment, serial, policy, authority, sha256_hex(leaf.public_bytes(Encoding.DER)))


def certificates_of(token: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates that a token carries; nothing about them has been checked then.

    Raises:
        TimestampError: The token is damaged.
    """
    try:
        return _read_token(token).certificates
    except _DAMAGED as error:
        raise TimestampError(f"is damaged: {error}") from error


def _parse(data: bytes) -> DerValue:
    if len(data) > MAX_TOKEN_BYTES:
        raise MalformedValueError("time-stamp", f"longer than {MAX_TOKEN_BYTES} bytes")
    return der.parse(data)


def _read_token(token: bytes) -> _SignedToken:
    content_type, wrapped = _parse(token).expect(der.SEQUENCE).children()
    if content_type.as_object_identifier() != SIGNED_DATA:
        raise MalformedValueError("time-stamp", "is not CMS SignedData")
    (signed_data,) = wrapped.expect(0xA0).children()
    version, _digests, encapsulated, *optional, signers = signed_data.expect(der.SEQUENCE).children()
    inner_type, inner = encapsulated.expect(der.SEQUENCE).children()
    if version.as_integer() != 3 or inner_type.as_object_identifier() != TST_INFO:
        raise MalformedValueError("time-stamp", "does not hold a TSTInfo")
    (content,) = inner.expect(0xA0).children()
    (signer,) = signers.expect(der.SET).children()
    bags = [bag.children() for bag in optional if bag.tag == 0xA0]
    certificates = tuple(_read_certificate(item) for bag in bags for item in bag if item.tag == der.SEQUENCE)
    return _read_signer(signer, content.expect(der.OCTET_STRING).content, certificates)


def _read_certificate(item: DerValue) -> x509.Certificate:
    to_be_signed = item.children()[0].children()
    if to_be_signed[1].as_integer() <= 0:
        raise MalformedValueError("time-stamp", "the serial number of a certificate is not positive")
    return x509.load_der_x509_certificate(item.raw)


def _read_signer(signer: DerValue, content: bytes, certificates: tuple[x509.Certificate, ...]) -> _SignedToken:
    version, identifier, digest, attributes, signature_algorithm, signature, *_unsigned = signer.expect(der.SEQUENCE).children()
    if version.as_integer() != 1:
        raise MalformedValueError("time-stamp", "its signer is not named by issuer and serial number")
    issuer, serial = identifier.expect(der.SEQUENCE).children()
    digest_name = DIGEST_ALGORITHMS.get(_algorithm(digest), "unknown")
    signature_digest = _SIGNATURE_DIGESTS.get(_algorithm(signature_algorithm), "unknown")
    if digest_name not in _HASHES or signature_digest not in {None, digest_name}:
        raise MalformedValueError("time-stamp", "is signed with an algorithm that is not accepted")
    return _SignedToken(
        content=content,
        certificates=certificates,
        issuer=issuer.raw,
        serial=serial.as_integer(),
        digest_name=digest_name,
        signed=bytes([der.SET]) + attributes.expect(0xA0).raw[1:],
        attributes=_read_attributes(attributes),
        signature_digest=digest_name,
        signature=signature.expect(der.OCTET_STRING).content,
    )


def _read_attributes(attributes: DerValue) -> dict[str, DerValue]:
    found: dict[str, DerValue] = {}
    for attribute in attributes.children():
        kind, values = attribute.expect(der.SEQUENCE).children()
        (value,) = values.expect(der.SET).children()
        if found.setdefault(kind.as_object_identifier(), value) is not value:
            raise MalformedValueError("time-stamp", "a signed attribute stands twice")
    return found


def _read_content(content: bytes, digest: bytes, *, nonce: int | None, algorithm: str) -> tuple[datetime, int, str]:
    version, policy, imprint, serial, moment, *optional = der.parse(content).expect(der.SEQUENCE).children()
    if version.as_integer() != 1:
        raise MalformedValueError("time-stamp", "its TSTInfo is of another version")
    imprint_algorithm, imprint_digest = imprint.expect(der.SEQUENCE).children()
    if DIGEST_ALGORITHMS.get(_algorithm(imprint_algorithm)) != algorithm or imprint_digest.expect(der.OCTET_STRING).content != digest:
        raise TimestampError("is about another digest")
    tags = [value.tag for value in optional]
    if tags != [tag for tag in _OPTIONAL_ORDER if tag in tags]:
        raise MalformedValueError("time-stamp", "its TSTInfo holds what does not belong there")
    if nonce is not None and nonce not in [value.as_integer() for value in optional if value.tag == _NONCE]:
        raise TimestampError("answers another request: the nonce differs")
    extensions = [value for value in optional if value.tag == _EXTENSIONS]
    if any(der.boolean(True) in [part.raw for part in one.children()] for group in extensions for one in group.children()):
        raise TimestampError("has a critical extension that is not understood")
    return moment.as_time(), serial.as_integer(), policy.as_object_identifier()


def _algorithm(value: DerValue) -> str:
    identifier, *parameters = value.expect(der.SEQUENCE).children()
    if [parameter.raw for parameter in parameters] not in ([], [der.null()]):
        raise MalformedValueError("time-stamp", "an algorithm has parameters that are not understood")
    return identifier.as_object_identifier()


def _check_signer(signed: _SignedToken, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    known = (*signed.certificates, *certificates)
    leaf = next((one for one in known if one.issuer.public_bytes() == signed.issuer and one.serial_number == signed.serial), None)
    if leaf is None:
        raise TimestampError("carries no certificate of its signer")
    _check_attributes(signed, leaf)
    _check_signature(signed, leaf)
    _check_purpose(leaf)
    return leaf


def _check_attributes(signed: _SignedToken, leaf: x509.Certificate) -> None:
    """The signed attributes name the content and, by its digest, the very certificate (RFC 5652, section 11; RFC 5816, section 2.2.1)."""
    try:
        content_type = signed.attributes[CONTENT_TYPE].as_object_identifier()
        digest = signed.attributes[MESSAGE_DIGEST].expect(der.OCTET_STRING).content
        first = signed.attributes[SIGNING_CERTIFICATE_V2].expect(der.SEQUENCE).children()[0].children()[0].children()
        named = first[0].tag == der.SEQUENCE
        name = DIGEST_ALGORITHMS[_algorithm(first[0])] if named else "sha256"
        certificate_digest = first[1 if named else 0].expect(der.OCTET_STRING).content
    except (KeyError, IndexError, MalformedValueError) as error:
        raise TimestampError("lacks a signed attribute") from error
    if content_type != TST_INFO or digest != digest_by_name(signed.digest_name, signed.content):
        raise TimestampError("its signed attributes are about other content")
    if certificate_digest != digest_by_name(name, leaf.public_bytes(Encoding.DER)):
        raise TimestampError("its signed attributes name another certificate")


def _check_signature(signed: _SignedToken, leaf: x509.Certificate) -> None:
    key, algorithm = leaf.public_key(), _HASHES[signed.signature_digest]()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, signed.signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed.signature, signed.signed, ec.ECDSA(algorithm))
        else:
            raise TimestampError("is signed with a kind of key that is not accepted")
    except InvalidSignature as error:
        raise TimestampError("its signature does not verify") from error


def _check_purpose(leaf: x509.Certificate) -> None:
    """Time-stamping is the certificate's only purpose, and critical (RFC 3161, section 2.3)."""
    try:
        usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise TimestampError("its certificate names no purpose") from error
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampError("its certificate is not for time-stamping alone")


def _check_path(leaf: x509.Certificate, known: list[x509.Certificate], *, roots: Collection[x509.Certificate], moment: datetime) -> None:
    current = leaf
    for below in range(_LONGEST_PATH):
        if not current.not_valid_before_utc <= moment <= current.not_valid_after_utc:
            raise TimestampError("a certificate on its path was not valid at its time")
        if current in roots:
            return
        issuer = next((one for one in known if one != current and _may_issue(one, current, below=below)), None)
        if issuer is None:
            break
        current = issuer
    raise TimestampError("no path leads from its certificate to a trusted root")


def _may_issue(issuer: x509.Certificate, subject: x509.Certificate, *, below: int) -> bool:
    """Whether a certificate is an authority's and signed the other; ``below`` counts authorities between it and the leaf."""
    if issuer.subject != subject.issuer:
        return False
    try:
        subject.verify_directly_issued_by(issuer)
        limits = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return limits.ca and (limits.path_length is None or limits.path_length >= below)
